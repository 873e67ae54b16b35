//! Reading what tenants pay for.

use std::collections::BTreeMap;

use application::{
    TenantScope,
    ports::{BilledTenant, BillingRepository, StoreError, TenantBilling},
};
use async_trait::async_trait;
use domain::{BillingAccount, Subscription, SubscriptionId, subscription::CustomerId};
use futures::future::{try_join, try_join_all};

use super::{
    DynamoStore,
    items::{billing_account, subscription},
    tables::{Table, index},
};

/// Reads from the tables of billing accounts and subscriptions.
#[derive(Clone, Debug)]
pub struct DynamoBillingRepository {
    store: DynamoStore,
}

impl DynamoBillingRepository {
    pub(super) const fn new(store: DynamoStore) -> Self {
        Self { store }
    }

    async fn account(&self, scope: &TenantScope) -> Result<Option<BillingAccount>, StoreError> {
        let item = self.store.get(Table::AccountBilling, scope.tenant_id().as_str()).await?;
        item.as_ref().map(billing_account::read).transpose()
    }

    /// The tenant's subscriptions as their index has them. One that cannot be read is logged and left out: it could
    /// not be changed anyway, and is in nobody's way.
    async fn indexed(&self, scope: &TenantScope) -> Result<BTreeMap<SubscriptionId, Subscription>, StoreError> {
        let index = self.store.layout.subscriptions_tenant_index();
        let tenant_id = scope.tenant_id().as_str();
        let items = self.store.query(Table::Subscriptions, Some(index), "tenant_id", tenant_id).await?;
        let readable = items.iter().filter_map(subscription::read_or_log);
        Ok(readable.map(|subscription| (subscription.snapshot().id.clone(), subscription)).collect())
    }

    async fn subscription(&self, id: SubscriptionId) -> Result<Option<Subscription>, StoreError> {
        let item = self.store.get(Table::Subscriptions, id.as_str()).await?;
        item.as_ref().map(subscription::read).transpose()
    }
}

#[async_trait]
impl BillingRepository for DynamoBillingRepository {
    async fn find(&self, scope: &TenantScope) -> Result<TenantBilling, StoreError> {
        let (account, mut subscriptions) = try_join(self.account(scope), self.indexed(scope)).await?;
        let named = account.iter().flat_map(|account| {
            let account = account.snapshot();
            [&account.current, &account.ordered].into_iter().flatten().cloned()
        });
        for subscription in try_join_all(named.map(|id| self.subscription(id))).await?.into_iter().flatten() {
            if subscription.snapshot().tenant_id == *scope.tenant_id() {
                subscriptions.insert(subscription.snapshot().id.clone(), subscription);
            }
        }
        Ok(TenantBilling { account, subscriptions: subscriptions.into_values().collect() })
    }

    async fn tenant_of(&self, customer: &CustomerId) -> Result<Option<BilledTenant>, StoreError> {
        let found =
            self.store.query(Table::AccountBilling, Some(index::BILLING_BY_CUSTOMER), "customer_id", customer.as_str());
        let account = found.await?.first().map(billing_account::read).transpose()?;
        Ok(account.map(|account| BilledTenant { tenant_id: account.snapshot().tenant_id.clone() }))
    }

    async fn has_received(&self, event_id: &str) -> Result<bool, StoreError> {
        Ok(self.store.get(Table::AccountProviderEvents, event_id).await?.is_some())
    }
}
