//! What the provider tells.

use std::sync::Mutex;

use application::ports::WebhookRejected;
use serde_json::Value;

use super::*;
use crate::billing::local::LocalEvent;

fn kinds(events: &[LocalEvent]) -> Vec<&str> {
    events.iter().map(|event| event.kind.as_str()).collect()
}

#[tokio::test]
async fn every_change_is_told_in_stripes_words() {
    let shop = Shop::open().await;
    let events = shop.billing.take_events().await.unwrap();
    assert_eq!(kinds(&events), ["customer.created"]);
    let id = shop.subscribed(monthly(Tier::Starter)).await.id;
    let events = shop.billing.take_events().await.unwrap();
    let begun = ["customer.subscription.created", "customer.subscription.updated", "invoice.paid"];
    assert_eq!(kinds(&events), begun);
    assert_eq!((&events[0].object["status"], &events[1].object["status"]), (&"incomplete".into(), &"active".into()));
    assert_eq!(events[1].object["metadata"]["tenant_id"], "t1");

    shop.billing.fail_payments(&id, 1).await.unwrap();
    shop.clock.advance(Duration::days(31));
    let events = shop.billing.take_events().await.unwrap();
    let failed = ["customer.subscription.updated", "invoice.payment_failed"];
    assert_eq!(kinds(&events), [&failed[..], &begun[1..]].concat());
    let renewal = at("2027-03-01T12:00:00Z");
    assert_eq!(events[0].created, renewal.timestamp());
    assert_eq!(events[2].created, (renewal + Duration::days(3)).timestamp());

    shop.billing.cancel(&id).await.unwrap();
    shop.billing.cancel(&id).await.unwrap();
    let events = shop.billing.take_events().await.unwrap();
    assert_eq!(kinds(&events), ["customer.subscription.deleted"]);
    assert_eq!(shop.billing.take_events().await.unwrap(), []);
}

#[tokio::test]
async fn an_order_that_expires_is_told_as_an_update() {
    let shop = Shop::open().await;
    shop.subscribe(monthly(Tier::Starter), None).await.unwrap();
    shop.clock.advance(Duration::days(1));
    let events = shop.billing.take_events().await.unwrap();
    let last = events.last().unwrap();
    assert_eq!(
        (last.kind.as_str(), &last.object["status"]),
        ("customer.subscription.updated", &"incomplete_expired".into())
    );
}

#[tokio::test]
async fn an_event_is_read_by_whoever_has_the_secret_and_names_its_subscription() {
    let shop = Shop::open().await;
    let id = shop.subscribed(monthly(Tier::Starter)).await.id;
    let another = Shop::open().await;
    for event in shop.billing.take_events().await.unwrap() {
        let signed = shop.billing.sign(&event);
        let now = shop.clock.now();
        let read = shop.billing.read_event(signed.body.as_bytes(), &signed.signature, now).await.unwrap();
        assert_eq!((&read.id, &read.kind, read.occurred_at), (&event.id, &event.kind, now));
        assert_eq!(read.subscription_id, (event.kind != "customer.created").then(|| id.clone()));

        let late = now + Duration::seconds(301);
        for rejected in [
            shop.billing.read_event(signed.body.as_bytes(), &signed.signature, late).await,
            another.billing.read_event(signed.body.as_bytes(), &signed.signature, now).await,
        ] {
            assert_eq!(rejected, Err(WebhookRejected::Signature));
        }
    }
}

#[tokio::test]
async fn an_event_that_is_not_taken_is_sent_again_as_it_was() {
    let shop = Shop::open().await;
    shop.subscribed(monthly(Tier::Starter)).await;
    let bodies = Mutex::new(Vec::new());
    // The second event is taken at its second time only.
    let send = |event: crate::billing::local::SignedEvent| {
        let mut bodies = bodies.lock().unwrap();
        bodies.push(event.body.clone());
        let kind = serde_json::from_str::<Value>(&event.body).unwrap()["type"].clone();
        let taken = kind != "customer.subscription.created" || bodies.len() > 4;
        async move { if taken { Ok(()) } else { Err("not now".to_owned()) } }
    };
    shop.billing.send_pending(send).await.unwrap();
    assert_eq!(kinds(&shop.billing.events().await.unwrap()), ["customer.subscription.created"]);
    shop.billing.send_pending(send).await.unwrap();
    assert_eq!(shop.billing.events().await.unwrap(), []);
    let bodies = bodies.into_inner().unwrap();
    assert_eq!((bodies.len(), &bodies[1]), (5, &bodies[4]));
}

#[tokio::test]
async fn events_that_nobody_takes_are_given_up_in_the_end() {
    let shop = Shop::open().await;
    let id = shop.subscribed(monthly(Tier::Starter)).await.id;
    for n in 0..2_001 {
        shop.billing.set_renewal(&id, n % 2 == 1).await.unwrap();
    }
    let events = shop.billing.events().await.unwrap();
    assert_eq!(events.len(), 2_000);
    assert!(events.iter().all(|event| event.kind == "customer.subscription.updated"));
}
