//! Codes that make a subscription cheaper.

mod code;
mod event;
mod redemption;
mod value;

use std::{collections::BTreeSet, num::NonZeroU32};

pub use code::{InvalidPromoCode, PromoCode};
pub use event::{DiscountCodeEvent, DiscountCodeEventKind, RedemptionEvent, RedemptionEventKind};
pub use redemption::Redemption;
pub use value::{AmountOff, Cycles, Discount, DiscountDuration, InvalidAmountOff, InvalidDuration};

use crate::{
    Change, DiscountCodeId, Frequency, Money, Outcome, RedemptionId, SubscriptionId, TenantId, Tier, Timestamp, Version,
};

/// What a code gives, to whom, how often and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiscountTerms {
    /// What is taken off.
    pub discount: Discount,
    /// From which payments.
    pub duration: DiscountDuration,
    /// How many tenants can redeem it; `None` is any number.
    pub max_redemptions: Option<NonZeroU32>,
    /// For which tiers; none is every paid one.
    pub tiers: BTreeSet<Tier>,
    /// For which frequencies; none is every one.
    pub frequencies: BTreeSet<Frequency>,
    /// The first instant at which it cannot be redeemed any more; `None` is never.
    pub valid_until: Option<Timestamp>,
}

/// Everything a discount code consists of, as read from or written to the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiscountCodeSnapshot {
    /// Identity.
    pub id: DiscountCodeId,
    /// What people type. No two codes have the same at the same time.
    pub code: PromoCode,
    /// What it gives.
    pub terms: DiscountTerms,
    /// How many tenants have redeemed it. The store counts it, apart from the version.
    pub redeemed: u32,
    /// Whether it can be redeemed.
    pub enabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// Last change of anything but the number of redemptions.
    pub updated_at: Timestamp,
    /// How often the row was written, but for redemptions.
    pub version: Version,
}

/// What to change about a code.
#[derive(Clone, Debug, Default)]
pub struct DiscountChanges {
    /// What is taken off.
    pub discount: Option<Discount>,
    /// From which payments.
    pub duration: Option<DiscountDuration>,
    /// How many tenants can redeem it.
    pub max_redemptions: Change<NonZeroU32>,
    /// For which tiers.
    pub tiers: Option<BTreeSet<Tier>>,
    /// For which frequencies.
    pub frequencies: Option<BTreeSet<Frequency>>,
    /// The first instant at which it cannot be redeemed any more.
    pub valid_until: Change<Timestamp>,
}

/// What a code is to be redeemed for.
#[derive(Clone, Debug)]
pub struct NewRedemption {
    /// Identity.
    pub id: RedemptionId,
    /// By whom.
    pub tenant_id: TenantId,
    /// For which subscription.
    pub subscription_id: SubscriptionId,
    /// Of which tier.
    pub tier: Tier,
    /// Paid how often.
    pub frequency: Frequency,
}

/// Why a code does not apply. Not for who tries codes: they hear that it is not valid, whatever the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeRefused {
    /// It is switched off.
    #[error("the code is disabled")]
    Disabled,
    /// Its time is over.
    #[error("the code has expired")]
    Expired,
    /// As many as can have redeemed it.
    #[error("the code has no redemption left")]
    Exhausted,
    /// It is for other tiers.
    #[error("the code is for other tiers")]
    OtherTier,
    /// It is for who pays at other intervals.
    #[error("the code is for another billing frequency")]
    OtherFrequency,
    /// It takes off an amount of another currency than the price has.
    #[error("the code is for another currency")]
    OtherCurrency,
}

/// The end of a code would be in the past: it could never be redeemed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be in the future")]
pub struct EndsInThePast;

/// Why a code stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeRefused {
    /// What was promised to those who have redeemed it is kept.
    #[error("what a redeemed code takes off, and for how long, cannot be changed; make a new code")]
    Promised,
    /// More have redeemed it than could.
    #[error("more than that have redeemed the code")]
    BelowRedeemed,
    /// Its end would be in the past.
    #[error(transparent)]
    EndsInThePast(#[from] EndsInThePast),
}

/// Who has redeemed a code refers to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this code has been redeemed; disable it instead")]
pub struct AlreadyRedeemed;

/// A code that makes a subscription cheaper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiscountCode {
    state: DiscountCodeSnapshot,
}

impl DiscountCode {
    /// The most redemptions that a code can be limited to.
    pub const MOST_REDEMPTIONS: u32 = 1_000_000;

    /// Makes a code that can be redeemed from now on.
    ///
    /// # Errors
    ///
    /// [`EndsInThePast`].
    pub fn create(
        id: DiscountCodeId,
        code: PromoCode,
        terms: DiscountTerms,
        now: Timestamp,
    ) -> Result<(Self, Outcome<DiscountCodeEvent>), EndsInThePast> {
        in_the_future(terms.valid_until, now)?;
        let mut code = Self {
            state: DiscountCodeSnapshot {
                id,
                code,
                terms,
                redeemed: 0,
                enabled: true,
                created_at: now,
                updated_at: now,
                version: Version::UNWRITTEN,
            },
        };
        let outcome = code.happened(DiscountCodeEventKind::Created, now);
        Ok((code, outcome))
    }

    /// Takes a code from the store as it is.
    #[must_use]
    pub const fn restore(state: DiscountCodeSnapshot) -> Self {
        Self { state }
    }

    /// What the code consists of.
    #[must_use]
    pub const fn snapshot(&self) -> &DiscountCodeSnapshot {
        &self.state
    }

