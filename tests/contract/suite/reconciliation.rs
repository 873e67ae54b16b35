//! That what the provider and the store see differently is found, and put right where nobody has to decide.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use application::{
    billing::{Reconciler, Reconciliation, Run, TenantReport},
    page::{Cursor, PageError, PageRequest, PageSize},
    ports::BilledTenants,
};
use chrono::Duration;
use domain::{
    TenantId,
    subscription::{BilledStatus, Renewal, SubscriptionState, SubscriptionStatus},
};
use infrastructure::dynamodb::tables::Table;

use super::{
    billed::{Death, Mortal, World, active, ours, over, tenant, theirs},
    drifted::{
        FOR_A_PERSON, REPAIRABLE, assert_repaired, given_what_is_for_a_person, given_what_is_repairable,
        given_what_is_well,
    },
    given::start,
    scripted_provider::Books,
    store::{Item, Store, text},
};

const ACTIVE: BilledStatus = BilledStatus::Active;

fn page(size: &str, after: Option<Cursor>) -> PageRequest {
    PageRequest { size: PageSize::parse(size).unwrap(), after }
}

/// Goes over all tenants.
async fn run(reconciliation: &Reconciliation, run: Run) -> Vec<TenantReport> {
    let (mut reports, mut after) = (Vec::new(), None);
    loop {
        let page = reconciliation.page(run, &page("3", after)).await.unwrap();
        reports.extend(page.items);
        after = page.next;
        if after.is_none() {
            return reports;
        }
    }
}

/// What was found, sorted: tenant, finding, and what was done.
fn found(reports: &[TenantReport]) -> Vec<(String, &'static str, &'static str)> {
    let failures: Vec<_> = reports.iter().filter_map(|report| report.failure.as_ref()).collect();
    assert!(failures.is_empty(), "{failures:?}");
    let mut found: Vec<_> = reports
        .iter()
        .flat_map(|report| {
            report
                .findings
                .iter()
                .map(|finding| (report.tenant_id.to_string(), finding.drift.code(), finding.done.as_str()))
        })
        .collect();
    found.sort_unstable();
    found
}

/// Everything in the store and at the provider.
async fn everything(world: &World<'_>) -> (BTreeMap<String, Item>, Books) {
    let mut rows = BTreeMap::new();
    for table in Table::ALL {
        let definition = world.store.layout.definition(table);
        for row in world.store.rows(table).await {
            let keys = (row.get(definition.key), definition.sort_key.and_then(|key| row.get(key)));
            rows.insert(format!("{table:?} {keys:?}"), row);
        }
    }
    (rows, world.provider.books().clone())
}

