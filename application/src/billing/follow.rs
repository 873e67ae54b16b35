//! Taking over what the provider says about a tenant's subscription.

use domain::{
    BillingAccount, Outcome, Subscription, SubscriptionId, TenantId, Timestamp,
    subscription::{BilledSubscription, SubscriptionEvent, SubscriptionState},
};

use crate::ports::{ChangeSet, TenantBilling, Write};

/// What a tenant pays for, on its way from how it was loaded to what the provider says.
pub(super) struct Following {
    tenant_id: TenantId,
    loaded: TenantBilling,
    now: Timestamp,
}

/// What following the provider led to.
pub(super) struct Followed {
    /// The subscription as it was loaded, if it was known.
    pub(super) before: Option<Subscription>,
    /// The subscription as it is once the changes are committed.
    pub(super) subscription: Subscription,
    /// What to commit; empty when nothing is new.
    pub(super) changes: ChangeSet,
}

impl Following {
    pub(super) const fn new(tenant_id: TenantId, loaded: TenantBilling, now: Timestamp) -> Self {
        Self { tenant_id, loaded, now }
    }

    /// The subscription of ours that the provider speaks of: it is known by the provider's name for it, or was ordered
    /// and is not known by that name yet.
    pub(super) fn find<'a>(billing: &'a TenantBilling, billed: &BilledSubscription) -> Option<&'a Subscription> {
        let named = |subscription: &&Subscription| subscription.snapshot().provider_id.as_ref() == Some(&billed.id);
        let ordered = |subscription: &&Subscription| {
            let snapshot = subscription.snapshot();
            snapshot.provider_id.is_none() && Some(&snapshot.id) == billed.subscription_id.as_ref()
        };
        let subscriptions = &billing.subscriptions;
        subscriptions.iter().find(named).or_else(|| subscriptions.iter().find(ordered))
    }

    /// The subscription of ours that the provider speaks of.
    pub(super) fn known(&self, billed: &BilledSubscription) -> Option<&Subscription> {
        Self::find(&self.loaded, billed)
    }

    /// Takes over what the provider says, with whatever follows from that for the tenant's account and its trial. A
    /// subscription that is not known becomes one of the tenant's: under the name that the provider was told, or under a
    /// new one when that is another one's by now. `event_at`: when what led here happened.
    pub(super) fn follow(
        self,
        billed: &BilledSubscription,
        event_at: Option<Timestamp>,
        new_id: impl FnOnce() -> SubscriptionId,
    ) -> Followed {
        let now = self.now;
        let mut changes = ChangeSet::default();
        let before = self.known(billed).cloned();
        let subscription = if let Some(before) = &before {
            let mut after = before.clone();
            if let Some(event_at) = event_at {
                after.hears_of(event_at);
            }
            changes = changes.record(after.observe(billed, now));
            if after != *before {
                changes = changes.save_subscription(before.clone(), after.clone());
            }
            after
        } else {
            let is_taken = |id: &SubscriptionId| self.loaded.subscriptions.iter().any(|one| one.snapshot().id == *id);
            let told = billed.subscription_id.clone().filter(|id| !is_taken(id));
            let id = told.unwrap_or_else(new_id);
            let (mut adopted, seen) = Subscription::adopt(id, self.tenant_id.clone(), billed, now);
            if let Some(event_at) = event_at {
                adopted.hears_of(event_at);
            }
            changes = changes.record(seen).write(Write::CreateSubscription(Box::new(adopted.clone())));
            adopted
        };
        let changes = self.settle_account(&subscription, billed, changes);
        Followed { before, subscription, changes }
    }

    /// Which subscription of the tenant counts now. A trial gives way to what is paid for.
    fn settle_account(
        self,
        subscription: &Subscription,
        billed: &BilledSubscription,
        mut changes: ChangeSet,
    ) -> ChangeSet {
        let now = self.now;
        let before = self.loaded.account;
        let mut account = before.clone().unwrap_or_else(|| BillingAccount::open(self.tenant_id, now));
        account.is_paid_by(billed.customer_id.clone(), now);
        let id = &subscription.snapshot().id;
        match subscription.snapshot().state {
            SubscriptionState::Incomplete => {}
            SubscriptionState::Cancelled { .. } => account.forget_order(id, now),
            SubscriptionState::Trialing { .. }
            | SubscriptionState::Active { .. }
            | SubscriptionState::PastDue { .. }
            | SubscriptionState::Unpaid { .. } => {
                let others = self.loaded.subscriptions.into_iter().filter(|other| other.snapshot().id != *id);
                for before in others.filter(|other| other.snapshot().provider_id.is_none() && !other.is_over()) {
                    let mut after = before.clone();
                    let ended: Outcome<SubscriptionEvent> = after.end(now);
                    account.loses(&before, now);
                    changes = changes.record(ended).save_subscription(before, after);
                }
                account.has(id, now);
            }
        }
        if !changes.writes.is_empty() {
            account.hears_of(subscription);
        }
        if before.as_ref() == Some(&account) {
            return changes;
        }
        changes.write(Write::SaveBillingAccount { before: before.map(Box::new), after: Box::new(account) })
    }
}
