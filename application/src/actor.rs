//! Who is asking, and whose data they may reach.

use std::{collections::HashSet, sync::Arc};

use domain::{Invitation, OneTimeToken, Permission, Role, SessionId, Tenant, TenantId, User, UserId};

use crate::{
    billing::Reconciler,
    error::{Classified, ErrorKind},
    ports::{AddressHolder, BilledTenant, ClosedTenant, IdentityClaim, VerifiedAccessToken, VerifiedRefreshToken},
    security_log,
    tenants::ReopeningLink,
};

/// The right to reach one tenant's data.
///
/// Every repository method about something that a tenant owns takes one. There is no public constructor: a
/// scope is derived from a proof, and the `From` implementations below are the complete list of proofs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantScope {
    tenant_id: TenantId,
}

impl TenantScope {
    /// The tenant whose data may be reached.
    #[must_use]
    pub const fn tenant_id(&self) -> &TenantId {
        &self.tenant_id
    }
}

/// Proved by a sign-in that was checked for this request.
impl From<&Actor> for TenantScope {
    fn from(actor: &Actor) -> Self {
        Self { tenant_id: actor.tenant.snapshot().id.clone() }
    }
}

/// Proved by the signature on an access token.
impl From<&VerifiedAccessToken> for TenantScope {
    fn from(token: &VerifiedAccessToken) -> Self {
        Self { tenant_id: token.tenant_id.clone() }
    }
}

/// Proved by the signature on a refresh token.
impl From<&VerifiedRefreshToken> for TenantScope {
    fn from(token: &VerifiedRefreshToken) -> Self {
        Self { tenant_id: token.tenant_id.clone() }
    }
}

/// Proved by a token from a mail.
impl From<&OneTimeToken> for TenantScope {
    fn from(token: &OneTimeToken) -> Self {
        Self { tenant_id: token.snapshot().tenant_id.clone() }
    }
}

/// Proved by the token of an invitation, or by whoever may manage it: a repository gives it to nobody else.
impl From<&Invitation> for TenantScope {
    fn from(invitation: &Invitation) -> Self {
        Self { tenant_id: invitation.snapshot().tenant_id.clone() }
    }
}

/// Claimed by a link that opens a tenant again. Good for loading the tenant, whose row then proves the claim; nothing
/// of the tenant is shown on the strength of it.
impl From<&ReopeningLink> for TenantScope {
    fn from(link: &ReopeningLink) -> Self {
        Self { tenant_id: link.tenant_id.clone() }
    }
}

/// Claimed by naming an address. Good for loading the account whose password, or whose mailbox, then proves
/// the claim; nothing else of the tenant is shown on the strength of it.
impl From<&AddressHolder> for TenantScope {
    fn from(holder: &AddressHolder) -> Self {
        Self { tenant_id: holder.tenant_id.clone() }
    }
}

/// Proved by being an administrator of the platform, who may name any tenant.
impl From<(&PlatformAdmin, &TenantId)> for TenantScope {
    fn from((_, tenant_id): (&PlatformAdmin, &TenantId)) -> Self {
        Self { tenant_id: tenant_id.clone() }
    }
}

/// Proved by the billing provider, which says whose subscription it is.
impl From<&BilledTenant> for TenantScope {
    fn from(billed: &BilledTenant) -> Self {
        Self { tenant_id: billed.tenant_id.clone() }
    }
}

/// Proved by the closing, which queues one in the transaction that closes the tenant.
impl From<&ClosedTenant> for TenantScope {
    fn from(closed: &ClosedTenant) -> Self {
        Self { tenant_id: closed.tenant_id.clone() }
    }
}

/// Proved by reconciling what is billed, tenant by tenant.
impl From<(&Reconciler, &TenantId)> for TenantScope {
    fn from((_, tenant_id): (&Reconciler, &TenantId)) -> Self {
        Self { tenant_id: tenant_id.clone() }
    }
}

/// Proved by an outside identity: a claim is found by the identity that an ID token proved.
impl From<&IdentityClaim> for TenantScope {
    fn from(claim: &IdentityClaim) -> Self {
        Self { tenant_id: claim.tenant_id.clone() }
    }
}

