//! Writing who signs in with which outside identity.

use application::ports::{IdentityClaim, Refusal, StoreError};

use super::{plan::Plan, writes::create};
use crate::dynamodb::{
    DynamoStore,
    expression::{Condition, delete, put, text},
    items::identity_claim,
    tables::Table,
};

const TABLE: Table = Table::AccountIdentities;

pub(super) fn claim(plan: &mut Plan, store: &DynamoStore, claim: &IdentityClaim) -> Result<(), StoreError> {
    plan.unless(Refusal::IdentityTaken, create(store, TABLE, identity_claim::to_item(claim))?);
    Ok(())
}

pub(super) fn save(
    plan: &mut Plan,
    store: &DynamoStore,
    before: &IdentityClaim,
    after: &IdentityClaim,
) -> Result<(), StoreError> {
    let as_loaded = of_user(before).and("#tenant_id = :tenant").with("tenant", text(before.tenant_id.as_str()));
    plan.unless(Refusal::Stale, put(store.name(TABLE), identity_claim::to_item(after), as_loaded)?);
    Ok(())
}

pub(super) fn release(plan: &mut Plan, store: &DynamoStore, claim: &IdentityClaim) -> Result<(), StoreError> {
    let key = store.key(TABLE, claim.identity.id().as_str());
    plan.unless(Refusal::Stale, delete(store.name(TABLE), key, of_user(claim))?);
    Ok(())
}

fn of_user(claim: &IdentityClaim) -> Condition {
    Condition::new("#user_id = :holder").with("holder", text(claim.user_id.as_str()))
}
