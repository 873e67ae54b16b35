//! Orders and changes that break off anywhere: as if the process had died at each point at which it waits.

use std::{future::poll_fn, task::Poll};

use serde_json::json;

use super::{Shop, VISA};

/// What the work was waiting for when it was dropped.
#[derive(Clone, Copy, Debug)]
pub(super) enum Dropped {
    /// Nobody knows what becomes of it.
    Asking,
    /// It was done, and nobody looked at the answer.
    Answered,
}

/// Lets work go on for so many steps, and drops it then; `true` when it was done before.
pub(super) async fn broken_off<T>(steps: usize, dropped: Dropped, work: impl Future<Output = T>) -> bool {
    let mut work = Box::pin(work);
    let mut left = steps;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        match work.as_mut().poll(context) {
            Poll::Ready(_) => Poll::Ready(true),
            Poll::Pending if left == 0 && matches!(dropped, Dropped::Asking) => Poll::Ready(false),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// Breaks work off at every step that it takes, for another organisation each time, until it is not broken off. Work that
/// takes fewer than `least` is not what it seems: a step is a wait, and what is there already is not waited for.
pub(super) async fn at_every_step(name: &str, least: usize, check: impl AsyncFn(&Shop, usize, Dropped) -> bool) {
    let mut shop = Shop::open().await;
    let mut broken = 0;
    for dropped in [Dropped::Asking, Dropped::Answered] {
        for steps in 1.. {
            shop = shop.of_another(&format!("{name}{steps}{dropped:?}")).await;
            if check(&shop, steps, dropped).await {
                break;
            }
            broken += 1;
        }
    }
    assert!(broken >= least, "{broken} steps");
    shop.close().await;
}

#[tokio::test]
async fn an_order_that_broke_off_is_placed_again_and_charged_once() {
    at_every_step("again", 13, async |shop, steps, dropped| {
        let done = broken_off(steps, dropped, shop.subscribe("starter", "monthly", Some(VISA))).await;
        shop.subscribed_or_was("starter").await;
        assert_eq!(shop.charges().await, [2_900], "{steps} steps, {dropped:?}");
        done
    })
    .await;
}

#[tokio::test]
async fn an_order_that_broke_off_and_was_paid_is_found_by_the_next_event() {
    at_every_step("event", 13, async |shop, steps, dropped| {
        let done = broken_off(steps, dropped, shop.subscribe("starter", "monthly", Some(VISA))).await;
        shop.deliver_events().await;
        let paid = shop.charges().await;
        let current = shop.current().await;
        assert_eq!(current["status"] == "active", paid == [2_900], "{steps} steps, {dropped:?}: {paid:?} {current}");
        done
    })
    .await;
}

#[tokio::test]
async fn a_change_that_broke_off_is_made_again_and_charged_once() {
    at_every_step("change", 13, async |shop, steps, dropped| {
        shop.subscribed("starter", "monthly").await;
        let body = json!({ "tier": "professional" });
        let done = broken_off(steps, dropped, shop.put("/user/subscription", body.clone())).await;
        shop.put("/user/subscription", body).await.succeeded();
        assert_eq!(shop.current().await["tier"]["id"], "professional");
        assert_eq!(shop.charges().await, [2_900, 7_000], "{steps} steps, {dropped:?}");
        done
    })
    .await;
}

#[tokio::test]
async fn an_end_that_broke_off_is_an_end_when_it_is_asked_for_again() {
    at_every_step("end", 13, async |shop, steps, dropped| {
        shop.subscribed("starter", "monthly").await;
        let body = json!({ "reason": "too dear", "cancel_at_period_end": false });
        let done = broken_off(steps, dropped, shop.delete("/user/subscription", body.clone())).await;
        let again = shop.delete("/user/subscription", body).await;
        assert!(matches!(again.status, 200 | 404), "{}", again.text());
        assert_eq!(shop.current().await["status"], "cancelled");
        assert_eq!(shop.charges().await, [2_900], "{steps} steps, {dropped:?}");
        done
    })
    .await;
}
