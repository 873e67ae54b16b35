//! Reading how much tenants have used.

use std::collections::BTreeMap;

use application::{
    TenantScope,
    ports::{StoreError, UsageRecord, UsageRepository},
};
use async_trait::async_trait;
use domain::LimitName;
use futures::future::try_join;

use super::{
    DynamoStore,
    errors::store_error,
    items::{subscription, usage},
    tables::Table,
};

/// Reads the counters, and what the Python services left in the tenant's subscriptions where there is none.
#[derive(Clone, Debug)]
pub struct DynamoUsageRepository {
    store: DynamoStore,
}

impl DynamoUsageRepository {
    pub(super) const fn new(store: DynamoStore) -> Self {
        Self { store }
    }

    /// What the Python services counted. They have stopped by now, so that it does not matter that an index lags.
    async fn left_by_python(&self, scope: &TenantScope) -> Result<BTreeMap<String, u64>, StoreError> {
        let index = self.store.layout.subscriptions_tenant_index();
        let tenant_id = scope.tenant_id().as_str();
        let subscriptions = self.store.query(Table::Subscriptions, Some(index), "tenant_id", tenant_id).await?;
        subscription::read_usage(&subscriptions)
    }
}

#[async_trait]
impl UsageRepository for DynamoUsageRepository {
    async fn find(&self, scope: &TenantScope, name: &LimitName) -> Result<UsageRecord, StoreError> {
        let request = self.store.client.get_item().table_name(self.store.name(Table::AccountUsage));
        let request = request.set_key(Some(usage::key(scope.tenant_id(), name))).consistent_read(true);
        if let Some(item) = request.send().await.map_err(store_error)?.item {
            let (_, used) = usage::read(&item)?;
            return Ok(UsageRecord { used, is_counted: true });
        }
        let left = self.left_by_python(scope).await?;
        let used = left.get(name.as_str()).copied().unwrap_or_default();
        Ok(UsageRecord { used, is_counted: false })
    }

    async fn all(&self, scope: &TenantScope) -> Result<BTreeMap<String, UsageRecord>, StoreError> {
        let counters = self.store.query(Table::AccountUsage, None, "tenant_id", scope.tenant_id().as_str());
        let (counters, left) = try_join(counters, self.left_by_python(scope)).await?;
        let left = left.into_iter().map(|(name, used)| (name, UsageRecord { used, is_counted: false }));
        let mut records: BTreeMap<_, _> = left.collect();
        for counter in &counters {
            let (name, used) = usage::read(counter)?;
            records.insert(name.to_string(), UsageRecord { used, is_counted: true });
        }
        Ok(records)
    }
}