    /// Changes what it gives, or to whom. What it takes off, and for how long, stays once somebody has redeemed it.
    ///
    /// # Errors
    ///
    /// [`ChangeRefused`] says why not.
    pub fn change(
        &mut self,
        changes: DiscountChanges,
        now: Timestamp,
    ) -> Result<Outcome<DiscountCodeEvent>, ChangeRefused> {
        let DiscountChanges { discount, duration, max_redemptions, tiers, frequencies, valid_until } = changes;
        let (loaded, mut terms) = (&self.state.terms, self.state.terms.clone());
        terms.discount = discount.unwrap_or(terms.discount);
        terms.duration = duration.unwrap_or(terms.duration);
        terms.tiers = tiers.unwrap_or(terms.tiers);
        terms.frequencies = frequencies.unwrap_or(terms.frequencies);
        max_redemptions.apply(&mut terms.max_redemptions);
        valid_until.apply(&mut terms.valid_until);
        if terms == *loaded {
            return Ok(Outcome::nothing());
        }
        let gives_the_same = terms.discount == loaded.discount && terms.duration == loaded.duration;
        if self.state.redeemed > 0 && !gives_the_same {
            return Err(ChangeRefused::Promised);
        }
        if terms.max_redemptions.is_some_and(|max| max.get() < self.state.redeemed) {
            return Err(ChangeRefused::BelowRedeemed);
        }
        if terms.valid_until != loaded.valid_until {
            in_the_future(terms.valid_until, now)?;
        }
        self.state.terms = terms;
        Ok(self.happened(DiscountCodeEventKind::Changed, now))
    }

    /// Switches it on. Doing so twice changes nothing.
    pub fn enable(&mut self, now: Timestamp) -> Outcome<DiscountCodeEvent> {
        self.switch(true, DiscountCodeEventKind::Enabled, now)
    }

    /// Switches it off: nobody can redeem it any more, and who has keeps the discount. Doing so twice changes nothing.
    pub fn disable(&mut self, now: Timestamp) -> Outcome<DiscountCodeEvent> {
        self.switch(false, DiscountCodeEventKind::Disabled, now)
    }

    /// Deletes it.
    ///
    /// # Errors
    ///
    /// [`AlreadyRedeemed`].
    pub fn delete(&self) -> Result<Outcome<DiscountCodeEvent>, AlreadyRedeemed> {
        match self.state.redeemed {
            0 => Ok(Outcome::of(DiscountCodeEventKind::Deleted.of(&self.state))),
            _ => Err(AlreadyRedeemed),
        }
    }

    /// Whether it could be redeemed now.
    ///
    /// # Errors
    ///
    /// [`CodeRefused`] says why not.
    pub fn check(&self, tier: Tier, frequency: Frequency, now: Timestamp) -> Result<(), CodeRefused> {
        let DiscountCodeSnapshot { terms, redeemed, enabled, .. } = &self.state;
        if !enabled {
            Err(CodeRefused::Disabled)
        } else if terms.valid_until.is_some_and(|end| end <= now) {
            Err(CodeRefused::Expired)
        } else if terms.max_redemptions.is_some_and(|max| max.get() <= *redeemed) {
            Err(CodeRefused::Exhausted)
        } else {
            self.covers(tier, frequency)
        }
    }

    /// Whether its discount is for this plan, be it redeemed now or long ago.
    ///
    /// # Errors
    ///
    /// [`CodeRefused`] says why not.
    pub fn covers(&self, tier: Tier, frequency: Frequency) -> Result<(), CodeRefused> {
        let terms = &self.state.terms;
        if !tier.is_paid() || !(terms.tiers.is_empty() || terms.tiers.contains(&tier)) {
            Err(CodeRefused::OtherTier)
        } else if !(terms.frequencies.is_empty() || terms.frequencies.contains(&frequency)) {
            Err(CodeRefused::OtherFrequency)
        } else {
            Ok(())
        }
    }

    /// Redeems it for a subscription. That a tenant does so once, and how many have by then, is for the store to see to.
    ///
    /// # Errors
    ///
    /// [`CodeRefused`] says why not.
    pub fn redeem(
        &self,
        new: NewRedemption,
        now: Timestamp,
    ) -> Result<(Redemption, Outcome<RedemptionEvent>), CodeRefused> {
        let NewRedemption { id, tenant_id, subscription_id, tier, frequency } = new;
        self.check(tier, frequency, now)?;
        let redemption = Redemption { id, code: self.state.code.clone(), tenant_id, subscription_id, redeemed_at: now };
        let outcome = Outcome::of(RedemptionEventKind::Redeemed.of(&redemption));
        Ok((redemption, outcome))
    }

    /// What is left of a price.
    ///
    /// # Errors
    ///
    /// [`CodeRefused::OtherCurrency`].
    pub fn price_of(&self, price: &Money) -> Result<Money, CodeRefused> {
        self.state.terms.discount.price_of(price).map_err(|_| CodeRefused::OtherCurrency)
    }

    fn switch(&mut self, enabled: bool, event: DiscountCodeEventKind, now: Timestamp) -> Outcome<DiscountCodeEvent> {
        if self.state.enabled == enabled {
            return Outcome::nothing();
        }
        self.state.enabled = enabled;
        self.happened(event, now)
    }

    fn happened(&mut self, event: DiscountCodeEventKind, now: Timestamp) -> Outcome<DiscountCodeEvent> {
        self.state.updated_at = now;
        Outcome::of(event.of(&self.state))
    }
}

fn in_the_future(end: Option<Timestamp>, now: Timestamp) -> Result<(), EndsInThePast> {
    if end.is_some_and(|end| end <= now) { Err(EndsInThePast) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
