use domain::{TenantId, Timestamp};
use mockall::{Sequence, predicate::eq};
use serde_json::json;

use super::*;
use crate::{
    fixtures::StoppedClock,
    ports::{
        EventEnvelope, PublishError, Unreached,
        mocks::{MockEventPublisher, MockMailer, MockOutbox},
    },
};

fn stream() -> Stream {
    Stream::restore("user#u1")
}

fn message(id: &str, attempts: u32) -> OutboxMessage {
    let event = EventEnvelope {
        id: id.to_owned(),
        name: "UserRegistered".to_owned(),
        version: 1,
        occurred_at: Timestamp::UNIX_EPOCH,
        stream: stream(),
        sequence: "1".to_owned(),
        tenant_id: Some(TenantId::restore("t1")),
        actor_id: None,
        data: json!({}),
    };
    OutboxMessage {
        id: id.to_owned(),
        stream: stream(),
        position: "1".to_owned(),
        attempts,
        queued_at: Timestamp::UNIX_EPOCH,
        payload: OutboxPayload::Event(event),
    }
}

/// An outbox with one due stream that holds these messages.
fn outbox_with(messages: Vec<OutboxMessage>) -> MockOutbox {
    let mut outbox = MockOutbox::new();
    // Says the same again, as an index that lags behind does.
    outbox.expect_due().times(1..=2).returning(move |_, _| Ok(vec![stream()]));
    let until = StoppedClock.now() + LEASE;
    let mut order = Sequence::new();
    for message in messages {
        let mut taken = Some(message);
        let taking = outbox.expect_take().with(eq(stream()), eq(StoppedClock.now()), eq(until));
        taking.times(1).in_sequence(&mut order).returning(move |_, _, _| Ok(taken.take()));
    }
    outbox
}

fn empty_after(mut outbox: MockOutbox) -> MockOutbox {
    outbox.expect_take().times(1).returning(|_, _, _| Ok(None));
    outbox
}

fn publisher(works: bool) -> MockEventPublisher {
    let mut events = MockEventPublisher::new();
    events.expect_publish().times(1..).returning(move |_| if works { Ok(()) } else { Err(PublishError("no".into())) });
    events
}

fn relay(outbox: MockOutbox, events: MockEventPublisher) -> Relay {
    Relay::new(
        Arc::new(outbox),
        Arc::new(MockMailer::new()),
        Arc::new(events),
        Arc::new(Unreached),
        Arc::new(StoppedClock),
    )
}

#[tokio::test]
async fn a_stream_is_delivered_to_its_end_and_looked_at_once() {
    let mut outbox = empty_after(outbox_with(vec![message("m1", 1), message("m2", 1)]));
    let mut order = Sequence::new();
    for id in ["m1", "m2"] {
        let delivered = outbox.expect_delivered().withf(move |message| message.id == id);
        delivered.times(1).in_sequence(&mut order).returning(|_| Ok(()));
    }
    let round = relay(outbox, publisher(true)).run().await.unwrap();
    assert_eq!(round, Round { delivered: 2, ..Round::default() });
}

#[tokio::test]
async fn a_stream_whose_first_message_another_relay_has_is_left_alone() {
    let outbox = empty_after(outbox_with(vec![]));
    assert_eq!(relay(outbox, MockEventPublisher::new()).run().await.unwrap(), Round::default());
}

#[tokio::test]
async fn a_failed_delivery_is_tried_again_later_and_later_and_holds_its_stream() {
    let mut outbox = outbox_with(vec![message("m1", 3)]);
    let later = StoppedClock.now() + Duration::seconds(8);
    outbox
        .expect_postpone()
        .withf(move |message, at| message.id == "m1" && *at == later)
        .times(1)
        .returning(|_, _| Ok(()));
    let round = relay(outbox, publisher(false)).run().await.unwrap();
    assert_eq!(round, Round { postponed: 1, ..Round::default() });
    assert!(backoff(1) < backoff(2) && backoff(MAX_ATTEMPTS) == Duration::hours(1));
    let patience: Duration = (1..MAX_ATTEMPTS).map(backoff).sum();
    assert!((23..=25).contains(&patience.num_hours()), "{patience}");
}

#[tokio::test]
async fn a_message_that_always_fails_is_buried_and_the_next_one_has_its_turn() {
    let mut outbox = outbox_with(vec![message("m1", MAX_ATTEMPTS), message("m2", 1)]);
    let buried = outbox.expect_bury().withf(|message, reason| message.id == "m1" && reason.contains("no"));
    buried.times(1).returning(|_, _| Ok(()));
    outbox.expect_postpone().withf(|message, _| message.id == "m2").times(1).returning(|_, _| Ok(()));
    let round = relay(outbox, publisher(false)).run().await.unwrap();
    assert_eq!(round, Round { buried: 1, postponed: 1, ..Round::default() });
}

#[tokio::test]
async fn a_relay_that_cannot_note_a_delivery_goes_no_further() {
    let mut outbox = outbox_with(vec![message("m1", 1)]);
    outbox.expect_delivered().times(1).returning(|_| Err(StoreError::Unavailable("gone".into())));
    assert!(relay(outbox, publisher(true)).run().await.is_err());
}

#[tokio::test]
async fn a_stream_that_was_named_is_delivered_before_the_outbox_shows_it_as_due() {
    let mut outbox = MockOutbox::new();
    let mut waiting = vec![message("m1", 1)];
    outbox.expect_take().times(2).returning(move |_, _, _| Ok(waiting.pop()));
    outbox.expect_delivered().times(1).returning(|_| Ok(()));
    let round = relay(outbox, publisher(true)).run_for(&[stream(), stream()]).await.unwrap();
    assert_eq!(round, Round { delivered: 1, ..Round::default() });
}
