use domain::Timestamp;
use mockall::predicate::eq;
use serde_json::json;

use super::*;
use crate::{
    fixtures::StoppedClock,
    ports::{
        EventEnvelope, PublishError,
        mocks::{MockEventPublisher, MockMailer, MockOutbox},
    },
};

fn message(attempts: u32) -> OutboxMessage {
    let event = EventEnvelope {
        id: "m1".to_owned(),
        name: "UserRegistered".to_owned(),
        occurred_at: Timestamp::UNIX_EPOCH,
        data: json!({}),
    };
    OutboxMessage { id: "m1".to_owned(), attempts, due_at: StoppedClock.now(), payload: OutboxPayload::Event(event) }
}

fn outbox_with(attempts: u32, leased: bool) -> MockOutbox {
    let mut outbox = MockOutbox::new();
    outbox.expect_due().times(1).returning(move |_, _| Ok(vec![message(attempts)]));
    outbox.expect_lease().times(1).returning(move |_, _| Ok(leased));
    outbox
}

fn publisher(works: bool) -> MockEventPublisher {
    let mut events = MockEventPublisher::new();
    events.expect_publish().times(1).returning(move |_| if works { Ok(()) } else { Err(PublishError("no".into())) });
    events
}

async fn run(outbox: MockOutbox, events: MockEventPublisher) -> Result<Round, StoreError> {
    Relay::new(Arc::new(outbox), Arc::new(MockMailer::new()), Arc::new(events), Arc::new(StoppedClock)).run().await
}

#[tokio::test]
async fn a_delivered_message_leaves_the_outbox() {
    let mut outbox = outbox_with(0, true);
    outbox.expect_delivered().with(eq("m1")).times(1).returning(|_| Ok(()));
    assert_eq!(run(outbox, publisher(true)).await.unwrap(), Round { delivered: 1, ..Round::default() });
}

#[tokio::test]
async fn a_message_that_another_relay_has_is_left_alone() {
    assert_eq!(run(outbox_with(0, false), MockEventPublisher::new()).await.unwrap(), Round::default());
}

#[tokio::test]
async fn a_failed_delivery_is_tried_again_later_and_later() {
    let mut outbox = outbox_with(2, true);
    let later = StoppedClock.now() + Duration::seconds(8);
    outbox.expect_postpone().with(eq("m1"), eq(later)).times(1).returning(|_, _| Ok(()));
    assert_eq!(run(outbox, publisher(false)).await.unwrap(), Round { postponed: 1, ..Round::default() });
    assert!(backoff(1) < backoff(2) && backoff(MAX_ATTEMPTS) <= Duration::hours(1));
}

#[tokio::test]
async fn a_message_that_always_fails_is_buried() {
    let mut outbox = outbox_with(MAX_ATTEMPTS - 1, true);
    outbox.expect_bury().with(eq("m1")).times(1).returning(|_| Ok(()));
    assert_eq!(run(outbox, publisher(false)).await.unwrap(), Round { buried: 1, ..Round::default() });
}

#[tokio::test]
async fn a_relay_that_dies_after_the_delivery_leaves_the_message_to_the_next() {
    let mut outbox = outbox_with(0, true);
    outbox.expect_delivered().times(1).returning(|_| Err(StoreError::Unavailable("gone".into())));
    assert!(run(outbox, publisher(true)).await.is_err());
}

#[tokio::test]
async fn a_message_that_was_named_is_delivered_before_the_queue_shows_it() {
    let mut outbox = MockOutbox::new();
    outbox.expect_find().with(eq("m1")).times(1).returning(|_| Ok(Some(message(0))));
    outbox.expect_find().with(eq("gone")).times(1).returning(|_| Ok(None));
    outbox.expect_lease().times(1).returning(|_, _| Ok(true));
    outbox.expect_delivered().with(eq("m1")).times(1).returning(|_| Ok(()));
    let relay =
        Relay::new(Arc::new(outbox), Arc::new(MockMailer::new()), Arc::new(publisher(true)), Arc::new(StoppedClock));
    let round = relay.run_for(&["m1".to_owned(), "gone".to_owned()]).await.unwrap();
    assert_eq!(round, Round { delivered: 1, ..Round::default() });
}
