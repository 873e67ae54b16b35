//! Billing by [Stripe](https://docs.stripe.com/api).
//!
//! A thin client of the API (`client`), its objects (`objects`) and what they mean here (`reading`); what is sold
//! (`catalogue`), and what is done with it. Nothing is kept on this side: Stripe is asked.

mod breaker;
mod catalogue;
mod changes;
mod client;
mod customers;
mod failure;
mod form;
mod keys;
mod objects;
mod orders;
mod reading;
#[cfg(test)]
mod tests;
pub mod webhook;

use std::sync::Arc;

use application::ports::{
    BillingError, BillingProvider, BillingProviderName, Clock, IdGenerator, NewCustomer, Ordered, PortalSession,
    PricedPlan, ProviderEvent, SubscriptionOrder, WebhookRejected,
};
use async_trait::async_trait;
use domain::{
    Timestamp,
    subscription::{BilledSubscription, CustomerId, ProviderSubscriptionId},
};
use url::Url;

use client::{Client, path_of};
use failure::Failure;
use form::Form;
pub use keys::{AccountKeys, AccountSecrets, InvalidAccountSecrets, StripeMode};
use objects::{List, Schedule, Subscription};

/// Greatest number of subscriptions of a customer that are looked at: the latest.
const MOST_SUBSCRIPTIONS: u32 = 100;

/// Stripe takes the money.
pub struct StripeBilling {
    client: Client,
    keys: Arc<AccountKeys>,
}

impl StripeBilling {
    /// Stripe at this address, with the account of these keys.
    #[must_use]
    pub fn new(url: Url, keys: Arc<AccountKeys>, clock: Arc<dyn Clock>, ids: Arc<dyn IdGenerator>) -> Self {
        Self { client: Client::new(url, Arc::clone(&keys), clock, ids), keys }
    }

    /// A subscription that can be changed: not one that is over.
    async fn load_open(&self, id: &ProviderSubscriptionId) -> Result<Subscription, BillingError> {
        let subscription = self.load(id.as_str()).await?;
        if subscription.is_over() { Err(BillingError::Unknown("the subscription")) } else { Ok(subscription) }
    }

    async fn load(&self, id: &str) -> Result<Subscription, Failure> {
        self.client.get(&path_of("subscriptions", id)?, &Form::new().expanding(&Subscription::EXPANDED)).await
    }

    /// The subscriptions of a customer, latest first, those that are over among them.
    async fn list(&self, customer: &CustomerId) -> Result<Vec<Subscription>, Failure> {
        let query = Form::new()
            .with("customer", customer)
            .with("status", "all")
            .with("limit", MOST_SUBSCRIPTIONS)
            .expanding(&Subscription::EXPANDED_IN_LIST);
        let found: List<Subscription> = self.client.get("/v1/subscriptions", &query).await?;
        if found.has_more {
            tracing::warn!(customer = %customer, "a customer has more subscriptions than are looked at");
        }
        Ok(found.data)
    }

    async fn schedule(&self, id: &str) -> Result<Schedule, Failure> {
        self.client.get(&path_of("subscription_schedules", id)?, &Form::new().expanding(&Schedule::EXPANDED)).await
    }

    /// A subscription in the service's words, with what is to come. `None` when it is for nothing that is sold here.
    async fn interpret(&self, subscription: &Subscription) -> Result<Option<BilledSubscription>, Failure> {
        let schedule = match &subscription.schedule {
            Some(schedule) if !subscription.is_over() => Some(self.schedule(schedule.id()).await?),
            _ => None,
        };
        reading::billed(subscription, schedule.as_ref())
    }

    async fn billed(&self, subscription: &Subscription) -> Result<BilledSubscription, BillingError> {
        self.interpret(subscription).await?.ok_or(BillingError::Unknown("the subscription"))
    }

    async fn look(&self, id: &ProviderSubscriptionId) -> Result<BilledSubscription, BillingError> {
        self.billed(&self.load(id.as_str()).await?).await
    }
}

#[async_trait]
impl BillingProvider for StripeBilling {
    fn name(&self) -> BillingProviderName {
        BillingProviderName::Stripe
    }

    async fn create_customer(&self, customer: &NewCustomer) -> Result<CustomerId, BillingError> {
        self.make_customer(customer).await
    }

    async fn subscription(&self, id: &ProviderSubscriptionId) -> Result<Option<BilledSubscription>, BillingError> {
        match self.load(id.as_str()).await {
            Ok(subscription) => Ok(self.interpret(&subscription).await?),
            Err(failure) if failure.is_missing() => Ok(None),
            Err(failure) => Err(failure.into()),
        }
    }

    async fn subscriptions_of(&self, customer: &CustomerId) -> Result<Vec<BilledSubscription>, BillingError> {
        let mut billed = Vec::new();
        for mut subscription in self.list(customer).await? {
            // A list has no invoices, which say what was charged.
            if !subscription.is_over() {
                subscription = self.load(&subscription.id).await?;
            }
            billed.extend(self.interpret(&subscription).await?);
        }
        Ok(billed)
    }

    async fn subscribe(&self, order: &SubscriptionOrder) -> Result<Ordered, BillingError> {
        self.order(order).await
    }

    async fn change_now(
        &self,
        id: &ProviderSubscriptionId,
        to: &PricedPlan,
        attempt: &str,
    ) -> Result<BilledSubscription, BillingError> {
        self.change_it_now(id, to, attempt).await
    }

    async fn change_at_period_end(
        &self,
        id: &ProviderSubscriptionId,
        to: &PricedPlan,
        attempt: &str,
    ) -> Result<BilledSubscription, BillingError> {
        self.change_it_at_period_end(id, to, attempt).await
    }

    async fn set_renewal(&self, id: &ProviderSubscriptionId, renews: bool) -> Result<BilledSubscription, BillingError> {
        self.switch_renewal(id, renews).await
    }

    async fn cancel(&self, id: &ProviderSubscriptionId) -> Result<BilledSubscription, BillingError> {
        self.end_it(id).await
    }

    async fn extend_trial(
        &self,
        id: &ProviderSubscriptionId,
        ends_at: Timestamp,
    ) -> Result<BilledSubscription, BillingError> {
        self.move_trial_end(id, ends_at).await
    }

    async fn open_portal(&self, customer: &CustomerId, return_url: &str) -> Result<PortalSession, BillingError> {
        self.portal(customer, return_url).await
    }

    async fn read_event(&self, body: &[u8], signature: &str, now: Timestamp) -> Result<ProviderEvent, WebhookRejected> {
        let secrets = self.keys.current().await.map_err(|_| WebhookRejected::Unavailable)?;
        match secrets.endpoint.read(body, signature, now) {
            // The secret may have been replaced.
            Err(WebhookRejected::Signature) => match self.keys.newer_than(&secrets).await {
                Some(newer) => newer.endpoint.read(body, signature, now),
                None => Err(WebhookRejected::Signature),
            },
            read => read,
        }
    }
}
