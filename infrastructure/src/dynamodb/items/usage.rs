//! Counters of what tenants use, which are ours alone: one item for each tenant and limit.

use application::ports::StoreError;
use domain::{LimitName, TenantId, Timestamp};

use super::{ItemBuilder, Reader};
use crate::dynamodb::{expression::Item, tables::Table};

/// The attribute that counts.
pub(in crate::dynamodb) const USED: &str = "used";

/// The key of a counter.
pub(in crate::dynamodb) fn key(tenant_id: &TenantId, name: &LimitName) -> Item {
    ItemBuilder::default().text("tenant_id", tenant_id.as_str()).text("name", name.as_str()).build()
}

/// A counter that begins, as an item.
pub(in crate::dynamodb) fn to_new_item(tenant_id: &TenantId, name: &LimitName, used: u64, now: Timestamp) -> Item {
    let mut item = ItemBuilder::default().number(USED, &used).time("created_at", now).time("updated_at", now).build();
    item.extend(key(tenant_id, name));
    item
}

/// Reads what is counted, and how much of it is used.
pub(in crate::dynamodb) fn read(item: &Item) -> Result<(LimitName, u64), StoreError> {
    let row = Reader::new(Table::AccountUsage, item);
    let used = row.number_if(USED)?.ok_or_else(|| row.unreadable(USED, "is missing"))?;
    Ok((LimitName::restore(row.text("name")?), used))
}
