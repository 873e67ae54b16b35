//! What is sold, and at what price.

use application::ports::{BillingError, PricedPlan, PromoDiscount};
use chrono::Months;
use domain::{
    BillingPeriod, Currency, Frequency, Money, Timestamp,
    discount::{Discount, DiscountDuration, PromoCode},
    subscription::PlanChoice,
};
use serde::{Deserialize, Serialize};

use super::saved;

/// More payments than any discount has that ends: one for 36 years that is paid by the month.
const MOST_PAYMENTS: u32 = 12 * DiscountDuration::MAX_CYCLES as u32 + 1;

/// A plan at its price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Plan {
    #[serde(with = "saved::choice")]
    pub(super) choice: PlanChoice,
    #[serde(with = "saved::money")]
    list_price: Money,
    coupon: Option<Coupon>,
}

/// What is taken off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Coupon {
    code: String,
    #[serde(with = "saved::discount")]
    discount: Discount,
    lasts: Lasts,
}

/// For how long it is taken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Lasts {
    /// For one payment.
    Once,
    /// For what begins before that, as Stripe has it.
    Until(Timestamp),
    /// For ever.
    Forever,
}

impl Plan {
    /// The plan as it is asked for, from an instant on. A discount that `former` has goes on where it is.
    ///
    /// # Errors
    ///
    /// [`BillingError::Refused`] when the discount is in another currency than the price.
    pub(super) fn of(item: &PricedPlan, from: Timestamp, former: Option<&Self>) -> Result<Self, BillingError> {
        let PricedPlan { choice, list_price, discount } = item;
        let coupon = discount.as_ref().map(|promo| {
            let going_on = former.and_then(|former| former.coupon.clone());
            let going_on = going_on.filter(|coupon| coupon.code == promo.code.as_str());
            going_on.map_or_else(|| Coupon::new(promo, choice.frequency, from), Ok)
        });
        let plan = Self { choice: *choice, list_price: list_price.clone(), coupon: coupon.transpose()? };
        match &plan.coupon {
            Some(coupon) if coupon.discount.price_of(list_price).is_err() => {
                Err(BillingError::Refused("the discount is in another currency than the price".to_owned()))
            }
            _ => Ok(plan),
        }
    }

    /// The plan in words.
    pub(super) fn name(&self) -> String {
        format!("{}, {}", self.choice.tier.as_str(), self.choice.frequency.as_str())
    }

    /// What all its prices are in.
    pub(super) const fn currency(&self) -> &Currency {
        self.list_price.currency()
    }

    /// The promotion code whose discount is not used up.
    pub(super) fn promo_code(&self) -> Option<PromoCode> {
        self.coupon.as_ref().map(|coupon| PromoCode::restore(&coupon.code))
    }

    /// Has the discount last for as many payments as before, although the next period begins `at` and not when it is due.
    pub(super) fn bring_forward(&mut self, due: Timestamp, at: Timestamp) {
        let months = self.choice.frequency.months();
        let after = |start: Timestamp, payments: u32| start.checked_add_months(Months::new(payments * months));
        let Some(Coupon { lasts: Lasts::Until(end), .. }) = &mut self.coupon else { return };
        let left = (0..MOST_PAYMENTS).find(|payments| after(due, *payments).is_none_or(|then| *end <= then));
        *end = left.and_then(|left| after(at, left)).unwrap_or(*end);
    }

    /// What a period will cost that begins then.
    pub(super) fn price_from(&self, at: Timestamp) -> u64 {
        self.clone().begin_period(at)
    }

    /// What a period costs that begins now. The coupon is gone that is used up by it, or was before.
    pub(super) fn begin_period(&mut self, now: Timestamp) -> u64 {
        self.coupon.take_if(|coupon| coupon.is_over(now));
        let Some(coupon) = &self.coupon else { return self.list_price.minor_units() };
        let price = coupon.discount.price_of(&self.list_price).unwrap_or_else(|_| self.list_price.clone());
        self.coupon.take_if(|coupon| coupon.lasts == Lasts::Once);
        price.minor_units()
    }
}

impl Coupon {
    fn new(promo: &PromoDiscount, frequency: Frequency, from: Timestamp) -> Result<Self, BillingError> {
        let PromoDiscount { code, discount, duration } = promo;
        let lasts = match duration {
            DiscountDuration::Once => Lasts::Once,
            DiscountDuration::Repeating(cycles) => {
                let last = BillingPeriod::nth(from, frequency, u32::from(cycles.get()).saturating_sub(1));
                let last = last.ok_or_else(|| BillingError::Refused("the discount would never end".to_owned()))?;
                Lasts::Until(last.end())
            }
            DiscountDuration::Forever => Lasts::Forever,
        };
        Ok(Self { code: code.as_str().to_owned(), discount: discount.clone(), lasts })
    }

    fn is_over(&self, now: Timestamp) -> bool {
        matches!(self.lasts, Lasts::Until(end) if end <= now)
    }
}
