//! What happens to invitations.

use super::InvitationSnapshot;
use crate::{InvitationId, Role, TenantId, UserId, Version};

/// Something that happened to an invitation. Names people by id only: whom an invitation is for is in its row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitationEvent {
    /// The invitation.
    pub invitation_id: InvitationId,
    /// The tenant that it leads into.
    pub tenant_id: TenantId,
    /// The version of the invitation that it led to.
    pub version: Version,
    /// What happened.
    pub what: InvitationEventKind,
}

/// What happened to an invitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvitationEventKind {
    /// Somebody was invited.
    Invited {
        /// By whom.
        by: UserId,
        /// Their place in the tenant, if they accept.
        role: Role,
    },
    /// It was mailed again.
    Resent,
    /// It was taken back.
    Cancelled,
    /// Somebody took it, and is a member now.
    Accepted {
        /// Who.
        by: UserId,
    },
}

impl InvitationEventKind {
    pub(super) fn of(self, invitation: &InvitationSnapshot) -> InvitationEvent {
        InvitationEvent {
            invitation_id: invitation.id.clone(),
            tenant_id: invitation.tenant_id.clone(),
            version: invitation.version.next(),
            what: self,
        }
    }
}
