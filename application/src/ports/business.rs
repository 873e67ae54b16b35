use async_trait::async_trait;
use domain::BusinessFoundation;

use super::StoreError;
use crate::actor::TenantScope;

/// Reads what tenants say about their business.
#[async_trait]
pub trait BusinessRepository: Send + Sync {
    /// The foundation of the tenant; `None` while it has said nothing. Strongly consistent.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails or holds something unreadable.
    async fn find(&self, scope: &TenantScope) -> Result<Option<BusinessFoundation>, StoreError>;
}
