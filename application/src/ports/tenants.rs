use async_trait::async_trait;
use domain::Tenant;

use super::StoreError;
use crate::actor::TenantScope;

/// Reads tenants.
#[async_trait]
pub trait TenantRepository: Send + Sync {
    /// The tenant, strongly consistently; `None` when there is none.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails or holds something unreadable.
    async fn find(&self, scope: &TenantScope) -> Result<Option<Tenant>, StoreError>;
}
