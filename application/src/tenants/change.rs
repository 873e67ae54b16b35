//! Giving a tenant another name, and other settings.

use domain::{
    Outcome, Permission, Tenant, Timestamp,
    tenant::{TenantEvent, TenantName, TenantSettings, TenantSettingsChange},
};

use super::{TenantError, TenantOverview, TenantService};
use crate::{
    actor::{Actor, Denied},
    error::{Classified, ErrorKind, Failure, from_port_errors},
    ports::ChangeSet,
    retry::{Setback, look_again, settle},
    security_log,
};

/// Why a tenant was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeTenantError {
    /// The role does not allow it.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The tenant is gone.
    #[error("this organisation does not exist any more")]
    NotFound,
    /// Something else.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl Classified for ChangeTenantError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Denied(denied) => denied.kind(),
            Self::NotFound => ErrorKind::TenantNotFound,
            Self::Failed(failure) => failure.kind(),
        }
    }
}

from_port_errors!(ChangeTenantError);

impl From<TenantError> for ChangeTenantError {
    fn from(error: TenantError) -> Self {
        match error {
            TenantError::NotFound => Self::NotFound,
            TenantError::Failed(failure) => failure.into(),
        }
    }
}

impl TenantService {
    /// Gives the actor's own tenant another name, if there is a wish for one.
    ///
    /// # Errors
    ///
    /// [`ChangeTenantError`] when it was not changed.
    pub async fn rename(&self, actor: &Actor, name: Option<TenantName>) -> Result<TenantOverview, ChangeTenantError> {
        actor.require_owner()?;
        let renamed = self
            .change(actor, |tenant, now| match &name {
                Some(name) => tenant.rename(name.clone(), now),
                None => Outcome::nothing(),
            })
            .await?;
        security_log::success("rename_tenant", actor.user_id(), actor.tenant_id());
        Ok(renamed)
    }

    /// Changes the settings of the actor's own tenant.
    ///
    /// # Errors
    ///
    /// [`ChangeTenantError`] when they were not changed.
    pub async fn change_settings(
        &self,
        actor: &Actor,
        change: TenantSettingsChange,
    ) -> Result<TenantSettings, ChangeTenantError> {
        actor.require(Permission::ManageUsers)?;
        let changed = self.change(actor, |tenant, now| tenant.change_settings(change, now)).await?;
        security_log::success("change_tenant_settings", actor.user_id(), actor.tenant_id());
        Ok(changed.tenant.snapshot().settings)
    }

    async fn change(
        &self,
        actor: &Actor,
        command: impl Fn(&mut Tenant, Timestamp) -> Outcome<TenantEvent>,
    ) -> Result<TenantOverview, ChangeTenantError> {
        settle(|| self.try_change(actor, &command)).await
    }

    async fn try_change(
        &self,
        actor: &Actor,
        command: &impl Fn(&mut Tenant, Timestamp) -> Outcome<TenantEvent>,
    ) -> Result<TenantOverview, Setback<ChangeTenantError>> {
        let mut overview = self.current(actor).await.map_err(ChangeTenantError::from)?;
        let before = overview.tenant.clone();
        let outcome = command(&mut overview.tenant, self.clock.now());
        if !outcome.is_nothing() {
            let changes = ChangeSet::default().by(actor.user_id());
            let changes = changes.save_tenant(before, overview.tenant.clone()).record(outcome);
            self.unit_of_work.commit(changes).await.map_err(look_again::<ChangeTenantError>)?;
        }
        Ok(overview)
    }
}
