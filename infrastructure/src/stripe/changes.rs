//! Changing a subscription, now or at the end of its period.

use application::ports::{BillingError, PricedPlan};
use domain::{
    Frequency, Timestamp,
    subscription::{BilledSubscription, ProviderSubscriptionId},
};

use super::{
    StripeBilling,
    catalogue::{self, Terms},
    client::path_of,
    failure::Failure,
    form::Form,
    objects::{Coupon, Discount, Expandable, Item, Named, Schedule, Subscription},
    reading::sold,
};

const UNKNOWN: BillingError = BillingError::Unknown("the subscription");

impl StripeBilling {
    pub(super) async fn change_it_now(
        &self,
        id: &ProviderSubscriptionId,
        to: &PricedPlan,
        attempt: &str,
    ) -> Result<BilledSubscription, BillingError> {
        let mut subscription = self.load_open(id).await?;
        let terms = catalogue::terms(&self.client, to).await?;
        let (item, _) = sold(&subscription).ok_or(UNKNOWN)?;
        // Whoever tries again after more than a day must not pay again.
        if item.price.id != terms.price {
            let form = Form::new()
                .with("items[0][id]", &item.id)
                .with("items[0][price]", &terms.price)
                .with("proration_behavior", "always_invoice")
                .with("payment_behavior", "error_if_incomplete")
                .expanding(&Subscription::EXPANDED);
            let form = with_discounts(form, "", &kept(&subscription, &terms), &terms);
            // Other terms are another request, even where the attempt is the same.
            let key = format!("change-{id}-{attempt}-{}", form.fingerprint());
            subscription = self.client.post(&path_of("subscriptions", id.as_str())?, &form, &key).await?;
        }
        // After the payment: what was to come stays if that is declined.
        let subscription = self.release(subscription).await?;
        self.billed(&subscription).await
    }

    pub(super) async fn change_it_at_period_end(
        &self,
        id: &ProviderSubscriptionId,
        to: &PricedPlan,
        attempt: &str,
    ) -> Result<BilledSubscription, BillingError> {
        let subscription = self.load_open(id).await?;
        let terms = catalogue::terms(&self.client, to).await?;
        let subscription = self.keep_on(subscription).await?;
        let (item, _) = sold(&subscription).ok_or(UNKNOWN)?;
        let schedule = if let Some(schedule) = &subscription.schedule {
            self.schedule(schedule.id()).await?
        } else {
            // Nothing else can be said about a schedule that is made from a subscription.
            let form = Form::new().with("from_subscription", &subscription.id).expanding(&Schedule::EXPANDED);
            self.client.post("/v1/subscription_schedules", &form, &format!("schedule-{id}-{attempt}")).await?
        };
        let form = phases(&subscription, item, &schedule, &terms, to.choice.frequency)?;
        let path = path_of("subscription_schedules", &schedule.id)?;
        self.client.set::<Named>(&path, &form).await?;
        self.look(id).await
    }

    pub(super) async fn switch_renewal(
        &self,
        id: &ProviderSubscriptionId,
        renews: bool,
    ) -> Result<BilledSubscription, BillingError> {
        let subscription = self.load_open(id).await?;
        // Whether a subscription ends can only be said while it follows no schedule.
        let mut subscription = self.release(subscription).await?;
        if renews {
            subscription = self.keep_on(subscription).await?;
        } else if !subscription.cancel_at_period_end {
            let form = Form::new().with("cancel_at_period_end", true).expanding(&Subscription::EXPANDED);
            subscription = self.client.set(&path_of("subscriptions", id.as_str())?, &form).await?;
        }
        self.billed(&subscription).await
    }

    pub(super) async fn move_trial_end(
        &self,
        id: &ProviderSubscriptionId,
        ends_at: Timestamp,
    ) -> Result<BilledSubscription, BillingError> {
        self.load_open(id).await?;
        let form = Form::new()
            .with("trial_end", ends_at.timestamp())
            .with("proration_behavior", "none")
            .expanding(&Subscription::EXPANDED);
        let subscription = self.client.set(&path_of("subscriptions", id.as_str())?, &form).await?;
        self.billed(&subscription).await
    }

    pub(super) async fn end_it(&self, id: &ProviderSubscriptionId) -> Result<BilledSubscription, BillingError> {
        let subscription = self.load(id.as_str()).await?;
        if subscription.is_over() {
            return self.billed(&subscription).await;
        }
        // Without a last invoice.
        let query = Form::new().with("invoice_now", false).with("prorate", false).expanding(&Subscription::EXPANDED);
        let ended = match self.client.delete(&path_of("subscriptions", id.as_str())?, &query).await {
            // One that is over by now is not found for this.
            Err(failure) if failure.is_missing() => self.load(id.as_str()).await?,
            ended => ended?,
        };
        self.billed(&ended).await
    }

