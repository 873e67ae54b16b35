//! How much tenants have used.

use application::ports::{ChangeSet, CommitError, Refusal, UsageRecord, Write};
use aws_sdk_dynamodb::types::AttributeValue::{self, M, Null};
use domain::{LimitName, TenantId, Usage, UsageAmount, UsageChange};
use futures::future::join_all;
use infrastructure::dynamodb::tables::Table;

use super::store::{Store, item, number, scope, text};

const TENANT: &str = "tenant_9b8c7d6e5f4a";

fn name(name: &str) -> LimitName {
    LimitName::restore(name)
}

fn record(used: u64, is_counted: bool) -> UsageRecord {
    UsageRecord { used, is_counted }
}

async fn find(store: &Store, tenant: &str, limit: &str) -> UsageRecord {
    store.usage.find(&scope(&TenantId::restore(tenant)), &name(limit)).await.unwrap()
}

fn take(amount: i64) -> UsageChange {
    UsageChange::Take(UsageAmount::new(amount).unwrap())
}

fn release(amount: i64) -> UsageChange {
    UsageChange::Release(UsageAmount::new(amount).unwrap())
}

/// What counts a change of what was loaded, unless there is not as much left.
fn counted(before: UsageRecord, change: UsageChange, limit: Option<u64>) -> Option<ChangeSet> {
    let after = Usage { used: before.used, limit }.after(change).ok()?;
    let (tenant_id, name) = (TenantId::restore(TENANT), name("goals"));
    Some(ChangeSet::default().write(Write::SaveUsage { tenant_id, name, before, after }))
}

async fn count(store: &Store, change: UsageChange, limit: Option<u64>) -> UsageRecord {
    let before = find(store, TENANT, "goals").await;
    store.commit(counted(before, change, limit).unwrap()).await.unwrap();
    find(store, TENANT, "goals").await
}

