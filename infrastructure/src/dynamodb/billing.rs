//! Reading what tenants pay for.

use application::{
    TenantScope,
    ports::{BilledTenant, BillingRepository, StoreError, TenantBilling},
};
use async_trait::async_trait;
use domain::{BillingAccount, Subscription, SubscriptionId, subscription::CustomerId};
use futures::future::try_join;

use super::{
    DynamoStore,
    expression::Item,
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
}

/// The subscriptions that an account names.
fn named(account: Option<&BillingAccount>) -> Vec<String> {
    let account = account.map(BillingAccount::snapshot);
    let named = account.into_iter().flat_map(|account| [&account.current, &account.ordered]);
    named.flatten().map(SubscriptionId::to_string).collect()
}

/// Reads a subscription. One that cannot be read is an error when the account names it, and when the provider may bill
/// it: who does not know of it orders or adopts it a second time. Any other one is logged and left out.
fn read(item: &Item, named: &[String]) -> Option<Result<Subscription, StoreError>> {
    match subscription::read_or_log(item) {
        Err(error) => {
            let is_named = subscription::id_of(item).is_some_and(|id| named.iter().any(|named| named == id));
            (is_named || subscription::may_be_billed(item)).then_some(Err(error))
        }
        readable => Some(readable),
    }
}

#[async_trait]
impl BillingRepository for DynamoBillingRepository {
    async fn find(&self, scope: &TenantScope) -> Result<TenantBilling, StoreError> {
        let (account, indexed) = try_join(self.account(scope), self.store.indexed_subscriptions(scope)).await?;
        let named = named(account.as_ref());
        let open = indexed.iter().filter(|item| subscription::is_open(item)).filter_map(subscription::id_of);
        let again: Vec<_> = named.iter().cloned().chain(open.map(str::to_owned)).collect();
        let items = self.store.read_again(scope, indexed, again).await?;
        let subscriptions = items.iter().filter_map(|item| read(item, &named)).collect::<Result<_, _>>()?;
        Ok(TenantBilling { account, subscriptions })
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
