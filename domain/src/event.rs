//! Everything that can happen, in one type, for whoever records or delivers it.

use crate::{
    session::SessionEvent,
    tenant::TenantEvent,
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
            },
            Self::Tenant(TenantEvent::Created { .. }) => "TenantCreated",
            Self::Session(SessionEvent::Ended { .. }) => "SessionEnded",
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
