//! Reminding somebody of an invitation.

use domain::{InvitationId, InvitationToken, Permission, TokenSecret, invitation::ResendRefused};

use super::{InvitationService, ShownInvitation, inviter};
use crate::{
    actor::{Actor, Denied, TenantScope},
    error::{Classified, ErrorKind, Failure, from_port_errors},
    ports::ChangeSet,
    retry::{Setback, settle},
    security_log,
};

/// Why an invitation was not sent again.
#[derive(Debug, thiserror::Error)]
pub enum ResendInvitationError {
    /// Whoever asks may not invite.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// There is none of that id.
    #[error("there is no such invitation")]
    NotFound,
    /// It is not one to be sent again.
    #[error(transparent)]
    Refused(#[from] ResendRefused),
    /// Something else.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl Classified for ResendInvitationError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Denied(denied) => denied.kind(),
            Self::NotFound => ErrorKind::NotFound,
            Self::Refused(ResendRefused::RoleAboveOwn(_)) => ErrorKind::InsufficientPermissions,
            Self::Refused(ResendRefused::Closed | ResendRefused::TooOften) => ErrorKind::Conflict,
            Self::Failed(failure) => failure.kind(),
        }
    }
}

from_port_errors!(ResendInvitationError);

impl InvitationService {
    /// Sends an invitation again, with a new link that voids the old one.
    ///
    /// # Errors
    ///
    /// [`ResendInvitationError`] says why not; the old link works as before then.
    pub async fn resend(
        &self,
        actor: &Actor,
        id: &InvitationId,
        link_base: Option<&str>,
    ) -> Result<ShownInvitation, ResendInvitationError> {
        actor.require(Permission::ManageUsers)?;
        settle(|| self.try_resend(actor, id, link_base)).await
    }

    async fn try_resend(
        &self,
        actor: &Actor,
        id: &InvitationId,
        link_base: Option<&str>,
    ) -> Result<ShownInvitation, Setback<ResendInvitationError>> {
        let found = self.invitations.find(&TenantScope::from(actor), id).await?;
        let before = found.ok_or(ResendInvitationError::NotFound)?;
        let mut invitation = before.clone();
        let token = InvitationToken::new(id, &TokenSecret::from_random(self.ids.secret()));
        let resent =
            invitation.resend(inviter(actor), &token, self.clock.now()).map_err(ResendInvitationError::from)?;
        let changes = ChangeSet::default().save_invitation(before, invitation.clone()).record(resent).mail(self.mail(
            &invitation,
            actor,
            &token,
            link_base,
        ));
        self.commit(changes, actor).await?;
        security_log::success("resend_invitation", actor.user_id(), actor.tenant_id());
        Ok(self.shown(invitation))
    }
}
