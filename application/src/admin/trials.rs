//! The trials of tenants, found by somebody who belongs to them.

use domain::{TenantId, UserId, subscription::TrialExtension};

use super::{AdminService, Use};
use crate::{
    actor::PlatformAdmin,
    billing::{ExtendTrial, ExtendTrialError, ShownSubscription},
    error::{Classified, ErrorKind, Failure, from_port_errors},
};

/// Why a trial was not shown or extended.
#[derive(Debug, thiserror::Error)]
pub enum AdminTrialError {
    /// Nobody has that id.
    #[error("this user does not exist")]
    NoSuchUser,
    /// The trial's own reasons.
    #[error(transparent)]
    Refused(#[from] ExtendTrialError),
    /// Something else.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl Classified for AdminTrialError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NoSuchUser => ErrorKind::NotFound,
            Self::Refused(error) => error.kind(),
            Self::Failed(failure) => failure.kind(),
        }
    }

    fn field(&self) -> Option<(&'static str, String)> {
        match self {
            Self::Refused(error) => error.field(),
            _ => None,
        }
    }
}

from_port_errors!(AdminTrialError);

impl AdminService {
    /// Lets the trial of somebody's tenant end later.
    ///
    /// # Errors
    ///
    /// [`AdminTrialError`] says why not.
    pub async fn extend_trial(
        &self,
        admin: &PlatformAdmin,
        user_id: &UserId,
        command: &ExtendTrial,
    ) -> Result<ShownSubscription, AdminTrialError> {
        let tenant_id = self.tenant_of(admin, "AdminTrialExtensionRequested", user_id).await?;
        Ok(self.billing.extend_trial(admin, &tenant_id, command).await?)
    }

    /// How the trials of somebody's tenant were extended, oldest first.
    ///
    /// # Errors
    ///
    /// [`AdminTrialError`] when it is not shown.
    pub async fn trial_history(
        &self,
        admin: &PlatformAdmin,
        user_id: &UserId,
    ) -> Result<Vec<TrialExtension>, AdminTrialError> {
        let tenant_id = self.tenant_of(admin, "AdminViewedTrialHistory", user_id).await?;
        Ok(self.billing.trial_history(admin, &tenant_id).await?)
    }

    /// The tenant that somebody belongs to, once the use is on record in that tenant.
    async fn tenant_of(
        &self,
        admin: &PlatformAdmin,
        action: &'static str,
        user_id: &UserId,
    ) -> Result<TenantId, AdminTrialError> {
        let user = self.directory.user(admin, user_id).await?;
        let tenant_id = user.as_ref().map(|user| &user.snapshot().tenant_id);
        self.record(admin, Use { action, tenant_id, filters: Vec::new() }).await?;
        tenant_id.cloned().ok_or(AdminTrialError::NoSuchUser)
    }
}
