//! What happens to subscriptions.

use super::{PlanChoice, Renewal, SubscriptionSnapshot, SubscriptionState};
use crate::{SubscriptionId, TenantId, Timestamp, Version};

/// Something that happened to a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionEvent {
    /// The subscription.
    pub subscription_id: SubscriptionId,
    /// Whose it is.
    pub tenant_id: TenantId,
    /// The version of the subscription that it led to.
    pub version: Version,
    /// What happened.
    pub what: SubscriptionEventKind,
}

/// What happened to a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubscriptionEventKind {
    /// A trial began.
    TrialStarted {
        /// When it ends.
        ends_at: Timestamp,
    },
    /// A trial was extended.
    TrialExtended {
        /// When it ends now.
        ends_at: Timestamp,
    },
    /// It was ordered; its first payment is outstanding.
    Ordered {
        /// What was ordered.
        choice: PlanChoice,
    },
    /// It is paid for the first time, or again after a payment had failed.
    Activated {
        /// What is paid for.
        choice: PlanChoice,
    },
    /// It went on for another period.
    Renewed {
        /// When that ends.
        period_ends_at: Timestamp,
    },
    /// It is for something else from now on.
    Changed {
        /// What it was for.
        from: PlanChoice,
        /// What it is for.
        to: PlanChoice,
    },
    /// It will be for something else from the end of the period on.
    ChangeScheduled {
        /// What it will be for.
        to: PlanChoice,
    },
    /// It will end with the period.
    RenewalSwitchedOff,
    /// It will go on after the period, as it is.
    RenewalSwitchedOn,
    /// A payment failed.
    PaymentFailed {
        /// Until when the tenant keeps what it subscribed to all the same.
        grace_ends_at: Timestamp,
    },
    /// The payment was given up.
    Unpaid,
    /// It ended.
    Cancelled,
}

impl SubscriptionEventKind {
    pub(super) fn of(self, subscription: &SubscriptionSnapshot) -> SubscriptionEvent {
        SubscriptionEvent {
            subscription_id: subscription.id.clone(),
            tenant_id: subscription.tenant_id.clone(),
            version: subscription.version.next(),
            what: self,
        }
    }

    /// What happened between two observations of one subscription.
    pub(super) fn between(before: &SubscriptionSnapshot, after: &SubscriptionSnapshot) -> Vec<Self> {
        let mut events = Vec::new();
        let (was, is) = (&before.state, &after.state);
        let stays = was.status() == is.status() && !matches!(was, SubscriptionState::Incomplete);
        match is {
            SubscriptionState::Active { .. } if !stays => events.push(Self::Activated { choice: after.choice }),
            SubscriptionState::Trialing { period, .. } if !stays => {
                events.push(Self::TrialStarted { ends_at: period.end() });
            }
            SubscriptionState::PastDue { grace_ends_at, .. } if !stays => {
                events.push(Self::PaymentFailed { grace_ends_at: *grace_ends_at });
            }
            SubscriptionState::Unpaid { .. } if !stays => events.push(Self::Unpaid),
            SubscriptionState::Cancelled { .. } => return vec![Self::Cancelled],
            SubscriptionState::Active { period, .. }
                if was.period().is_some_and(|former| former.end() < period.end()) =>
            {
                events.push(Self::Renewed { period_ends_at: period.end() });
            }
            SubscriptionState::Trialing { period, .. }
                if was.period().is_some_and(|former| former.end() < period.end()) =>
            {
                events.push(Self::TrialExtended { ends_at: period.end() });
            }
            _ => {}
        }
        // What an order is for is said by its activation.
        if before.choice != after.choice && !matches!(was, SubscriptionState::Incomplete) {
            events.push(Self::Changed { from: before.choice, to: after.choice });
        }
        if let (Some(former), Some(renewal)) = (was.renewal(), is.renewal())
            && former != renewal
        {
            match renewal {
                Renewal::Off => events.push(Self::RenewalSwitchedOff),
                Renewal::Changing(to) => events.push(Self::ChangeScheduled { to }),
                // A change that was pending and has come is no switch.
                Renewal::Automatic if before.choice == after.choice => events.push(Self::RenewalSwitchedOn),
                Renewal::Automatic => {}
            }
        }
        events
    }
}