fn with(found: &[(&str, &'static str)], done: &'static str) -> Vec<(String, &'static str, &'static str)> {
    found.iter().map(|(tenant, finding)| ((*tenant).to_owned(), *finding, done)).collect()
}

pub(crate) async fn every_kind_of_drift_is_found_and_a_rehearsal_changes_nothing(store: &Store) {
    let world = World::new(store);
    given_what_is_repairable(&world).await;
    given_what_is_for_a_person(&world).await;
    given_what_is_well(&world).await;
    let before = everything(&world).await;

    let mut expected = with(&REPAIRABLE, "repairable");
    expected.extend(with(&FOR_A_PERSON, "left"));
    expected.sort();
    assert_eq!(found(&run(&world.reconciliation(), Run::Rehearsal).await), expected);
    assert!(everything(&world).await == before, "a rehearsal changed something");
}

pub(crate) async fn what_can_be_repaired_is_and_a_second_run_finds_nothing_of_it(store: &Store) {
    let world = World::new(store);
    given_what_is_repairable(&world).await;
    given_what_is_for_a_person(&world).await;
    given_what_is_well(&world).await;

    let mut expected = with(&REPAIRABLE, "repaired");
    expected.extend(with(&FOR_A_PERSON, "left"));
    expected.sort();
    assert_eq!(found(&run(&world.reconciliation(), Run::Repair).await), expected);
    assert_repaired(&world).await;

    let before = everything(&world).await;
    assert_eq!(found(&run(&world.reconciliation(), Run::Repair).await), with(&FOR_A_PERSON, "left"));
    assert!(everything(&world).await == before, "a second run changed something");
}

pub(crate) async fn a_run_that_is_killed_at_any_step_is_finished_by_the_next(store: &Store) {
    let world = World::new(store);
    given_what_is_repairable(&world).await;
    let mut killed = 0;
    for step in 1.. {
        let death = if step % 2 == 0 { Death::Before } else { Death::After };
        // It dies at its first commit. What was done up to then stays done, so that every commit has its turn.
        let reconciliation = world.reconciliation_through(Arc::new(Mortal::new(&store.unit_of_work, death)));
        let reports = run(&reconciliation, Run::Repair).await;
        if reports.iter().all(|report| report.failure.is_none()) {
            break;
        }
        killed += 1;
        assert!(step < 100, "it never comes to an end");
    }
    assert!(killed >= REPAIRABLE.len() - 2, "killed {killed} times only");
    assert_repaired(&world).await;
    assert_eq!(found(&run(&world.reconciliation(), Run::Rehearsal).await), []);
    assert_eq!(world.provider.books().commands, 3, "each command was given once");
}

pub(crate) async fn what_a_webhook_brings_meanwhile_is_not_undone(store: &Store) {
    let world = World::new(store);
    world.given("races", Some(ours("races", None, SubscriptionState::Incomplete))).await;
    world.provider.has(theirs("races", "p-races", ACTIVE));
    // The reconciliation hears that it is active. Before it can write that down, the payment fails, and a webhook says so.
    let (service, provider) = (world.service(), Arc::clone(&world.provider));
    world.provider.meanwhile(async move {
        provider.has(theirs("races", "p-races", BilledStatus::PastDue));
        service.receive(b"p-races", &start().to_rfc3339()).await.unwrap();
    });
    let report = world.reconciliation().tenant(Run::Repair, tenant("races")).await;
    assert_eq!(found(&[report]), [], "the webhook was faster, and nothing is left to do");
    let subscription = world.subscription("races").await;
    assert_eq!(subscription.state.status(), SubscriptionStatus::PastDue);
    assert_eq!(subscription.last_event_at, Some(start()));
}

pub(crate) async fn an_order_that_is_paid_meanwhile_is_not_given_up(store: &Store) {
    let world = World::new(store);
    let mut old = ours("late", None, SubscriptionState::Incomplete);
    old.created_at = start() - Duration::days(2);
    world.given("late", Some(old)).await;
    // The provider says that it has nothing. Then the owner tries again, pays, and a webhook says so.
    let (service, provider) = (world.service(), Arc::clone(&world.provider));
    world.provider.meanwhile(async move {
        provider.has(theirs("late", "p-late", ACTIVE));
        service.receive(b"p-late", &start().to_rfc3339()).await.unwrap();
    });
    let report = world.reconciliation().tenant(Run::Repair, tenant("late")).await;
    assert_eq!(found(&[report]), []);
    assert_eq!(world.subscription("late").await.state.status(), SubscriptionStatus::Active);
}

pub(crate) async fn a_tenant_that_is_opened_again_meanwhile_goes_on_renewing(store: &Store) {
    let world = World::new(store);
    world.given("reopens", Some(ours("reopens", Some("p-reopens"), active()))).await;
    world.provider.has(theirs("reopens", "p-reopens", ACTIVE));
    let closed = store.row(Table::Tenants, "reopens").await.unwrap();
    world.closes("reopens").await;
    let (client, table) = (store.client.clone(), store.layout.name(Table::Tenants).to_owned());
    world.provider.meanwhile(async move {
        client.put_item().table_name(table).set_item(Some(closed)).send().await.unwrap();
    });
    let report = world.reconciliation().tenant(Run::Repair, tenant("reopens")).await;
    assert_eq!(found(&[report]), []);
    assert_eq!(world.provider.books().subscriptions["p-reopens"].renewal, Renewal::Automatic);
}

pub(crate) async fn two_runs_at_once_repair_everything_once(store: &Store) {
    let world = World::new(store);
    given_what_is_repairable(&world).await;
    let (one, other) = (world.reconciliation(), world.reconciliation());
    let (one, other) = futures::join!(run(&one, Run::Repair), run(&other, Run::Repair));
    assert_repaired(&world).await;
    let mut both = found(&one);
    both.extend(found(&other));
    // A command does nothing twice, and both may have given it. A commit is one's alone.
    both.retain(|(_, finding, _)| !["over_here", "renews_though_closed", "differs"].contains(finding));
    both.sort_unstable();
    let mut expected = with(&REPAIRABLE, "repaired");
    expected.retain(|(_, finding, _)| !["over_here", "renews_though_closed", "differs"].contains(finding));
    expected.sort();
    assert_eq!(both, expected);
    assert_eq!(found(&run(&world.reconciliation(), Run::Rehearsal).await), []);
}

pub(crate) async fn a_provider_that_fails_for_one_tenant_stops_nobody_else(store: &Store) {
    let world = World::new(store);
    given_what_is_repairable(&world).await;
    world.given("broken", Some(ours("broken", Some("p-broken"), active()))).await;
    world.provider.books().broken.insert("cus-broken".to_owned());
    let mut reports = run(&world.reconciliation(), Run::Repair).await;
    let at = reports.iter().position(|report| report.failure.is_some()).unwrap();
    let failed = reports.swap_remove(at);
    assert_eq!((failed.tenant_id.as_str(), failed.failure.unwrap().code()), ("broken", "provider"));
    assert_eq!(found(&reports), with(&REPAIRABLE, "repaired"));
    assert_repaired(&world).await;
}

pub(crate) async fn a_tenant_that_cannot_be_read_stops_nobody_else(store: &Store) {
    let world = World::new(store);
    for name in ["a", "b", "c"] {
        world.given(name, Some(ours(name, Some(&format!("p-{name}")), active()))).await;
        world.provider.has(theirs(name, &format!("p-{name}"), BilledStatus::PastDue));
    }
    store.overwrite(Table::AccountBilling, "b", "version", text("many")).await;
    let mut reports = run(&world.reconciliation(), Run::Repair).await;
    let at = reports.iter().position(|report| report.failure.is_some()).unwrap();
    let failed = reports.swap_remove(at);
    assert_eq!((failed.tenant_id.as_str(), failed.failure.unwrap().code()), ("b", "store"));
    assert_eq!(found(&reports), with(&[("a", "differs"), ("c", "differs")], "repaired"));
}

pub(crate) async fn a_command_that_the_provider_does_not_carry_out_is_no_repair(store: &Store) {
    let world = World::new(store);
    world.given("over", Some(ours("over", Some("p-over"), over()))).await;
    world.provider.has(theirs("over", "p-over", ACTIVE));
    world.provider.books().is_stubborn = true;
    let report = world.reconciliation().tenant(Run::Repair, tenant("over")).await;
    assert_eq!(report.failure.unwrap().code(), "provider");
    assert_eq!(report.findings.last().unwrap().done.as_str(), "failed");
}

pub(crate) async fn nobody_is_reconciled_who_is_not_there(store: &Store) {
    let report = World::new(store).reconciliation().tenant(Run::Repair, tenant("nobody")).await;
    assert_eq!(report.failure.unwrap().code(), "no_tenant");
}

pub(crate) async fn every_billed_tenant_is_listed_once_whatever_the_page(store: &Store) {
    let world = World::new(store);
    for name in ["a", "b", "c", "d"] {
        world.given(name, Some(ours(name, Some(&format!("p-{name}")), active()))).await;
    }
    // Python's: one with two subscriptions, one without a name at the provider, and another one of a tenant above.
    world.given_by_python("e", "sub-e1", Some("p-e1"), "cancelled").await;
    world.given_by_python("e", "sub-e2", Some("p-e2"), "active").await;
    world.given_by_python("e", "sub-e0", None, "active").await;
    world.given_by_python("f", "sub-f", None, "trialing").await;
    world.given_by_python("a", "sub-a2", Some("p-a2"), "cancelled").await;
    for size in ["1", "2", "3", "100"] {
        assert_eq!(listed(&*store.billed_tenants, size).await, ["a", "b", "c", "d", "e"], "{size} a page");
    }
}

/// Every tenant that is billed, page by page; sorted.
async fn listed(billed: &dyn BilledTenants, size: &str) -> Vec<String> {
    let (mut found, mut after) = (Vec::new(), None);
    let mut cursors = BTreeSet::new();
    loop {
        let request = page(size, after);
        let page = billed.page(&Reconciler::unproved(), &request).await.unwrap();
        assert!(page.items.len() <= usize::from(request.size.get()));
        found.extend(page.items.iter().map(TenantId::to_string));
        after = page.next;
        let Some(next) = &after else {
            found.sort();
            return found;
        };
        assert!(cursors.insert(next.as_str().to_owned()), "a cursor comes twice");
        assert_eq!(Cursor::parse(next.as_str()).as_ref(), Ok(next), "an operator can give it back");
    }
}

pub(crate) async fn a_cursor_of_something_else_is_refused(store: &Store) {
    for cursor in ["eA", "dXNlcnMv"] {
        let request = page("10", Some(Cursor::parse(cursor).unwrap()));
        let refused = store.billed_tenants.page(&Reconciler::unproved(), &request).await;
        assert!(matches!(refused, Err(PageError::Cursor(_))), "{refused:?}");
    }
}

pub(crate) async fn every_finding_is_documented(_: &Store) {
    let page = include_str!("../../../docs/reconciliation.md");
    let named = |line: &'static str| line.strip_prefix("| `")?.split_once('`').map(|(code, _)| code);
    let documented: BTreeSet<_> = page.lines().filter_map(named).collect();
    let found: BTreeSet<_> = REPAIRABLE.iter().chain(&FOR_A_PERSON).map(|(_, finding)| *finding).collect();
    assert_eq!(documented, found);
}
