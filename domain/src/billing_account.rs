//! What a tenant is to the billing provider, and which of its subscriptions counts.

use crate::{Subscription, SubscriptionId, TenantId, Timestamp, Version, subscription::CustomerId};

/// The billing account of a tenant: the one row that every order changes, so that a tenant has one subscription at a
/// time, whoever orders at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BillingAccount {
    state: BillingAccountSnapshot,
}

/// Everything about a billing account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BillingAccountSnapshot {
    /// Whose it is.
    pub tenant_id: TenantId,
    /// Who pays, as the provider knows them; `None` before the first order.
    pub customer_id: Option<CustomerId>,
    /// The subscription that the tenant has, or had last.
    pub current: Option<SubscriptionId>,
    /// The subscription that waits for its first payment.
    pub ordered: Option<SubscriptionId>,
    /// When the tenant's one trial began.
    pub trial_started_at: Option<Timestamp>,
    /// How often it was written.
    pub version: Version,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it last changed, or the subscription that the tenant has.
    pub updated_at: Timestamp,
}

/// The tenant has had its trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this organisation has had its trial")]
pub struct TrialUsed;

impl BillingAccount {
    /// The account of a tenant that has none yet.
    #[must_use]
    pub const fn open(tenant_id: TenantId, now: Timestamp) -> Self {
        Self {
            state: BillingAccountSnapshot {
                tenant_id,
                customer_id: None,
                current: None,
                ordered: None,
                trial_started_at: None,
                version: Version::UNWRITTEN,
                created_at: now,
                updated_at: now,
            },
        }
    }

    /// Takes an account from the store as it is.
    #[must_use]
    pub const fn restore(snapshot: BillingAccountSnapshot) -> Self {
        Self { state: snapshot }
    }

    /// Everything about it.
    #[must_use]
    pub const fn snapshot(&self) -> &BillingAccountSnapshot {
        &self.state
    }

    /// Notes who pays.
    pub fn is_paid_by(&mut self, customer_id: CustomerId, now: Timestamp) {
        if self.state.customer_id.as_ref() != Some(&customer_id) {
            self.state.customer_id = Some(customer_id);
            self.state.updated_at = now;
        }
    }

    /// Begins the tenant's one trial.
    ///
    /// # Errors
    ///
    /// [`TrialUsed`] when it had one.
    pub fn start_trial(&mut self, trial: SubscriptionId, now: Timestamp) -> Result<(), TrialUsed> {
        if self.state.trial_started_at.is_some() {
            return Err(TrialUsed);
        }
        self.state.trial_started_at = Some(now);
        self.state.current = Some(trial);
        self.state.updated_at = now;
        Ok(())
    }

    /// Notes the subscription that waits for its first payment, in place of any other.
    pub fn place_order(&mut self, order: SubscriptionId, now: Timestamp) {
        self.state.ordered = Some(order);
        self.state.updated_at = now;
    }

    /// Notes that a subscription is the one that the tenant has, and waits for nothing any more if it was ordered.
    pub fn has(&mut self, subscription: &SubscriptionId, now: Timestamp) {
        self.forget_order(subscription, now);
        if self.state.current.as_ref() != Some(subscription) {
            self.state.current = Some(subscription.clone());
            self.state.updated_at = now;
        }
    }

    /// Notes that one of the tenant's own subscriptions, as it was, came to its end: an order is waited for no more, and
    /// a trial was the tenant's one. The Python service kept no account of the trials that it began, and the row of one
    /// that is over says no more that it was one.
    pub fn loses(&mut self, ended: &Subscription, now: Timestamp) {
        let snapshot = ended.snapshot();
        self.forget_order(&snapshot.id, now);
        if ended.is_trial() && self.state.trial_started_at.is_none() {
            self.state.trial_started_at = Some(snapshot.created_at);
            self.state.updated_at = now;
        }
    }

    /// Notes when the subscription that the tenant has changed: whoever finds it as it was before, where copies of it lag,
    /// knows that it is not that any more.
    pub fn hears_of(&mut self, subscription: &Subscription) {
        let subscription = subscription.snapshot();
        if self.state.current.as_ref() == Some(&subscription.id) {
            self.state.updated_at = self.state.updated_at.max(subscription.updated_at);
        }
    }

    /// Notes that an order came to nothing.
    pub fn forget_order(&mut self, order: &SubscriptionId, now: Timestamp) {
        if self.state.ordered.as_ref() == Some(order) {
            self.state.ordered = None;
            self.state.updated_at = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Tier, UserId, user::tests::at};

    #[test]
    fn a_tenant_has_one_trial() {
        let mut account = BillingAccount::open(TenantId::restore("t1"), at(0));
        assert_eq!(account.start_trial(SubscriptionId::restore("s1"), at(1)), Ok(()));
        assert_eq!(account.start_trial(SubscriptionId::restore("s2"), at(2)), Err(TrialUsed));
        assert_eq!(account.snapshot().current, Some(SubscriptionId::restore("s1")));
    }

    #[test]
    fn a_trial_that_the_account_knows_nothing_of_was_one() {
        let (tenant_id, user_id) = (TenantId::restore("t1"), UserId::restore("u1"));
        let (trial, _) = Subscription::start_trial(
            SubscriptionId::restore("s1"),
            tenant_id.clone(),
            user_id,
            Tier::Professional,
            at(1),
        );
        let mut account = BillingAccount::open(tenant_id, at(0));
        account.loses(&trial, at(5));
        assert_eq!(account.snapshot().trial_started_at, Some(at(1)));
        assert_eq!(account.start_trial(SubscriptionId::restore("s2"), at(7)), Err(TrialUsed));
    }

    #[test]
    fn it_is_as_new_as_the_subscription_that_the_tenant_has() {
        let start = |id, at| {
            let (tenant_id, user_id) = (TenantId::restore("t1"), UserId::restore("u1"));
            Subscription::start_trial(SubscriptionId::restore(id), tenant_id, user_id, Tier::Starter, at).0
        };
        let mut account = BillingAccount::open(TenantId::restore("t1"), at(0));
        account.has(&SubscriptionId::restore("s1"), at(5));
        for (id, changed_at, known) in [("s2", 9, 5), ("s1", 4, 5), ("s1", 7, 7)] {
            account.hears_of(&start(id, at(changed_at)));
            assert_eq!(account.snapshot().updated_at, at(known), "{id}");
        }
    }

    #[test]
    fn what_is_paid_for_is_not_waited_for() {
        let (order, other) = (SubscriptionId::restore("s1"), SubscriptionId::restore("s2"));
        let mut account = BillingAccount::open(TenantId::restore("t1"), at(0));
        account.place_order(order.clone(), at(1));
        account.forget_order(&other, at(2));
        assert_eq!(account.snapshot().ordered, Some(order.clone()));
        account.has(&order, at(3));
        assert_eq!((&account.snapshot().ordered, &account.snapshot().current), (&None, &Some(order)));
        assert_eq!(account.snapshot().updated_at, at(3));
    }
}
