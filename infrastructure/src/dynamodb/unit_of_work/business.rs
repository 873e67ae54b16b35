//! Writing what a tenant says about its business.

use application::ports::{Refusal, StoreError};
use domain::BusinessFoundation;

use super::plan::Plan;
use crate::dynamodb::{
    DynamoStore,
    expression::{Condition, put, update},
    items::business,
    tables::Table,
};

/// Writes what differs, if the row is still the one that was loaded, or still not there.
pub(super) async fn save(
    plan: &mut Plan,
    store: &DynamoStore,
    before: Option<&BusinessFoundation>,
    after: &BusinessFoundation,
) -> Result<(), StoreError> {
    let (table, after) = (store.name(Table::BusinessData), after.snapshot());
    let item = if let Some(before) = before {
        // The row as it is: what is unknown in its lists and maps has to be written back.
        let stored = store.get(Table::BusinessData, after.tenant_id.as_str()).await?.unwrap_or_default();
        let (changes, condition) = business::changes(&stored, before.snapshot(), after);
        update(table, store.key(Table::BusinessData, after.tenant_id.as_str()), changes, condition)?
    } else {
        put(table, business::to_new_item(after), Condition::new("attribute_not_exists(#business_id)"))?
    };
    plan.unless(Refusal::Stale, item);
    Ok(())
}