    /// Has a subscription follow no schedule.
    async fn release(&self, subscription: Subscription) -> Result<Subscription, BillingError> {
        let Some(schedule) = &subscription.schedule else { return Ok(subscription) };
        let path = format!("{}/release", path_of("subscription_schedules", schedule.id())?);
        let refused = match self.client.set::<Named>(&path, &Form::new()).await {
            Ok(_) => None,
            // It may be over already: a schedule ends by itself.
            Err(failure) if failure.refusal().is_some() => Some(failure),
            Err(failure) => return Err(failure.into()),
        };
        let now = self.load(&subscription.id).await?;
        match refused {
            Some(failure) if now.schedule.is_some() => Err(failure.into()),
            _ => Ok(now),
        }
    }

    /// Has a subscription not end.
    async fn keep_on(&self, subscription: Subscription) -> Result<Subscription, BillingError> {
        let form = match &subscription {
            Subscription { cancel_at_period_end: true, .. } => Form::new().with("cancel_at_period_end", false),
            Subscription { cancel_at: Some(_), .. } => Form::new().with("cancel_at", ""),
            _ => return Ok(subscription),
        };
        let form = form.expanding(&Subscription::EXPANDED);
        Ok(self.client.set(&path_of("subscriptions", &subscription.id)?, &form).await?)
    }
}

/// What a schedule says: what there is until the end of the period, and then the other. It is over with the first period
/// of that, and the subscription goes on.
fn phases(
    subscription: &Subscription,
    item: &Item,
    schedule: &Schedule,
    terms: &Terms,
    frequency: Frequency,
) -> Result<Form, Failure> {
    let current = schedule.current_phase.as_ref().ok_or(Failure::Unreadable("the change at the end of the period"))?;
    let interval = match frequency {
        Frequency::Monthly => "month",
        Frequency::Yearly => "year",
    };
    let mut form = Form::new()
        .with("end_behavior", "release")
        .with("proration_behavior", "none")
        .with("phases[0][start_date]", current.start_date)
        .with("phases[0][end_date]", item.current_period_end)
        .with("phases[0][items][0][price]", &item.price.id)
        .with("phases[0][items][0][quantity]", item.quantity.unwrap_or(1))
        .with("phases[1][duration][interval]", interval)
        .with("phases[1][duration][interval_count]", 1)
        .with("phases[1][items][0][price]", &terms.price)
        .with("phases[1][items][0][quantity]", 1)
        .with("phases[1][proration_behavior]", "none");
    if let Some(trial_end) = subscription.trial_end.filter(|_| subscription.status == "trialing") {
        form = form.with("phases[0][trial_end]", trial_end);
    }
    // What a phase does not name is not inherited.
    let all: Vec<_> = subscription.discounts.iter().filter_map(Expandable::whole).collect();
    let unchanged = Terms { price: item.price.id.clone(), coupon: None };
    let form = with_discounts(form, "phases[0]", &all, &unchanged);
    Ok(with_discounts(form, "phases[1]", &kept(subscription, terms), terms))
}

/// The discounts that stay whatever a subscription is changed to: the one of the new terms, if it is given already, and
/// what somebody gave at Stripe by hand.
fn kept<'a>(subscription: &'a Subscription, terms: &Terms) -> Vec<&'a Discount> {
    let discounts = subscription.discounts.iter().filter_map(Expandable::whole);
    let stays = |coupon: &Coupon| terms.coupon.as_ref() == Some(&coupon.id) || !catalogue::is_ours(coupon);
    discounts.filter(|discount| coupon_of(discount).is_some_and(stays)).collect()
}

fn coupon_of(discount: &Discount) -> Option<&Coupon> {
    discount.source.coupon.as_ref()?.whole()
}

/// Names the discounts of a subscription, or of a phase of its schedule: those that stay, and the new one.
fn with_discounts(mut form: Form, within: &str, kept: &[&Discount], terms: &Terms) -> Form {
    let inside =
        |rest: &str| if within.is_empty() { format!("discounts{rest}") } else { format!("{within}[discounts]{rest}") };
    for (index, discount) in kept.iter().enumerate() {
        form = form.with(inside(&format!("[{index}][discount]")), &discount.id);
    }
    let is_kept =
        |coupon: &String| kept.iter().any(|discount| coupon_of(discount).is_some_and(|kept| kept.id == *coupon));
    match &terms.coupon {
        Some(coupon) if !is_kept(coupon) => form.with(inside(&format!("[{}][coupon]", kept.len())), coupon),
        _ if kept.is_empty() => form.with(inside(""), ""),
        _ => form,
    }
}
