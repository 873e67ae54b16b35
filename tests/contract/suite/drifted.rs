//! Tenants of which the provider and the store see something differently, one for each thing.

use chrono::Duration;
use domain::{
    SubscriptionId,
    subscription::{
        BilledStatus, BilledSubscription, ProviderSubscriptionId, Renewal, SubscriptionState, SubscriptionStatus,
    },
};
use infrastructure::dynamodb::tables::Table;

use super::{
    billed::{CANCELLED, World, active, code, ours, over, period, tenant, theirs, theirs_alone},
    discounts::{created, plain, redeem},
    given::start,
    store::{scope, text},
};

const ACTIVE: BilledStatus = BilledStatus::Active;

/// What can be put right without a person, each in a tenant of its own.
pub(crate) const REPAIRABLE: [(&str, &str); 9] = [
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
pub(crate) const FOR_A_PERSON: [(&str, &str); 11] = [
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

pub(crate) async fn given_what_is_repairable(world: &World<'_>) {
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
    lost.id = SubscriptionId::restore("s-lost");
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

pub(crate) async fn given_what_is_for_a_person(world: &World<'_>) {
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
pub(crate) async fn given_what_is_well(world: &World<'_>) {
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

/// What became of everything that can be put right.
pub(crate) async fn assert_repaired(world: &World<'_>) {
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
