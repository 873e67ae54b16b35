//! A billing provider whose books a test writes.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard},
};

use application::ports::{
    BillingError, BillingProvider, BillingProviderName, NewCustomer, Ordered, PortalSession, PricedPlan, ProviderEvent,
    SubscriptionOrder, WebhookRejected,
};
use async_trait::async_trait;
use domain::{
    Timestamp,
    subscription::{BilledStatus, BilledSubscription, CustomerId, ProviderSubscriptionId, Renewal},
};
use futures::future::BoxFuture;

/// What the provider has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Books {
    pub(crate) subscriptions: BTreeMap<String, BilledSubscription>,
    /// Customers that there are none of any more.
    pub(crate) gone: BTreeSet<String>,
    /// Customers and subscriptions that cannot be asked about.
    pub(crate) broken: BTreeSet<String>,
    /// Whether it says yes to what it is told, and does not do it.
    pub(crate) is_stubborn: bool,
    /// How often it was told to do something.
    pub(crate) commands: usize,
}

/// The provider.
#[derive(Default)]
pub(crate) struct ScriptedProvider {
    books: Mutex<Books>,
    /// What happens when it has made up its mind about the next question, and before the answer arrives.
    meanwhile: Mutex<Option<BoxFuture<'static, ()>>>,
}

impl ScriptedProvider {
    pub(crate) fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap()
    }

    pub(crate) fn has(&self, billed: BilledSubscription) {
        self.books().subscriptions.insert(billed.id.to_string(), billed);
    }

    pub(crate) fn meanwhile(&self, happens: impl Future<Output = ()> + Send + 'static) {
        *self.meanwhile.lock().unwrap() = Some(Box::pin(happens));
    }

    async fn answer<T>(&self, name: &str, look: impl FnOnce(&mut Books) -> T) -> Result<T, BillingError> {
        let answer = {
            let mut books = self.books();
            if books.broken.contains(name) {
                return Err(BillingError::Unavailable("it is down".to_owned()));
            }
            look(&mut books)
        };
        let happens = self.meanwhile.lock().unwrap().take();
        if let Some(happens) = happens {
            happens.await;
        }
        Ok(answer)
    }

    async fn change(
        &self,
        id: &ProviderSubscriptionId,
        change: impl FnOnce(&mut BilledSubscription) + Send,
    ) -> Result<BilledSubscription, BillingError> {
        let changed = self.answer(id.as_str(), |books| {
            books.commands += 1;
            let billed = books.subscriptions.get_mut(id.as_str())?;
            if !books.is_stubborn {
                change(billed);
            }
            Some(billed.clone())
        });
        changed.await?.ok_or(BillingError::Unknown("this subscription"))
    }
}

#[async_trait]
impl BillingProvider for ScriptedProvider {
    fn name(&self) -> BillingProviderName {
        BillingProviderName::Stripe
    }

    async fn subscription(&self, id: &ProviderSubscriptionId) -> Result<Option<BilledSubscription>, BillingError> {
        self.answer(id.as_str(), |books| books.subscriptions.get(id.as_str()).cloned()).await
    }

    async fn subscriptions_of(&self, customer: &CustomerId) -> Result<Vec<BilledSubscription>, BillingError> {
        let found = self.answer(customer.as_str(), |books| {
            let all = books.subscriptions.values().filter(|billed| billed.customer_id == *customer);
            (!books.gone.contains(customer.as_str())).then(|| all.cloned().collect())
        });
        found.await?.ok_or(BillingError::Unknown("this customer"))
    }

    async fn set_renewal(&self, id: &ProviderSubscriptionId, renews: bool) -> Result<BilledSubscription, BillingError> {
        let renewal = if renews { Renewal::Automatic } else { Renewal::Off };
        self.change(id, |billed| billed.renewal = renewal).await
    }

    async fn cancel(&self, id: &ProviderSubscriptionId) -> Result<BilledSubscription, BillingError> {
        self.change(id, |billed| billed.status = BilledStatus::Cancelled { at: billed.period.start() }).await
    }

    /// The body names the subscription, and the signature is when something happened to it.
    async fn read_event(&self, body: &[u8], signature: &str, _: Timestamp) -> Result<ProviderEvent, WebhookRejected> {
        let id = String::from_utf8(body.to_vec()).map_err(|_| WebhookRejected::Unreadable)?;
        Ok(ProviderEvent {
            id: format!("evt-{id}-{signature}"),
            kind: "customer.subscription.updated".to_owned(),
            occurred_at: signature.parse().map_err(|_| WebhookRejected::Signature)?,
            subscription_id: Some(ProviderSubscriptionId::restore(id)),
        })
    }

    async fn create_customer(&self, _: &NewCustomer) -> Result<CustomerId, BillingError> {
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

    async fn extend_trial(&self, _: &ProviderSubscriptionId, _: Timestamp) -> Result<BilledSubscription, BillingError> {
        Err(BillingError::NotConfigured)
    }

    async fn open_portal(&self, _: &CustomerId, _: &str) -> Result<PortalSession, BillingError> {
        Err(BillingError::NotConfigured)
    }
}
