use async_trait::async_trait;
use domain::{
    EmailAddress, Invitation, InvitationId, InvitationToken, Plan, Tenant, Timestamp, invitation::InvitationStatus,
};

use super::StoreError;
use crate::{
    actor::TenantScope,
    page::{Page, PageError, PageRequest},
};

/// An invitation whose newest token somebody holds, with the tenant that it leads into.
#[derive(Clone, Debug)]
pub struct HeldInvitation {
    /// The invitation; it need not be open any more.
    pub invitation: Invitation,
    /// The organisation.
    pub tenant: Tenant,
    /// Its live subscription, if it has one.
    pub plan: Option<Plan>,
}

/// Reads invitations: ours, and those that the Python service made.
#[async_trait]
pub trait InvitationRepository: Send + Sync {
    /// The invitation with this id, strongly consistently. One of another tenant is `None`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails or holds something unreadable.
    async fn find(&self, scope: &TenantScope, id: &InvitationId) -> Result<Option<Invitation>, StoreError>;

    /// The invitation of which this is the newest token, strongly consistently; `None` for every other text, and
    /// when the tenant is gone. What a wrong token costs does not grow with the number of invitations. A token that
    /// the Python service issued may be missed for a minute.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails or holds something unreadable.
    async fn find_by_token(&self, token: &InvitationToken) -> Result<Option<HeldInvitation>, StoreError>;

    /// The tenant's invitations, all or those that have this status at `now`. May miss a change of a moment ago.
    ///
    /// # Errors
    ///
    /// [`PageError`] when the cursor is not of this list, or the store fails.
    async fn list(
        &self,
        scope: &TenantScope,
        status: Option<InvitationStatus>,
        now: Timestamp,
        page: &PageRequest,
    ) -> Result<Page<Invitation>, PageError>;

    /// Whether the tenant has an invitation to this address that is open at `now`. May miss one of a moment ago.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails or holds something unreadable.
    async fn is_open_to(&self, scope: &TenantScope, email: &EmailAddress, now: Timestamp) -> Result<bool, StoreError>;

    /// How many invitations of the tenant are open at `now`, counted up to `enough`. May miss a change of a moment
    /// ago.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails or holds something unreadable.
    async fn count_open(&self, scope: &TenantScope, now: Timestamp, enough: usize) -> Result<usize, StoreError>;
}
