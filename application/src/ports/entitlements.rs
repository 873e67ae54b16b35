use async_trait::async_trait;
use domain::Entitlements;

use super::StoreError;
use crate::actor::TenantScope;

/// Knows what tenants may use.
#[async_trait]
pub trait EntitlementRepository: Send + Sync {
    /// What the tenant may use now: the terms of the tier that it has subscribed to, with the exceptions made
    /// for it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails or holds something unreadable.
    async fn find(&self, scope: &TenantScope) -> Result<Entitlements, StoreError>;
}
