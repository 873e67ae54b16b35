//! What waits to be delivered.

use std::{sync::atomic::Ordering, time::Duration as StdDuration};

use application::ports::{ChangeSet, Clock, OutboxMessage, OutboxPayload};
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
    store::{Store, text},
};

fn one_mail() -> ChangeSet {
    ChangeSet::default().mail(mail(&email("anna")))
}

async fn due(store: &Store) -> Vec<OutboxMessage> {
    store.outbox.due(store.clock.now(), 25).await.unwrap()
}

async fn the_one_due(store: &Store) -> OutboxMessage {
    let mut messages = due(store).await;
    assert_eq!(messages.len(), 1, "{messages:?}");
    messages.remove(0)
}

fn session_ended() -> DomainEvent {
    DomainEvent::Session(SessionEvent {
        session_id: SessionId::restore("session-1"),
        user_id: UserId::restore("user-1"),
        tenant_id: TenantId::restore("tenant-1"),
        version: Version::restore(2),
        what: SessionEventKind::Ended { reason: SessionEnd::TokenReused },
    })
}

pub(crate) async fn what_was_committed_is_due_in_order(store: &Store) {
    for name in ["first", "second", "third"] {
        store.commit(ChangeSet::default().mail(mail(&email(name)))).await.unwrap();
        store.clock.advance(Duration::microseconds(1));
    }
    let messages = due(store).await;
    let to = messages.iter().map(|message| match &message.payload {
        OutboxPayload::Mail(mail) => mail.to.clone(),
        OutboxPayload::Event(event) => panic!("{event:?}"),
    });
    assert_eq!(to.collect::<Vec<_>>(), ["first", "second", "third"].map(email));
    assert!(messages.iter().all(|message| message.attempts == 0));
    let first = store.outbox.due(store.clock.now(), 1).await.unwrap();
    assert_eq!(first.iter().map(|message| &message.id).collect::<Vec<_>>(), [&messages[0].id]);
    let OutboxPayload::Mail(found) = &first[0].payload else { panic!("{first:?}") };
    let sent = mail(&email("first"));
    assert_eq!((&found.first_name, &found.language, &found.kind), (&sent.first_name, &sent.language, &sent.kind));
    assert_eq!(found.link.expose_secret(), sent.link.expose_secret());
}

pub(crate) async fn what_is_not_due_yet_is_not_shown(store: &Store) {
    store.commit(one_mail()).await.unwrap();
    let before = store.clock.now() - Duration::microseconds(1);
    assert!(store.outbox.due(before, 25).await.unwrap().is_empty());
    the_one_due(store).await;
}

pub(crate) async fn a_message_that_waits_is_found_by_its_id(store: &Store) {
    store.commit(one_mail()).await.unwrap();
    let message = the_one_due(store).await;
    let found = store.outbox.find(&message.id).await.unwrap().unwrap();
    assert_eq!((&found.id, found.due_at, found.attempts), (&message.id, message.due_at, 0));
    store.outbox.bury(&message.id).await.unwrap();
    assert!(store.outbox.find(&message.id).await.unwrap().is_none());
    assert!(store.outbox.find("none").await.unwrap().is_none());
}

pub(crate) async fn of_racing_leases_one_wins(store: &Store) {
    store.commit(one_mail()).await.unwrap();
    let message = the_one_due(store).await;
    let until = store.clock.now() + Duration::seconds(60);
    let race = (0..8).map(|_| {
        let (outbox, message) = (store.outbox.clone(), message.clone());
        tokio::spawn(async move { outbox.lease(&message, until).await.unwrap() })
    });
    let leases: Vec<_> = join_all(race).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(leases.iter().filter(|leased| **leased).count(), 1, "{leases:?}");
    assert!(due(store).await.is_empty());
}

pub(crate) async fn a_leased_message_is_due_again_when_the_lease_is_over(store: &Store) {
    store.commit(one_mail()).await.unwrap();
    let first = the_one_due(store).await;
    let until = store.clock.now() + Duration::seconds(60);
    assert!(store.outbox.lease(&first, until).await.unwrap());
    assert!(!store.outbox.lease(&first, until + Duration::seconds(1)).await.unwrap());
    store.clock.advance(Duration::seconds(60));
    let second = the_one_due(store).await;
    assert_eq!((&second.id, second.attempts, second.due_at), (&first.id, 1, until));
    assert!(store.outbox.lease(&second, until + Duration::seconds(60)).await.unwrap());
}

pub(crate) async fn a_postponed_message_is_due_later(store: &Store) {
    store.commit(one_mail()).await.unwrap();
    let message = the_one_due(store).await;
    let later = store.clock.now() + Duration::hours(1);
    assert!(store.outbox.lease(&message, later - Duration::minutes(1)).await.unwrap());
    store.outbox.postpone(&message.id, later).await.unwrap();
    store.clock.advance(Duration::minutes(59));
    assert!(due(store).await.is_empty());
    store.clock.advance(Duration::minutes(1));
    assert_eq!(the_one_due(store).await.attempts, 1);
}

