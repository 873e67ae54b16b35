//! Counting what tenants use.

use application::ports::{Refusal, StoreError, UsageRecord};
use domain::{LimitName, TenantId, Usage};

use super::{plan::Plan, writes::create};
use crate::dynamodb::{
    DynamoStore,
    expression::{Changes, Condition, number, text, update},
    items::{time, usage},
    tables::Table,
};

/// Begins a counter, or counts more or less. Whether so much is left is decided by DynamoDB on the number as it is then,
/// so that any number of racing uses together get what there is and no more (security rule 25).
pub(super) fn save(
    plan: &mut Plan,
    store: &DynamoStore,
    (tenant_id, name): (&TenantId, &LimitName),
    before: UsageRecord,
    after: Usage,
) -> Result<(), StoreError> {
    let now = store.clock.now();
    if !before.is_counted {
        let item = usage::to_new_item(tenant_id, name, after.used, now);
        plan.unless(Refusal::Stale, create(store, Table::AccountUsage, item)?);
        return Ok(());
    }
    let exists = Condition::new("attribute_exists(#tenant_id)");
    let (more, less) = (after.used.saturating_sub(before.used), before.used.saturating_sub(after.used));
    let condition = match after.limit {
        _ if less > 0 => exists.and("#used >= :less").with("less", number(&less)),
        // Below zero when more is wanted than there ever is: then nothing meets it.
        Some(limit) => exists.and("#used <= :most").with("most", number(&(i128::from(limit) - i128::from(more)))),
        None => exists,
    };
    let changes = if less > 0 { -i128::from(less) } else { i128::from(more) };
    let changes = Changes::default().add(usage::USED, changes).set("updated_at", text(time::to_text(now)));
    let item = update(store.name(Table::AccountUsage), usage::key(tenant_id, name), changes, condition)?;
    plan.unless(Refusal::QuotaExceeded, item);
    Ok(())
}
