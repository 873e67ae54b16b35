//! Who was invited.

use domain::{Permission, invitation::InvitationStatus};

use super::{InvitationService, ShownInvitation};
use crate::{
    actor::{Actor, Denied, TenantScope},
    error::{Classified, ErrorKind},
    page::{Page, PageError, PageRequest},
};

/// Why invitations are not shown.
#[derive(Debug, thiserror::Error)]
pub enum ListInvitationsError {
    /// Whoever asks may not invite.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The page cannot be shown.
    #[error(transparent)]
    Page(#[from] PageError),
}

impl Classified for ListInvitationsError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Denied(denied) => denied.kind(),
            Self::Page(error) => error.kind(),
        }
    }

    fn field(&self) -> Option<(&'static str, String)> {
        match self {
            Self::Denied(_) => None,
            Self::Page(error) => error.field(),
        }
    }
}

impl InvitationService {
    /// A page of the tenant's invitations, all or those that stand like this now.
    ///
    /// # Errors
    ///
    /// [`ListInvitationsError`] says why not.
    pub async fn list(
        &self,
        actor: &Actor,
        status: Option<InvitationStatus>,
        page: &PageRequest,
    ) -> Result<Page<ShownInvitation>, ListInvitationsError> {
        actor.require(Permission::ManageUsers)?;
        let found = self.invitations.list(&TenantScope::from(actor), status, self.clock.now(), page).await?;
        Ok(found.map(|invitation| self.shown(invitation)))
    }
}
