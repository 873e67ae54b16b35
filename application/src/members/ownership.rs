//! Handing a tenant over.

use domain::{Tenant, UserId, tenant::TransferRefused};
use futures::future::try_join;

use super::{MemberError, MemberService};
use crate::{
    actor::{Actor, Denied},
    error::{Classified, ErrorKind, Failure, from_port_errors},
    ports::ChangeSet,
    retry::{Setback, look_again, settle},
    security_log,
};

/// Why a tenant was not handed over.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// The role of who asks does not allow it.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The tenant has no such member.
    #[error("this organisation has no such member")]
    NotFound,
    /// The rules of ownership.
    #[error(transparent)]
    Refused(#[from] TransferRefused),
    /// Something else.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl Classified for TransferError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Denied(denied) => denied.kind(),
            Self::NotFound => ErrorKind::NotFound,
            Self::Refused(TransferRefused::NotYours) => ErrorKind::InsufficientPermissions,
            Self::Refused(TransferRefused::ToOneself) => ErrorKind::InvalidRequest,
            Self::Refused(TransferRefused::CannotSignIn) => ErrorKind::Conflict,
            Self::Failed(failure) => failure.kind(),
        }
    }
}

from_port_errors!(TransferError);

impl MemberService {
    /// Hands the actor's tenant over to another member, at once: that one owns it, and the actor becomes an admin.
    ///
    /// # Errors
    ///
    /// [`TransferError`] when it was left as it is.
    pub async fn transfer_ownership(&self, actor: &Actor, to: &UserId) -> Result<Tenant, TransferError> {
        actor.require_owner()?;
        let result = settle(|| self.try_transfer_ownership(actor, to)).await;
        let reason = match &result {
            Ok(_) => {
                security_log::success_over("transfer_ownership", actor, to);
                return result;
            }
            Err(TransferError::NotFound) => "unknown_member",
            Err(TransferError::Refused(TransferRefused::NotYours)) => "not_the_owner",
            Err(TransferError::Refused(TransferRefused::ToOneself)) => "oneself",
            Err(TransferError::Refused(TransferRefused::CannotSignIn)) => "cannot_sign_in",
            Err(TransferError::Denied(_) | TransferError::Failed(_)) => return result,
        };
        security_log::refused_over("transfer_ownership", reason, actor, to);
        result
    }

    async fn try_transfer_ownership(&self, actor: &Actor, to: &UserId) -> Result<Tenant, Setback<TransferError>> {
        let loaded = try_join(self.load(actor, actor.user_id()), self.load(actor, to)).await;
        let ((from_before, _), (to_before, tenant_before)) = loaded.map_err(|error| match error {
            MemberError::Failed(failure) => TransferError::Failed(failure),
            _ => TransferError::NotFound,
        })?;
        let (mut tenant, mut from, mut to) = (tenant_before.clone(), from_before.clone(), to_before.clone());
        let outcome = tenant.transfer_ownership(&mut from, &mut to, self.clock.now()).map_err(TransferError::from)?;
        let changes = ChangeSet::default()
            .save_tenant(tenant_before, tenant.clone())
            .save_user(from_before, from)
            .save_user(to_before, to)
            .record(outcome)
            .by(actor.user_id());
        self.unit_of_work.commit(changes).await.map_err(look_again::<TransferError>)?;
        Ok(tenant)
    }
}
