//! What time alone brings: renewals, payments that are tried again, ends.

use std::mem;

use chrono::Duration;

use super::{
    bill::{Bill, BillReason, Billed},
    desk::Desk,
    plan::Plan,
    subscription::{AtPeriodEnd, Phase, RETRY_AFTER_DAYS, Subscription, UNPAID_FOR},
};

impl Desk {
    /// Lets everything happen that has become due, in the order in which it did.
    pub(super) fn settle(&mut self) {
        while let Some((at, id)) = self.books.next_due().filter(|(at, _)| *at <= self.now) {
            let now = mem::replace(&mut self.now, at);
            self.let_come(&id);
            self.now = now;
        }
    }

    /// Lets what comes next for a subscription happen now, be it due or not.
    pub(super) fn let_come(&mut self, id: &str) {
        let Some(mut subscription) = self.books.subscriptions.get(id).cloned() else { return };
        match subscription.phase.clone() {
            Phase::Cancelled { .. } => {}
            Phase::Trialing | Phase::Active => match mem::take(&mut subscription.at_period_end) {
                AtPeriodEnd::Renew => {
                    let plan = subscription.plan.clone();
                    self.renew(subscription, plan);
                }
                AtPeriodEnd::Change(plan) => self.renew(subscription, plan),
                AtPeriodEnd::End => drop(self.end(subscription)),
            },
            Phase::PastDue { bill, failures, next_try_at } if subscription.goes_on_until(next_try_at) => {
                self.try_again(subscription, bill, failures);
            }
            Phase::Incomplete { .. } | Phase::PastDue { .. } | Phase::Unpaid { .. } => drop(self.end(subscription)),
        }
    }

    /// Begins the next period: where the last one ends, or now when that is cut short.
    fn renew(&mut self, mut subscription: Subscription, mut plan: Plan) {
        let due = subscription.period.end();
        let at = due.min(self.now);
        if at < due {
            plan.bring_forward(due, at);
        }
        if !subscription.begin_period(plan, at) {
            self.end(subscription);
            return;
        }
        let (period, price, currency) = (subscription.period, subscription.price, subscription.plan.currency().clone());
        let billed = Billed { reason: BillReason::Period, period, currency, price, unused: 0 };
        let bill = self.bill(&subscription.customer_id, billed);
        self.try_again(subscription, bill, 0);
    }

    /// Has the card pay a bill that it did not pay so many times before.
    fn try_again(&mut self, mut subscription: Subscription, bill: Bill, failures: u8) {
        if subscription.pays(bill.charged) {
            self.receive(subscription, bill);
            return;
        }
        let failed = bill.clone();
        subscription.phase = match RETRY_AFTER_DAYS.get(usize::from(failures)) {
            Some(days) => {
                Phase::PastDue { bill, failures: failures + 1, next_try_at: self.now + Duration::days(*days) }
            }
            None => Phase::Unpaid { bill, ends_at: self.now + UNPAID_FOR },
        };
        let subscription = self.keep(subscription);
        self.not_paid(&subscription, &failed);
    }
}
