//! Everything that can happen, in one type, for whoever records or delivers it.

use crate::{
    InvitationId, SessionId, TenantId, UserId, Version,
    business::{BusinessEvent, BusinessEventKind},
    invitation::{InvitationEvent, InvitationEventKind},
    session::{SessionEnd, SessionEvent, SessionEventKind},
    tenant::{TenantEvent, TenantEventKind},
    user::{UserEvent, UserEventKind},
};

/// Something that happened in the account domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DomainEvent {
    /// To a user.
    User(UserEvent),
    /// To a tenant.
    Tenant(TenantEvent),
    /// To a sign-in.
    Session(SessionEvent),
    /// To an invitation.
    Invitation(InvitationEvent),
    /// To the foundation of a business.
    Business(BusinessEvent),
}

/// The aggregate that an event happened to. The events of one aggregate have an order, those of two have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregate<'a> {
    /// A user.
    User(&'a UserId),
    /// A tenant.
    Tenant(&'a TenantId),
    /// A sign-in.
    Session(&'a SessionId),
    /// An invitation.
    Invitation(&'a InvitationId),
    /// The foundation of a tenant's business.
    Business(&'a TenantId),
}

impl<'a> Aggregate<'a> {
    /// What kind of thing it is.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Tenant(_) => "tenant",
            Self::Session(_) => "session",
            Self::Invitation(_) => "invitation",
            Self::Business(_) => "business_foundation",
        }
    }

    /// Its identifier, unique among its kind.
    #[must_use]
    pub fn id(self) -> &'a str {
        match self {
            Self::User(id) => id.as_str(),
            Self::Tenant(id) | Self::Business(id) => id.as_str(),
            Self::Session(id) => id.as_str(),
            Self::Invitation(id) => id.as_str(),
        }
    }
}

impl DomainEvent {
    /// The event's stable public name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::User(event) => match event.what {
                UserEventKind::Registered => "UserRegistered",
                UserEventKind::EmailConfirmationRequested => "EmailConfirmationRequested",
                UserEventKind::EmailConfirmed => "EmailConfirmed",
                UserEventKind::SignedIn => "UserSignedIn",
                UserEventKind::PasswordResetRequested => "PasswordResetRequested",
                UserEventKind::PasswordReset => "PasswordReset",
                UserEventKind::ProfileChanged { .. } => "ProfileChanged",
                UserEventKind::PreferencesChanged => "PreferencesChanged",
                UserEventKind::IdentityLinked { .. } => "IdentityLinked",
                UserEventKind::IdentityUnlinked { .. } => "IdentityUnlinked",
                UserEventKind::RoleChanged { .. } => "RoleChanged",
                UserEventKind::Deactivated => "UserDeactivated",
                UserEventKind::Reactivated => "UserReactivated",
                UserEventKind::LeftTenant => "UserLeftTenant",
                UserEventKind::SessionsEnded => "UserSessionsEnded",
                UserEventKind::Removed => "UserRemoved",
            },
            Self::Tenant(event) => match event.what {
                TenantEventKind::Created { .. } => "TenantCreated",
                TenantEventKind::Renamed => "TenantRenamed",
                TenantEventKind::SettingsChanged { .. } => "TenantSettingsChanged",
                TenantEventKind::Suspended { .. } => "TenantSuspended",
                TenantEventKind::Reactivated => "TenantReactivated",
                TenantEventKind::Closed { .. } => "TenantClosed",
                TenantEventKind::Reopened => "TenantReopened",
                TenantEventKind::OwnershipTransferred { .. } => "OwnershipTransferred",
            },
            Self::Session(event) => match event.what {
                SessionEventKind::Ended { .. } => "SessionEnded",
            },
            Self::Invitation(event) => match event.what {
                InvitationEventKind::Invited { .. } => "UserInvited",
                InvitationEventKind::Resent => "InvitationResent",
                InvitationEventKind::Cancelled => "InvitationCancelled",
                InvitationEventKind::Accepted { .. } => "InvitationAccepted",
            },
            Self::Business(event) => match event.what {
                BusinessEventKind::Changed { .. } => "BusinessFoundationChanged",
                BusinessEventKind::OnboardingCompleted => "OnboardingCompleted",
            },
        }
    }

    /// Whether the audit trail keeps it (security rule 26): whatever changes who may do what.
    ///
    /// Sign-ins, sign-outs and links that anybody may order are in the log instead, where they come by the
    /// thousand. An account that somebody makes themself begins with its tenant, so that its own registration would
    /// say the same again.
    #[must_use]
    pub const fn is_security_relevant(&self) -> bool {
        match self {
            Self::User(event) => match event.what {
                UserEventKind::EmailConfirmed
                | UserEventKind::PasswordReset
                | UserEventKind::IdentityLinked { .. }
                | UserEventKind::IdentityUnlinked { .. }
                | UserEventKind::RoleChanged { .. }
                | UserEventKind::Deactivated
                | UserEventKind::Reactivated
                | UserEventKind::LeftTenant
                | UserEventKind::SessionsEnded
                | UserEventKind::Removed => true,
                UserEventKind::Registered
                | UserEventKind::EmailConfirmationRequested
                | UserEventKind::SignedIn
                | UserEventKind::PasswordResetRequested
                | UserEventKind::ProfileChanged { .. }
                | UserEventKind::PreferencesChanged => false,
            },
            Self::Tenant(event) => match event.what {
                TenantEventKind::Created { .. }
                | TenantEventKind::OwnershipTransferred { .. }
                | TenantEventKind::Renamed
                | TenantEventKind::Suspended { .. }
                | TenantEventKind::Reactivated
                | TenantEventKind::Closed { .. }
                | TenantEventKind::Reopened => true,
                TenantEventKind::SettingsChanged { .. } => false,
            },
            Self::Session(event) => match event.what {
                SessionEventKind::Ended { reason } => match reason {
                    SessionEnd::TokenReused => true,
                    SessionEnd::SignedOut | SessionEnd::EndedRemotely => false,
                },
            },
            Self::Invitation(_) => true,
            // The history of the foundation says who changed what.
            Self::Business(_) => false,
        }
    }

    /// What it happened to.
    #[must_use]
    pub const fn aggregate(&self) -> Aggregate<'_> {
        match self {
            Self::User(event) => Aggregate::User(&event.user_id),
            Self::Tenant(event) => Aggregate::Tenant(&event.tenant_id),
            Self::Session(event) => Aggregate::Session(&event.session_id),
            Self::Invitation(event) => Aggregate::Invitation(&event.invitation_id),
            Self::Business(event) => Aggregate::Business(&event.tenant_id),
        }
    }

    /// The version of the aggregate that it led to. Of two events of one aggregate that were not committed
    /// together, the later one has the higher version.
    #[must_use]
    pub const fn version(&self) -> Version {
        match self {
            Self::User(event) => event.version,
            Self::Tenant(event) => event.version,
            Self::Session(event) => event.version,
            Self::Invitation(event) => event.version,
            Self::Business(event) => event.version,
        }
    }

    /// The tenant that it happened in.
    #[must_use]
    pub const fn tenant_id(&self) -> &TenantId {
        match self {
            Self::User(event) => &event.tenant_id,
            Self::Tenant(event) => &event.tenant_id,
            Self::Session(event) => &event.tenant_id,
            Self::Invitation(event) => &event.tenant_id,
            Self::Business(event) => &event.tenant_id,
        }
    }
}

impl From<UserEvent> for DomainEvent {
    fn from(event: UserEvent) -> Self {
        Self::User(event)
    }
}

impl From<TenantEvent> for DomainEvent {
    fn from(event: TenantEvent) -> Self {
        Self::Tenant(event)
    }
}

impl From<SessionEvent> for DomainEvent {
    fn from(event: SessionEvent) -> Self {
        Self::Session(event)
    }
}

impl From<InvitationEvent> for DomainEvent {
    fn from(event: InvitationEvent) -> Self {
        Self::Invitation(event)
    }
}

impl From<BusinessEvent> for DomainEvent {
    fn from(event: BusinessEvent) -> Self {
        Self::Business(event)
    }
}
