//! Orders that something else overtakes at each point at which they wait.

use std::{future::poll_fn, task::Poll};

use serde_json::{Value, json};
use tests::Answer;

use super::{Shop, VISA};

/// Lets work go on for so many steps, then something else happen, and then the work come to its end. `None` in place of
/// the other when the work had come to its end before.
async fn overtaken<T, U>(
    steps: usize,
    work: impl Future<Output = T>,
    other: impl Future<Output = U>,
) -> (T, Option<U>) {
    let mut work = Box::pin(work);
    let mut left = steps;
    let early = poll_fn(|context| match (left, work.as_mut().poll(context)) {
        (_, Poll::Ready(done)) => Poll::Ready(Some(done)),
        (0, Poll::Pending) => Poll::Ready(None),
        (_, Poll::Pending) => {
            left -= 1;
            Poll::Pending
        }
    });
    if let Some(done) = early.await {
        return (done, None);
    }
    let other = other.await;
    (work.await, Some(other))
}

/// Has an order overtaken at every step that it takes, for another organisation each time.
async fn at_every_step(name: &str, mut check: impl AsyncFnMut(&Shop, usize) -> bool) {
    let mut shop = Shop::open().await;
    for steps in 0.. {
        shop = shop.of_another(&format!("{name}{steps}")).await;
        if !check(&shop, steps).await {
            assert!(steps > 12, "{steps} steps");
            break;
        }
    }
    shop.close().await;
}

fn status(answer: &Answer) -> Value {
    answer.data()["subscription"]["status"].clone()
}

#[tokio::test]
async fn of_an_order_and_another_one_that_overtakes_it_one_is_paid_for() {
    let mut winners = [0, 0];
    at_every_step("order", async |shop, steps| {
        let first = shop.subscribe("starter", "monthly", Some(VISA));
        let (first, second) = overtaken(steps, first, shop.subscribe("enterprise", "monthly", Some(VISA))).await;
        let Some(second) = second else { return false };
        let (won, lost, price, tier) = match (first.status, second.status) {
            (200, _) => (first, second, 2_900, "starter"),
            _ => (second, first, 24_900, "enterprise"),
        };
        winners[usize::from(tier == "starter")] += 1;
        assert_eq!(status(&won), "active", "{steps} steps: {}", won.text());
        lost.refused(409, "RESOURCE_CONFLICT");
        shop.deliver_events().await;
        assert_eq!(shop.charges().await, [price], "{steps} steps");
        let current = shop.current().await;
        assert_eq!((&current["status"], &current["tier"]["id"]), (&json!("active"), &json!(tier)), "{steps} steps");
        true
    })
    .await;
    assert!(winners.iter().all(|times| *times > 0), "{winners:?}");
}

#[tokio::test]
async fn an_order_that_is_ended_before_it_is_paid_is_not_paid() {
    let mut kinds = [0, 0];
    at_every_step("end", async |shop, steps| {
        let end = shop.delete("/user/subscription", json!({ "cancel_at_period_end": false }));
        let (order, ended) = overtaken(steps, shop.subscribe("starter", "monthly", Some(VISA)), end).await;
        let Some(ended) = ended else { return false };
        shop.deliver_events().await;
        let (charges, current) = (shop.charges().await, shop.current().await);
        if ended.status == 200 && charges.is_empty() {
            order.refused(409, "RESOURCE_CONFLICT");
            assert_eq!(current["status"], "cancelled", "{steps} steps");
            kinds[0] += 1;
        } else {
            // It was not there yet, or had been paid.
            assert_eq!((order.status, charges), (200, vec![2_900]), "{steps} steps: {}", order.text());
            let ends = if ended.status == 200 { "cancelled" } else { "active" };
            assert_eq!(current["status"], ends, "{steps} steps");
            kinds[1] += 1;
        }
        true
    })
    .await;
    assert!(kinds.iter().all(|times| *times > 0), "{kinds:?}");
}
