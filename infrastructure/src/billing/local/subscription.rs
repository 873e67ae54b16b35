//! A subscription as this provider keeps it: a state machine like Stripe's.

use std::{collections::BTreeMap, fmt};

use application::ports::BillingError;
use chrono::Duration;
use domain::{
    BillingPeriod, Money, SubscriptionId, TenantId, Timestamp,
    subscription::{BilledStatus, BilledSubscription, CustomerId, ProviderSubscriptionId, Renewal},
};
use serde::{Deserialize, Serialize};

use super::{bill::Bill, payment_method::PaymentMethod, plan::Plan, saved};

/// How long a first payment is waited for.
pub(super) const FIRST_PAYMENT_WITHIN: Duration = Duration::hours(23);

/// How many days after the attempt before a failed payment is tried again; after the last one it is given up.
pub(super) const RETRY_AFTER_DAYS: [i64; 3] = [3, 5, 7];

/// How long a payment that was given up can still be made.
pub(super) const UNPAID_FOR: Duration = Duration::days(15);

/// For how long an attempt to change a subscription is remembered, so that it is not made twice.
const ATTEMPTS_KEPT_FOR: Duration = Duration::days(1);

/// Most changes of one subscription in that time.
const MOST_ATTEMPTS: usize = 100;

/// A subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Subscription {
    pub(super) id: String,
    pub(super) customer_id: String,
    /// What it is for whoever ordered it; nothing when it was made on the dashboard.
    pub(super) ordered_as: Option<OrderedAs>,
    pub(super) plan: Plan,
    /// What the current period costs, after the discount, in minor units.
    pub(super) price: u64,
    pub(super) payment_method: Option<PaymentMethod>,
    /// From where periods are counted.
    pub(super) anchor: Timestamp,
    /// How many periods lie between the anchor and the current one.
    pub(super) index: u32,
    #[serde(with = "saved::period")]
    pub(super) period: BillingPeriod,
    pub(super) phase: Phase,
    pub(super) at_period_end: AtPeriodEnd,
    /// Changes that were made, and when.
    pub(super) attempts: BTreeMap<String, Timestamp>,
    /// How many of the payments to come will fail, whatever the card.
    pub(super) failures_to_come: u8,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
}

/// What a subscription is for whoever ordered it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OrderedAs {
    pub(super) subscription_id: String,
    pub(super) tenant_id: String,
}

/// Where a subscription stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub(super) enum Phase {
    /// The first payment is outstanding, until it is too late for it.
    Incomplete { bill: Bill, client_secret: ClientSecret, expires_at: Timestamp },
    /// On trial.
    Trialing,
    /// Paid.
    Active,
    /// A payment failed so many times, and is tried again.
    PastDue { bill: Bill, failures: u8, next_try_at: Timestamp },
    /// A payment was given up.
    Unpaid { bill: Bill, ends_at: Timestamp },
    /// It ended.
    Cancelled { at: Timestamp, never_paid: bool },
}

/// What becomes of a subscription at the end of its period.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum AtPeriodEnd {
    /// It goes on.
    #[default]
    Renew,
    /// It goes on as something else.
    Change(Plan),
    /// It ends.
    End,
}

/// What a payment is confirmed with.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct ClientSecret(pub(super) String);

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret")
    }
}

/// What a subscription begins with.
pub(super) struct Beginning {
    pub(super) customer_id: String,
    pub(super) ordered_as: Option<OrderedAs>,
    pub(super) plan: Plan,
    pub(super) payment_method: Option<PaymentMethod>,
}

impl Subscription {
    /// A subscription whose first period, or trial, begins.
    pub(super) fn new(id: String, beginning: Beginning, price: u64, period: BillingPeriod, phase: Phase) -> Self {
        let Beginning { customer_id, ordered_as, plan, payment_method } = beginning;
        Self {
            id,
            customer_id,
            ordered_as,
            plan,
            price,
            payment_method,
            anchor: period.start(),
            index: 0,
            period,
            phase,
            at_period_end: AtPeriodEnd::Renew,
            attempts: BTreeMap::new(),
            failures_to_come: 0,
            created_at: period.start(),
            updated_at: period.start(),
        }
    }