/// Somebody who is signed in: the proof that a request was authenticated, and for which tenant.
///
/// Holds the user and tenant as they are in the store now, not as they were when the token was issued, so that
/// a changed role or a suspension counts at once (security rule 16).
#[derive(Clone, Debug)]
pub struct Actor {
    pub(crate) user: User,
    pub(crate) tenant: Tenant,
    pub(crate) session_id: Option<SessionId>,
}

impl Actor {
    /// Who it is.
    #[must_use]
    pub const fn user_id(&self) -> &UserId {
        &self.user.snapshot().id
    }

    /// Their tenant.
    #[must_use]
    pub const fn tenant_id(&self) -> &TenantId {
        &self.tenant.snapshot().id
    }

    /// Their place in the tenant.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.user.snapshot().role
    }

    /// Whether their role has a permission. A refusal is logged (security rule 24).
    ///
    /// # Errors
    ///
    /// [`Denied`] when it has not.
    pub fn require(&self, permission: Permission) -> Result<(), Denied> {
        self.admit(self.role().permissions().contains(&permission), permission.as_str())
    }

    /// Whether they own the tenant. A refusal is logged (security rule 24).
    ///
    /// # Errors
    ///
    /// [`Denied`] when they do not.
    pub fn require_owner(&self) -> Result<(), Denied> {
        self.admit(self.role() == Role::Owner, "owner")
    }

    fn admit(&self, admitted: bool, needed: &'static str) -> Result<(), Denied> {
        if admitted {
            return Ok(());
        }
        security_log::refused("authorize", needed, self.user_id(), self.tenant_id());
        Err(Denied)
    }

    /// The session that they use; `None` for a token of the Python service, which has none.
    #[must_use]
    pub const fn session_id(&self) -> Option<&SessionId> {
        self.session_id.as_ref()
    }
}

/// Who administers the platform, as the settings have it. No role of a tenant makes anybody one of them.
#[derive(Clone, Debug, Default)]
pub struct PlatformAdmins(Arc<HashSet<UserId>>);

impl PlatformAdmins {
    /// These people, and nobody else.
    #[must_use]
    pub fn new(user_ids: impl IntoIterator<Item = UserId>) -> Self {
        Self(Arc::new(user_ids.into_iter().collect()))
    }

    /// Takes somebody who is signed in for an administrator of the platform. Their address must be confirmed, and
    /// they must have signed in here: a token of the Python service names no session that could be ended. A refusal
    /// is logged (security rule 24).
    ///
    /// # Errors
    ///
    /// [`Denied`] when they are none.
    pub fn admit(&self, actor: &Actor) -> Result<PlatformAdmin, Denied> {
        let is_listed = self.0.contains(actor.user_id());
        let is_proved = actor.user.snapshot().email_verified && actor.session_id.is_some();
        actor.admit(is_listed && is_proved, "platform_admin")?;
        Ok(PlatformAdmin { user_id: actor.user_id().clone(), tenant_id: actor.tenant_id().clone() })
    }
}

/// Somebody who administers the platform: the proof that this was checked for this request, against the list as it
/// is now. [`PlatformAdmins::admit`] is the only way to it.
#[derive(Clone, Debug)]
pub struct PlatformAdmin {
    user_id: UserId,
    tenant_id: TenantId,
}

impl PlatformAdmin {
    /// Who it is.
    #[must_use]
    pub const fn user_id(&self) -> &UserId {
        &self.user_id
    }

    /// The tenant that they belong to themself.
    #[must_use]
    pub const fn own_tenant_id(&self) -> &TenantId {
        &self.tenant_id
    }

    /// Somebody who need not prove it: for tests of what an administrator reaches.
    #[cfg(any(test, feature = "fixtures"))]
    #[must_use]
    pub const fn unproved(user_id: UserId, tenant_id: TenantId) -> Self {
        Self { user_id, tenant_id }
    }
}

/// Somebody's role does not allow what they want.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("your role does not allow this")]
pub struct Denied;

impl Classified for Denied {
    fn kind(&self) -> ErrorKind {
        ErrorKind::InsufficientPermissions
    }
}
