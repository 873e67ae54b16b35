//! Changes of subscriptions that somebody asks for.

use application::ports::{BillingError, PricedPlan};
use chrono::{Duration, SubsecRound};
use domain::{BillingPeriod, Timestamp};

use super::{
    bill::{BillReason, Billed, rest_of},
    desk::Desk,
    payment_method::PaymentMethod,
    plan::Plan,
    subscription::{AtPeriodEnd, Phase, Subscription},
};

/// The longest trial, from now on.
const LONGEST_TRIAL: Duration = Duration::days(730);

impl Desk {
    /// Changes a subscription to another plan at once.
    ///
    /// What is left of the period is credited: [`rest_of`] what it cost. Who goes on paying as often pays the same part of
    /// the new price, and the period stays; for who pays at other intervals from now on, a whole period begins.
    pub(super) fn change_now(
        &mut self,
        id: &str,
        to: &PricedPlan,
        attempt: &str,
    ) -> Result<Subscription, BillingError> {
        let current = self.books.subscription(id)?.clone();
        if current.has_seen(attempt) {
            return Ok(current);
        }
        let mut plan = may_become(&current, to, self.now)?;
        let mut changed = current.clone();
        changed.remember(attempt, self.now)?;
        if let AtPeriodEnd::Change(_) = changed.at_period_end {
            changed.at_period_end = AtPeriodEnd::Renew;
        }
        if changed.phase == Phase::Trialing {
            (changed.price, changed.plan) = (plan.price_from(current.period.end()), plan);
            return Ok(self.keep(changed));
        }
        let currency = plan.currency().clone();
        let unused = rest_of(current.price, &current.period, self.now);
        let (period, price) = if plan.choice.frequency == current.plan.choice.frequency {
            changed.price = plan.begin_period(self.now);
            changed.plan = plan;
            let rest = BillingPeriod::lasting(self.now, current.period.end() - self.now);
            (rest, rest_of(changed.price, &current.period, self.now))
        } else if changed.begin_period(plan, self.now) {
            (changed.period, changed.price)
        } else {
            return Err(BillingError::Refused("its next period would never end".to_owned()));
        };
        let bill =
            self.bill(&current.customer_id, Billed { reason: BillReason::Change, period, currency, price, unused });
        if !changed.pays(bill.charged) {
            self.void(&current, &bill);
            self.keep(Subscription { failures_to_come: changed.failures_to_come, ..current });
            return Err(PaymentMethod::declined());
        }
        Ok(self.receive(changed, bill))
    }

    /// Has a subscription go on as another plan after its period.
    pub(super) fn change_at_period_end(
        &mut self,
        id: &str,
        to: &PricedPlan,
        attempt: &str,
    ) -> Result<Subscription, BillingError> {
        let mut subscription = self.books.subscription(id)?.clone();
        if subscription.has_seen(attempt) {
            return Ok(subscription);
        }
        let plan = may_become(&subscription, to, subscription.period.end())?;
        subscription.at_period_end = AtPeriodEnd::Change(plan);
        subscription.remember(attempt, self.now)?;
        Ok(self.keep(subscription))
    }

    /// Has a subscription go on after its period, or end with it.
    pub(super) fn set_renewal(&mut self, id: &str, renews: bool) -> Result<Subscription, BillingError> {
        let mut subscription = self.books.subscription(id)?.clone();
        match subscription.phase {
            Phase::Incomplete { .. } => return Err(payment_outstanding()),
            Phase::Cancelled { .. } => return Err(over()),
            Phase::Trialing | Phase::Active | Phase::PastDue { .. } | Phase::Unpaid { .. } => {}
        }
        subscription.at_period_end = if renews { AtPeriodEnd::Renew } else { AtPeriodEnd::End };
        Ok(self.keep(subscription))
    }

    /// Ends a subscription at once.
    pub(super) fn cancel(&mut self, id: &str) -> Result<Subscription, BillingError> {
        let subscription = self.books.subscription(id)?.clone();
        Ok(match subscription.phase {
            Phase::Cancelled { .. } => subscription,
            _ => self.end(subscription),
        })
    }

    /// Lets a trial end at another time.
    pub(super) fn extend_trial(&mut self, id: &str, ends_at: Timestamp) -> Result<Subscription, BillingError> {
        let mut subscription = self.books.subscription(id)?.clone();
        if subscription.phase != Phase::Trialing {
            return Err(BillingError::Refused("the subscription is not on trial".to_owned()));
        }
        subscription.period = self.trial(subscription.period.start(), ends_at)?;
        Ok(self.keep(subscription))
    }

    /// The period of a trial.
    pub(super) fn trial(&self, start: Timestamp, ends_at: Timestamp) -> Result<BillingPeriod, BillingError> {
        let ends_at = ends_at.trunc_subsecs(0);
        if ends_at <= self.now || ends_at > self.now + LONGEST_TRIAL {
            return Err(BillingError::Refused("a trial ends in the future, and within two years".to_owned()));
        }
        Ok(BillingPeriod::lasting(start, ends_at - start))
    }

    /// Ends a subscription, and takes back the bill that was not paid.
    pub(super) fn end(&mut self, subscription: Subscription) -> Subscription {
        if let Some(bill) = subscription.outstanding() {
            self.void(&subscription, bill);
        }
        let never_paid = matches!(subscription.phase, Phase::Incomplete { .. });
        let phase = Phase::Cancelled { at: self.now, never_paid };
        self.keep(Subscription { phase, at_period_end: AtPeriodEnd::End, ..subscription })
    }
}

/// The plan, if the subscription can change to it, which is then.
fn may_become(subscription: &Subscription, to: &PricedPlan, then: Timestamp) -> Result<Plan, BillingError> {
    match subscription.phase {
        Phase::Trialing | Phase::Active => {}
        Phase::Incomplete { .. } | Phase::PastDue { .. } | Phase::Unpaid { .. } => return Err(payment_outstanding()),
        Phase::Cancelled { .. } => return Err(over()),
    }
    let plan = Plan::of(to, then, Some(&subscription.plan))?;
    if plan.currency() == subscription.plan.currency() {
        return Ok(plan);
    }
    Err(BillingError::Refused("a subscription stays in its currency".to_owned()))
}

fn payment_outstanding() -> BillingError {
    BillingError::Refused("a payment is outstanding".to_owned())
}

fn over() -> BillingError {
    BillingError::Refused("the subscription is over".to_owned())
}
