//! One's own tenant, and what it may use.

use domain::{Entitlements, Plan, Tenant, TenantId, tenant::TenantSettings};
use futures::future::try_join;

use super::TenantService;
use crate::{
    actor::{Actor, TenantScope},
    error::{Classified, ErrorKind, Failure, from_port_errors},
    ports::Account,
};

/// A tenant as its people see it.
#[derive(Clone, Debug)]
pub struct TenantOverview {
    /// The tenant.
    pub tenant: Tenant,
    /// Its live subscription, if it has one.
    pub plan: Option<Plan>,
    /// How many people belong to it.
    pub members: u32,
}

/// Why a tenant is not shown.
#[derive(Debug, thiserror::Error)]
pub enum TenantError {
    /// There is no such tenant, or it is somebody else's: which of the two is not said.
    #[error("this organisation does not exist")]
    NotFound,
    /// Something else.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl Classified for TenantError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::TenantNotFound,
            Self::Failed(failure) => failure.kind(),
        }
    }
}

from_port_errors!(TenantError);

impl TenantService {
    /// The actor's own tenant.
    ///
    /// # Errors
    ///
    /// [`TenantError`] when it is not shown.
    pub async fn current(&self, actor: &Actor) -> Result<TenantOverview, TenantError> {
        let scope = TenantScope::from(actor);
        let account = self.accounts.find(&scope, actor.user_id());
        let (account, seats) = try_join(account, self.members.seats(&scope)).await?;
        let Account { tenant, plan, .. } = account.ok_or(TenantError::NotFound)?;
        Ok(TenantOverview { tenant, plan, members: seats.seats.members })
    }

    /// The tenant of that id, which must be the actor's own.
    ///
    /// # Errors
    ///
    /// [`TenantError`] when it is not shown.
    pub async fn find(&self, actor: &Actor, id: &TenantId) -> Result<TenantOverview, TenantError> {
        if actor.tenant_id() != id {
            return Err(TenantError::NotFound);
        }
        self.current(actor).await
    }

    /// The settings of the actor's own tenant, as they were loaded for this request.
    #[must_use]
    pub const fn settings(&self, actor: &Actor) -> TenantSettings {
        actor.tenant.snapshot().settings
    }

    /// What the actor's tenant may use now: the decision that seats are counted by.
    ///
    /// # Errors
    ///
    /// [`Failure`] when it cannot be found out.
    pub async fn entitlements(&self, actor: &Actor) -> Result<Entitlements, Failure> {
        Ok(self.entitlements.find(&TenantScope::from(actor)).await?)
    }
}
