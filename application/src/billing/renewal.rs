//! Ending a subscription, now or with its period, and thinking better of it.

use domain::{
    BillingAccount, BillingPeriod, Subscription, SubscriptionId, Timestamp,
    subscription::{CancellationReason, ProviderSubscriptionId, Renewal, SubscriptionState},
};

use super::{BillingService, ShownSubscription, price::release};
use crate::{
    actor::{Actor, Denied, TenantScope},
    error::{Classified, ErrorKind, Failure, UseCaseError, from_port_errors},
    ports::{BillingError, ChangeSet, DiscountRepository, StoreError, Write},
    retry::{Setback, look_again, settle},
};

/// A tenant that wants no more of its subscription.
#[derive(Clone, Debug)]
pub struct CancelSubscription {
    /// Why, in their words.
    pub reason: Option<CancellationReason>,
    /// Whether it goes on until the period that is paid for is over.
    pub at_period_end: bool,
}

/// Why the renewal of a subscription was not changed.
#[derive(Debug, thiserror::Error)]
pub enum RenewalError {
    /// The role does not allow it.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// There is nothing that could be ended or renewed.
    #[error("this organisation has no subscription")]
    NoSubscription,
    /// A trial ends by itself.
    #[error("a trial does not renew; subscribe instead")]
    Trial,
    /// The provider did not do it.
    #[error(transparent)]
    Provider(#[from] BillingError),
    /// Something else.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl Classified for RenewalError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Denied(denied) => denied.kind(),
            Self::NoSubscription => ErrorKind::SubscriptionNotFound,
            Self::Trial => ErrorKind::Conflict,
            Self::Provider(error) => error.kind(),
            Self::Failed(failure) => failure.kind(),
        }
    }
}

from_port_errors!(RenewalError);

/// What became of a subscription that was to be ended here.
enum Ended {
    /// It is over, or ends with its period.
    Here(Box<Subscription>),
    /// Nothing: the provider knows it, by this name.
    Not(ProviderSubscriptionId),
    /// There is none of that identity any more.
    Gone,
}

impl BillingService {
    /// Ends the subscription of the actor's tenant, and says when it ends. With the period, unless it is to be at once;
    /// an order that was not paid and a trial that is over end at once. Nothing is paid back, and a period that has begun
    /// and is not paid yet stays owed until it is ended at once.
    ///
    /// # Errors
    ///
    /// [`RenewalError`] says why not.
    pub async fn cancel(
        &self,
        actor: &Actor,
        command: CancelSubscription,
    ) -> Result<(ShownSubscription, Timestamp), RenewalError> {
        actor.require_owner()?;
        let subscription = self.to_be_ended(actor).await?;
        let cancelled = match self.end_here::<RenewalError>(actor, &subscription, &command).await? {
            Ended::Here(ended) => *ended,
            Ended::Not(id) => self.cancel_at_provider(actor, &id, subscription, &command).await?,
            Ended::Gone => return Err(RenewalError::NoSubscription),
        };
        let ends_at = match &cancelled.snapshot().state {
            SubscriptionState::Cancelled { at, .. } => *at,
            state => state.period().map_or_else(|| self.clock.now(), BillingPeriod::end),
        };
        Ok((self.shown(cancelled).await?, ends_at))
    }

    async fn cancel_at_provider(
        &self,
        actor: &Actor,
        id: &ProviderSubscriptionId,
        subscription: Subscription,
        command: &CancelSubscription,
    ) -> Result<Subscription, RenewalError> {
        // What waited for its payment may have been paid by now, and is not lost then.
        let subscription = self.follow::<RenewalError>(actor, id).await?.unwrap_or(subscription);
        if subscription.is_over() {
            return Ok(subscription);
        }
        self.note_reason(actor, &subscription, command.reason.clone()).await?;
        if command.at_period_end && subscription.snapshot().state.renewal().is_some() {
            self.provider.set_renewal(id, false).await?;
        } else {
            self.provider.cancel(id).await?;
        }
        self.follow::<RenewalError>(actor, id).await?.ok_or(RenewalError::NoSubscription)
    }

    /// Has the subscription of the actor's tenant go on after its period, or end with it.
    ///
    /// # Errors
    ///
    /// [`RenewalError`] says why not.
    pub async fn set_auto_renewal(&self, actor: &Actor, renews: bool) -> Result<ShownSubscription, RenewalError> {
        actor.require_owner()?;
        let subscription = self.renewing(actor, renews).await?;
        Ok(self.shown(subscription).await?)
    }

    async fn renewing(&self, actor: &Actor, renews: bool) -> Result<Subscription, RenewalError> {
        let subscription = self.to_be_ended(actor).await?;
        let Some(renewal) = subscription.snapshot().state.renewal() else { return Err(RenewalError::NoSubscription) };
        let Some(id) = &subscription.snapshot().provider_id else {
            return if renews { Err(RenewalError::Trial) } else { Ok(subscription) };
        };
        if renews != (renewal == Renewal::Off) {
            return Ok(subscription);
        }
        self.provider.set_renewal(id, renews).await?;
        self.follow::<RenewalError>(actor, id).await?.ok_or(RenewalError::NoSubscription)
    }

    /// The subscription that can be ended: the live one, or one that waits for a payment.
    async fn to_be_ended(&self, actor: &Actor) -> Result<Subscription, RenewalError> {
        let billing = self.billing.find(&TenantScope::from(actor)).await?;
        let current = billing.current(self.clock.now()).filter(|subscription| !subscription.is_over());
        current.cloned().ok_or(RenewalError::NoSubscription)
    }

