//! Counting failures (security rule 7).

use application::ports::{ChangeSet, CommitError, Refusal, Write};
use chrono::Duration;
use domain::{ThrottleSubject, UserId, throttle::Failures};
use futures::future::join_all;
use infrastructure::dynamodb::tables::Table;

use super::{
    given::start,
    store::{Store, item, number, text},
};

fn subject(name: &str) -> ThrottleSubject {
    ThrottleSubject::of_user(&UserId::restore(name))
}

fn failures(count: u32, seconds: i64) -> Failures {
    Failures { count, last_at: start() + Duration::seconds(seconds), is_disabled: false }
}

async fn find(store: &Store, name: &str) -> Option<Failures> {
    store.failures.find(&subject(name)).await.unwrap()
}

async fn count(store: &Store, name: &str, seen: Option<Failures>, attempt: Failures) -> bool {
    let forgotten_at = attempt.last_at + Duration::days(30);
    store.failures.count(&subject(name), seen.as_ref(), &attempt, Some(forgotten_at)).await.unwrap()
}

async fn write(store: &Store, write: fn(ThrottleSubject) -> Write, name: &str) -> Result<(), CommitError> {
    store.commit(ChangeSet::default().write(write(subject(name)))).await
}

pub(crate) async fn rule_7_an_attempt_is_counted_when_nothing_happened_since_it_was_judged(store: &Store) {
    assert_eq!(find(store, "anna").await, None);
    let (first, second) = (failures(1, 0), failures(2, 1));
    assert!(count(store, "anna", None, first).await);
    assert!(!count(store, "anna", None, first).await, "somebody has counted meanwhile");
    assert_eq!(find(store, "anna").await, Some(first));
    assert!(count(store, "anna", Some(first), second).await);
    assert!(!count(store, "anna", Some(first), second).await);
    // Forgotten, and at the same number again.
    write(store, Write::EndFailures, "anna").await.unwrap();
    assert!(count(store, "anna", None, failures(1, 5)).await);
    assert!(!count(store, "anna", Some(first), second).await);
    assert_eq!(find(store, "anna").await, Some(failures(1, 5)));
    assert_eq!(find(store, "ben").await, None);
}

pub(crate) async fn rule_7_of_fifty_attempts_that_saw_the_same_one_is_counted(store: &Store) {
    for round in 0..3 {
        let seen = find(store, "anna").await;
        let attempt = failures(round + 1, 0);
        let attempts = (0..50).map(|_| {
            let counter = store.failures.clone();
            tokio::spawn(async move { counter.count(&subject("anna"), seen.as_ref(), &attempt, None).await.unwrap() })
        });
        let counted = join_all(attempts).await.into_iter().filter(|counted| *counted.as_ref().unwrap()).count();
        assert_eq!(counted, 1, "round {round}");
        assert_eq!(find(store, "anna").await, Some(attempt));
    }
}

pub(crate) async fn rule_7_failures_are_added_up_however_many_come_at_once(store: &Store) {
    let (at, forgotten_at) = (failures(0, 7).last_at, failures(0, 3607).last_at);
    let adding = (0..50).map(|_| {
        let counter = store.failures.clone();
        tokio::spawn(async move { counter.add(&subject("office"), at, forgotten_at).await.unwrap() })
    });
    assert!(join_all(adding).await.iter().all(Result::is_ok));
    assert_eq!(find(store, "office").await, Some(failures(50, 7)));
    let row = store.row(Table::AccountThrottles, subject("office").as_str()).await.unwrap();
    assert_eq!(row["ttl"], number(forgotten_at.timestamp()));
}

pub(crate) async fn rule_7_a_disabled_password_stays_disabled_until_its_failures_are_forgotten(store: &Store) {
    let last = failures(99, 0);
    assert!(count(store, "anna", None, last).await);
    write(store, Write::DisablePassword, "anna").await.unwrap();
    let disabled = Failures { is_disabled: true, ..last };
    assert_eq!(find(store, "anna").await, Some(disabled));
    let row = store.row(Table::AccountThrottles, subject("anna").as_str()).await.unwrap();
    assert!(!row.contains_key("ttl"), "{row:?}");
    for refused in [Write::DisablePassword, Write::EndFailures] {
        let refused = write(store, refused, "anna").await;
        assert!(matches!(refused, Err(CommitError::Refused(Refusal::Stale))), "{refused:?}");
    }
    assert!(!count(store, "anna", Some(disabled), failures(100, 1)).await);
    write(store, Write::ForgetFailures, "anna").await.unwrap();
    assert_eq!(find(store, "anna").await, None);
    for nothing in [Write::EndFailures, Write::ForgetFailures] {
        write(store, nothing, "anna").await.unwrap();
    }
    // Without a failure of its own.
    write(store, Write::DisablePassword, "ben").await.unwrap();
    let found = find(store, "ben").await.unwrap();
    assert!(found.is_disabled && found.count == 0, "{found:?}");
}

pub(crate) async fn failures_that_cannot_be_read_are_reported(store: &Store) {
    let row = item([("subject", text(subject("anna").as_str())), ("count", text("many")), ("last_at", text("never"))]);
    store.plant(Table::AccountThrottles, row).await;
    assert!(store.failures.find(&subject("anna")).await.is_err());
}
