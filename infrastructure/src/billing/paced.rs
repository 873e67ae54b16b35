//! A billing provider that is asked slowly.

use std::{num::NonZeroU32, sync::Arc};

use application::ports::{
    BillingError, BillingProvider, BillingProviderName, NewCustomer, Ordered, PortalSession, PricedPlan, ProviderEvent,
    SubscriptionOrder, WebhookRejected,
};
use async_trait::async_trait;
use domain::{
    Timestamp,
    subscription::{BilledSubscription, CustomerId, ProviderSubscriptionId},
};

use crate::pace::Pace;

/// A provider for work that is in no hurry: every call waits for its turn, so that live traffic keeps most of what the
/// provider allows an account to ask in a second.
pub struct PacedBilling {
    provider: Arc<dyn BillingProvider>,
    pace: Pace,
}

impl PacedBilling {
    /// The same provider, called at most so often in a second.
    #[must_use]
    pub fn new(provider: Arc<dyn BillingProvider>, calls_per_second: NonZeroU32) -> Self {
        Self { provider, pace: Pace::new(calls_per_second) }
    }
}

#[async_trait]
impl BillingProvider for PacedBilling {
    fn name(&self) -> BillingProviderName {
        self.provider.name()
    }

    async fn create_customer(&self, customer: &NewCustomer) -> Result<CustomerId, BillingError> {
        self.pace.turn().await;
        self.provider.create_customer(customer).await
    }

    async fn subscription(&self, id: &ProviderSubscriptionId) -> Result<Option<BilledSubscription>, BillingError> {
        self.pace.turn().await;
        self.provider.subscription(id).await
    }

    async fn subscriptions_of(&self, customer: &CustomerId) -> Result<Vec<BilledSubscription>, BillingError> {
        self.pace.turn().await;
        self.provider.subscriptions_of(customer).await
    }

    async fn subscribe(&self, order: &SubscriptionOrder) -> Result<Ordered, BillingError> {
        self.pace.turn().await;
        self.provider.subscribe(order).await
    }

    async fn change_now(
        &self,
        id: &ProviderSubscriptionId,
        to: &PricedPlan,
        attempt: &str,
    ) -> Result<BilledSubscription, BillingError> {
        self.pace.turn().await;
        self.provider.change_now(id, to, attempt).await
    }

    async fn change_at_period_end(
        &self,
        id: &ProviderSubscriptionId,
        to: &PricedPlan,
        attempt: &str,
    ) -> Result<BilledSubscription, BillingError> {
        self.pace.turn().await;
        self.provider.change_at_period_end(id, to, attempt).await
    }

    async fn set_renewal(&self, id: &ProviderSubscriptionId, renews: bool) -> Result<BilledSubscription, BillingError> {
        self.pace.turn().await;
        self.provider.set_renewal(id, renews).await
    }

    async fn cancel(&self, id: &ProviderSubscriptionId) -> Result<BilledSubscription, BillingError> {
        self.pace.turn().await;
        self.provider.cancel(id).await
    }

    async fn extend_trial(
        &self,
        id: &ProviderSubscriptionId,
        ends_at: Timestamp,
    ) -> Result<BilledSubscription, BillingError> {
        self.pace.turn().await;
        self.provider.extend_trial(id, ends_at).await
    }

    async fn open_portal(&self, customer: &CustomerId, return_url: &str) -> Result<PortalSession, BillingError> {
        self.pace.turn().await;
        self.provider.open_portal(customer, return_url).await
    }

    async fn read_event(&self, body: &[u8], signature: &str, now: Timestamp) -> Result<ProviderEvent, WebhookRejected> {
        self.provider.read_event(body, signature, now).await
    }
}
