//! What tenants may use.

use application::ports::Clock;
use aws_sdk_dynamodb::types::AttributeValue::{self, Bool, L, M, Null};
use chrono::Duration;
use domain::{Entitlements, TenantId, Tier, entitlement::TierTerms};
use infrastructure::dynamodb::tables::Table;

use super::store::{Store, item, number, scope, text};

const TENANT: &str = "tenant_9b8c7d6e5f4a";

async fn find(store: &Store) -> Entitlements {
    store.entitlements.find(&scope(&TenantId::restore(TENANT))).await.unwrap()
}

fn seed(tier: Tier) -> Entitlements {
    Entitlements::of(TierTerms::seed(tier), [])
}

async fn subscribe(store: &Store, tenant: &str, status: &str, tier: &str, trial_ends_at: AttributeValue) {
    let row = item([
        ("subscription_id", text(&format!("sub_{tenant}_{status}"))),
        ("tenant_id", text(tenant)),
        ("status", text(status)),
        ("tier", text(tier)),
        ("billing_cycle", text("monthly")),
        ("trial_ends_at", trial_ends_at),
        ("updated_at", text(&store.clock.now().to_rfc3339())),
        ("limits", M(item([("goals", number(1))]))),
    ]);
    store.plant(Table::Subscriptions, row).await;
}

async fn override_with(store: &Store, tenant: &str, name: &str, attribute: &str, value: AttributeValue) {
    let reason = ("reason", text("pilot"));
    let row = item([("tenant_id", text(tenant)), ("feature", text(name)), (attribute, value), reason]);
    store.plant(Table::TenantOverrides, row).await;
}

pub(crate) async fn a_tenant_without_a_subscription_has_the_smallest_paid_tier(store: &Store) {
    assert_eq!(find(store).await, seed(Tier::Starter));
    subscribe(store, "tenant_of_others", "active", "enterprise", Null(true)).await;
    assert_eq!(find(store).await, seed(Tier::Starter));
}

pub(crate) async fn a_live_subscription_decides_the_tier(store: &Store) {
    for (status, tier) in [("past_due", "professional"), ("trialing", "trial"), ("active", "enterprise")] {
        // An active one goes before one that is tried, and that before one that is owed.
        subscribe(store, TENANT, status, tier, Null(true)).await;
        assert_eq!(find(store).await, seed(Tier::from_name(tier).unwrap()), "{status}");
    }
}

pub(crate) async fn a_subscription_that_is_over_gives_nothing(store: &Store) {
    for status in ["cancelled", "unpaid", "paused"] {
        subscribe(store, TENANT, status, "enterprise", Null(true)).await;
    }
    assert_eq!(find(store).await, seed(Tier::Starter));
}

pub(crate) async fn a_trial_gives_its_tier_until_it_is_over(store: &Store) {
    subscribe(store, TENANT, "trialing", "professional", text("2027-01-15T08:05:00+00:00")).await;
    assert_eq!(find(store).await, seed(Tier::Professional));
    store.clock.advance(Duration::minutes(5));
    assert_eq!(find(store).await, seed(Tier::Starter));
}

pub(crate) async fn a_row_of_a_tier_goes_before_the_seed(store: &Store) {
    let limits = item([("goals", number(3)), ("kpis", Null(true)), ("reports", number(-1)), ("webhooks", number(2))]);
    let row = item([
        ("tier_id", text("starter")),
        ("name", text("Starter")),
        ("is_active", Bool(true)),
        ("features", L(vec![text("goals"), text("webhooks")])),
        ("limits", M(limits)),
    ]);
    store.plant(Table::Tiers, row).await;
    let entitlements = find(store).await;
    assert_eq!(entitlements.features().collect::<Vec<_>>(), ["goals", "webhooks"]);
    let limit = |name: &str| entitlements.limits()[name];
    assert_eq!([limit("goals"), limit("kpis"), limit("reports"), limit("webhooks")], [Some(3), None, None, Some(2)]);
    assert_eq!(entitlements.seats(), seed(Tier::Starter).seats());
}

pub(crate) async fn an_exception_for_a_tenant_counts_at_once_and_for_nobody_else(store: &Store) {
    override_with(store, "tenant_of_others", "seats", "limit", number(1)).await;
    override_with(store, "tenant_of_others", "goals", "enabled", Bool(false)).await;
    assert_eq!(find(store).await, seed(Tier::Starter));

    override_with(store, TENANT, "seats", "limit", number(10)).await;
    override_with(store, TENANT, "kpis", "limit", Null(true)).await;
    override_with(store, TENANT, "reports", "enabled", Bool(true)).await;
    override_with(store, TENANT, "goals", "enabled", Bool(false)).await;
    let special = find(store).await;
    assert_eq!((special.seats(), special.limits()["kpis"]), (Some(10), None));
    let has = |name: &str| special.features().any(|feature| feature == name);
    assert!(has("reports") && has("kpis") && !has("goals"));

    // An exception goes before whatever tier the tenant changes to.
    subscribe(store, TENANT, "active", "enterprise", Null(true)).await;
    assert_eq!(find(store).await.seats(), Some(10));
}

pub(crate) async fn the_terms_of_a_tier_are_remembered_for_a_minute(store: &Store) {
    assert_eq!(find(store).await, seed(Tier::Starter));
    let row = item([("tier_id", text("starter")), ("features", L(vec![text("goals")]))]);
    store.plant(Table::Tiers, row).await;
    store.clock.advance(Duration::seconds(59));
    assert_eq!(find(store).await, seed(Tier::Starter));
    store.clock.advance(Duration::seconds(1));
    assert_eq!(find(store).await.features().collect::<Vec<_>>(), ["goals"]);
}

pub(crate) async fn terms_that_cannot_be_read_are_reported(store: &Store) {
    override_with(store, TENANT, "seats", "limit", text("many")).await;
    assert!(store.entitlements.find(&scope(&TenantId::restore(TENANT))).await.is_err());
}
