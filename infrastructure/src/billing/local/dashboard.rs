//! What people do on the dashboard of a provider, and its customers in their browser: for tests, and for the page of the
//! local host.

use application::ports::{BillingError, PricedPlan};
use domain::{
    Timestamp,
    subscription::{BilledSubscription, CustomerId, ProviderSubscriptionId},
};

use super::{
    LocalBilling,
    desk::Desk,
    overview::Overview,
    payment_method::PaymentMethod,
    plan::Plan,
    subscription::{Beginning, Phase},
};

impl LocalBilling {
    /// Everything that there is to look at.
    ///
    /// # Errors
    ///
    /// [`BillingError::Unavailable`] when what time brought cannot be written down.
    pub async fn overview(&self) -> Result<Overview, BillingError> {
        self.work(|desk| Ok(Overview::of(&desk.books))).await
    }

    /// Lets everything happen that has become due, without asking for anything.
    ///
    /// # Errors
    ///
    /// [`BillingError::Unavailable`] when it cannot be written down.
    pub async fn settle(&self) -> Result<(), BillingError> {
        self.work(|_| Ok(())).await
    }

    /// Confirms a first payment, as the customer's browser does.
    ///
    /// # Errors
    ///
    /// [`BillingError::Unknown`] when no payment waits for this secret: it was made, or came too late.
    pub async fn confirm(&self, client_secret: &str) -> Result<(), BillingError> {
        let secret = client_secret.to_owned();
        self.work(move |desk| {
            let waiting = desk.books.confirmed_with(&secret).ok_or(BillingError::Unknown("this payment"))?;
            let id = waiting.id.clone();
            desk.confirm(&id)
        })
        .await
    }

    /// Pays what is outstanding, whether it is the first payment or one that failed.
    ///
    /// # Errors
    ///
    /// [`BillingError::Refused`] when nothing is outstanding.
    pub async fn pay(&self, id: &ProviderSubscriptionId) -> Result<(), BillingError> {
        self.on(id, Desk::confirm).await
    }

    /// Has so many of the next payments of a subscription fail, whatever the card.
    ///
    /// # Errors
    ///
    /// [`BillingError::Unknown`] when there is no such subscription.
    pub async fn fail_payments(&self, id: &ProviderSubscriptionId, count: u8) -> Result<(), BillingError> {
        self.on(id, move |desk, id| {
            let mut subscription = desk.books.subscription(id)?.clone();
            subscription.failures_to_come = count;
            desk.keep(subscription);
            Ok(())
        })
        .await
    }

    /// Lets what time would bring next to a subscription happen now: its renewal or end, another attempt of a payment that
    /// failed, or that a first payment is too late. The next period begins now then.
    ///
    /// # Errors
    ///
    /// [`BillingError::Refused`] when it is over, and nothing comes any more.
    pub async fn advance(&self, id: &ProviderSubscriptionId) -> Result<(), BillingError> {
        self.on(id, |desk, id| {
            if let Phase::Cancelled { .. } = desk.books.subscription(id)?.phase {
                return Err(BillingError::Refused("the subscription is over".to_owned()));
            }
            desk.let_come(id);
            Ok(())
        })
        .await
    }

    /// Begins a subscription that nobody ordered, on trial or paid by a card.
    ///
    /// # Errors
    ///
    /// [`BillingError`] says why not.
    pub async fn start(
        &self,
        customer: &CustomerId,
        item: &PricedPlan,
        trial_ends_at: Option<Timestamp>,
    ) -> Result<BilledSubscription, BillingError> {
        let (customer, item) = (customer.as_str().to_owned(), item.clone());
        self.work(move |desk| {
            let beginning = Beginning {
                customer_id: desk.books.customer(&customer)?.id.clone(),
                ordered_as: None,
                plan: Plan::of(&item, desk.now, None)?,
                payment_method: Some(PaymentMethod::Visa),
            };
            let begun = match trial_ends_at {
                Some(ends_at) => desk.begin_trial(beginning, ends_at)?,
                None => desk.begin(beginning).and_then(|waiting| desk.collect(waiting))?,
            };
            Ok(begun.billed())
        })
        .await
    }

    /// Changes a subscription to another plan at once.
    ///
    /// # Errors
    ///
    /// As [`change_now`](application::ports::BillingProvider::change_now).
    pub async fn change_plan(&self, id: &ProviderSubscriptionId, to: &PricedPlan) -> Result<(), BillingError> {
        let to = to.clone();
        self.on(id, move |desk, id| {
            let attempt = desk.id("req");
            desk.change_now(id, &to, &attempt).map(drop)
        })
        .await
    }

    async fn on(
        &self,
        id: &ProviderSubscriptionId,
        act: impl FnOnce(&mut Desk, &str) -> Result<(), BillingError> + Send + 'static,
    ) -> Result<(), BillingError> {
        let id = id.as_str().to_owned();
        self.work(move |desk| act(desk, &id)).await
    }
}
