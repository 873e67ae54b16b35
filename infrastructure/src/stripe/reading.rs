//! What Stripe's subscriptions are in the service's words.

use chrono::DateTime;
use domain::{
    BillingPeriod, Currency, Frequency, Money, PromoCode, SubscriptionId, TenantId, Tier, Timestamp,
    subscription::{BilledStatus, BilledSubscription, CustomerId, PlanChoice, ProviderSubscriptionId, Renewal},
};

use super::{
    catalogue::{self, LOOKUP_KEY_PREFIX, TIER},
    failure::Failure,
    objects::{Coupon, Discount, Expandable, Item, Line, Price, Schedule, Subscription},
};

/// Under which a subscription says whose it is.
pub(super) const TENANT_ID: &str = "tenant_id";
/// Under which it says which one of ours it is.
pub(super) const SUBSCRIPTION_ID: &str = "subscription_id";

/// Under which it says the promotion code that its price is less for, where that is no coupon.
pub(super) const PRICE_PROMO_CODE: &str = "price_promo_code";

const UNREADABLE: Failure = Failure::Unreadable("the subscription");

/// What is sold for a price: its metadata says the tier, or else its lookup key, so that prices that somebody else made
/// can be adopted by writing the tier on them. `None` for what is not sold here.
pub(super) fn choice_of(price: &Price) -> Option<PlanChoice> {
    let named = price.lookup_key.as_deref().and_then(|key| key.strip_prefix(LOOKUP_KEY_PREFIX)?.split('_').next());
    let tier = price.metadata.get(TIER).map(String::as_str).or(named).and_then(Tier::from_name)?;
    let recurring = price.recurring.as_ref()?;
    let frequency = match (recurring.interval.as_str(), recurring.interval_count) {
        ("month", 1) => Frequency::Monthly,
        ("month", 12) | ("year", 1) => Frequency::Yearly,
        _ => return None,
    };
    tier.is_paid().then_some(PlanChoice { tier, frequency })
}

/// The item of a subscription that something of ours is sold by, and what that is.
pub(super) fn sold(subscription: &Subscription) -> Option<(&Item, PlanChoice)> {
    subscription.items.data.iter().find_map(|item| Some((item, choice_of(&item.price)?)))
}

/// A subscription, with the schedule that it follows, if it does. `None` when it is for nothing that is sold here.
pub(super) fn billed(
    subscription: &Subscription,
    schedule: Option<&Schedule>,
) -> Result<Option<BilledSubscription>, Failure> {
    let Some((item, choice)) = sold(subscription) else { return Ok(None) };
    let period = BillingPeriod::restore(instant(item.current_period_start)?, instant(item.current_period_end)?)
        .map_err(|_| UNREADABLE)?;
    let ours = |name| subscription.metadata.get(name).cloned();
    Ok(Some(BilledSubscription {
        id: ProviderSubscriptionId::restore(&subscription.id),
        customer_id: CustomerId::restore(subscription.customer.id()),
        subscription_id: ours(SUBSCRIPTION_ID).and_then(|id| SubscriptionId::parse(id).ok()),
        tenant_id: ours(TENANT_ID).and_then(|id| TenantId::parse(id).ok()),
        status: status(subscription)?,
        choice,
        price: price_of(subscription, item)?,
        promo_code: promo_code_of(subscription),
        period,
        renewal: renewal(subscription, item, choice, schedule),
    }))
}

/// The promotion code whose discount a subscription has.
pub(super) fn promo_code_of(subscription: &Subscription) -> Option<PromoCode> {
    let mut coupons = subscription.discounts.iter().filter_map(|discount| coupon_of(discount.whole()?));
    let of_a_coupon = coupons.find_map(catalogue::promo_code);
    let of_the_price = || subscription.metadata.get(PRICE_PROMO_CODE).map(String::as_str);
    PromoCode::parse(of_a_coupon.or_else(of_the_price)?).ok()
}

/// What a discount takes off.
pub(super) fn coupon_of(discount: &Discount) -> Option<&Coupon> {
    discount.source.coupon.as_ref()?.whole()
}

