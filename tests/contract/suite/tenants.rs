//! Tenants, ours and those that a Python service wrote.

use application::ports::{ChangeSet, CommitError, Refusal};
use aws_sdk_dynamodb::types::AttributeValue::{self, Bool, M, Null, S};
use chrono::Duration;
use domain::{
    Tenant, TenantId, TokenHash, Version,
    tenant::{
        Reopening, Standing, SuspensionReason, TargetLineMode, TenantName, TenantSettings, TenantSettingsChange,
        TenantSnapshot,
    },
};
use futures::future::join_all;
use infrastructure::dynamodb::tables::Table;

use super::{
    given::{self, email, registered, start},
    store::{Item, Store, item, number, scope, text},
};

const PYTHON: &str = "tenant_9b8c7d6e5f4a";

/// The tenant of somebody who is registered.
async fn tenant(store: &Store) -> Tenant {
    let anna = registered(store, "anna").await;
    find(store, &anna.snapshot().tenant_id).await.unwrap()
}

async fn find(store: &Store, id: &TenantId) -> Option<Tenant> {
    store.tenants.find(&scope(id)).await.unwrap()
}

fn python_row() -> Item {
    let settings = item([("fiscal_year_start", text("april")), ("working_days", number(5))]);
    item([
        ("tenant_id", text(PYTHON)),
        ("name", text("Lee & Co")),
        ("domain", text("lee.example")),
        ("owner_user_id", text("user_3f2a9c0d1b2e")),
        ("status", text("trial")),
        ("settings", M(settings)),
        ("industry", Null(true)),
        ("company_size", text("11-50")),
        ("timezone", text("Europe/Berlin")),
        ("created_at", text("2025-03-01T10:00:00Z")),
        ("updated_at", text("2025-03-01T10:00:00.000123")),
    ])
}

async fn python_tenant(store: &Store) -> Tenant {
    store.plant(Table::Tenants, python_row()).await;
    find(store, &TenantId::restore(PYTHON)).await.unwrap()
}

fn renamed(tenant: &Tenant, name: &str) -> Tenant {
    let mut tenant = tenant.clone();
    let _event = tenant.rename(TenantName::restore(name), start());
    tenant
}

fn suspended(tenant: &Tenant) -> Tenant {
    let mut tenant = tenant.clone();
    let _event = tenant.suspend(SuspensionReason::NonPayment, start());
    tenant
}

fn with_three_lines(tenant: &Tenant) -> Tenant {
    let mut tenant = tenant.clone();
    let three = TenantSettingsChange { target_line_mode: Some(TargetLineMode::Three) };
    let _event = tenant.change_settings(three, start());
    tenant
}

async fn save(store: &Store, before: &Tenant, after: &Tenant) -> Result<(), CommitError> {
    store.commit(ChangeSet::default().save_tenant(before.clone(), after.clone())).await
}

fn is_stale(outcome: &Result<(), CommitError>) -> bool {
    matches!(outcome, Err(CommitError::Refused(Refusal::Stale)))
}

pub(crate) async fn a_tenant_is_found_by_its_own_scope_only(store: &Store) {
    let tenant = tenant(store).await;
    assert_eq!(find(store, &tenant.snapshot().id).await, Some(tenant));
    assert_eq!(find(store, &TenantId::restore("elsewhere")).await, None);
}

pub(crate) async fn every_standing_of_a_tenant_survives_and_leaves_nothing_behind(store: &Store) {
    let mut before = tenant(store).await;
    let original = store.row(Table::Tenants, before.snapshot().id.as_str()).await.unwrap();
    let later = start() + Duration::days(30);
    let reopening = Some(Reopening { until: later, token: TokenHash::of("token") });
    let standings = [
        Standing::Suspended { since: start(), reason: SuspensionReason::Legal },
        Standing::Closed { since: start(), reopening },
        Standing::Closed { since: start(), reopening: None },
        Standing::InUse,
    ];
    for standing in standings {
        for on_trial in [true, false] {
            let after = TenantSnapshot { standing: standing.clone(), on_trial, ..before.snapshot().clone() };
            save(store, &before, &Tenant::restore(after.clone())).await.unwrap();
            before = find(store, &after.id).await.unwrap();
            assert_eq!(*before.snapshot(), TenantSnapshot { version: after.version.next(), ..after });
        }
    }
    let mut row = store.row(Table::Tenants, before.snapshot().id.as_str()).await.unwrap();
    row.insert("version".to_owned(), original["version"].clone());
    assert_eq!(row, original);
}

pub(crate) async fn a_stale_save_of_a_tenant_is_refused(store: &Store) {
    let tenant = tenant(store).await;
    save(store, &tenant, &renamed(&tenant, "Acme")).await.unwrap();
    let stale = save(store, &tenant, &renamed(&tenant, "Zenith")).await;
    assert!(is_stale(&stale), "{stale:?}");
    let stored = find(store, &tenant.snapshot().id).await.unwrap();
    assert_eq!(stored.snapshot().name.as_str(), "Acme");
    assert_eq!(stored.snapshot().version, tenant.snapshot().version.next());
}

