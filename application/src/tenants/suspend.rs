//! Switching a tenant off and on again, for the platform.

use domain::{
    Outcome, Tenant, TenantId, Timestamp,
    tenant::{ClosedForGood, SuspensionReason, TenantEvent},
};

use super::TenantService;
use crate::{
    actor::{PlatformAdmin, TenantScope},
    error::{Classified, ErrorKind, Failure, from_port_errors},
    ports::ChangeSet,
    retry::{Setback, look_again, settle},
    security_log,
};

/// Why a tenant was not switched off or on.
#[derive(Debug, thiserror::Error)]
pub enum SuspensionError {
    /// There is no such tenant.
    #[error("this organisation does not exist")]
    NotFound,
    /// Its owner closed it, and the time to open it again is over.
    #[error(transparent)]
    ClosedForGood(#[from] ClosedForGood),
    /// Something else.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl Classified for SuspensionError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::TenantNotFound,
            Self::ClosedForGood(_) => ErrorKind::Conflict,
            Self::Failed(failure) => failure.kind(),
        }
    }
}

from_port_errors!(SuspensionError);

impl TenantService {
    /// Switches a tenant off and ends every session of its people (security rule 16). One that is switched off
    /// already stays as it is.
    ///
    /// # Errors
    ///
    /// [`SuspensionError`] when it was not done.
    pub async fn suspend(
        &self,
        admin: &PlatformAdmin,
        tenant_id: &TenantId,
        reason: SuspensionReason,
    ) -> Result<Tenant, SuspensionError> {
        let tenant = self.switch(admin, tenant_id, |tenant, now| Ok(tenant.suspend(reason, now))).await?;
        security_log::success("suspend_tenant", admin.user_id(), tenant_id);
        Ok(tenant)
    }

    /// Puts a tenant back into use that was switched off, or that its owner closed a short while ago. Nobody is
    /// signed in by that. One that is in use stays as it is.
    ///
    /// # Errors
    ///
    /// [`SuspensionError`] when it was not done.
    pub async fn reactivate(&self, admin: &PlatformAdmin, tenant_id: &TenantId) -> Result<Tenant, SuspensionError> {
        let tenant = self.switch(admin, tenant_id, Tenant::reactivate).await?;
        security_log::success("reactivate_tenant", admin.user_id(), tenant_id);
        Ok(tenant)
    }

    async fn switch(
        &self,
        admin: &PlatformAdmin,
        tenant_id: &TenantId,
        command: impl Fn(&mut Tenant, Timestamp) -> Result<Outcome<TenantEvent>, ClosedForGood>,
    ) -> Result<Tenant, SuspensionError> {
        settle(|| self.try_switch(admin, tenant_id, &command)).await
    }

    async fn try_switch(
        &self,
        admin: &PlatformAdmin,
        tenant_id: &TenantId,
        command: &impl Fn(&mut Tenant, Timestamp) -> Result<Outcome<TenantEvent>, ClosedForGood>,
    ) -> Result<Tenant, Setback<SuspensionError>> {
        let before = self.tenants.find(&TenantScope::from((admin, tenant_id))).await?;
        let before = before.ok_or(SuspensionError::NotFound)?;
        let mut tenant = before.clone();
        let outcome = command(&mut tenant, self.clock.now()).map_err(SuspensionError::from)?;
        if !outcome.is_nothing() {
            let changes =
                ChangeSet::default().by_platform_admin(admin).save_tenant(before, tenant.clone()).record(outcome);
            self.unit_of_work.commit(changes).await.map_err(look_again::<SuspensionError>)?;
        }
        Ok(tenant)
    }
}
