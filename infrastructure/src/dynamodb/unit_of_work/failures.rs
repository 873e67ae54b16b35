//! Ending what was counted of somebody's failures.

use application::ports::{Refusal, StoreError};
use domain::ThrottleSubject;

use super::plan::Plan;
use crate::dynamodb::{
    DynamoStore,
    expression::{Changes, Condition, delete, text, update},
    items::time,
    tables::Table,
};

const TABLE: Table = Table::AccountThrottles;

pub(super) fn end(plan: &mut Plan, store: &DynamoStore, subject: &ThrottleSubject) -> Result<(), StoreError> {
    let key = store.key(TABLE, subject.as_str());
    plan.unless(Refusal::Stale, delete(store.name(TABLE), key, is_enabled())?);
    Ok(())
}

pub(super) fn forget(plan: &mut Plan, store: &DynamoStore, subject: &ThrottleSubject) -> Result<(), StoreError> {
    plan.always(delete(store.name(TABLE), store.key(TABLE, subject.as_str()), Condition::default())?);
    Ok(())
}

/// Without a time to live: only a reset ends it.
pub(super) fn disable(plan: &mut Plan, store: &DynamoStore, subject: &ThrottleSubject) -> Result<(), StoreError> {
    let changes = Changes::default().set("disabled_at", text(time::to_text(store.clock.now()))).remove("ttl");
    let key = store.key(TABLE, subject.as_str());
    plan.unless(Refusal::Stale, update(store.name(TABLE), key, changes, is_enabled())?);
    Ok(())
}

fn is_enabled() -> Condition {
    Condition::new("attribute_not_exists(#disabled_at)")
}