    /// The subscription as the port describes it.
    pub(super) fn billed(&self) -> BilledSubscription {
        let ordered_as = self.ordered_as.as_ref();
        BilledSubscription {
            id: ProviderSubscriptionId::restore(&self.id),
            customer_id: CustomerId::restore(&self.customer_id),
            subscription_id: ordered_as.map(|ordered| SubscriptionId::restore(&ordered.subscription_id)),
            tenant_id: ordered_as.map(|ordered| TenantId::restore(&ordered.tenant_id)),
            status: match &self.phase {
                Phase::Incomplete { .. } => BilledStatus::Incomplete,
                Phase::Trialing => BilledStatus::Trialing,
                Phase::Active => BilledStatus::Active,
                Phase::PastDue { .. } => BilledStatus::PastDue,
                Phase::Unpaid { .. } => BilledStatus::Unpaid,
                Phase::Cancelled { at, .. } => BilledStatus::Cancelled { at: *at },
            },
            choice: self.plan.choice,
            price: Money::new(self.price, self.plan.currency().clone()),
            promo_code: self.plan.promo_code(),
            period: self.period,
            renewal: match &self.at_period_end {
                AtPeriodEnd::Renew => Renewal::Automatic,
                AtPeriodEnd::Change(plan) => Renewal::Changing(plan.choice),
                AtPeriodEnd::End => Renewal::Off,
            },
        }
    }

    /// Where it stands, in Stripe's words.
    pub(super) const fn status(&self) -> &'static str {
        match &self.phase {
            Phase::Incomplete { .. } => "incomplete",
            Phase::Trialing => "trialing",
            Phase::Active => "active",
            Phase::PastDue { .. } => "past_due",
            Phase::Unpaid { .. } => "unpaid",
            Phase::Cancelled { never_paid: true, .. } => "incomplete_expired",
            Phase::Cancelled { never_paid: false, .. } => "canceled",
        }
    }

    /// The bill that waits to be paid.
    pub(super) const fn outstanding(&self) -> Option<&Bill> {
        match &self.phase {
            Phase::Incomplete { bill, .. } | Phase::PastDue { bill, .. } | Phase::Unpaid { bill, .. } => Some(bill),
            Phase::Trialing | Phase::Active | Phase::Cancelled { .. } => None,
        }
    }

    /// When time alone changes something about it next.
    pub(super) fn due_at(&self) -> Option<Timestamp> {
        let due =
            match &self.phase {
                Phase::Incomplete { expires_at, .. } => *expires_at,
                Phase::Trialing | Phase::Active => self.period.end(),
                Phase::PastDue { next_try_at: at, .. } | Phase::Unpaid { ends_at: at, .. } => {
                    if self.goes_on_until(*at) { *at } else { self.period.end() }
                }
                Phase::Cancelled { .. } => return None,
            };
        // What was put off, by a payment that came late, comes after that and not before.
        Some(due.max(self.updated_at))
    }

    /// Whether it does not end with its period before that.
    pub(super) fn goes_on_until(&self, at: Timestamp) -> bool {
        self.at_period_end != AtPeriodEnd::End || at <= self.period.end()
    }

    /// Whether the card pays an amount now.
    pub(super) fn pays(&mut self, amount: u64) -> bool {
        if amount == 0 {
            return true;
        }
        if self.failures_to_come > 0 {
            self.failures_to_come -= 1;
            return false;
        }
        self.payment_method.is_some_and(PaymentMethod::pays_alone)
    }

    /// Begins the next period at an instant, as this plan. `false` when that is beyond what dates can express.
    pub(super) fn begin_period(&mut self, mut plan: Plan, at: Timestamp) -> bool {
        // Counted from the same anchor, so that what was ordered on the 31st is renewed on a 31st again.
        let goes_on = !matches!(self.phase, Phase::Trialing)
            && plan.choice.frequency == self.plan.choice.frequency
            && at == self.period.end();
        let (anchor, index) = if goes_on { (self.anchor, self.index.saturating_add(1)) } else { (at, 0) };
        let Some(period) = BillingPeriod::nth(anchor, plan.choice.frequency, index) else { return false };
        self.price = plan.begin_period(at);
        (self.plan, self.anchor, self.index, self.period) = (plan, anchor, index, period);
        true
    }

    /// Whether this change was made before.
    pub(super) fn has_seen(&self, attempt: &str) -> bool {
        self.attempts.contains_key(attempt)
    }

    /// Notes that a change is made.
    pub(super) fn remember(&mut self, attempt: &str, now: Timestamp) -> Result<(), BillingError> {
        self.attempts.retain(|_, made_at| now < *made_at + ATTEMPTS_KEPT_FOR);
        if self.attempts.len() == MOST_ATTEMPTS {
            return Err(BillingError::Refused(format!("the subscription changed {MOST_ATTEMPTS} times in a day")));
        }
        self.attempts.insert(attempt.to_owned(), now);
        Ok(())
    }
}
