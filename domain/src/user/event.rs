//! What happens to users.

use super::UserSnapshot;
use crate::{IdentityProvider, Role, TenantId, UserId, Version};

/// Something that happened to a user. Events name people by id only, so that erasing a person never has to
/// chase events (security rules 26 and 27).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserEvent {
    /// Whom it happened to.
    pub user_id: UserId,
    /// Their tenant.
    pub tenant_id: TenantId,
    /// The version of the user that it led to.
    pub version: Version,
    /// What happened.
    pub what: UserEventKind,
}

/// What happened to a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserEventKind {
    /// The account was created.
    Registered,
    /// A mail with a confirmation link was ordered.
    EmailConfirmationRequested,
    /// The address was proved.
    EmailConfirmed,
    /// The person signed in.
    SignedIn,
    /// A mail with a reset link was ordered.
    PasswordResetRequested,
    /// A new password was set through a reset link; all sessions ended.
    PasswordReset,
    /// The password was disabled, because somebody failed too often to guess it.
    PasswordDisabled,
    /// The profile changed. Names the fields, not their values.
    ProfileChanged {
        /// The fields that changed.
        fields: Vec<&'static str>,
    },
    /// The preferences changed.
    PreferencesChanged,
    /// The person can sign in with an outside identity from now on.
    IdentityLinked {
        /// Who vouches for them.
        provider: IdentityProvider,
    },
    /// The person can no longer sign in with an outside identity.
    IdentityUnlinked {
        /// Who vouched for them.
        provider: IdentityProvider,
    },
    /// The person has another place in the tenant.
    RoleChanged {
        /// The place before.
        from: Role,
        /// The place now.
        to: Role,
    },
    /// The account was switched off; all sessions ended.
    Deactivated,
    /// The account was switched on again.
    Reactivated,
    /// The person left the tenant for another one.
    LeftTenant,
    /// The sessions were ended, all at once, but for the one that the person did it from, if it was them.
    SessionsEnded,
    /// The account was removed from its tenant, and with it everything that names the person.
    Removed,
}

impl UserEventKind {
    pub(super) fn of(self, user: &UserSnapshot) -> UserEvent {
        UserEvent {
            user_id: user.id.clone(),
            tenant_id: user.tenant_id.clone(),
            version: user.version.next(),
            what: self,
        }
    }
}
