//! The table of billing accounts, which is ours alone.

use application::ports::StoreError;
use domain::{
    BillingAccount, SubscriptionId, TenantId, Timestamp, billing_account::BillingAccountSnapshot,
    subscription::CustomerId,
};

use super::{ItemBuilder, Reader};
use crate::dynamodb::{expression::Item, tables::Table};

/// The account as it is once it is written.
pub(in crate::dynamodb) fn to_item(account: &BillingAccountSnapshot) -> Item {
    let BillingAccountSnapshot {
        tenant_id,
        customer_id,
        current,
        ordered,
        trial_started_at,
        version,
        created_at,
        updated_at,
    } = account;
    ItemBuilder::default()
        .text("tenant_id", tenant_id.as_str())
        .text_if("customer_id", customer_id.as_ref().map(CustomerId::as_str))
        .text_if("current_subscription_id", current.as_ref().map(SubscriptionId::as_str))
        .text_if("ordered_subscription_id", ordered.as_ref().map(SubscriptionId::as_str))
        .time_if("trial_started_at", *trial_started_at)
        .version_after(*version)
        .time("created_at", *created_at)
        .time("updated_at", *updated_at)
        .build()
}

/// The subscription that counts, and when that changed last. An account that does not say so in a way that can be read is
/// no reason to keep anybody from signing in.
pub(in crate::dynamodb) fn read_current(item: &Item) -> Option<(&str, Timestamp)> {
    let row = Reader::new(Table::AccountBilling, item);
    let (_, changed_at) = row.created_and_updated().ok()?;
    Some((row.text_if("current_subscription_id").ok()??, changed_at))
}

/// Reads an account.
pub(in crate::dynamodb) fn read(item: &Item) -> Result<BillingAccount, StoreError> {
    let row = Reader::new(Table::AccountBilling, item);
    let (created_at, updated_at) = row.created_and_updated()?;
    Ok(BillingAccount::restore(BillingAccountSnapshot {
        tenant_id: TenantId::restore(row.text("tenant_id")?),
        customer_id: row.text_if("customer_id")?.map(CustomerId::restore),
        current: row.text_if("current_subscription_id")?.map(SubscriptionId::restore),
        ordered: row.text_if("ordered_subscription_id")?.map(SubscriptionId::restore),
        trial_started_at: row.time_if("trial_started_at")?,
        version: row.version()?,
        created_at,
        updated_at,
    }))
}
