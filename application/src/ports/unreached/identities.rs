//! Accounts elsewhere.

use async_trait::async_trait;
use domain::{IdentityProvider, OutsideIdentity, UserId};

use super::{Unreached, unreached};
use crate::{
    actor::TenantScope,
    ports::{IdentityClaim, IdentityClaimRepository, IdentityRejected, IdentityTokens, StoreError, VerifiedIdentity},
};

#[async_trait]
impl IdentityTokens for Unreached {
    async fn verify(
        &self,
        provider: IdentityProvider,
        _: &str,
        _: Option<&str>,
    ) -> Result<VerifiedIdentity, IdentityRejected> {
        Err(IdentityRejected::NotOffered(provider))
    }
}

#[async_trait]
impl IdentityClaimRepository for Unreached {
    async fn find(&self, _: &OutsideIdentity) -> Result<Option<IdentityClaim>, StoreError> {
        unreached()
    }

    async fn of_user(&self, _: &TenantScope, _: &UserId) -> Result<Vec<IdentityClaim>, StoreError> {
        unreached()
    }
}
