//! Trying the service before paying for it.

use domain::{BillingAccount, Subscription, Tier, billing_account::TrialUsed, subscription::SubscriptionState};

use super::{BillingService, ShownSubscription};
use crate::{
    actor::{Actor, Denied, TenantScope},
    error::{Classified, ErrorKind, Failure, from_port_errors},
    ports::{ChangeSet, Write},
    retry::{Setback, look_again, settle},
};

/// Why a trial did not begin.
#[derive(Debug, thiserror::Error)]
pub enum StartTrialError {
    /// The role does not allow it.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The tenant has had its trial.
    #[error(transparent)]
    Used(#[from] TrialUsed),
    /// The tenant has a subscription.
    #[error("this organisation has a subscription")]
    Subscribed,
    /// Something else.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl Classified for StartTrialError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Denied(denied) => denied.kind(),
            Self::Used(_) | Self::Subscribed => ErrorKind::Conflict,
            Self::Failed(failure) => failure.kind(),
        }
    }
}

from_port_errors!(StartTrialError);

impl BillingService {
    /// Begins the one trial of the actor's tenant.
    ///
    /// # Errors
    ///
    /// [`StartTrialError`] says why not.
    pub async fn start_trial(&self, actor: &Actor, tier: Tier) -> Result<ShownSubscription, StartTrialError> {
        actor.require_owner()?;
        let trial = settle(|| self.try_start_trial(actor, tier)).await?;
        Ok(self.shown(trial).await?)
    }

    async fn try_start_trial(&self, actor: &Actor, tier: Tier) -> Result<Subscription, Setback<StartTrialError>> {
        let billing = self.billing.find(&TenantScope::from(actor)).await?;
        let now = self.clock.now();
        // What is paid for stays the subscription that counts while a payment of it is outstanding.
        let is_billed = billing.at_provider().is_some_and(|one| one.snapshot().state != SubscriptionState::Incomplete);
        if is_billed || billing.subscriptions.iter().any(|subscription| subscription.is_live(now)) {
            return Err(StartTrialError::Subscribed.into());
        }
        // The Python service kept no account: its trials are known by their rows.
        if billing.subscriptions.iter().any(Subscription::is_trial) {
            return Err(StartTrialError::Used(TrialUsed).into());
        }
        let (before, tenant_id) = (billing.account, actor.tenant_id().clone());
        let mut account = before.clone().unwrap_or_else(|| BillingAccount::open(tenant_id.clone(), now));
        let (trial, started) =
            Subscription::start_trial(self.ids.uuid().into(), tenant_id, actor.user_id().clone(), tier, now);
        account.start_trial(trial.snapshot().id.clone(), now).map_err(StartTrialError::from)?;
        let changes = ChangeSet::default()
            .by(actor.user_id())
            .write(Write::CreateSubscription(Box::new(trial.clone())))
            .write(Write::SaveBillingAccount { before: before.map(Box::new), after: Box::new(account) })
            .record(started);
        self.unit_of_work.commit(changes).await.map_err(look_again::<StartTrialError>)?;
        Ok(trial)
    }
}
