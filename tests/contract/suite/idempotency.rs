//! Answers under their keys.

use application::ports::{ChangeSet, Clock, CommitError, Refusal, Write};
use chrono::Duration;
use domain::TokenHash;
use futures::future::join_all;

use super::{given::idempotency_record, store::Store};

fn remember(answer: &str, store: &Store) -> ChangeSet {
    let expires_at = store.clock.now() + Duration::hours(24);
    ChangeSet::default().write(Write::Remember(idempotency_record(answer, expires_at)))
}

pub(crate) async fn a_key_is_used_once(store: &Store) {
    assert_eq!(store.accounts.find_idempotency_record(&TokenHash::of("key")).await.unwrap(), None);
    let record = idempotency_record("{\"a\":1}", store.clock.now() + Duration::hours(24));
    store.commit(remember("{\"a\":1}", store)).await.unwrap();
    let again = store.commit(remember("{\"a\":2}", store)).await;
    assert!(matches!(again, Err(CommitError::Refused(Refusal::IdempotencyKeyUsed))), "{again:?}");
    assert_eq!(store.accounts.find_idempotency_record(&record.id).await.unwrap(), Some(record));
}

pub(crate) async fn of_racing_requests_with_one_key_one_wins(store: &Store) {
    let race = (0..8).map(|number| {
        let (unit_of_work, changes) = (store.unit_of_work.clone(), remember(&number.to_string(), store));
        tokio::spawn(async move { unit_of_work.commit(changes).await })
    });
    let outcomes: Vec<_> = join_all(race).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
}

pub(crate) async fn a_key_can_be_used_again_when_it_is_forgotten(store: &Store) {
    store.commit(remember("1", store)).await.unwrap();
    store.clock.advance(Duration::hours(24) - Duration::microseconds(1));
    assert!(store.commit(remember("2", store)).await.is_err());
    store.clock.advance(Duration::microseconds(1));
    store.commit(remember("3", store)).await.unwrap();
    let record = store.accounts.find_idempotency_record(&TokenHash::of("key")).await.unwrap().unwrap();
    assert_eq!(record.answer, "3");
}
