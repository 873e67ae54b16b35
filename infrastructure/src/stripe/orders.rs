//! Beginning a subscription, once.
//!
//! What is made depends on the order alone and never on the payment method, which may be another one at the next try: a
//! subscription is made incomplete, and then its first invoice is paid.

use application::ports::{BillingError, Ordered, OutstandingPayment, SubscriptionOrder};

use super::{
    StripeBilling,
    catalogue::{self, Terms},
    client::path_of,
    failure::Failure,
    form::Form,
    objects::{Expandable, Invoice, PaymentMethod, Subscription},
    reading::{SUBSCRIPTION_ID, TENANT_ID, money},
};

/// Under which a subscription says what it was ordered for.
const ORDER: &str = "order";

impl StripeBilling {
    pub(super) async fn order(&self, order: &SubscriptionOrder) -> Result<Ordered, BillingError> {
        let terms = catalogue::terms(&self.client, &order.item).await?;
        let mut subscription = self.begin(order, &terms).await?;
        if let Some(method) = &order.payment_method {
            self.attach(method, order).await?;
            subscription = self.pay(subscription, method).await?;
        }
        let payment = outstanding(&subscription)?;
        Ok(Ordered { subscription: self.billed(&subscription).await?, payment })
    }

    /// The subscription of an order: the one that was begun before, however long ago, or else a new one. One that was
    /// begun for something else and is not paid for gives way.
    async fn begin(&self, order: &SubscriptionOrder, terms: &Terms) -> Result<Subscription, BillingError> {
        let known =
            self.list(&order.customer_id).await?.into_iter().filter(|found| {
                found.metadata.get(SUBSCRIPTION_ID).is_some_and(|id| id == order.subscription_id.as_str())
            });
        let (mut over, open): (Vec<_>, Vec<_>) = known.partition(Subscription::is_over);
        for found in open {
            let is_ordered = found.metadata.get(ORDER) == Some(&terms.fingerprint());
            if is_ordered || !found.is_incomplete() {
                return Ok(self.load(&found.id).await?);
            }
            over.push(self.end(&found.id).await?);
        }
        // Those that are over are counted, so that another one is made in their place, and one only.
        let key = format!("subscription-{}-{}", order.subscription_id, over.len());
        let mut form = Form::new()
            .with("customer", &order.customer_id)
            .with("items[0][price]", &terms.price)
            .with("payment_behavior", "default_incomplete")
            .with("payment_settings[save_default_payment_method]", "on_subscription")
            .with(format!("metadata[{TENANT_ID}]"), &order.tenant_id)
            .with(format!("metadata[{SUBSCRIPTION_ID}]"), &order.subscription_id)
            .with(format!("metadata[{ORDER}]"), terms.fingerprint())
            .expanding(&Subscription::EXPANDED);
        if let Some(coupon) = &terms.coupon {
            form = form.with("discounts[0][coupon]", coupon);
        }
        Ok(self.client.post("/v1/subscriptions", &form, &key).await?)
    }

    /// Has a payment method belong to the customer. One that belongs to somebody else is not known.
    async fn attach(&self, method: &str, order: &SubscriptionOrder) -> Result<(), BillingError> {
        let path = path_of("payment_methods", method)?;
        let found: PaymentMethod = self.client.get(&path, &Form::new()).await?;
        match found.customer {
            Some(owner) if owner.id() == order.customer_id.as_str() => Ok(()),
            Some(_) => Err(BillingError::Unknown("the payment method")),
            None => {
                let form = Form::new().with("customer", &order.customer_id);
                self.client.set::<PaymentMethod>(&format!("{path}/attach"), &form).await?;
                Ok(())
            }
        }
    }

    /// Pays the first invoice. Where nothing is to be paid now, the method is kept for when something is.
    async fn pay(&self, subscription: Subscription, method: &str) -> Result<Subscription, BillingError> {
        let Some(invoice) = open_invoice(&subscription) else {
            if subscription.default_payment_method.is_some() {
                return Ok(subscription);
            }
            let form = Form::new().with("default_payment_method", method).expanding(&Subscription::EXPANDED);
            return Ok(self.client.set(&path_of("subscriptions", &subscription.id)?, &form).await?);
        };
        let form = Form::new().with("payment_method", method).with("off_session", false);
        let path = format!("{}/pay", path_of("invoices", &invoice.id)?);
        match self.client.set::<Invoice>(&path, &form).await {
            Err(Failure::Refused(refusal)) if !refusal.needs_confirmation() => {
                // It may be paid already, by whoever tried at the same time.
                let now = self.load(&subscription.id).await?;
                if now.is_incomplete() { Err(Failure::Refused(refusal).into()) } else { Ok(now) }
            }
            Ok(_) | Err(Failure::Refused(_)) => Ok(self.load(&subscription.id).await?),
            Err(failure) => Err(failure.into()),
        }
    }
}

/// The first invoice of a subscription, while it is not paid.
fn open_invoice(subscription: &Subscription) -> Option<&Invoice> {
    let invoice = subscription.latest_invoice.as_ref().and_then(Expandable::whole)?;
    (subscription.is_incomplete() && invoice.status.as_deref() == Some("open")).then_some(invoice)
}

/// What is still to be paid, in Stripe's own figures.
fn outstanding(subscription: &Subscription) -> Result<Option<OutstandingPayment>, Failure> {
    let Some(invoice) = open_invoice(subscription) else { return Ok(None) };
    let Some(secret) = &invoice.confirmation_secret else { return Ok(None) };
    let amount = money(invoice.amount_due, &invoice.currency)?;
    Ok(Some(OutstandingPayment { client_secret: secret.client_secret.clone(), amount }))
}
