//! No billing provider.

use application::ports::{
    BillingError, BillingProvider, BillingProviderName, NewCustomer, Ordered, PortalSession, PricedPlan, ProviderEvent,
    SubscriptionOrder, WebhookRejected,
};
use async_trait::async_trait;
use domain::{
    Timestamp,
    subscription::{BilledSubscription, CustomerId, ProviderSubscriptionId},
};

/// Stands where a billing provider would, for a service that was set up without one: trials work, and nothing can be
/// paid for.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoBilling;

#[async_trait]
impl BillingProvider for NoBilling {
    fn name(&self) -> BillingProviderName {
        BillingProviderName::None
    }

    async fn create_customer(&self, _: &NewCustomer) -> Result<CustomerId, BillingError> {
        Err(BillingError::NotConfigured)
    }

    async fn subscription(&self, _: &ProviderSubscriptionId) -> Result<Option<BilledSubscription>, BillingError> {
        Err(BillingError::NotConfigured)
    }

    async fn subscriptions_of(&self, _: &CustomerId) -> Result<Vec<BilledSubscription>, BillingError> {
        Err(BillingError::NotConfigured)
    }

    async fn subscribe(&self, _: &SubscriptionOrder) -> Result<Ordered, BillingError> {
        Err(BillingError::NotConfigured)
    }

    async fn change_now(
        &self,
        _: &ProviderSubscriptionId,
        _: &PricedPlan,
        _: &str,
    ) -> Result<BilledSubscription, BillingError> {
        Err(BillingError::NotConfigured)
    }

    async fn change_at_period_end(
        &self,
        _: &ProviderSubscriptionId,
        _: &PricedPlan,
        _: &str,
    ) -> Result<BilledSubscription, BillingError> {
        Err(BillingError::NotConfigured)
    }

    async fn set_renewal(&self, _: &ProviderSubscriptionId, _: bool) -> Result<BilledSubscription, BillingError> {
        Err(BillingError::NotConfigured)
    }

    async fn cancel(&self, _: &ProviderSubscriptionId) -> Result<BilledSubscription, BillingError> {
        Err(BillingError::NotConfigured)
    }

    async fn extend_trial(&self, _: &ProviderSubscriptionId, _: Timestamp) -> Result<BilledSubscription, BillingError> {
        Err(BillingError::NotConfigured)
    }

    async fn open_portal(&self, _: &CustomerId, _: &str) -> Result<PortalSession, BillingError> {
        Err(BillingError::NotConfigured)
    }

    async fn read_event(&self, _: &[u8], _: &str, _: Timestamp) -> Result<ProviderEvent, WebhookRejected> {
        Err(WebhookRejected::Signature)
    }
}
