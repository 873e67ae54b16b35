//! Asking what a code would take off.

use domain::{
    Frequency, Money, PromoCode, Tier,
    discount::{Discount, DiscountDuration},
};
use futures::future::try_join;

use super::DiscountService;
use crate::error::Failure;

/// What somebody wants to know of a code.
#[derive(Clone, Debug)]
pub struct PromoCheck {
    /// The code.
    pub code: PromoCode,
    /// For which tier.
    pub tier: Tier,
    /// Paid how often.
    pub frequency: Frequency,
}

/// What a code would take off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedCode {
    /// What is taken off.
    pub discount: Discount,
    /// From which payments.
    pub duration: DiscountDuration,
    /// Paid how often.
    pub frequency: Frequency,
    /// What is left of the price.
    pub price: Money,
}

impl DiscountService {
    /// What a code would take off a tier; `None` when it would not, whatever the reason. A code that there is not and one
    /// that does not apply cost the same, so that whoever tries codes learns which ones work and nothing else (security
    /// rule 21). That a tenant redeems a code once is found out when it does.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn check(&self, wanted: PromoCheck) -> Result<Option<CheckedCode>, Failure> {
        let PromoCheck { code, tier, frequency } = wanted;
        let (found, offer) = try_join(self.discounts.find(&code), self.tiers.find(tier)).await?;
        let checked = found.zip(offer.price(frequency)).and_then(|(code, price)| {
            code.check(tier, frequency, self.clock.now()).ok()?;
            let (price, terms) = (code.price_of(price).ok()?, code.snapshot().terms.clone());
            Some(CheckedCode { discount: terms.discount, duration: terms.duration, frequency, price })
        });
        Ok(checked)
    }
}
