//! Changing a subscription, now or at the end of its period.

use application::ports::{BillingError, PricedPlan};
use domain::{
    Frequency, Timestamp,
    subscription::{BilledSubscription, ProviderSubscriptionId},
};

use super::{
    StripeBilling,
    catalogue::{self, Given, Terms},
    client::path_of,
    failure::Failure,
    form::Form,
    objects::{Coupon, Discount, Expandable, Named, Schedule, Subscription},
    reading::{PRICE_PROMO_CODE, coupon_of, promo_code_of, sold},
};

const UNKNOWN: BillingError = BillingError::Unknown("the subscription");

impl StripeBilling {
    pub(super) async fn change_it_now(
        &self,
        id: &ProviderSubscriptionId,
        to: &PricedPlan,
        attempt: &str,
    ) -> Result<BilledSubscription, BillingError> {
        let mut subscription = self.load_settled(id).await?;
        let terms = catalogue::terms(&self.client, to, promo_code_of(&subscription).as_ref()).await?;
        let (item, _) = sold(&subscription).ok_or(UNKNOWN)?;
        // Whoever tries again after more than a day must not pay again.
        if item.price.id != terms.price {
            let form = Form::new()
                .with("items[0][id]", &item.id)
                .with("items[0][price]", &terms.price)
                .with("proration_behavior", "always_invoice")
                .with("payment_behavior", "error_if_incomplete")
                .expanding(&Subscription::EXPANDED);
            let from = item.current_period_start;
            let form = with_discounts(form, "", &kept(&subscription, &terms.discount, from), &terms.discount);
            let form = with_code_of_price(form, "", &subscription, &terms.discount);
            // Other terms are another request, even where the attempt is the same.
            let key = format!("change-{id}-{attempt}-{}", form.fingerprint());
            subscription = self.client.post(&path_of("subscriptions", id.as_str())?, &form, &key).await?;
        }
        // After the payment: what was to come stays if that is declined. An end that was to come is not taken back.
        let ends = match &subscription.schedule {
            Some(schedule) => self.schedule(schedule.id()).await?.ends_by(item_end(&subscription)?),
            None => false,
        };
        let subscription =
            if ends { self.end_with_period(subscription).await? } else { self.release(subscription).await? };
        self.billed(&subscription).await
    }

    pub(super) async fn change_it_at_period_end(
        &self,
        id: &ProviderSubscriptionId,
        to: &PricedPlan,
        attempt: &str,
    ) -> Result<BilledSubscription, BillingError> {
        let subscription = self.load_settled(id).await?;
        let terms = catalogue::terms(&self.client, to, promo_code_of(&subscription).as_ref()).await?;
        let scheduled = match &subscription.schedule {
            // In one step, in place of whatever it says.
            Some(schedule) => self.have_change(&subscription, &self.schedule(schedule.id()).await?, &terms, to).await,
            None => self.begin_change(&subscription, &terms, to, attempt).await,
        };
        if scheduled.is_err() && subscription.schedule.is_none() {
            self.put_back(&subscription).await;
        }
        scheduled?;
        self.look(id).await
    }

    /// Has a subscription that follows no schedule follow one. Where it was to end, it has to be kept on for that.
    async fn begin_change(
        &self,
        before: &Subscription,
        terms: &Terms<'_>,
        to: &PricedPlan,
        attempt: &str,
    ) -> Result<(), BillingError> {
        let kept = self.keep_on(before).await?;
        let subscription = kept.as_ref().unwrap_or(before);
        // Nothing else can be said about a schedule that is made from a subscription.
        let form = Form::new().with("from_subscription", &subscription.id).expanding(&Schedule::EXPANDED);
        let key = format!("schedule-{}-{attempt}", subscription.id);
        let schedule = self.client.post("/v1/subscription_schedules", &form, &key).await?;
        self.have_change(subscription, &schedule, terms, to).await
    }

    async fn have_change(
        &self,
        subscription: &Subscription,
        schedule: &Schedule,
        terms: &Terms<'_>,
        to: &PricedPlan,
    ) -> Result<(), BillingError> {
        let form = phases(subscription, schedule, terms, to.choice.frequency)?.with("end_behavior", "release");
        self.client.set::<Named>(&path_of("subscription_schedules", &schedule.id)?, &form).await?;
        Ok(())
    }

