//! New subscriptions, and the payments that are waited for.

use application::ports::{BillingError, Ordered, OutstandingPayment, SubscriptionOrder};
use domain::{BillingPeriod, Money, Timestamp};

use super::{
    bill::{Bill, BillReason, Billed},
    desk::Desk,
    payment_method::PaymentMethod,
    plan::Plan,
    subscription::{Beginning, ClientSecret, FIRST_PAYMENT_WITHIN, OrderedAs, Phase, Subscription},
};

impl Desk {
    /// Begins a subscription, or finds the one that this order began. While that waits for its first payment, another
    /// payment method can be tried; where nothing was to be paid, the first one is kept for when something is.
    pub(super) fn subscribe(&mut self, order: &SubscriptionOrder) -> Result<Ordered, BillingError> {
        let SubscriptionOrder { customer_id, subscription_id, tenant_id, item, payment_method } = order;
        let attach = || payment_method.as_deref().map(PaymentMethod::attach).transpose();
        let subscription = match self.books.ordered_as(subscription_id.as_str()).cloned() {
            Some(known) if matches!(known.phase, Phase::Incomplete { .. }) => {
                Subscription { payment_method: attach()?.or(known.payment_method), ..known }
            }
            Some(known) if known.payment_method.is_none() && !known.billed().status.is_over() => {
                let known = self.keep(Subscription { payment_method: attach()?, ..known });
                return Ok(ordered(&known));
            }
            Some(known) => return Ok(ordered(&known)),
            None => self.begin(Beginning {
                customer_id: self.books.customer(customer_id.as_str())?.id.clone(),
                ordered_as: Some(OrderedAs {
                    subscription_id: subscription_id.as_str().to_owned(),
                    tenant_id: tenant_id.as_str().to_owned(),
                }),
                plan: Plan::of(item, self.now, None)?,
                payment_method: attach()?,
            })?,
        };
        self.collect(subscription).map(|subscription| ordered(&subscription))
    }

    /// Begins a subscription, which waits for its first payment.
    pub(super) fn begin(&mut self, mut beginning: Beginning) -> Result<Subscription, BillingError> {
        self.books.have_room()?;
        let Some(period) = BillingPeriod::nth(self.now, beginning.plan.choice.frequency, 0) else {
            return Err(BillingError::Refused("its first period would never end".to_owned()));
        };
        let price = beginning.plan.begin_period(self.now);
        let currency = beginning.plan.currency().clone();
        let billed = Billed { reason: BillReason::Period, period, currency, price, unused: 0 };
        let waiting = Phase::Incomplete {
            bill: self.bill(&beginning.customer_id, billed),
            client_secret: ClientSecret(format!("{}_secret_{}", self.id("pi"), hex::encode(self.ids.secret()))),
            expires_at: self.now + FIRST_PAYMENT_WITHIN,
        };
        let subscription = Subscription::new(self.id("sub"), beginning, price, period, waiting);
        self.keep(subscription.clone());
        Ok(subscription)
    }

    /// Begins a subscription with a trial, after which its first period is paid.
    pub(super) fn begin_trial(
        &mut self,
        beginning: Beginning,
        ends_at: Timestamp,
    ) -> Result<Subscription, BillingError> {
        self.books.have_room()?;
        let (period, price) = (self.trial(self.now, ends_at)?, beginning.plan.price_from(ends_at));
        let subscription = Subscription::new(self.id("sub"), beginning, price, period, Phase::Trialing);
        Ok(self.keep(subscription))
    }

    /// Pays what is outstanding, as a customer does who is there to confirm it.
    pub(super) fn confirm(&mut self, id: &str) -> Result<(), BillingError> {
        let subscription = self.books.subscription(id)?.clone();
        let Some(bill) = subscription.outstanding().cloned() else {
            return Err(BillingError::Refused("no payment is outstanding".to_owned()));
        };
        let payment_method = subscription.payment_method.or(Some(PaymentMethod::Visa));
        self.receive(Subscription { payment_method, ..subscription }, bill);
        Ok(())
    }

    /// Has the card pay what is outstanding, unless there is none or its owner has to confirm the payment.
    pub(super) fn collect(&mut self, mut subscription: Subscription) -> Result<Subscription, BillingError> {
        let Some(bill) = subscription.outstanding().cloned() else { return Ok(subscription) };
        if subscription.pays(bill.charged) {
            return Ok(self.receive(subscription, bill));
        }
        let subscription = self.keep(subscription);
        match subscription.payment_method {
            Some(PaymentMethod::Visa) => Err(PaymentMethod::declined()),
            Some(PaymentMethod::AuthenticationRequired) | None => Ok(subscription),
        }
    }

    /// Takes a payment.
    pub(super) fn receive(&mut self, subscription: Subscription, bill: Bill) -> Subscription {
        let subscription = self.keep(Subscription { phase: Phase::Active, ..subscription });
        self.paid(&subscription, bill);
        subscription
    }
}

fn ordered(subscription: &Subscription) -> Ordered {
    let payment = match &subscription.phase {
        Phase::Incomplete { bill, client_secret, .. } => Some(OutstandingPayment {
            client_secret: client_secret.0.clone(),
            amount: Money::new(bill.charged, bill.currency.clone()),
        }),
        _ => None,
    };
    Ordered { subscription: subscription.billed(), payment }
}
