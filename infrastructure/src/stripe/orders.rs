//! Beginning a subscription, once.
//!
//! What is made depends on the order alone and never on the payment method, which may be another one at the next try: a
//! subscription is made incomplete, and then its first invoice is paid.

use application::ports::{BillingError, Ordered, OutstandingPayment, SubscriptionOrder};

use super::{
    StripeBilling,
    catalogue::{self, Given},
    client::path_of,
    failure::Failure,
    form::Form,
    objects::{Expandable, Invoice, PaymentMethod, Subscription},
    reading::{PRICE_PROMO_CODE, SUBSCRIPTION_ID, TENANT_ID, money},
};

impl StripeBilling {
    pub(super) async fn order(&self, order: &SubscriptionOrder) -> Result<Ordered, BillingError> {
        let mut subscription = match self.begun(order).await? {
            Some(subscription) => subscription,
            None => self.begin(order).await?,
        };
        if let Some(method) = &order.payment_method
            && !subscription.is_over()
        {
            let method = self.attach(method, order).await?;
            subscription = self.pay(subscription, &method).await?;
        }
        let payment = outstanding(&subscription)?;
        Ok(Ordered { subscription: self.billed(&subscription).await?, payment })
    }

    /// The subscription that an order began before, however long ago. One that is over stays so: its payment never came.
    async fn begun(&self, order: &SubscriptionOrder) -> Result<Option<Subscription>, Failure> {
        let is_ordered = |found: &Subscription| {
            found.metadata.get(SUBSCRIPTION_ID).is_some_and(|id| id == order.subscription_id.as_str())
        };
        match self.list(&order.customer_id).await?.into_iter().find(is_ordered) {
            Some(found) => self.load(&found.id).await.map(Some),
            None => Ok(None),
        }
    }

    async fn begin(&self, order: &SubscriptionOrder) -> Result<Subscription, BillingError> {
        let terms = catalogue::terms(&self.client, &order.item, None).await?;
        let mut form = Form::new()
            .with("customer", &order.customer_id)
            .with("items[0][price]", &terms.price)
            .with("payment_behavior", "default_incomplete")
            .with("payment_settings[save_default_payment_method]", "on_subscription")
            .with(format!("metadata[{TENANT_ID}]"), &order.tenant_id)
            .with(format!("metadata[{SUBSCRIPTION_ID}]"), &order.subscription_id)
            .expanding(&Subscription::EXPANDED);
        match &terms.discount {
            Given::Coupon(coupon) => form = form.with("discounts[0][coupon]", coupon),
            Given::Price(code) => form = form.with(format!("metadata[{PRICE_PROMO_CODE}]"), code),
            Given::Nothing | Given::Already(_) => {}
        }
        // Where the catalogue changed since an attempt that came to nothing, it is another request.
        let key = format!("subscription-{}-{}", order.subscription_id, form.fingerprint());
        Ok(self.client.post("/v1/subscriptions", &form, &key).await?)
    }

    /// Has a payment method belong to the customer, and says what it is called then. One that belongs to somebody else is
    /// not known.
    async fn attach(&self, method: &str, order: &SubscriptionOrder) -> Result<String, BillingError> {
        let path = path_of("payment_methods", method)?;
        let found: PaymentMethod = self.client.get(&path, &Form::new()).await?;
        match found.customer {
            Some(owner) if owner.id() == order.customer_id.as_str() => Ok(found.id),
            Some(_) => Err(BillingError::Unknown("the payment method")),
            None => {
                let form = Form::new().with("customer", &order.customer_id);
                // Those that Stripe has for tests, such as pm_card_visa, become others.
                Ok(self.client.set::<PaymentMethod>(&format!("{path}/attach"), &form).await?.id)
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