pub(crate) async fn of_racing_saves_of_a_tenant_one_wins(store: &Store) {
    let tenant = tenant(store).await;
    let saves = (0..8).map(|number| {
        let (unit_of_work, tenant) = (store.unit_of_work.clone(), tenant.clone());
        tokio::spawn(async move {
            let after = if number % 2 == 0 { suspended(&tenant) } else { with_three_lines(&tenant) };
            unit_of_work.commit(ChangeSet::default().save_tenant(tenant, after)).await
        })
    });
    let outcomes: Vec<_> = join_all(saves).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    assert_eq!(find(store, &tenant.snapshot().id).await.unwrap().snapshot().version, tenant.snapshot().version.next());
}

pub(crate) async fn a_refused_save_of_a_tenant_leaves_nothing(store: &Store) {
    let stale = tenant(store).await;
    save(store, &stale, &renamed(&stale, "Acme")).await.unwrap();
    let (size, current) = (store.size().await, find(store, &stale.snapshot().id).await);
    let mut after = stale.clone();
    let outcome = after.suspend(SuspensionReason::Security, start());
    let changes = ChangeSet::default().mail(given::mail(&email("anna"))).record(outcome).save_tenant(stale, after);
    let refused = store.commit(changes).await;
    assert!(is_stale(&refused), "{refused:?}");
    assert_eq!((store.size().await, find(store, &current.as_ref().unwrap().snapshot().id).await), (size, current));
}

pub(crate) async fn a_tenant_that_is_gone_is_not_saved(store: &Store) {
    let tenant = tenant(store).await;
    store.remove(Table::Tenants, tenant.snapshot().id.as_str()).await;
    let stale = save(store, &tenant, &renamed(&tenant, "Acme")).await;
    assert!(is_stale(&stale), "{stale:?}");
    assert_eq!(store.row(Table::Tenants, tenant.snapshot().id.as_str()).await, None);
}

pub(crate) async fn a_python_tenant_is_read(store: &Store) {
    let tenant = python_tenant(store).await;
    let TenantSnapshot { on_trial, standing, signed_out_at, settings, version, .. } = tenant.snapshot();
    assert_eq!((*on_trial, standing, *signed_out_at), (true, &Standing::InUse, None));
    assert_eq!((*settings, *version), (TenantSettings::default(), Version::UNWRITTEN));
    let changed_at = tenant.snapshot().updated_at;
    for (status, expected) in [
        ("suspended", Standing::Suspended { since: changed_at, reason: SuspensionReason::Other }),
        ("cancelled", Standing::Closed { since: changed_at, reopening: None }),
        ("active", Standing::InUse),
    ] {
        store.overwrite(Table::Tenants, PYTHON, "status", text(status)).await;
        let tenant = find(store, &tenant.snapshot().id).await.unwrap();
        assert_eq!((&tenant.snapshot().standing, tenant.snapshot().on_trial), (&expected, false));
    }
}

pub(crate) async fn a_python_tenant_keeps_what_we_do_not_know(store: &Store) {
    let before = python_tenant(store).await;
    save(store, &before, &suspended(&with_three_lines(&renamed(&before, "Acme")))).await.unwrap();
    let mut expected = python_row();
    let settings =
        item([("fiscal_year_start", text("april")), ("working_days", number(5)), ("target_line_mode", text("three"))]);
    let now = || text("2027-01-15T08:00:00.123456+00:00");
    expected.extend(item([
        ("name", text("Acme")),
        ("status", text("suspended")),
        ("on_trial", Bool(true)),
        ("suspended_at", now()),
        ("suspension_reason", text("non_payment")),
        ("signed_out_at", now()),
        ("settings", M(settings)),
        ("updated_at", now()),
        ("version", number(1)),
    ]));
    assert_eq!(store.row(Table::Tenants, PYTHON).await, Some(expected));
}

pub(crate) async fn settings_are_saved_over_whatever_python_left_in_their_place(store: &Store) {
    for left in [None, Some(Null(true)), Some(S("none".to_owned())), Some(M(Item::new()))] {
        let mut row = python_row();
        row.remove("settings");
        row.extend(left.clone().map(|value| ("settings".to_owned(), value)));
        store.plant(Table::Tenants, row).await;
        let before = find(store, &TenantId::restore(PYTHON)).await.unwrap();
        save(store, &before, &with_three_lines(&before)).await.unwrap();
        let stored = find(store, &TenantId::restore(PYTHON)).await.unwrap();
        assert_eq!(stored.snapshot().settings.target_line_mode, TargetLineMode::Three, "{left:?}");
    }
}

pub(crate) async fn what_python_changed_meanwhile_in_a_tenant_is_not_overwritten(store: &Store) {
    let before = python_tenant(store).await;
    store.overwrite(Table::Tenants, PYTHON, "status", text("suspended")).await;
    store.overwrite(Table::Tenants, PYTHON, "updated_at", text("2025-03-02T10:00:00+00:00")).await;
    let stale = save(store, &before, &with_three_lines(&before)).await;
    assert!(is_stale(&stale), "{stale:?}");

    for spelling in ["2025-03-01T10:00:00+00:00", "2025-03-01T10:00:00.000001Z", "2025-03-01T10:00:00"] {
        store.plant(Table::Tenants, python_row()).await;
        store.overwrite(Table::Tenants, PYTHON, "updated_at", AttributeValue::S(spelling.to_owned())).await;
        let before = find(store, &TenantId::restore(PYTHON)).await.unwrap();
        let saved = save(store, &before, &renamed(&before, "Acme")).await;
        assert!(saved.is_ok(), "{spelling}: {saved:?}");
    }
}
