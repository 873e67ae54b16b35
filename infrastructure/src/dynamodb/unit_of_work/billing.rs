//! Writing what tenants pay for.

use application::ports::{ProviderEvent, Refusal, StoreError};
use domain::{BillingAccount, Subscription};

use super::{
    plan::{Loaded, Plan},
    writes::{as_loaded, create, of_version},
};
use crate::dynamodb::{
    DynamoStore,
    expression::{Changes, Condition, number, put, update},
    items::{billing_account, provider_event, subscription},
    tables::Table,
};

/// Creates the row, with what its tier includes now. The Python services look there, and the tier itself is remembered.
pub(super) async fn create_subscription(
    plan: &mut Plan,
    store: &DynamoStore,
    subscription: &Subscription,
) -> Result<(), StoreError> {
    let subscription = subscription.snapshot();
    let item = subscription::to_new_item(subscription, store.tiers().terms_of(subscription.choice.tier).await?);
    plan.unless(Refusal::AlreadyExists, create(store, Table::Subscriptions, item)?);
    Ok(())
}

/// Writes what differs, if the row is still the one that was loaded.
pub(super) async fn save_subscription(
    plan: &mut Plan,
    store: &DynamoStore,
    before: &Subscription,
    after: &Subscription,
) -> Result<(), StoreError> {
    let (before, after) = (before.snapshot(), after.snapshot());
    let loaded = Loaded { table: Table::Subscriptions, version: before.version, updated_at: before.updated_at };
    let mut changes = Changes::between(&subscription::to_item(before), &subscription::to_item(after));
    if before.choice.tier != after.choice.tier {
        let terms = store.tiers().terms_of(after.choice.tier).await?;
        changes = changes.set(subscription::LIMITS, subscription::limits_of(terms));
    }
    let changes = changes.set("version", number(&before.version.next().get()));
    let row = store.key(Table::Subscriptions, after.id.as_str());
    let item = update(store.name(Table::Subscriptions), row, changes, as_loaded("subscription_id", loaded))?;
    plan.unless_changed(loaded, item);
    Ok(())
}

/// Writes the account, if it is still the one that was loaded, or still not there.
pub(super) fn save_account(
    plan: &mut Plan,
    store: &DynamoStore,
    before: Option<&BillingAccount>,
    after: &BillingAccount,
) -> Result<(), StoreError> {
    let unchanged = match before {
        Some(before) => of_version("tenant_id", before.snapshot().version),
        None => Condition::new("attribute_not_exists(#tenant_id)"),
    };
    let item = billing_account::to_item(after.snapshot());
    plan.unless(Refusal::Stale, put(store.name(Table::AccountBilling), item, unchanged)?);
    Ok(())
}

/// Remembers an event, unless it is (security rule 29).
pub(super) fn remember_event(plan: &mut Plan, store: &DynamoStore, event: &ProviderEvent) -> Result<(), StoreError> {
    let item = provider_event::to_item(event, store.clock.now());
    plan.unless(Refusal::AlreadyReceived, create(store, Table::AccountProviderEvents, item)?);
    Ok(())
}
