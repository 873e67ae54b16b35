//! What waits to be delivered.

use std::{sync::atomic::Ordering, time::Duration as StdDuration};

use application::ports::{ChangeSet, Clock, OutboxMessage, OutboxPayload, Stream};
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::Duration;
use domain::{
    DomainEvent, SessionId, TenantId, UserId, Version,
    session::{SessionEnd, SessionEvent, SessionEventKind},
    user::{UserEvent, UserEventKind},
};
use futures::{FutureExt, future::join_all};
use infrastructure::dynamodb::tables::Table;
use secrecy::ExposeSecret;
use serde_json::json;

use super::{
    given::{email, mail, start},
    store::{Item, Store, text},
};

fn one_mail() -> ChangeSet {
    ChangeSet::default().mail(mail(&email("anna")))
}

/// Something that happened to a user and led to this version.
pub(crate) fn user_event(user: &str, version: u64) -> DomainEvent {
    let what = UserEventKind::ProfileChanged { fields: vec!["phone"] };
    let (user_id, tenant_id) = (UserId::restore(user), TenantId::restore("tenant-1"));
    UserEvent { user_id, tenant_id, version: Version::restore(version), what }.into()
}

pub(crate) fn session_ended(session: &str, version: u64) -> DomainEvent {
    DomainEvent::Session(SessionEvent {
        session_id: SessionId::restore(session),
        user_id: UserId::restore("user-1"),
        tenant_id: TenantId::restore("tenant-1"),
        version: Version::restore(version),
        what: SessionEventKind::Ended { reason: SessionEnd::TokenReused },
    })
}

pub(crate) fn events(events: Vec<DomainEvent>) -> ChangeSet {
    ChangeSet { events, ..ChangeSet::default() }
}

fn stream_of(user: &str) -> Stream {
    Stream::restore(format!("user#{user}"))
}

async fn due(store: &Store) -> Vec<Stream> {
    store.outbox.due(store.clock.now(), 25).await.unwrap()
}

async fn the_one_due(store: &Store) -> Stream {
    let mut streams = due(store).await;
    assert_eq!(streams.len(), 1, "{streams:?}");
    streams.remove(0)
}

/// Reserves the first message of a stream for a minute.
async fn take(store: &Store, stream: &Stream) -> Option<OutboxMessage> {
    let now = store.clock.now();
    store.outbox.take(stream, now, now + Duration::seconds(60)).await.unwrap()
}

async fn take_the_one_due(store: &Store) -> OutboxMessage {
    let stream = the_one_due(store).await;
    take(store, &stream).await.unwrap()
}