    /// Ends an order that waits for its first payment, here and at the provider, unless it has been paid.
    pub(super) async fn give_up<E>(&self, actor: &Actor, order: &Subscription) -> Result<(), E>
    where
        E: UseCaseError + From<BillingError>,
    {
        let at_once = CancelSubscription { reason: None, at_period_end: false };
        let Ended::Not(id) = self.end_here::<E>(actor, order, &at_once).await? else { return Ok(()) };
        // What has been paid meanwhile is not given up.
        let followed = self.follow::<E>(actor, &id).await?;
        if followed.is_some_and(|order| order.snapshot().state == SubscriptionState::Incomplete) {
            self.provider.cancel(&id).await?;
            self.follow::<E>(actor, &id).await?;
        }
        Ok(())
    }

    /// Ends a subscription of which the provider knows nothing.
    async fn end_here<E>(
        &self,
        actor: &Actor,
        subscription: &Subscription,
        command: &CancelSubscription,
    ) -> Result<Ended, E>
    where
        E: UseCaseError + From<BillingError>,
    {
        match self.name_at_provider::<E>(actor, subscription).await? {
            Some(id) => Ok(Ended::Not(id)),
            None => settle(|| self.try_end(actor, &subscription.snapshot().id, command)).await,
        }
    }

    /// What the provider calls a subscription, also one whose order broke off after the provider had taken it.
    async fn name_at_provider<E>(
        &self,
        actor: &Actor,
        subscription: &Subscription,
    ) -> Result<Option<ProviderSubscriptionId>, E>
    where
        E: UseCaseError + From<BillingError>,
    {
        let snapshot = subscription.snapshot();
        if snapshot.provider_id.is_some() || snapshot.state != SubscriptionState::Incomplete {
            return Ok(snapshot.provider_id.clone());
        }
        let billing = self.billing.find(&TenantScope::from(actor)).await.map_err(Failure::from)?;
        let customer = billing.account.as_ref().and_then(|account| account.snapshot().customer_id.as_ref());
        let Some(customer) = customer else { return Ok(None) };
        let billed = self.provider.subscriptions_of(customer).await?;
        Ok(billed.into_iter().find(|one| one.subscription_id.as_ref() == Some(&snapshot.id)).map(|one| one.id))
    }

    /// Keeps the reason before anything is done about it: it is nothing that the provider could tell again.
    async fn note_reason(
        &self,
        actor: &Actor,
        subscription: &Subscription,
        reason: Option<CancellationReason>,
    ) -> Result<(), RenewalError> {
        let Some(reason) = reason else { return Ok(()) };
        let id = &subscription.snapshot().id;
        settle(|| async {
            let billing = self.billing.find(&TenantScope::from(actor)).await?;
            let Some(before) = billing.subscriptions.into_iter().find(|one| one.snapshot().id == *id) else {
                return Err(RenewalError::NoSubscription.into());
            };
            let mut after = before.clone();
            after.is_left_because(reason.clone(), self.clock.now());
            let changes = ChangeSet::default().by(actor.user_id()).save_subscription(before, after);
            self.unit_of_work.commit(changes).await.map_err(look_again::<RenewalError>)
        })
        .await
    }

    async fn try_end<E: UseCaseError>(
        &self,
        actor: &Actor,
        id: &SubscriptionId,
        command: &CancelSubscription,
    ) -> Result<Ended, Setback<E>> {
        let (scope, now) = (TenantScope::from(actor), self.clock.now());
        let billing = self.billing.find(&scope).await?;
        let Some(before) = billing.subscriptions.into_iter().find(|one| one.snapshot().id == *id) else {
            return Ok(Ended::Gone);
        };
        // The provider has got to know it meanwhile, and may be paid for it.
        if let Some(provider_id) = before.snapshot().provider_id.clone() {
            return Ok(Ended::Not(provider_id));
        }
        let mut after = before.clone();
        if let Some(reason) = command.reason.clone() {
            after.is_left_because(reason, now);
        }
        let mut changes = ChangeSet::default().by(actor.user_id());
        // A trial that is not over ends with its period whatever is done about it.
        if !(command.at_period_end && after.is_live(now)) {
            changes = changes.record(after.end(now));
        }
        if after == before {
            return Ok(Ended::Here(after.into()));
        }
        let changes = end(&*self.discounts, &scope, billing.account, before, after.clone(), changes, now).await?;
        self.unit_of_work.commit(changes).await.map_err(look_again::<E>)?;
        Ok(Ended::Here(after.into()))
    }
}

/// Adds what belongs to a subscription that the provider knows nothing of and that changed here: when it is over, its
/// code is given back, and the account notes that it was.
pub(super) async fn end(
    discounts: &dyn DiscountRepository,
    scope: &TenantScope,
    account: Option<BillingAccount>,
    before: Subscription,
    after: Subscription,
    changes: ChangeSet,
    now: Timestamp,
) -> Result<ChangeSet, StoreError> {
    let mut changes = release(discounts, scope, changes.save_subscription(before.clone(), after.clone())).await?;
    if !after.is_over() || (account.is_none() && !before.is_trial()) {
        return Ok(changes);
    }
    let mut noted = account.clone().unwrap_or_else(|| BillingAccount::open(scope.tenant_id().clone(), now));
    noted.loses(&before, now);
    noted.hears_of(&after);
    if account.as_ref() != Some(&noted) {
        changes = changes.write(Write::SaveBillingAccount { before: account.map(Box::new), after: Box::new(noted) });
    }
    Ok(changes)
}
