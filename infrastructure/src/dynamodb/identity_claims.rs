//! Reading which outside identities belong to whom.

use application::{
    TenantScope,
    ports::{IdentityClaim, IdentityClaimRepository, StoreError},
};
use async_trait::async_trait;
use domain::{OutsideIdentity, UserId};
use futures::future::try_join_all;

use super::{
    DynamoStore,
    items::identity_claim,
    tables::{Table, index},
};

/// Reads the table of outside identities: by identity from the table, and by user through an index that may lag by a
/// moment. What the index names is read again from the table, so that nothing is shown that is gone.
#[derive(Clone, Debug)]
pub struct DynamoIdentityClaimRepository {
    store: DynamoStore,
}

impl DynamoIdentityClaimRepository {
    pub(super) const fn new(store: DynamoStore) -> Self {
        Self { store }
    }
}

#[async_trait]
impl IdentityClaimRepository for DynamoIdentityClaimRepository {
    async fn find(&self, identity: &OutsideIdentity) -> Result<Option<IdentityClaim>, StoreError> {
        let item = self.store.get(Table::AccountIdentities, identity.id().as_str()).await?;
        item.as_ref().map(identity_claim::read).transpose()
    }

    async fn of_user(&self, scope: &TenantScope, user_id: &UserId) -> Result<Vec<IdentityClaim>, StoreError> {
        let table = Table::AccountIdentities;
        let found = self.store.query(table, Some(index::BY_USER), "user_id", user_id.as_str()).await?;
        let named: Vec<_> = found.iter().map(identity_claim::read).collect::<Result<_, _>>()?;
        let current = try_join_all(named.iter().map(|claim| self.find(&claim.identity))).await?;
        let is_theirs = |claim: &IdentityClaim| claim.user_id == *user_id && claim.tenant_id == *scope.tenant_id();
        let mut claims: Vec<_> = current.into_iter().flatten().filter(is_theirs).collect();
        claims.sort_by_key(|claim| claim.claimed_at);
        Ok(claims)
    }
}
