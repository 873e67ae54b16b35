//! Who was invited.

use domain::{Permission, invitation::InvitationStatus};

use super::{InvitationService, ShownInvitation};
use crate::{
    actor::{Actor, TenantScope},
    page::{ListError, Page, PageRequest},
};

impl InvitationService {
    /// A page of the tenant's invitations, all or those that stand like this now.
    ///
    /// # Errors
    ///
    /// [`ListError`] says why not.
    pub async fn list(
        &self,
        actor: &Actor,
        status: Option<InvitationStatus>,
        page: &PageRequest,
    ) -> Result<Page<ShownInvitation>, ListError> {
        actor.require(Permission::ManageUsers)?;
        let found = self.invitations.list(&TenantScope::from(actor), status, self.clock.now(), page).await?;
        Ok(found.map(|invitation| self.shown(invitation)))
    }
}
