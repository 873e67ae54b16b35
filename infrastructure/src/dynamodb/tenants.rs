//! Reading tenants.

use application::{
    TenantScope,
    ports::{StoreError, TenantRepository},
};
use async_trait::async_trait;
use domain::Tenant;

use super::{DynamoStore, items::tenant, tables::Table};

/// Reads tenants from their table.
#[derive(Clone, Debug)]
pub struct DynamoTenantRepository {
    store: DynamoStore,
}

impl DynamoTenantRepository {
    pub(super) const fn new(store: DynamoStore) -> Self {
        Self { store }
    }
}

#[async_trait]
impl TenantRepository for DynamoTenantRepository {
    async fn find(&self, scope: &TenantScope) -> Result<Option<Tenant>, StoreError> {
        let item = self.store.get(Table::Tenants, scope.tenant_id().as_str()).await?;
        item.as_ref().map(tenant::read).transpose()
    }
}
