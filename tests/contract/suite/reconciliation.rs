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
    subscription::{
        BilledStatus, BilledSubscription, ProviderSubscriptionId, Renewal, SubscriptionState, SubscriptionStatus,
    },
};
use infrastructure::dynamodb::tables::Table;

use super::{
    billed::{CANCELLED, Death, Mortal, World, active, code, ours, over, period, tenant, theirs, theirs_alone},
    discounts::{created, plain, redeem},
    given::start,
    scripted_provider::Books,
    store::{Item, Store, scope, text},
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

/// What can be put right without a person, each in a tenant of its own.
const REPAIRABLE: [(&str, &str); 9] = [
    ("adopted", "unknown_here"),
    ("closed", "renews_though_closed"),
    ("differs", "differs"),
    ("given-up", "over_here"),
    ("lost", "order_lost"),
    ("over", "over_here"),
    ("python", "account_differs"),
    ("taken", "order_taken"),
    ("unlinked", "account_differs"),
];

/// What only a person can put right.
const FOR_A_PERSON: [(&str, &str); 11] = [
    ("foreign", "other_tenants"),
    ("ghost", "no_tenant"),
    ("gone", "customer_unknown_there"),
    ("holder", "other_tenants"),
    ("missing", "unknown_there"),
    ("paid", "paid_after_all"),
    ("replaced", "several_live"),
    ("replaced", "unknown_there"),
    ("several", "several_live"),
    ("shared", "customer_of_other"),
    ("split", "several_live"),
];

async fn given_what_is_repairable(world: &World<'_>) {
    let has = |billed| world.provider.has(billed);
    world.given("adopted", None).await;
    has(theirs_alone("adopted", "p-adopted", ACTIVE));
    world.given("closed", Some(ours("closed", Some("p-closed"), active()))).await;
    world.closes("closed").await;
    has(theirs("closed", "p-closed", ACTIVE));
    world.given("differs", Some(ours("differs", Some("p-differs"), active()))).await;
    has(theirs("differs", "p-differs", BilledStatus::PastDue));
    world.given("given-up", Some(ours("given-up", None, over()))).await;
    has(theirs("given-up", "p-given-up", BilledStatus::Incomplete));
    let mut lost = ours("lost", None, SubscriptionState::Incomplete);
    lost.id = domain::SubscriptionId::restore("s-lost");
    lost.created_at = start() - Duration::hours(24);
    lost.promo_code = Some(code("SPRING24"));
    world.given("lost", Some(lost)).await;
    let discount = created(world.store, "SPRING24", plain()).await;
    redeem(world.store, &discount, "lost").await.unwrap();
    world.given("over", Some(ours("over", Some("p-over"), over()))).await;
    has(theirs("over", "p-over", ACTIVE));
    world.given_tenant("python").await;
    world.given_by_python("python", "sub-a", Some("p-python-old"), "cancelled").await;
    world.given_by_python("python", "sub-b", Some("p-python"), "active").await;
    has(theirs_alone("python", "p-python", ACTIVE));
    has(theirs_alone("python", "p-python-old", CANCELLED));
    world.given("taken", Some(ours("taken", None, SubscriptionState::Incomplete))).await;
    has(theirs("taken", "p-taken", ACTIVE));
    world.given("unlinked", Some(ours("unlinked", Some("p-unlinked"), active()))).await;
    world.store.overwrite(Table::AccountBilling, "unlinked", "current_subscription_id", text("another")).await;
    has(theirs("unlinked", "p-unlinked", ACTIVE));
}

async fn given_what_is_for_a_person(world: &World<'_>) {
    let has = |billed| world.provider.has(billed);
    world.given("foreign", None).await;
    has(BilledSubscription { tenant_id: Some(tenant("adopted")), ..theirs_alone("foreign", "p-foreign", ACTIVE) });
    world.given_billing("ghost", Some(ours("ghost", Some("p-ghost"), active()))).await;
    has(theirs("ghost", "p-ghost", ACTIVE));
    let mut old = ours("gone", None, SubscriptionState::Incomplete);
    old.created_at = start() - Duration::days(9);
    world.given("gone", Some(old)).await;
    world.provider.books().gone.insert("cus-gone".to_owned());
    world.given("missing", Some(ours("missing", Some("p-missing"), active()))).await;
    world.given("paid", Some(ours("paid", None, over()))).await;
    has(theirs("paid", "p-paid", ACTIVE));
    world.given("replaced", Some(ours("replaced", Some("p-replaced"), active()))).await;
    has(theirs_alone("replaced", "p-replacement", ACTIVE));
    world.given("several", Some(ours("several", Some("p-several"), active()))).await;
    has(theirs("several", "p-several", ACTIVE));
    has(theirs_alone("several", "p-several-2", BilledStatus::PastDue));
    world.given_tenant("shared").await;
    world.given_by_python("shared", "sub-shared", Some("p-shared"), "active").await;
    world.given("holder", None).await;
    has(BilledSubscription { tenant_id: Some(tenant("shared")), ..theirs_alone("holder", "p-shared", ACTIVE) });
    // Told apart by the provider alone, both made for one order.
    world.given("split", Some(ours("split", Some("p-split"), active()))).await;
    has(theirs("split", "p-split", ACTIVE));
    has(theirs("split", "p-split-2", ACTIVE));
}

/// What is as it should be: the same on both sides, tried without the provider, or ordered a moment ago.
async fn given_what_is_well(world: &World<'_>) {
    world.given("well", Some(ours("well", Some("p-well"), active()))).await;
    world.provider.has(theirs("well", "p-well", ACTIVE));
    world
        .given(
            "tried",
            Some(ours("tried", None, SubscriptionState::Trialing { period: period(), renewal: Renewal::Off })),
        )
        .await;
    let mut fresh = ours("fresh", None, SubscriptionState::Incomplete);
    fresh.created_at = start() - Duration::hours(23);
    world.given("fresh", Some(fresh)).await;
    world.given("ended", Some(ours("ended", Some("p-ended"), over()))).await;
    world.provider.has(theirs("ended", "p-ended", CANCELLED));
    world.given("waits", None).await;
    world.provider.has(theirs_alone("waits", "p-waits", BilledStatus::Incomplete));
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

/// What became of everything that can be put right.
async fn assert_repaired(world: &World<'_>) {
    let named = |id: &str| Some(ProviderSubscriptionId::restore(id));
    for (name, status) in [
        ("adopted", SubscriptionStatus::Active),
        ("closed", SubscriptionStatus::Active),
        ("differs", SubscriptionStatus::PastDue),
        ("taken", SubscriptionStatus::Active),
        ("unlinked", SubscriptionStatus::Active),
    ] {
        let (subscription, account) = (world.subscription(name).await, world.account(name).await);
        assert_eq!(subscription.state.status(), status, "{name}");
        assert_eq!(subscription.provider_id, named(&format!("p-{name}")), "{name}");
        assert_eq!((account.current, account.ordered), (Some(subscription.id), None), "{name}");
    }
    assert_eq!(world.subscription("closed").await.state.renewal(), Some(Renewal::Off));

    let python = world.account("python").await;
    assert_eq!(python.customer_id.unwrap().as_str(), "cus-python");
    assert_eq!(python.current.unwrap().as_str(), "sub-b");

    let lost = world.subscription("lost").await;
    assert_eq!(lost.state.status(), SubscriptionStatus::Cancelled);
    assert_eq!(world.account("lost").await.ordered, None);
    let redemption = world.store.discounts.redemption(&scope(&tenant("lost")), &code("SPRING24")).await.unwrap();
    assert_eq!(redemption, None, "the code can be redeemed again");
    assert_eq!(world.store.discounts.find(&code("SPRING24")).await.unwrap().unwrap().snapshot().redeemed, 0);

    let books = world.provider.books();
    assert!(books.subscriptions["p-over"].status.is_over() && books.subscriptions["p-given-up"].status.is_over());
    assert_eq!(books.subscriptions["p-closed"].renewal, Renewal::Off);
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
