//! What can be subscribed to, and what a change from one to the other means.

use super::{Renewal, Subscription, SubscriptionState, SubscriptionStatus};
use crate::{Frequency, Tier, Timestamp};

/// A tier, and how often it is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PlanChoice {
    /// The level of service.
    pub tier: Tier,
    /// How often it is paid for.
    pub frequency: Frequency,
}

/// What a tenant has subscribed to, as tokens and answers show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The level of service.
    pub tier: Tier,
    /// Where the subscription stands.
    pub status: SubscriptionStatus,
    /// When the trial ends, if it is one.
    pub trial_ends_at: Option<Timestamp>,
}

/// When a change to something else takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanChange {
    /// It is what there is already, and stays so.
    Nothing,
    /// At once, with the rest of the period credited: the tenant gets more.
    Now,
    /// With the end of the period: the tenant gets less, and has paid for more until then.
    AtPeriodEnd,
    /// It stays what it is, and what was to come at the end of the period does not.
    TakenBack,
}

impl PlanChoice {
    /// When a change from this to `to` takes effect: a larger tier, or a year instead of a month of the same tier,
    /// at once; everything else at the end of the period.
    #[must_use]
    pub fn change_to(self, to: Self) -> PlanChange {
        let larger = to.tier > self.tier;
        let longer = to.tier == self.tier && (self.frequency, to.frequency) == (Frequency::Monthly, Frequency::Yearly);
        if self == to {
            PlanChange::Nothing
        } else if larger || longer {
            PlanChange::Now
        } else {
            PlanChange::AtPeriodEnd
        }
    }
}

/// Why a subscription cannot be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeRefused {
    /// It is no subscription that is paid for.
    #[error("the subscription is not one that is paid for; subscribe instead")]
    NotPaidFor,
    /// A payment is outstanding, which has to come first.
    #[error("a payment is outstanding; please settle it first")]
    PaymentOutstanding,
}

impl Subscription {
    /// What a change to `to` means now.
    ///
    /// # Errors
    ///
    /// [`ChangeRefused`] when there is nothing to change, or a payment has to come first.
    pub fn change_to(&self, to: PlanChoice) -> Result<PlanChange, ChangeRefused> {
        match &self.state.state {
            SubscriptionState::Active { renewal, .. } => Ok(match (self.state.choice.change_to(to), renewal) {
                (PlanChange::Nothing, Renewal::Changing(_)) => PlanChange::TakenBack,
                (PlanChange::AtPeriodEnd, Renewal::Changing(pending)) if *pending == to => PlanChange::Nothing,
                (change, _) => change,
            }),
            SubscriptionState::Trialing { .. } if self.state.provider_id.is_some() => {
                Ok(if self.state.choice == to { PlanChange::Nothing } else { PlanChange::Now })
            }
            SubscriptionState::PastDue { .. } | SubscriptionState::Unpaid { .. } => {
                Err(ChangeRefused::PaymentOutstanding)
            }
            SubscriptionState::Incomplete
            | SubscriptionState::Trialing { .. }
            | SubscriptionState::Cancelled { .. } => Err(ChangeRefused::NotPaidFor),
        }
    }
}
