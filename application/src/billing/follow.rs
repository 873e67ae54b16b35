//! Taking over what the provider says about a tenant's subscription.

use domain::{
    BillingAccount, Outcome, Subscription, SubscriptionId, TenantId, Timestamp,
    subscription::{BilledSubscription, ProviderSubscriptionId, SubscriptionEvent, SubscriptionState},
};

use super::{BillingService, price::release};
use crate::{
    actor::{Actor, TenantScope},
    error::UseCaseError,
    ports::{BillingError, ChangeSet, ProviderEvent, TenantBilling, Write},
    retry::{Setback, look_again, settle},
};

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

impl BillingService {
    /// Takes over what became of a subscription that the actor has just had the provider do something about. `None`
    /// when the provider has none of that name any more.
    pub(super) async fn follow<E>(&self, actor: &Actor, id: &ProviderSubscriptionId) -> Result<Option<Subscription>, E>
    where
        E: UseCaseError + From<BillingError>,
    {
        self.follow_in(&TenantScope::from(actor), id, |changes| changes.by(actor.user_id())).await
    }

    /// The same for whoever may reach the tenant; `by` says who that is.
    pub(super) async fn follow_in<E>(
        &self,
        scope: &TenantScope,
        id: &ProviderSubscriptionId,
        by: impl Fn(ChangeSet) -> ChangeSet,
    ) -> Result<Option<Subscription>, E>
    where
        E: UseCaseError + From<BillingError>,
    {
        settle(|| async {
            let Some(followed) = self.follow_now::<E>(scope, id, None).await? else { return Ok(None) };
            self.unit_of_work.commit(by(followed.changes)).await.map_err(look_again::<E>)?;
            Ok(Some(followed.subscription))
        })
        .await
    }

    /// What to commit so that the tenant's subscription is what the provider says it is now. `None` when there is
    /// nothing to look at: something later is known, or the provider has no such subscription any more.
    pub(super) async fn follow_now<E>(
        &self,
        scope: &TenantScope,
        id: &ProviderSubscriptionId,
        event: Option<&ProviderEvent>,
    ) -> Result<Option<Followed>, Setback<E>>
    where
        E: UseCaseError + From<BillingError>,
    {
        let loaded = self.billing.find(scope).await?;
        let known = loaded.subscriptions.iter().find(|one| one.snapshot().provider_id.as_ref() == Some(id));
        let event_at = event.map(|event| event.occurred_at);
        if let Some((known, event_at)) = known.zip(event_at)
            && !known.clone().hears_of(event_at)
        {
            return Ok(None);
        }
        // Asked for after the load: whoever commits on the same version has asked earlier.
        let Some(billed) = self.provider.subscription(id).await.map_err(E::from)? else { return Ok(None) };
        let another = loaded.at_provider().map(|known| known.snapshot().id.clone());
        let following = Following::new(scope.tenant_id().clone(), loaded, self.clock.now());
        if following.known(&billed).is_none() {
            if billed.status.is_over() {
                return Ok(None);
            }
            if let Some(another) = another {
                let tenant_id = scope.tenant_id();
                tracing::error!(%tenant_id, subscription_id = %another, provider_id = %id, "the provider bills a tenant twice");
                return Ok(None);
            }
        }
        let Followed { before, subscription, changes } = following.follow(&billed, event_at, || self.ids.uuid().into());
        if subscription.is_over() && !billed.status.is_over() {
            let (tenant_id, subscription_id) = (scope.tenant_id(), &subscription.snapshot().id);
            tracing::error!(%tenant_id, %subscription_id, provider_id = %id, "the provider goes on with what is over here");
        }
        let changes = release(&*self.discounts, scope, changes).await?;
        Ok(Some(Followed { before, subscription, changes }))
    }
}