    /// Has a subscription that follows no schedule end as it did before a change that came to nothing halfway. Who is
    /// told that nothing changed must not be charged for another period. Where even that fails, somebody has to do it.
    async fn put_back(&self, before: &Subscription) {
        let form = match before {
            Subscription { cancel_at_period_end: true, .. } => Form::new().with("cancel_at_period_end", true),
            Subscription { cancel_at: Some(at), .. } => Form::new().with("cancel_at", at),
            _ => return,
        };
        let put_back = async {
            self.release(self.load(&before.id).await?).await?;
            Ok::<_, BillingError>(self.client.set::<Named>(&path_of("subscriptions", &before.id)?, &form).await?)
        };
        if let Err(error) = put_back.await {
            tracing::error!(id = before.id, %error, "a subscription that was to end will be renewed");
        }
    }

    pub(super) async fn switch_renewal(
        &self,
        id: &ProviderSubscriptionId,
        renews: bool,
    ) -> Result<BilledSubscription, BillingError> {
        let subscription = self.load_open(id).await?;
        if subscription.is_incomplete() {
            return Err(payment_outstanding());
        }
        let subscription = if renews {
            // Whether a subscription goes on can only be said while it follows no schedule.
            let released = self.release(subscription).await?;
            self.keep_on(&released).await?.unwrap_or(released)
        } else {
            self.end_with_period(subscription).await?
        };
        self.billed(&subscription).await
    }

    /// Has a subscription end with its period, in one step: what was to come stays if that fails. One that follows a
    /// schedule ends with that.
    async fn end_with_period(&self, subscription: Subscription) -> Result<Subscription, BillingError> {
        if let Some(schedule) = &subscription.schedule {
            let schedule = self.schedule(schedule.id()).await?;
            let form = until_period_end(&subscription, &schedule)?.with("end_behavior", "cancel");
            self.client.set::<Named>(&path_of("subscription_schedules", &schedule.id)?, &form).await?;
            return Ok(self.load(&subscription.id).await?);
        }
        if subscription.cancel_at_period_end {
            return Ok(subscription);
        }
        let form = Form::new().with("cancel_at_period_end", true).expanding(&Subscription::EXPANDED);
        Ok(self.client.set(&path_of("subscriptions", &subscription.id)?, &form).await?)
    }

