//! Writing discount codes and who redeems them.

use application::ports::{Refusal, StoreError};
use domain::{
    DiscountCode,
    discount::{DiscountCodeSnapshot, Redemption},
};

use super::{
    plan::Plan,
    writes::{create, of_version},
};
use crate::dynamodb::{
    DynamoStore,
    expression::{Changes, Condition, delete, number, text, update},
    items::{discount_code, redemption},
    tables::Table,
};

const CODES: Table = Table::AccountDiscountCodes;
const REDEMPTIONS: Table = Table::AccountRedemptions;

pub(super) fn create_code(plan: &mut Plan, store: &DynamoStore, code: &DiscountCode) -> Result<(), StoreError> {
    plan.unless(Refusal::AlreadyExists, create(store, CODES, discount_code::to_new_item(code.snapshot()))?);
    Ok(())
}

/// Writes what differs, if the row is still the one that was loaded. Redemptions do not change its version, so what
/// was decided on their number must hold for the number as it is then.
pub(super) fn save_code(
    plan: &mut Plan,
    store: &DynamoStore,
    before: &DiscountCode,
    after: &DiscountCode,
) -> Result<(), StoreError> {
    let (before, after) = (before.snapshot(), after.snapshot());
    let mut condition = as_loaded(before);
    if before.terms.discount != after.terms.discount || before.terms.duration != after.terms.duration {
        condition = never_redeemed(condition);
    }
    if let Some(max) =
        after.terms.max_redemptions.filter(|_| before.terms.max_redemptions != after.terms.max_redemptions)
    {
        condition = condition.and("#redeemed <= :max").with("max", number(&max));
    }
    let changes = Changes::between(&discount_code::to_item(before), &discount_code::to_item(after))
        .set("version", number(&before.version.next().get()));
    let key = store.key(CODES, after.code.as_str());
    plan.unless(Refusal::Stale, update(store.name(CODES), key, changes, condition)?);
    Ok(())
}

pub(super) fn delete_code(plan: &mut Plan, store: &DynamoStore, code: &DiscountCode) -> Result<(), StoreError> {
    let code = code.snapshot();
    let key = store.key(CODES, code.code.as_str());
    plan.unless(Refusal::Stale, delete(store.name(CODES), key, never_redeemed(as_loaded(code)))?);
    Ok(())
}

/// Counts a redemption and says whose it is. Whether one is left is decided by DynamoDB on the number as it is then, so
/// that of any number of racing redemptions exactly as many win as there are left (security rule 25).
pub(super) fn redeem(
    plan: &mut Plan,
    store: &DynamoStore,
    code: &DiscountCode,
    redemption: &Redemption,
) -> Result<(), StoreError> {
    let code = code.snapshot();
    let mut condition = as_loaded(code);
    if let Some(max) = code.terms.max_redemptions {
        condition = condition.and("#redeemed < :max").with("max", number(&max));
    }
    let changes = Changes::default().increment("redeemed");
    let key = store.key(CODES, code.code.as_str());
    plan.unless(Refusal::CodeExhausted, update(store.name(CODES), key, changes, condition)?);
    plan.unless(Refusal::CodeUsedByTenant, create(store, REDEMPTIONS, redemption::to_item(redemption))?);
    Ok(())
}

pub(super) fn release(plan: &mut Plan, store: &DynamoStore, released: &Redemption) -> Result<(), StoreError> {
    let Redemption { id, code, tenant_id, .. } = released;
    let counted = Condition::new("#redeemed > :none").with("none", number(&0));
    let fewer = Changes::default().add("redeemed", -1);
    plan.unless(Refusal::Stale, update(store.name(CODES), store.key(CODES, code.as_str()), fewer, counted)?);
    let same = Condition::new("#redemption_id = :released").with("released", text(id.as_str()));
    plan.unless(Refusal::Stale, delete(store.name(REDEMPTIONS), redemption::key(code, tenant_id), same)?);
    Ok(())
}

/// Demands that a code is the one that was loaded, and not another of the same text.
fn as_loaded(code: &DiscountCodeSnapshot) -> Condition {
    of_version("code", code.version).and("#discount_code_id = :loaded_id").with("loaded_id", text(code.id.as_str()))
}

fn never_redeemed(condition: Condition) -> Condition {
    condition.and("#redeemed = :none").with("none", number(&0))
}
