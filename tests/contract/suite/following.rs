//! What follows for a tenant's other rows when the provider's word about one subscription is taken over.

use application::{Classified, ErrorKind, billing::Run};
use domain::{
    SubscriptionId,
    subscription::{BilledStatus, SubscriptionSnapshot, SubscriptionState, SubscriptionStatus},
};
use infrastructure::dynamodb::tables::Table;

use super::{
    billed::{World, code, ours, tenant, theirs_alone},
    discounts::{created, plain, redeem},
    given::start,
    store::{Store, scope, text},
};

const CODE: &str = "SPRING24";
const ACTIVE: BilledStatus = BilledStatus::Active;

/// An order that the provider never heard of, with the redemption of its code.
async fn given_an_order_with_a_code(world: &World<'_>, name: &str) {
    let mut order = ours(name, None, SubscriptionState::Incomplete);
    order.id = SubscriptionId::restore(format!("s-{name}"));
    order.promo_code = Some(code(CODE));
    world.given(name, Some(order)).await;
    let discount = world.store.discounts.find(&code(CODE)).await.unwrap().unwrap();
    redeem(world.store, &discount, name).await.unwrap();
}

async fn subscriptions(world: &World<'_>, name: &str) -> Vec<SubscriptionSnapshot> {
    let billing = world.store.billing.find(&scope(&tenant(name))).await.unwrap();
    billing.subscriptions.iter().map(|one| one.snapshot().clone()).collect()
}

pub(crate) async fn an_order_that_a_live_subscription_replaces_gives_its_code_back(store: &Store) {
    let world = World::new(store);
    created(store, CODE, plain()).await;
    for name in ["heard", "compared"] {
        given_an_order_with_a_code(&world, name).await;
        world.provider.has(theirs_alone(name, &format!("p-{name}"), ACTIVE));
    }
    // One by a webhook, the other by the reconciliation.
    world.service().receive(b"p-heard", &start().to_rfc3339()).await.unwrap();
    let report = world.reconciliation().tenant(Run::Repair, tenant("compared")).await;
    assert!(report.failure.is_none(), "{report:?}");
    for name in ["heard", "compared"] {
        let mut found: Vec<_> = subscriptions(&world, name).await;
        found.sort_by_key(|one| one.provider_id.is_some());
        let states: Vec<_> = found.iter().map(|one| one.state.status()).collect();
        assert_eq!(states, [SubscriptionStatus::Cancelled, SubscriptionStatus::Active], "{name}");
        let account = world.account(name).await;
        assert_eq!((account.ordered, account.current.as_ref()), (None, Some(&found[1].id)), "{name}");
        assert_eq!(store.discounts.redemption(&scope(&tenant(name)), &code(CODE)).await.unwrap(), None, "{name}");
        let again = world.reconciliation().tenant(Run::Repair, tenant(name)).await;
        assert!(again.failure.is_none() && again.findings.is_empty(), "{again:?}");
    }
    assert_eq!(store.discounts.find(&code(CODE)).await.unwrap().unwrap().snapshot().redeemed, 0);
}

/// A row that the Python service wrote, and that no account names.
pub(crate) async fn what_cannot_be_read_is_not_adopted_a_second_time(store: &Store) {
    let world = World::new(store);
    world.given("python", None).await;
    world.given_by_python("python", "sub-python", Some("p-python"), "active").await;
    world.provider.has(theirs_alone("python", "p-python", ACTIVE));
    store.overwrite(Table::Subscriptions, "sub-python", "tier", text("gold")).await;
    let refused = world.service().receive(b"p-python", &start().to_rfc3339()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Internal);
    let report = world.reconciliation().tenant(Run::Repair, tenant("python")).await;
    let failure = report.failure.unwrap();
    assert_eq!((failure.code(), report.findings), ("store", Vec::new()));
    assert!(failure.to_string().contains("subscriptions"), "{failure}");
    assert_eq!(store.rows(Table::Subscriptions).await.len(), 1, "nothing is adopted");

    // Once somebody has mended the row, the event that comes again is taken.
    store.overwrite(Table::Subscriptions, "sub-python", "tier", text("professional")).await;
    world.service().receive(b"p-python", &start().to_rfc3339()).await.unwrap();
    assert_eq!(subscriptions(&world, "python").await.len(), 1);
    assert_eq!(world.account("python").await.current, Some(SubscriptionId::restore("sub-python")));
}

/// A trial that nobody can read is in nobody's way: the provider cannot bill it.
pub(crate) async fn what_cannot_be_read_and_is_not_billed_is_left_out(store: &Store) {
    let world = World::new(store);
    world.given("tried", None).await;
    world.given_by_python("tried", "sub-tried", None, "trialing").await;
    store.overwrite(Table::Subscriptions, "sub-tried", "tier", text("gold")).await;
    world.provider.has(theirs_alone("tried", "p-tried", ACTIVE));
    world.service().receive(b"p-tried", &start().to_rfc3339()).await.unwrap();
    let found = subscriptions(&world, "tried").await;
    assert_eq!(found.iter().map(|one| one.state.status()).collect::<Vec<_>>(), [SubscriptionStatus::Active]);
}