fn status(subscription: &Subscription) -> Result<BilledStatus, Failure> {
    let Subscription { ended_at, canceled_at, created, .. } = subscription;
    Ok(match subscription.status.as_str() {
        "incomplete" => BilledStatus::Incomplete,
        "trialing" => BilledStatus::Trialing,
        "active" => BilledStatus::Active,
        "past_due" => BilledStatus::PastDue,
        // A trial that ended without a payment method is paused.
        "unpaid" | "paused" => BilledStatus::Unpaid,
        "canceled" | "incomplete_expired" => {
            BilledStatus::Cancelled { at: instant(ended_at.or(*canceled_at).unwrap_or(*created))? }
        }
        other => {
            tracing::error!(status = other, "Stripe has a status of subscriptions that is not known here");
            return Err(UNREADABLE);
        }
    })
}

fn renewal(subscription: &Subscription, item: &Item, choice: PlanChoice, schedule: Option<&Schedule>) -> Renewal {
    let end = item.current_period_end;
    let next = schedule.and_then(|schedule| {
        let now = schedule.current_phase.as_ref()?.start_date;
        schedule.phases.iter().find(|phase| phase.start_date > now && phase.start_date <= end)
    });
    if let Some(next) = next {
        let next = next.items.iter().find_map(|item| choice_of(item.price.whole()?));
        return next.filter(|next| *next != choice).map_or(Renewal::Automatic, Renewal::Changing);
    }
    let ends = subscription.cancel_at_period_end
        || subscription.cancel_at.is_some_and(|at| at <= end)
        || schedule.is_some_and(|schedule| schedule.ends_by(end));
    if ends { Renewal::Off } else { Renewal::Automatic }
}

/// What one period costs after the discount: what was invoiced for the current one, or else, where it was changed since
/// and in a trial, what it would be with the discounts that are left.
fn price_of(subscription: &Subscription, item: &Item) -> Result<Money, Failure> {
    let invoice = subscription.latest_invoice.as_ref().and_then(Expandable::whole);
    let invoice = invoice.filter(|_| subscription.status != "trialing");
    if let Some(line) = invoice.and_then(|invoice| invoice.lines.data.iter().find(|line| is_for(line, item))) {
        let off: i64 = line.discount_amounts.iter().flatten().map(|discount| discount.amount).sum();
        let amount = u64::try_from(line.amount.saturating_sub(off)).map_err(|_| UNREADABLE)?;
        return money(amount, &item.price.currency);
    }
    let unit = item.price.unit_amount.ok_or(UNREADABLE)?;
    let mut amount = unit.checked_mul(item.quantity.unwrap_or(1)).ok_or(UNREADABLE)?;
    for discount in &subscription.discounts {
        let coupon = discount.whole().and_then(coupon_of);
        amount = less(amount, coupon.ok_or(UNREADABLE)?)?;
    }
    money(amount, &item.price.currency)
}

/// Whether a line of an invoice is for the current period of an item, all of it.
fn is_for(line: &Line, item: &Item) -> bool {
    let of_item = line.parent.as_ref().and_then(|parent| parent.subscription_item_details.as_ref());
    let price = line.pricing.as_ref().and_then(|pricing| pricing.price_details.as_ref());
    of_item.is_some_and(|details| details.subscription_item == item.id && !details.proration)
        && price.is_some_and(|details| details.price.id() == item.price.id)
        && (line.period.start, line.period.end) == (item.current_period_start, item.current_period_end)
}

/// What is left of an amount, to the nearest minor unit of what is taken off, as Stripe has it.
fn less(amount: u64, coupon: &Coupon) -> Result<u64, Failure> {
    let Some(percent) = &coupon.percent_off else {
        return Ok(amount.saturating_sub(coupon.amount_off.unwrap_or_default()));
    };
    // Coupons that somebody makes at Stripe may have fractions of a percent.
    let percent = percent.as_f64().filter(|percent| (0.0..=100.0).contains(percent)).ok_or(UNREADABLE)?;
    let hundredths: u64 = format!("{percent:.2}").replace('.', "").parse().map_err(|_| UNREADABLE)?;
    let off = (u128::from(amount) * u128::from(hundredths) + 5_000) / 10_000;
    Ok(amount.saturating_sub(u64::try_from(off).unwrap_or(u64::MAX)))
}

pub(super) fn money(amount: u64, currency: &str) -> Result<Money, Failure> {
    let currency = Currency::parse(currency).map_err(|_| Failure::Unreadable("the price"))?;
    Ok(Money::new(amount, currency))
}

pub(super) fn instant(seconds: i64) -> Result<Timestamp, Failure> {
    DateTime::from_timestamp(seconds, 0).ok_or(UNREADABLE)
}
