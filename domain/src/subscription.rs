//! What a tenant has subscribed to, as far as signing in needs it.

use crate::{Tier, Timestamp};

/// Where a subscription stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubscriptionStatus {
    /// Paid.
    Active,
    /// Being tried.
    Trialing,
    /// A payment failed and is being tried again.
    PastDue,
    /// Ended.
    Cancelled,
    /// Given up on.
    Unpaid,
}

impl SubscriptionStatus {
    /// Every status.
    pub const ALL: [Self; 5] = [Self::Active, Self::Trialing, Self::PastDue, Self::Cancelled, Self::Unpaid];

    /// The status's name in tables and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Trialing => "trialing",
            Self::PastDue => "past_due",
            Self::Cancelled => "cancelled",
            Self::Unpaid => "unpaid",
        }
    }

    /// The status of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// Whether the tenant gets what it subscribed to. A trial and a payment that is being retried do.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Active | Self::Trialing | Self::PastDue)
    }
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

impl Plan {
    /// Whether the tenant gets what it subscribed to. A trial that is over gives nothing, whatever its status says
    /// until somebody changes it.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        let is_over = self.trial_ends_at.is_some_and(|end| end <= now);
        self.status.is_live() && !(self.status == SubscriptionStatus::Trialing && is_over)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::user::tests::at;

    #[test]
    fn a_trial_gives_nothing_once_it_is_over() {
        let plan = |status| Plan { tier: Tier::Professional, status, trial_ends_at: Some(at(10)) };
        let trial = plan(SubscriptionStatus::Trialing);
        assert!(trial.is_live(at(9)) && !trial.is_live(at(10)));
        assert!(Plan { trial_ends_at: None, ..trial }.is_live(at(10)));
        // Who pays does not lose what they pay for because there was a trial once.
        assert!(plan(SubscriptionStatus::Active).is_live(at(10)));
        assert!(!plan(SubscriptionStatus::Cancelled).is_live(at(9)));
    }
}
