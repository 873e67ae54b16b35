//! Where a subscription stands.

use super::{BilledStatus, BilledSubscription, GRACE, PlanChoice};
use crate::{BillingPeriod, Timestamp};

/// Where a subscription stands, with what belongs to that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubscriptionState {
    /// It was ordered, and its first payment is outstanding.
    Incomplete,
    /// It is being tried, until the period ends.
    Trialing {
        /// The trial.
        period: BillingPeriod,
        /// What becomes of it then.
        renewal: Renewal,
    },
    /// It is paid.
    Active {
        /// For which time.
        period: BillingPeriod,
        /// What becomes of it then.
        renewal: Renewal,
    },
    /// A payment failed and is being tried again.
    PastDue {
        /// The time that is not paid for.
        period: BillingPeriod,
        /// What becomes of it then.
        renewal: Renewal,
        /// Until when the tenant keeps what it subscribed to all the same.
        grace_ends_at: Timestamp,
    },
    /// The payment was given up.
    Unpaid {
        /// The time that is not paid for.
        period: BillingPeriod,
    },
    /// It ended, for good.
    Cancelled {
        /// When.
        at: Timestamp,
        /// The last period; `None` when it never had one.
        period: Option<BillingPeriod>,
    },
}

/// What becomes of a subscription at the end of its period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// It goes on for another one.
    Automatic,
    /// It goes on as something else.
    Changing(PlanChoice),
    /// It ends.
    Off,
}

impl SubscriptionState {
    /// The state in one word.
    #[must_use]
    pub const fn status(&self) -> SubscriptionStatus {
        match self {
            Self::Trialing { .. } => SubscriptionStatus::Trialing,
            Self::Active { .. } => SubscriptionStatus::Active,
            Self::PastDue { .. } => SubscriptionStatus::PastDue,
            Self::Incomplete | Self::Unpaid { .. } => SubscriptionStatus::Unpaid,
            Self::Cancelled { .. } => SubscriptionStatus::Cancelled,
        }
    }

    /// The period that it is in, or was in last.
    #[must_use]
    pub const fn period(&self) -> Option<&BillingPeriod> {
        match self {
            Self::Trialing { period, .. }
            | Self::Active { period, .. }
            | Self::PastDue { period, .. }
            | Self::Unpaid { period } => Some(period),
            Self::Cancelled { period, .. } => period.as_ref(),
            Self::Incomplete => None,
        }
    }

    /// What becomes of it at the end of its period, where anything does.
    #[must_use]
    pub const fn renewal(&self) -> Option<Renewal> {
        match self {
            Self::Trialing { renewal, .. } | Self::Active { renewal, .. } | Self::PastDue { renewal, .. } => {
                Some(*renewal)
            }
            Self::Incomplete | Self::Unpaid { .. } | Self::Cancelled { .. } => None,
        }
    }

    /// Whether the tenant gets what it subscribed to.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        match self {
            Self::Trialing { period, .. } => now < period.end(),
            Self::Active { .. } => true,
            Self::PastDue { grace_ends_at, .. } => now < *grace_ends_at,
            Self::Incomplete | Self::Unpaid { .. } | Self::Cancelled { .. } => false,
        }
    }

    /// The state that the provider's words mean, coming from `before`.
    pub(super) fn observed(before: &Self, billed: &BilledSubscription, now: Timestamp) -> Self {
        let (period, renewal) = (billed.period, billed.renewal);
        match billed.status {
            BilledStatus::Incomplete => Self::Incomplete,
            BilledStatus::Trialing => Self::Trialing { period, renewal },
            BilledStatus::Active => Self::Active { period, renewal },
            BilledStatus::PastDue => {
                // Whoever fails to pay for a second period gets no second time of grace.
                let grace_ends_at = match before {
                    Self::PastDue { grace_ends_at, .. } => *grace_ends_at,
                    _ => now + GRACE,
                };
                Self::PastDue { period, renewal, grace_ends_at }
            }
            BilledStatus::Unpaid => Self::Unpaid { period },
            BilledStatus::Cancelled { at } => {
                let had_one = !matches!(before, Self::Incomplete);
                Self::Cancelled { at, period: had_one.then_some(period) }
            }
        }
    }
}

/// Where a subscription stands, in one word.
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
    /// Not paid yet, or given up on.
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
}
