//! Letting a tenant try for longer.

use domain::{
    Subscription, TenantId, Timestamp,
    subscription::{
        ProviderSubscriptionId, SubscriptionState, TrialExtension, TrialExtensionReason, TrialExtensionRefused,
    },
};

use super::{BillingService, ShownSubscription};
use crate::{
    actor::{PlatformAdmin, TenantScope},
    error::{Classified, ErrorKind, Failure, from_port_errors},
    ports::{BillingError, ChangeSet, TenantBilling, Write},
    retry::{Setback, look_again, settle},
};

/// An administrator of the platform who lets a tenant try for longer.
#[derive(Clone, Debug)]
pub struct ExtendTrial {
    /// When the trial is to end.
    pub until: Timestamp,
    /// Why.
    pub reason: TrialExtensionReason,
}

/// Why a trial was not extended.
#[derive(Debug, thiserror::Error)]
pub enum ExtendTrialError {
    /// The tenant has never had a trial, nor anything else.
    #[error("this organisation has no trial")]
    NoTrial,
    /// It cannot be extended like that.
    #[error(transparent)]
    Refused(#[from] TrialExtensionRefused),
    /// The provider did not do it.
    #[error(transparent)]
    Provider(#[from] BillingError),
    /// Something else.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl Classified for ExtendTrialError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NoTrial => ErrorKind::SubscriptionNotFound,
            Self::Refused(TrialExtensionRefused::NotOnTrial | TrialExtensionRefused::TooOften) => ErrorKind::Conflict,
            Self::Refused(TrialExtensionRefused::NotLater | TrialExtensionRefused::TooLate) => ErrorKind::Validation,
            Self::Provider(error) => error.kind(),
            Self::Failed(failure) => failure.kind(),
        }
    }

    fn field(&self) -> Option<(&'static str, String)> {
        match self {
            Self::Refused(why) if self.kind() == ErrorKind::Validation => {
                Some(("new_expiration_date", why.to_string()))
            }
            _ => None,
        }
    }
}

from_port_errors!(ExtendTrialError);

/// What an extension came to.
enum Extended {
    /// It is done.
    Here(Box<Subscription>),
    /// It may be done, by the provider, which holds the trial and ends it at this time now.
    AtProvider(ProviderSubscriptionId, Timestamp),
}

impl BillingService {
    /// Lets the trial of a tenant end later, also one that is over but was followed by nothing. The tenant gets what it
    /// tries at once.
    ///
    /// # Errors
    ///
    /// [`ExtendTrialError`] says why not.
    pub async fn extend_trial(
        &self,
        admin: &PlatformAdmin,
        tenant_id: &TenantId,
        command: &ExtendTrial,
    ) -> Result<ShownSubscription, ExtendTrialError> {
        let scope = TenantScope::from((admin, tenant_id));
        let extended = match settle(|| self.try_extend(admin, &scope, command)).await? {
            Extended::Here(subscription) => *subscription,
            Extended::AtProvider(id, from) => self.extend_at_provider(admin, &scope, &id, from, command).await?,
        };
        Ok(self.shown(extended).await?)
    }

    /// How the trials of a tenant were extended, oldest first.
    ///
    /// # Errors
    ///
    /// [`Failure`] when it cannot be found out.
    pub async fn trial_history(
        &self,
        admin: &PlatformAdmin,
        tenant_id: &TenantId,
    ) -> Result<Vec<TrialExtension>, Failure> {
        let billing = self.billing.find(&TenantScope::from((admin, tenant_id))).await?;
        let extensions = billing.subscriptions.iter().flat_map(|one| &one.snapshot().trial_extensions);
        let mut history: Vec<_> = extensions.cloned().collect();
        history.sort_by_key(|extension| extension.at);
        Ok(history)
    }

    async fn try_extend(
        &self,
        admin: &PlatformAdmin,
        scope: &TenantScope,
        command: &ExtendTrial,
    ) -> Result<Extended, Setback<ExtendTrialError>> {
        let (billing, now) = (self.billing.find(scope).await?, self.clock.now());
        let before = trial_of(&billing, now)?;
        let mut after = before.clone();
        let ExtendTrial { until, reason } = command.clone();
        let extended =
            after.extend_trial(until, reason, admin.user_id().clone(), now).map_err(ExtendTrialError::from)?;
        if let (Some(id), Some(period)) = (&before.snapshot().provider_id, before.snapshot().state.period()) {
            return Ok(Extended::AtProvider(id.clone(), period.end()));
        }
        let account = billing.account.clone().and_then(|account_before| {
            let mut account = account_before.clone();
            account.hears_of(&after);
            let is_changed = account != account_before;
            let (before, after) = (Some(Box::new(account_before)), Box::new(account));
            is_changed.then_some(Write::SaveBillingAccount { before, after })
        });
        let changes = ChangeSet::default()
            .by_platform_admin(admin)
            .record(extended)
            .save_subscription(before.clone(), after.clone())
            .write_if(account);
        self.unit_of_work.commit(changes).await.map_err(look_again::<ExtendTrialError>)?;
        Ok(Extended::Here(Box::new(after)))
    }

    /// Has the provider extend a trial, and takes that over. The reason is kept after that: where it breaks off in
    /// between, the trial is longer all the same, and that an administrator wanted it stands in the audit trail.
    async fn extend_at_provider(
        &self,
        admin: &PlatformAdmin,
        scope: &TenantScope,
        id: &ProviderSubscriptionId,
        from: Timestamp,
        command: &ExtendTrial,
    ) -> Result<Subscription, ExtendTrialError> {
        let ExtendTrial { until, reason } = command.clone();
        self.provider.extend_trial(id, until).await?;
        let by_admin = |changes: ChangeSet| changes.by_platform_admin(admin);
        let followed = self.follow_in::<ExtendTrialError>(scope, id, by_admin).await?;
        followed.ok_or(ExtendTrialError::NoTrial)?;
        let (by, at) = (admin.user_id().clone(), self.clock.now());
        let extension = TrialExtension { from, to: until, reason, by, at };
        settle(|| async {
            let billing = self.billing.find(scope).await?;
            let named = |one: &&Subscription| one.snapshot().provider_id.as_ref() == Some(id);
            let before = billing.subscriptions.iter().find(named).ok_or(ExtendTrialError::NoTrial)?;
            let mut after = before.clone();
            after.is_tried_longer_because(extension.clone());
            let changes =
                ChangeSet::default().by_platform_admin(admin).save_subscription(before.clone(), after.clone());
            self.unit_of_work.commit(changes).await.map_err(look_again::<ExtendTrialError>)?;
            Ok(after)
        })
        .await
    }
}

/// The trial that can be extended: the latest one, unless the tenant has something better by now.
fn trial_of(billing: &TenantBilling, now: Timestamp) -> Result<&Subscription, ExtendTrialError> {
    let is_trial = |one: &&Subscription| matches!(one.snapshot().state, SubscriptionState::Trialing { .. });
    let mut others = billing.subscriptions.iter().filter(|one| !is_trial(one));
    let is_followed = others.any(|other| other.is_live(now));
    let trials = billing.subscriptions.iter().filter(is_trial);
    match trials.max_by_key(|trial| (trial.is_live(now), trial.snapshot().created_at)) {
        Some(latest) if !is_followed => Ok(latest),
        None if billing.subscriptions.is_empty() => Err(ExtendTrialError::NoTrial),
        _ => Err(TrialExtensionRefused::NotOnTrial.into()),
    }
}
