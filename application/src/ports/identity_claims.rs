use async_trait::async_trait;
use domain::{EmailAddress, IdentityProvider, OutsideIdentity, TenantId, Timestamp, UserId};

use super::StoreError;
use crate::actor::TenantScope;

/// An outside identity and the one user who signs in with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityClaim {
    /// The identity.
    pub identity: OutsideIdentity,
    /// Who vouches for it.
    pub provider: IdentityProvider,
    /// Whose it is.
    pub user_id: UserId,
    /// Their tenant.
    pub tenant_id: TenantId,
    /// The address that the provider had for them at the time, by which they recognise it. It proves nothing.
    pub email: Option<EmailAddress>,
    /// Since when.
    pub claimed_at: Timestamp,
}

/// Reads which outside identities belong to whom.
#[async_trait]
pub trait IdentityClaimRepository: Send + Sync {
    /// Whose the identity is, strongly consistently.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails or holds something unreadable.
    async fn find(&self, identity: &OutsideIdentity) -> Result<Option<IdentityClaim>, StoreError>;

    /// The identities of a user, the oldest first. One that was claimed a moment ago may be missed; one that was
    /// released is never shown. Those of another tenant's user are none.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails or holds something unreadable.
    async fn of_user(&self, scope: &TenantScope, user_id: &UserId) -> Result<Vec<IdentityClaim>, StoreError>;
}