    pub(super) async fn move_trial_end(
        &self,
        id: &ProviderSubscriptionId,
        ends_at: Timestamp,
    ) -> Result<BilledSubscription, BillingError> {
        // Stripe would put one that is paid for on trial again.
        if self.load_open(id).await?.status != "trialing" {
            return Err(BillingError::Refused("the subscription is not on trial".to_owned()));
        }
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

    /// Has a subscription not end, which follows no schedule. `None` when it does not anyway.
    async fn keep_on(&self, subscription: &Subscription) -> Result<Option<Subscription>, BillingError> {
        let form = match subscription {
            Subscription { cancel_at_period_end: true, .. } => Form::new().with("cancel_at_period_end", false),
            Subscription { cancel_at: Some(_), .. } => Form::new().with("cancel_at", ""),
            _ => return Ok(None),
        };
        let form = form.expanding(&Subscription::EXPANDED);
        Ok(Some(self.client.set(&path_of("subscriptions", &subscription.id)?, &form).await?))
    }

    /// A subscription whose plan can be changed: what was never paid is not credited.
    async fn load_settled(&self, id: &ProviderSubscriptionId) -> Result<Subscription, BillingError> {
        let subscription = self.load_open(id).await?;
        match subscription.status.as_str() {
            "active" | "trialing" => Ok(subscription),
            _ => Err(payment_outstanding()),
        }
    }
}

fn payment_outstanding() -> BillingError {
    BillingError::Refused("a payment is outstanding".to_owned())
}

/// When the period of what is sold here ends.
fn item_end(subscription: &Subscription) -> Result<i64, BillingError> {
    sold(subscription).map(|(item, _)| item.current_period_end).ok_or(UNKNOWN)
}

/// What a schedule says that changes a subscription: what there is until the end of the period, and then the other. It is
/// over with the first period of that, and the subscription goes on.
fn phases(
    subscription: &Subscription,
    schedule: &Schedule,
    terms: &Terms<'_>,
    frequency: Frequency,
) -> Result<Form, BillingError> {
    let interval = match frequency {
        Frequency::Monthly => "month",
        Frequency::Yearly => "year",
    };
    let form = until_period_end(subscription, schedule)?
        .with("phases[1][duration][interval]", interval)
        .with("phases[1][duration][interval_count]", 1)
        .with("phases[1][items][0][price]", &terms.price)
        .with("phases[1][items][0][quantity]", 1)
        .with("phases[1][proration_behavior]", "none");
    let kept = kept(subscription, &terms.discount, item_end(subscription)?);
    let form = with_discounts(form, "phases[1]", &kept, &terms.discount);
    Ok(with_code_of_price(form, "phases[1]", subscription, &terms.discount))
}

/// What a schedule says that leaves a subscription as it is until the end of its period. What a phase does not name is
/// not inherited, but for metadata.
fn until_period_end(subscription: &Subscription, schedule: &Schedule) -> Result<Form, BillingError> {
    let current = schedule.current_phase.as_ref().ok_or(Failure::Unreadable("the change at the end of the period"))?;
    let mut form = Form::new()
        .with("proration_behavior", "none")
        .with("phases[0][start_date]", current.start_date)
        .with("phases[0][end_date]", item_end(subscription)?);
    for (index, item) in subscription.items.data.iter().enumerate() {
        form = form
            .with(format!("phases[0][items][{index}][price]"), &item.price.id)
            .with(format!("phases[0][items][{index}][quantity]"), item.quantity.unwrap_or(1));
    }
    if let Some(trial_end) = subscription.trial_end.filter(|_| subscription.status == "trialing") {
        form = form.with("phases[0][trial_end]", trial_end);
    }
    let all: Vec<_> = subscription.discounts.iter().filter_map(Expandable::whole).collect();
    Ok(with_discounts(form, "phases[0]", &all, &Given::Nothing))
}

/// The discounts that stay whatever a subscription is changed to, of those that are not over by then: the one of the new
/// terms, if it is given already, and what somebody gave at Stripe by hand.
fn kept<'a>(subscription: &'a Subscription, given: &Given<'_>, from: i64) -> Vec<&'a Discount> {
    let going_on = match given {
        Given::Already(code) => Some(code.as_str()),
        Given::Nothing | Given::Coupon(_) | Given::Price(_) => None,
    };
    let discounts = subscription.discounts.iter().filter_map(Expandable::whole);
    let stays = |coupon: &Coupon| catalogue::promo_code(coupon).is_none_or(|code| going_on == Some(code));
    let is_over = |discount: &Discount| discount.end.is_some_and(|end| end <= from);
    discounts.filter(|discount| !is_over(discount) && coupon_of(discount).is_some_and(stays)).collect()
}

/// Names the discounts of a subscription, or of a phase of its schedule: those that stay, and the new one.
fn with_discounts(mut form: Form, within: &str, kept: &[&Discount], given: &Given<'_>) -> Form {
    let inside = |rest: &str| name_in(within, &format!("discounts{rest}"));
    for (index, discount) in kept.iter().enumerate() {
        form = form.with(inside(&format!("[{index}][discount]")), &discount.id);
    }
    match given {
        Given::Coupon(coupon) => form.with(inside(&format!("[{}][coupon]", kept.len())), coupon),
        _ if kept.is_empty() => form.with(inside(""), ""),
        _ => form,
    }
}

/// Says on a subscription for which code its price is less from now on, or from a phase of its schedule on.
fn with_code_of_price(form: Form, within: &str, subscription: &Subscription, given: &Given<'_>) -> Form {
    let name = name_in(within, &format!("metadata[{PRICE_PROMO_CODE}]"));
    match given {
        Given::Price(code) => form.with(name, code),
        _ if subscription.metadata.contains_key(PRICE_PROMO_CODE) => form.with(name, ""),
        _ => form,
    }
}

/// The name of a field, of the request itself or within another one: `discounts[0][coupon]`, `phases[1][discounts][0]…`.
fn name_in(within: &str, field: &str) -> String {
    match (within, field.split_once('[')) {
        ("", _) => field.to_owned(),
        (_, Some((first, rest))) => format!("{within}[{first}][{rest}"),
        (_, None) => format!("{within}[{field}]"),
    }
}