/// The place of an event among those of its aggregate.
fn sequence(message: &OutboxMessage) -> &str {
    match &message.payload {
        OutboxPayload::Event(event) => &event.sequence,
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn the_rows_of(store: &Store) -> Vec<Item> {
    store.rows(Table::AccountOutbox).await
}

/// Changes an attribute of a message as somebody else would.
pub(crate) async fn overwrite(store: &Store, mut row: Item, attribute: &str, value: AttributeValue) {
    row.insert(attribute.to_owned(), value);
    store.plant(Table::AccountOutbox, row).await;
}

pub(crate) async fn each_mail_is_due_on_its_own_the_oldest_first(store: &Store) {
    for name in ["first", "second", "third"] {
        store.commit(ChangeSet::default().mail(mail(&email(name)))).await.unwrap();
        store.clock.advance(Duration::microseconds(1));
    }
    let streams = due(store).await;
    assert_eq!(store.outbox.due(store.clock.now(), 1).await.unwrap(), streams[..1]);
    let mut to = Vec::new();
    for stream in &streams {
        assert!(stream.is_mail());
        let message = take(store, stream).await.unwrap();
        assert_eq!(message.attempts, 1);
        let OutboxPayload::Mail(found) = message.payload else { panic!("{message:?}") };
        let sent = mail(&found.to);
        assert_eq!((&found.first_name, &found.language, &found.kind), (&sent.first_name, &sent.language, &sent.kind));
        assert_eq!(found.link.expose_secret(), sent.link.expose_secret());
        to.push(found.to);
    }
    assert_eq!(to, ["first", "second", "third"].map(email));
    assert_eq!(due(store).await, []);
}

pub(crate) async fn what_is_not_due_yet_is_not_shown(store: &Store) {
    store.commit(one_mail()).await.unwrap();
    let before = store.clock.now() - Duration::microseconds(1);
    assert!(store.outbox.due(before, 25).await.unwrap().is_empty());
    the_one_due(store).await;
}

pub(crate) async fn the_events_of_an_aggregate_come_one_after_the_other(store: &Store) {
    // Committed in an order that no optimistic lock would allow, so that nothing but the version can order them.
    for versions in [vec![10, 10], vec![2], vec![9]] {
        let committed = versions.into_iter().map(|version| user_event("anna", version)).collect();
        store.commit(events(committed)).await.unwrap();
    }
    let (stream, mut seen) = (stream_of("anna"), Vec::new());
    assert_eq!(the_one_due(store).await, stream);
    while let Some(message) = take(store, &stream).await {
        assert!(take(store, &stream).await.is_none(), "the first message is reserved, and holds the others");
        assert_eq!(due(store).await, [], "the others lead nobody here in vain");
        seen.push(sequence(&message).to_owned());
        store.outbox.delivered(&message).await.unwrap();
    }
    let expected = [(2, 0), (9, 0), (10, 0), (10, 1)].map(|(version, ordinal)| format!("{version:020}.{ordinal:03}"));
    assert_eq!(seen, expected);
    assert_eq!(the_rows_of(store).await, []);
}

pub(crate) async fn aggregates_do_not_wait_for_each_other(store: &Store) {
    store.commit(events(vec![user_event("anna", 1), user_event("ben", 1), session_ended("anna", 1)])).await.unwrap();
    let held = take(store, &stream_of("anna")).await.unwrap();
    store.outbox.postpone(&held, store.clock.now() + Duration::days(1)).await.unwrap();
    let streams = due(store).await;
    assert_eq!(streams.len(), 2);
    for stream in streams {
        assert!(take(store, &stream).await.is_some(), "{stream}");
    }
}

/// A row that a Python service replaced has lost its version, and ours starts again.
pub(crate) async fn an_event_never_takes_the_place_of_another(store: &Store) {
    for _ in 0..3 {
        store.commit(events(vec![user_event("anna", 1)])).await.unwrap();
    }
    assert_eq!(the_rows_of(store).await.len(), 3);
}

pub(crate) async fn of_racing_relays_one_gets_the_message(store: &Store) {
    store.commit(events(vec![user_event("anna", 1), user_event("anna", 2)])).await.unwrap();
    let now = store.clock.now();
    let race = (0..8).map(|_| {
        let outbox = store.outbox.clone();
        tokio::spawn(async move {
            outbox.take(&stream_of("anna"), now, now + Duration::seconds(60)).await.unwrap().is_some()
        })
    });
    let taken: Vec<_> = join_all(race).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(taken.iter().filter(|taken| **taken).count(), 1, "{taken:?}");
    // The message behind it may lead one more relay here, in vain.
    assert!(take(store, &stream_of("anna")).await.is_none());
    assert_eq!(due(store).await, []);
}

pub(crate) async fn a_reserved_message_can_be_had_again_when_the_time_is_over(store: &Store) {
    store.commit(one_mail()).await.unwrap();
    let first = take_the_one_due(store).await;
    store.clock.advance(Duration::seconds(59));
    assert!(take(store, &first.stream).await.is_none());
    assert_eq!(due(store).await, []);
    store.clock.advance(Duration::seconds(1));
    let second = take_the_one_due(store).await;
    assert_eq!((&second.id, second.attempts), (&first.id, 2));
}

pub(crate) async fn who_was_too_slow_decides_nothing_any_more(store: &Store) {
    store.commit(events(vec![user_event("anna", 1)])).await.unwrap();
    let slow = take_the_one_due(store).await;
    store.clock.advance(Duration::seconds(60));
    let quick = take_the_one_due(store).await;
    store.outbox.postpone(&slow, store.clock.now() + Duration::days(1)).await.unwrap();
    store.outbox.bury(&slow, "too slow").await.unwrap();
    assert_eq!(store.dead_letters.list(25).await.unwrap(), []);
    store.outbox.postpone(&quick, store.clock.now()).await.unwrap();
    assert_eq!(take_the_one_due(store).await.attempts, 3);
    // But a delivery is a delivery, whoever made it.
    store.outbox.delivered(&slow).await.unwrap();
    assert_eq!(the_rows_of(store).await, []);
}

pub(crate) async fn a_postponed_message_is_due_later_and_holds_its_stream(store: &Store) {
    store.commit(events(vec![user_event("anna", 1), user_event("anna", 2)])).await.unwrap();
    let message = take_the_one_due(store).await;
    store.outbox.postpone(&message, store.clock.now() + Duration::hours(1)).await.unwrap();
    // What comes meanwhile has to wait as well.
    store.commit(events(vec![user_event("anna", 3)])).await.unwrap();
    let stream = the_one_due(store).await;
    assert!(take(store, &stream).await.is_none());
    assert_eq!(due(store).await, []);
    store.clock.advance(Duration::minutes(59));
    assert_eq!(due(store).await, []);
    store.clock.advance(Duration::minutes(1));
    let again = take_the_one_due(store).await;
    assert_eq!((&again.id, again.attempts), (&message.id, 2));
}

pub(crate) async fn a_delivered_message_is_gone(store: &Store) {
    store.commit(one_mail()).await.unwrap();
    let message = take_the_one_due(store).await;
    for _ in 0..2 {
        store.outbox.delivered(&message).await.unwrap();
    }
    store.outbox.postpone(&message, start()).await.unwrap();
    store.outbox.bury(&message, "gone").await.unwrap();
    assert!(take(store, &message.stream).await.is_none());
    assert_eq!(the_rows_of(store).await, []);
}

pub(crate) async fn a_buried_message_frees_its_stream_and_is_kept(store: &Store) {
    store.commit(events(vec![user_event("anna", 1), user_event("anna", 2)])).await.unwrap();
    let message = take_the_one_due(store).await;
    let queued_at = store.clock.now();
    let buried_at = store.clock.advance(Duration::seconds(1));
    store.outbox.bury(&message, "nobody takes it").await.unwrap();
    let next = take(store, &message.stream).await.unwrap();
    assert!(sequence(&message) < sequence(&next));
    store.outbox.delivered(&next).await.unwrap();
    assert!(store.outbox.due(store.clock.now() + Duration::days(365), 25).await.unwrap().is_empty());

    let letters = store.dead_letters.list(25).await.unwrap();
    let [letter] = letters.as_slice() else { panic!("{letters:?}") };
    assert_eq!((&letter.id, &letter.stream, letter.attempts), (&message.id, &message.stream, 1));
    assert_eq!((letter.what.as_str(), letter.reason.as_str()), ("ProfileChanged", "nobody takes it"));
    assert_eq!((letter.queued_at, letter.buried_at), (queued_at, buried_at));
    let rows = the_rows_of(store).await;
    let kept_until = (buried_at + Duration::days(30)).timestamp().to_string();
    assert_eq!(rows[0]["ttl"], AttributeValue::N(kept_until));
    // Where the table's stream says that it is, nothing is delivered from.
    let grave = Stream::restore(rows[0]["stream"].as_s().unwrap());
    assert!(take(store, &grave).await.is_none());
}

pub(crate) async fn a_replayed_message_has_its_old_place_and_a_new_life(store: &Store) {
    store.commit(events(vec![user_event("anna", 1), user_event("anna", 2)])).await.unwrap();
    let message = take_the_one_due(store).await;
    store.outbox.bury(&message, "nobody takes it").await.unwrap();
    assert!(store.dead_letters.replay(&message.id).await.unwrap());
    assert_eq!(store.dead_letters.list(25).await.unwrap(), []);
    let again = take_the_one_due(store).await;
    assert_eq!((&again.id, again.attempts, sequence(&again)), (&message.id, 1, sequence(&message)));
    let rows = the_rows_of(store).await;
    assert!(rows.iter().all(|row| !row.contains_key("ttl") && !row.contains_key("reason")), "{rows:?}");
    assert!(!store.dead_letters.replay(&message.id).await.unwrap());
    assert!(!store.dead_letters.replay("none").await.unwrap());
}

pub(crate) async fn dead_letters_are_listed_oldest_first(store: &Store) {
    let mut ids = Vec::new();
    for name in ["anna", "ben", "cleo"] {
        store.commit(ChangeSet::default().mail(mail(&email(name)))).await.unwrap();
        let message = take_the_one_due(store).await;
        store.outbox.bury(&message, "no").await.unwrap();
        store.clock.advance(Duration::seconds(1));
        ids.push(message.id);
    }
    let letters = store.dead_letters.list(2).await.unwrap();
    assert_eq!(letters.iter().map(|letter| &letter.id).collect::<Vec<_>>(), [&ids[0], &ids[1]]);
    assert!(letters.iter().all(|letter| letter.what == "mail"));
    assert_eq!(store.dead_letters.list(25).await.unwrap().len(), 3);
}

pub(crate) async fn a_mail_is_not_readable_in_the_table(store: &Store) {
    store.commit(one_mail()).await.unwrap();
    let message = take_the_one_due(store).await;
    store.outbox.bury(&message, "no").await.unwrap();
    store.commit(one_mail()).await.unwrap();
    let stored = format!("{:?}", the_rows_of(store).await);
    for secret in ["s3cr3t-link", "token=", "anna", "Anna", "example.com"] {
        assert!(!stored.contains(secret), "{secret} in {stored}");
    }
}

pub(crate) async fn a_message_that_cannot_be_read_goes_to_the_dead_letters(store: &Store) {
    store.commit(one_mail()).await.unwrap();
    store.commit(events(vec![user_event("anna", 1)])).await.unwrap();
    for row in the_rows_of(store).await {
        overwrite(store, row, "payload", text("neither sealed nor an event")).await;
    }
    store.commit(events(vec![user_event("anna", 2)])).await.unwrap();
    for stream in due(store).await {
        let found = take(store, &stream).await;
        assert_eq!(found.is_none(), stream.is_mail(), "the next event has its turn");
    }
    assert_eq!(store.dead_letters.list(25).await.unwrap().len(), 2);
}

pub(crate) async fn a_mail_whose_key_is_unknown_is_tried_again_later(store: &Store) {
    store.commit(one_mail()).await.unwrap();
    let stream = the_one_due(store).await;
    store.sealer.without_key.store(true, Ordering::SeqCst);
    assert!(take(store, &stream).await.is_none());
    store.sealer.without_key.store(false, Ordering::SeqCst);
    assert_eq!(due(store).await, []);
    store.clock.advance(Duration::minutes(10));
    let message = take_the_one_due(store).await;
    assert_eq!(message.attempts, 2);
    store.outbox.postpone(&message, store.clock.now()).await.unwrap();

    store.sealer.without_key.store(true, Ordering::SeqCst);
    for _ in 1..=11 {
        assert!(take(store, &stream).await.is_none());
        store.clock.advance(Duration::minutes(10));
    }
    assert_eq!(due(store).await, []);
    assert_eq!(store.dead_letters.list(25).await.unwrap().len(), 1);
}

pub(crate) async fn events_say_what_happened_to_whom_and_who_did_it(store: &Store) {
    let changes = events(vec![user_event("user-1", 2), session_ended("session-1", 3)]);
    store.commit(changes.by(&UserId::restore("admin-1"))).await.unwrap();
    let mut found = Vec::new();
    for stream in due(store).await {
        let message = take(store, &stream).await.unwrap();
        let OutboxPayload::Event(event) = message.payload else { panic!("{message:?}") };
        assert_eq!((&event.id, &event.stream, event.occurred_at), (&message.id, &stream, start()));
        assert_eq!((event.tenant_id.as_ref().map(TenantId::as_str), event.version), (Some("tenant-1"), 1));
        assert_eq!(event.actor_id.as_ref().map(UserId::as_str), Some("admin-1"));
        found.push((stream.as_str().to_owned(), event.name, event.sequence, event.data));
    }
    found.sort_by(|(one, ..), (other, ..)| one.cmp(other));
    let session = json!({
        "session_id": "session-1",
        "user_id": "user-1",
        "tenant_id": "tenant-1",
        "reason": "token_reused",
    });
    let profile = json!({ "user_id": "user-1", "tenant_id": "tenant-1", "fields": ["phone"] });
    let event = |stream: &str, name: &str, sequence: &str, data| {
        (stream.to_owned(), name.to_owned(), sequence.to_owned(), data)
    };
    let expected = [
        event("session#session-1", "SessionEnded", "00000000000000000003.001", session),
        event("user#user-1", "ProfileChanged", "00000000000000000002.000", profile),
    ];
    assert_eq!(found, expected);
}

pub(crate) async fn the_relay_is_woken_when_something_was_queued(store: &Store) {
    store.commit(ChangeSet::default()).await.unwrap();
    assert_eq!(store.relay.notified().now_or_never(), None);
    store.commit(one_mail()).await.unwrap();
    tokio::time::timeout(StdDuration::from_secs(5), store.relay.notified()).await.unwrap();
}