fn refusal(outcome: Result<(), CommitError>) -> Refusal {
    match outcome {
        Err(CommitError::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn what_nobody_has_counted_is_nothing(store: &Store) {
    assert_eq!(find(store, TENANT, "goals").await, record(0, false));
    assert!(store.usage.all(&scope(&TenantId::restore(TENANT))).await.unwrap().is_empty());
}

pub(crate) async fn a_counter_is_one_tenants_and_one_limits(store: &Store) {
    assert_eq!(count(store, take(3), Some(10)).await, record(3, true));
    assert_eq!(count(store, take(1000), None).await, record(1003, true));
    assert_eq!(count(store, release(4), Some(10)).await, record(999, true));
    assert_eq!(find(store, TENANT, "kpis").await, record(0, false));
    assert_eq!(find(store, "tenant_of_others", "goals").await, record(0, false));
    let all = store.usage.all(&scope(&TenantId::restore(TENANT))).await.unwrap();
    assert_eq!(all.into_iter().collect::<Vec<_>>(), [("goals".to_owned(), record(999, true))]);
}

pub(crate) async fn a_counter_begins_once(store: &Store) {
    let nothing = find(store, TENANT, "goals").await;
    store.commit(counted(nothing, take(3), None).unwrap()).await.unwrap();
    assert_eq!(refusal(store.commit(counted(nothing, take(3), None).unwrap()).await), Refusal::Stale);
    assert_eq!(find(store, TENANT, "goals").await, record(3, true));
}

pub(crate) async fn what_was_decided_holds_for_the_number_as_it_is_then(store: &Store) {
    let loaded = count(store, take(8), Some(10)).await;
    assert_eq!(count(store, take(1), Some(10)).await, record(9, true));
    // Two were left when it was loaded, and one is.
    assert_eq!(refusal(store.commit(counted(loaded, take(2), Some(10)).unwrap()).await), Refusal::QuotaExceeded);
    store.commit(counted(loaded, take(1), Some(10)).unwrap()).await.unwrap();
    assert_eq!(count(store, release(9), Some(10)).await, record(1, true));
    assert_eq!(refusal(store.commit(counted(loaded, release(2), Some(10)).unwrap()).await), Refusal::QuotaExceeded);
    // What never fits is met by nothing, although the counter goes down meanwhile.
    let never = Write::SaveUsage {
        tenant_id: TenantId::restore(TENANT),
        name: name("goals"),
        before: loaded,
        after: Usage { used: 11, limit: Some(2) },
    };
    assert_eq!(refusal(store.commit(ChangeSet::default().write(never)).await), Refusal::QuotaExceeded);
    assert_eq!(find(store, TENANT, "goals").await, record(1, true));
}

pub(crate) async fn rule_25_racing_uses_never_oversell(store: &Store) {
    for round in 0..3 {
        let takes = (0..12).map(|_| {
            let (usage, unit_of_work) = (store.usage.clone(), store.unit_of_work.clone());
            tokio::spawn(async move {
                loop {
                    let before = usage.find(&scope(&TenantId::restore(TENANT)), &name("goals")).await.unwrap();
                    let Some(changes) = counted(before, take(2), Some(10)) else { return false };
                    match unit_of_work.commit(changes).await {
                        Ok(()) => return true,
                        Err(CommitError::Conflict | CommitError::Refused(_)) => {}
                        Err(error) => panic!("{error:?}"),
                    }
                }
            })
        });
        let won = join_all(takes).await.into_iter().filter(|won| *won.as_ref().unwrap()).count();
        assert_eq!(won, [5, 0, 2][round], "round {round}");
        assert_eq!(find(store, TENANT, "goals").await, record(10, true));
        if round == 1 {
            count(store, release(4), Some(10)).await;
        }
    }
}

async fn plant(store: &Store, id: &str, updated_at: &str, usage: AttributeValue) {
    let row = item([
        ("subscription_id", text(id)),
        ("tenant_id", text(TENANT)),
        ("status", text("cancelled")),
        ("tier", text("starter")),
        ("updated_at", text(updated_at)),
        ("usage", usage),
    ]);
    store.plant(Table::Subscriptions, row).await;
}

pub(crate) async fn a_counter_begins_where_python_left_off(store: &Store) {
    plant(store, "sub_old", "2025-03-01T10:00:00+00:00", M(item([("goals", number(2)), ("reports", number(8))]))).await;
    let counts = item([("goals", number(7)), ("kpis", number(-3))]);
    plant(store, "sub_new", "2026-03-01T10:00:00+00:00", M(counts)).await;
    plant(store, "sub_none", "2026-09-01T10:00:00+00:00", Null(true)).await;
    plant(store, "sub_empty", "2026-09-01T10:00:00+00:00", M(item([]))).await;
    for (limit, used) in [("goals", 7), ("kpis", 0), ("reports", 0)] {
        assert_eq!(find(store, TENANT, limit).await, record(used, false), "{limit}");
    }
    assert_eq!(count(store, take(1), Some(10)).await, record(8, true));
    let all = store.usage.all(&scope(&TenantId::restore(TENANT))).await.unwrap();
    let expected = [("goals".to_owned(), record(8, true)), ("kpis".to_owned(), record(0, false))];
    assert_eq!(all.into_iter().collect::<Vec<_>>(), expected);
    assert_eq!(find(store, "tenant_of_others", "goals").await, record(0, false));
}

pub(crate) async fn counts_that_cannot_be_read_are_reported(store: &Store) {
    plant(store, "sub_1", "2025-03-01T10:00:00+00:00", M(item([("goals", text("many"))]))).await;
    assert!(store.usage.find(&scope(&TenantId::restore(TENANT)), &name("goals")).await.is_err());
    let counter = item([("tenant_id", text(TENANT)), ("name", text("goals")), ("used", number(-1))]);
    store.plant(Table::AccountUsage, counter).await;
    assert!(store.usage.find(&scope(&TenantId::restore(TENANT)), &name("goals")).await.is_err());
}
