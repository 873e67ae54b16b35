//! Reading what tenants say about their business.

use application::{
    TenantScope,
    ports::{BusinessRepository, StoreError},
};
use async_trait::async_trait;
use domain::BusinessFoundation;

use super::{DynamoStore, items::business, tables::Table};

/// Reads the row of a tenant in the business-data table, whose key is the tenant's id.
#[derive(Clone, Debug)]
pub struct DynamoBusinessRepository {
    store: DynamoStore,
}

impl DynamoBusinessRepository {
    pub(super) const fn new(store: DynamoStore) -> Self {
        Self { store }
    }
}

#[async_trait]
impl BusinessRepository for DynamoBusinessRepository {
    async fn find(&self, scope: &TenantScope) -> Result<Option<BusinessFoundation>, StoreError> {
        let item = self.store.get(Table::BusinessData, scope.tenant_id().as_str()).await?;
        item.map(|item| business::read(&item, scope.tenant_id())).transpose()
    }
}