pub(crate) async fn a_delivered_message_is_gone(store: &Store) {
    store.commit(one_mail()).await.unwrap();
    let message = the_one_due(store).await;
    for _ in 0..2 {
        store.outbox.delivered(&message.id).await.unwrap();
    }
    assert!(!store.outbox.lease(&message, store.clock.now()).await.unwrap());
    assert_eq!(store.rows(Table::AccountOutbox).await, []);
}

pub(crate) async fn a_buried_message_is_kept_and_not_due(store: &Store) {
    store.commit(one_mail()).await.unwrap();
    let message = the_one_due(store).await;
    store.outbox.bury(&message.id).await.unwrap();
    store.outbox.postpone(&message.id, store.clock.now()).await.unwrap();
    assert!(!store.outbox.lease(&message, store.clock.now()).await.unwrap());
    assert!(store.outbox.due(store.clock.now() + Duration::days(365), 25).await.unwrap().is_empty());
    let row = store.row(Table::AccountOutbox, &message.id).await.unwrap();
    assert!(row.contains_key("payload") && row.contains_key("buried_at"));
}

pub(crate) async fn a_message_that_is_gone_stays_gone(store: &Store) {
    store.outbox.postpone("none", start()).await.unwrap();
    store.outbox.bury("none").await.unwrap();
    store.outbox.delivered("none").await.unwrap();
    assert_eq!(store.rows(Table::AccountOutbox).await, []);
}

pub(crate) async fn a_mail_is_not_readable_in_the_table(store: &Store) {
    store.commit(one_mail()).await.unwrap();
    let stored = format!("{:?}", store.rows(Table::AccountOutbox).await);
    for secret in ["s3cr3t-link", "token=", "anna", "Anna", "example.com"] {
        assert!(!stored.contains(secret), "{secret} in {stored}");
    }
}

pub(crate) async fn a_mail_that_was_tampered_with_is_buried_and_does_not_block_the_queue(store: &Store) {
    store.commit(one_mail()).await.unwrap();
    let broken = the_one_due(store).await.id;
    store.overwrite(Table::AccountOutbox, &broken, "payload", text("not sealed")).await;
    store.clock.advance(Duration::seconds(1));
    store.commit(one_mail()).await.unwrap();
    assert_ne!(the_one_due(store).await.id, broken);
    assert!(store.row(Table::AccountOutbox, &broken).await.unwrap().contains_key("buried_at"));
}

pub(crate) async fn a_mail_whose_key_is_unknown_is_tried_again_later(store: &Store) {
    store.commit(one_mail()).await.unwrap();
    store.sealer.without_key.store(true, Ordering::SeqCst);
    assert!(due(store).await.is_empty());
    store.sealer.without_key.store(false, Ordering::SeqCst);
    assert!(due(store).await.is_empty());
    store.clock.advance(Duration::minutes(10));
    assert_eq!(the_one_due(store).await.attempts, 1);

    store.sealer.without_key.store(true, Ordering::SeqCst);
    for _ in 1..=12 {
        assert!(due(store).await.is_empty());
        store.clock.advance(Duration::minutes(10));
    }
    let rows = store.rows(Table::AccountOutbox).await;
    assert!(rows[0].contains_key("buried_at"), "{rows:?}");
}

pub(crate) async fn events_name_people_by_id_only(store: &Store) {
    let mut changes = ChangeSet::default();
    let what = UserEventKind::ProfileChanged { fields: vec!["phone"] };
    let (user_id, tenant_id) = (UserId::restore("user-1"), TenantId::restore("tenant-1"));
    changes.events = vec![UserEvent { user_id, tenant_id, version: Version::restore(2), what }.into(), session_ended()];
    store.commit(changes).await.unwrap();
    let mut events: Vec<_> = due(store)
        .await
        .into_iter()
        .map(|message| match message.payload {
            OutboxPayload::Event(event) => {
                assert_eq!((&event.id, event.occurred_at), (&message.id, start()));
                (event.name, event.data)
            }
            OutboxPayload::Mail(mail) => panic!("{mail:?}"),
        })
        .collect();
    events.sort_by(|(one, _), (other, _)| one.cmp(other));
    let profile = json!({ "version": 1, "user_id": "user-1", "tenant_id": "tenant-1", "fields": ["phone"] });
    let session = json!({
        "version": 1,
        "session_id": "session-1",
        "user_id": "user-1",
        "tenant_id": "tenant-1",
        "reason": "token_reused",
    });
    assert_eq!(events, [("ProfileChanged".to_owned(), profile), ("SessionEnded".to_owned(), session)]);
}

pub(crate) async fn the_relay_is_woken_when_something_was_queued(store: &Store) {
    store.commit(ChangeSet::default()).await.unwrap();
    assert_eq!(store.relay.notified().now_or_never(), None);
    store.commit(one_mail()).await.unwrap();
    tokio::time::timeout(StdDuration::from_secs(5), store.relay.notified()).await.unwrap();
}
