//! What is sold, and at what price.

use application::ports::{BillingError, PricedPlan, PromoDiscount};
use domain::{Currency, Money, discount::Discount, subscription::PlanChoice};
use serde::{Deserialize, Serialize};

use super::saved;

/// A plan at its price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Plan {
    #[serde(with = "saved::choice")]
    pub(super) choice: PlanChoice,
    #[serde(with = "saved::money")]
    list_price: Money,
    coupon: Option<Coupon>,
}

/// What is taken off the periods that come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Coupon {
    code: String,
    #[serde(with = "saved::discount")]
    discount: Discount,
    /// From how many more of them; `None` for all.
    left: Option<u8>,
}

impl Plan {
    /// The plan as it is asked for.
    ///
    /// # Errors
    ///
    /// [`BillingError::Refused`] when the discount is in another currency than the price.
    pub(super) fn of(PricedPlan { choice, list_price, discount }: &PricedPlan) -> Result<Self, BillingError> {
        let coupon = discount.as_ref().map(|PromoDiscount { code, discount, duration }| Coupon {
            code: code.as_str().to_owned(),
            discount: discount.clone(),
            left: duration.cycles(),
        });
        let plan = Self { choice: *choice, list_price: list_price.clone(), coupon };
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

    /// What the next period will cost.
    pub(super) fn next_price(&self) -> u64 {
        self.clone().begin_period()
    }

    /// What the period costs that begins now. Uses the coupon for it.
    pub(super) fn begin_period(&mut self) -> u64 {
        let Some(coupon) = &mut self.coupon else { return self.list_price.minor_units() };
        match &mut coupon.left {
            Some(0) => {
                self.coupon = None;
                return self.list_price.minor_units();
            }
            Some(left) => *left -= 1,
            None => {}
        }
        coupon.discount.price_of(&self.list_price).unwrap_or_else(|_| self.list_price.clone()).minor_units()
    }
}
