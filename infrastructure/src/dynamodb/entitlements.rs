//! What tenants may use, from what they subscribed to, the tiers, and the exceptions made for them.

use application::{
    TenantScope,
    ports::{EntitlementRepository, StoreError},
};
use async_trait::async_trait;
use domain::{Entitlements, Tier};
use futures::future::try_join3;

use super::{DynamoStore, DynamoTierCatalogue, items::entitlement, tables::Table};

/// Decides from the subscriptions, tiers and tenant-overrides tables.
#[derive(Clone, Debug)]
pub struct DynamoEntitlementRepository {
    store: DynamoStore,
    tiers: DynamoTierCatalogue,
}

impl DynamoEntitlementRepository {
    pub(super) fn new(store: DynamoStore) -> Self {
        Self { tiers: store.tiers(), store }
    }
}

#[async_trait]
impl EntitlementRepository for DynamoEntitlementRepository {
    async fn find(&self, scope: &TenantScope) -> Result<Entitlements, StoreError> {
        let tenant_id = scope.tenant_id().as_str();
        let (account, indexed, overrides) = Box::pin(try_join3(
            self.store.get(Table::AccountBilling, tenant_id),
            self.store.indexed_subscriptions(scope),
            self.store.query(Table::TenantOverrides, None, "tenant_id", tenant_id),
        ))
        .await?;
        let plan = self.store.live_plan(scope, account.as_ref(), indexed).await?;
        let tier = plan.map_or(Tier::Starter, |plan| plan.tier);
        let overrides = overrides.iter().map(entitlement::read_override).collect::<Result<Vec<_>, _>>()?;
        Ok(Entitlements::of(self.tiers.terms_of(tier).await?, overrides.into_iter().flatten()))
    }
}
