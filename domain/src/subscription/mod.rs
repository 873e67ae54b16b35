//! What a tenant has subscribed to.
//!
//! Trials are ours alone. What is paid for is held by the billing provider, too, and the provider is right: a paid
//! subscription changes by [`Subscription::observe`], which takes over what the provider says, whoever caused it.

mod billed;
mod event;
mod plan;
mod reason;
mod state;
mod trial;

pub use billed::{BilledStatus, BilledSubscription, CustomerId, ProviderSubscriptionId};
pub use event::{SubscriptionEvent, SubscriptionEventKind};
pub use plan::{ChangeRefused, Plan, PlanChange, PlanChoice};
pub use reason::{CancellationReason, InvalidReason, TrialExtensionReason};
pub use state::{Renewal, SubscriptionState, SubscriptionStatus};
pub use trial::{TRIAL, TrialExtension, TrialExtensionRefused};

use chrono::Duration;

use crate::{Money, Outcome, SubscriptionId, TenantId, Timestamp, UserId, Version, discount::PromoCode};

/// How long a tenant keeps what it subscribed to after a payment failed, while the payment is tried again.
pub const GRACE: Duration = Duration::days(7);

/// A subscription of a tenant: a state machine around a [`SubscriptionSnapshot`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    state: SubscriptionSnapshot,
}

/// Everything about a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionSnapshot {
    /// Identity.
    pub id: SubscriptionId,
    /// Whose it is.
    pub tenant_id: TenantId,
    /// Who subscribed; `None` where the Python service did not write it down.
    pub user_id: Option<UserId>,
    /// What was subscribed to.
    pub choice: PlanChoice,
    /// What one period costs, after the discount.
    pub price: Money,
    /// Where it stands.
    pub state: SubscriptionState,
    /// The promotion code that it was ordered with.
    pub promo_code: Option<PromoCode>,
    /// What the billing provider calls it; `None` for a trial, and for an order that the provider has not taken yet.
    pub provider_id: Option<ProviderSubscriptionId>,
    /// When the latest event of the provider that is known here happened, by the provider's clock.
    pub last_event_at: Option<Timestamp>,
    /// Why the tenant left, in its words.
    pub cancellation_reason: Option<CancellationReason>,
    /// How its trial was extended, oldest first.
    pub trial_extensions: Vec<TrialExtension>,
    /// How often it was written.
    pub version: Version,
    /// When it was ordered, or its trial began.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// An order of a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The identity that it will have.
    pub id: SubscriptionId,
    /// For whom.
    pub tenant_id: TenantId,
    /// By whom.
    pub user_id: UserId,
    /// What.
    pub choice: PlanChoice,
    /// What one period costs, after the discount.
    pub price: Money,
    /// The promotion code.
    pub promo_code: Option<PromoCode>,
}

impl Subscription {
    /// Orders a subscription, which gives nothing before its first payment.
    pub fn order(order: Order, now: Timestamp) -> (Self, Outcome<SubscriptionEvent>) {
        let Order { id, tenant_id, user_id, choice, price, promo_code } = order;
        let mut subscription = Self {
            state: SubscriptionSnapshot {
                id,
                tenant_id,
                user_id: Some(user_id),
                choice,
                price,
                state: SubscriptionState::Incomplete,
                promo_code,
                provider_id: None,
                last_event_at: None,
                cancellation_reason: None,
                trial_extensions: Vec::new(),
                version: Version::UNWRITTEN,
                created_at: now,
                updated_at: now,
            },
        };
        let ordered = subscription.happened(SubscriptionEventKind::Ordered { choice }, now);
        (subscription, ordered)
    }

    /// A subscription that the provider has and this service does not: somebody made it at the provider.
    pub fn adopt(
        id: SubscriptionId,
        tenant_id: TenantId,
        billed: &BilledSubscription,
        now: Timestamp,
    ) -> (Self, Outcome<SubscriptionEvent>) {
        let mut subscription = Self {
            state: SubscriptionSnapshot {
                id,
                tenant_id,
                user_id: None,
                choice: billed.choice,
                price: billed.price.clone(),
                state: SubscriptionState::Incomplete,
                promo_code: None,
                provider_id: Some(billed.id.clone()),
                last_event_at: None,
                cancellation_reason: None,
                trial_extensions: Vec::new(),
                version: Version::UNWRITTEN,
                created_at: now,
                updated_at: now,
            },
        };
        let seen = subscription.observe(billed, now);
        (subscription, seen)
    }

