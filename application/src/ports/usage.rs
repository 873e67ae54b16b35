use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::LimitName;

use super::StoreError;
use crate::actor::TenantScope;

/// How much of something a tenant has used, and how that is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UsageRecord {
    /// How much.
    pub used: u64,
    /// Whether there is a counter of ours. What there is none for yet is as the Python services left it in the tenant's
    /// subscription, or nothing.
    pub is_counted: bool,
}

/// Knows how much tenants have used.
#[async_trait]
pub trait UsageRepository: Send + Sync {
    /// How much the tenant has used of one thing. A counter is as it is now.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails or holds something unreadable.
    async fn find(&self, scope: &TenantScope, name: &LimitName) -> Result<UsageRecord, StoreError>;

    /// How much the tenant has used of everything that anything is known of.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails or holds something unreadable.
    async fn all(&self, scope: &TenantScope) -> Result<BTreeMap<String, UsageRecord>, StoreError>;
}
