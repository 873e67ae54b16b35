//! Taking an invitation back.

use domain::{InvitationId, Permission, invitation::AlreadyAccepted};

use super::InvitationService;
use crate::{
    actor::{Actor, Denied, TenantScope},
    error::{Classified, ErrorKind, Failure, from_port_errors},
    ports::ChangeSet,
    retry::{Setback, settle},
    security_log,
};

/// Why an invitation was not taken back.
#[derive(Debug, thiserror::Error)]
pub enum CancelInvitationError {
    /// Whoever asks may not invite.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// There is none of that id.
    #[error("there is no such invitation")]
    NotFound,
    /// Somebody took it.
    #[error(transparent)]
    AlreadyAccepted(#[from] AlreadyAccepted),
    /// Something else.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl Classified for CancelInvitationError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Denied(denied) => denied.kind(),
            Self::NotFound => ErrorKind::NotFound,
            Self::AlreadyAccepted(_) => ErrorKind::Conflict,
            Self::Failed(failure) => failure.kind(),
        }
    }
}

from_port_errors!(CancelInvitationError);

impl InvitationService {
    /// Takes an invitation back; its link is void at once. Succeeds as well when that was done before.
    ///
    /// # Errors
    ///
    /// [`CancelInvitationError`] says why not.
    pub async fn cancel(&self, actor: &Actor, id: &InvitationId) -> Result<(), CancelInvitationError> {
        actor.require(Permission::ManageUsers)?;
        settle(|| self.try_cancel(actor, id)).await
    }

    async fn try_cancel(&self, actor: &Actor, id: &InvitationId) -> Result<(), Setback<CancelInvitationError>> {
        let found = self.invitations.find(&TenantScope::from(actor), id).await?;
        let before = found.ok_or(CancelInvitationError::NotFound)?;
        let mut invitation = before.clone();
        let cancelled = invitation.cancel(self.clock.now()).map_err(CancelInvitationError::from)?;
        if cancelled.is_nothing() {
            return Ok(());
        }
        let changes = ChangeSet::default().save_invitation(before, invitation).record(cancelled);
        self.commit(changes, actor).await?;
        security_log::success("cancel_invitation", actor.user_id(), actor.tenant_id());
        Ok(())
    }
}