    /// Takes a subscription from the store as it is.
    #[must_use]
    pub const fn restore(snapshot: SubscriptionSnapshot) -> Self {
        Self { state: snapshot }
    }

    /// Everything about it.
    #[must_use]
    pub const fn snapshot(&self) -> &SubscriptionSnapshot {
        &self.state
    }

    /// Whether the tenant gets what it subscribed to: it is being tried and the trial is not over, it is paid, or a
    /// payment is being tried again and the time of grace is not over.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.state.state.is_live(now)
    }

    /// Whether nothing can become of it any more.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        matches!(self.state.state, SubscriptionState::Cancelled { .. })
    }

    /// What tokens and answers show of it.
    #[must_use]
    pub const fn plan(&self) -> Plan {
        Plan {
            tier: self.state.choice.tier,
            status: self.state.state.status(),
            trial_ends_at: match &self.state.state {
                SubscriptionState::Trialing { period, .. } => Some(period.end()),
                _ => None,
            },
        }
    }

    /// Notes that an event of the provider that happened then is known. Returns whether an event of that time can
    /// say anything new: not when a later one is known, because what the provider said then included it (security
    /// rule 30).
    pub fn hears_of(&mut self, event_at: Timestamp) -> bool {
        if self.state.last_event_at.is_some_and(|known| event_at < known) {
            return false;
        }
        self.state.last_event_at = Some(event_at);
        true
    }

    /// Takes over what the provider says. What is cancelled stays so: nothing at the provider brings a cancelled
    /// subscription back to life, so that whatever says otherwise is older (security rule 30).
    pub fn observe(&mut self, billed: &BilledSubscription, now: Timestamp) -> Outcome<SubscriptionEvent> {
        if self.is_over() {
            return Outcome::nothing();
        }
        let before = self.state.clone();
        self.state.provider_id = Some(billed.id.clone());
        self.state.state = SubscriptionState::observed(&before.state, billed, now);
        // What is to be changed at the period's end is held by the provider already, and here until then.
        self.state.choice = billed.choice;
        self.state.price = billed.price.clone();
        if self.state == before {
            return Outcome::nothing();
        }
        let mut happened = SubscriptionEventKind::between(&before, &self.state).into_iter();
        let Some(first) = happened.next() else {
            // The provider's own name for it, or the period of what is not paid: worth keeping, no news to anybody.
            self.state.updated_at = now;
            return Outcome::nothing();
        };
        let first = self.happened(first, now);
        happened.fold(first, |events, kind| events.also(kind.of(&self.state)))
    }

    /// Notes why the tenant leaves. What becomes of the subscription is another matter.
    pub fn is_left_because(&mut self, reason: CancellationReason, now: Timestamp) {
        self.state.cancellation_reason = Some(reason);
        self.state.updated_at = now;
    }

    /// Whether it is, or was until its end, a trial of ours.
    #[must_use]
    pub const fn is_trial(&self) -> bool {
        self.state.provider_id.is_none() && matches!(self.state.state, SubscriptionState::Trialing { .. })
    }

    /// Ends it because another one takes its place, or because the tenant wants no more of its trial.
    pub fn end(&mut self, now: Timestamp) -> Outcome<SubscriptionEvent> {
        if self.is_over() {
            return Outcome::nothing();
        }
        let period = self.state.state.period().copied();
        self.state.state = SubscriptionState::Cancelled { at: now, period };
        self.happened(SubscriptionEventKind::Cancelled, now)
    }

    fn happened(&mut self, event: SubscriptionEventKind, now: Timestamp) -> Outcome<SubscriptionEvent> {
        self.state.updated_at = now;
        Outcome::of(event.of(&self.state))
    }
}

#[cfg(test)]
mod tests;
