//! The people of a tenant, and what those who manage it do with them.

mod activation;
mod count;
mod filter;
mod list;
mod ownership;
mod remove;
mod role;
mod sessions;

use std::sync::Arc;

use domain::{
    NoSeatLeft, Tenant, User, UserId,
    user::{Authority, MembershipRefused},
};

pub use filter::{InvalidMemberSearch, MemberFilter, MemberSearch};
pub use ownership::TransferError;
pub(crate) use sessions::off_the_list;

use crate::{
    actor::{Actor, Denied, TenantScope},
    error::{Classified, ErrorKind, Failure, from_port_errors},
    ports::{
        AccountRepository, ChangeSet, Clock, EntitlementRepository, IdentityClaimRepository, MemberRepository,
        SessionRepository, UnitOfWork, Write,
    },
    retry::{Setback, look_again},
    security_log,
    use_cases::Ports,
};

/// The use cases of managing members.
#[derive(Clone)]
pub struct MemberService {
    accounts: Arc<dyn AccountRepository>,
    members: Arc<dyn MemberRepository>,
    sessions: Arc<dyn SessionRepository>,
    identity_claims: Arc<dyn IdentityClaimRepository>,
    entitlements: Arc<dyn EntitlementRepository>,
    unit_of_work: Arc<dyn UnitOfWork>,
    clock: Arc<dyn Clock>,
}

/// Why nothing was done with a member.
#[derive(Debug, thiserror::Error)]
pub enum MemberError {
    /// The role of who asks does not allow it.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The tenant has no such member.
    #[error("this organisation has no such member")]
    NotFound,
    /// The rules of membership.
    #[error(transparent)]
    Refused(#[from] MembershipRefused),
    /// The plan has no room.
    #[error(transparent)]
    NoSeatLeft(#[from] NoSeatLeft),
    /// Something else.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl Classified for MemberError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Denied(denied) => denied.kind(),
            Self::NotFound => ErrorKind::NotFound,
            Self::Refused(MembershipRefused::Oneself) => ErrorKind::InvalidRequest,
            Self::Refused(MembershipRefused::Outranked | MembershipRefused::AboveOwnRole) => {
                ErrorKind::InsufficientPermissions
            }
            Self::Refused(MembershipRefused::OwnsTheTenant | MembershipRefused::Suspended) => ErrorKind::Conflict,
            Self::NoSeatLeft(_) => ErrorKind::TenantLimitExceeded,
            Self::Failed(failure) => failure.kind(),
        }
    }
}

from_port_errors!(MemberError);

impl MemberError {
    /// Why, for the log; `None` for what is no decision about a member.
    const fn reason(&self) -> Option<&'static str> {
        match self {
            Self::Denied(_) | Self::Failed(_) => None,
            Self::NotFound => Some("unknown_member"),
            Self::Refused(MembershipRefused::Oneself) => Some("oneself"),
            Self::Refused(MembershipRefused::Outranked) => Some("outranked"),
            Self::Refused(MembershipRefused::AboveOwnRole) => Some("above_own_role"),
            Self::Refused(MembershipRefused::OwnsTheTenant) => Some("owns_the_tenant"),
            Self::Refused(MembershipRefused::Suspended) => Some("suspended"),
            Self::NoSeatLeft(_) => Some("no_seat_left"),
        }
    }
}

impl MemberService {
    /// The service on these ports.
    #[must_use]
    pub fn new(ports: &Ports) -> Self {
        let Ports { accounts, members, sessions, identity_claims, entitlements, unit_of_work, clock, .. } =
            ports.clone();
        Self { accounts, members, sessions, identity_claims, entitlements, unit_of_work, clock }
    }

    /// A member of the actor's tenant, and the tenant, as they are now.
    async fn load(&self, actor: &Actor, user_id: &UserId) -> Result<(User, Tenant), MemberError> {
        let found = self.accounts.find_signed_in(&TenantScope::from(actor), user_id, None).await?;
        let found = found.ok_or(MemberError::NotFound)?;
        Ok((found.user, found.tenant))
    }

    /// Commits what was decided about a member of `tenant`, whose owner must not have become another meanwhile.
    async fn commit(&self, actor: &Actor, tenant: Tenant, changes: ChangeSet) -> Result<(), Setback<MemberError>> {
        let changes = changes.write(Write::ExpectTenant(Box::new(tenant))).by(actor.user_id());
        self.unit_of_work.commit(changes).await.map_err(look_again)
    }
}

/// What the actor may decide with. Their role is as it was when the request was authenticated.
fn authority<'a>(actor: &'a Actor, tenant: &'a Tenant) -> Authority<'a> {
    Authority { user_id: actor.user_id(), role: actor.role(), tenant }
}

/// Logs how something that was tried with a member ended (security rule 24).
fn log<T>(
    action: &'static str,
    actor: &Actor,
    member: &UserId,
    result: Result<T, MemberError>,
) -> Result<T, MemberError> {
    match result.as_ref().map_err(MemberError::reason) {
        Ok(_) => security_log::success_over(action, actor, member),
        Err(Some(reason)) => security_log::refused_over(action, reason, actor, member),
        Err(None) => {}
    }
    result
}
