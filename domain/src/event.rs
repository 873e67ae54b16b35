//! Everything that can happen, in one type, for whoever records or delivers it.

use crate::{
    DiscountCodeId, InvitationId, RedemptionId, SessionId, SubscriptionId, TenantId, UserId, Version,
    business::{BusinessEvent, BusinessEventKind},
    discount::{DiscountCodeEvent, DiscountCodeEventKind, RedemptionEvent, RedemptionEventKind},
    invitation::{InvitationEvent, InvitationEventKind},
    session::{SessionEnd, SessionEvent, SessionEventKind},
    subscription::{SubscriptionEvent, SubscriptionEventKind},
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
    /// To a discount code.
    DiscountCode(DiscountCodeEvent),
    /// To a redemption of a discount code.
    Redemption(RedemptionEvent),
    /// To a subscription.
    Subscription(SubscriptionEvent),
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
    /// A discount code.
    DiscountCode(&'a DiscountCodeId),
    /// A redemption of a discount code.
    Redemption(&'a RedemptionId),
    /// A subscription.
    Subscription(&'a SubscriptionId),
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
            Self::DiscountCode(_) => "discount_code",
            Self::Redemption(_) => "redemption",
            Self::Subscription(_) => "subscription",
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
            Self::DiscountCode(id) => id.as_str(),
            Self::Redemption(id) => id.as_str(),
            Self::Subscription(id) => id.as_str(),
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
                UserEventKind::PasswordDisabled => "PasswordDisabled",
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
            Self::DiscountCode(event) => match event.what {
                DiscountCodeEventKind::Created => "DiscountCodeCreated",
                DiscountCodeEventKind::Changed => "DiscountCodeChanged",
                DiscountCodeEventKind::Enabled => "DiscountCodeEnabled",
                DiscountCodeEventKind::Disabled => "DiscountCodeDisabled",
                DiscountCodeEventKind::Deleted => "DiscountCodeDeleted",
            },
            Self::Redemption(event) => match event.what {
                RedemptionEventKind::Redeemed => "DiscountCodeRedeemed",
                RedemptionEventKind::Released => "DiscountCodeReleased",
            },
            Self::Subscription(event) => match event.what {
                SubscriptionEventKind::TrialStarted { .. } => "TrialStarted",
                SubscriptionEventKind::TrialExtended { .. } => "TrialExtended",
                SubscriptionEventKind::Ordered { .. } => "SubscriptionOrdered",
                SubscriptionEventKind::Activated { .. } => "SubscriptionActivated",
                SubscriptionEventKind::Renewed { .. } => "SubscriptionRenewed",
                SubscriptionEventKind::Changed { .. } => "SubscriptionChanged",
                SubscriptionEventKind::ChangeScheduled { .. } => "SubscriptionChangeScheduled",
                SubscriptionEventKind::RenewalSwitchedOff => "SubscriptionRenewalSwitchedOff",
                SubscriptionEventKind::RenewalSwitchedOn => "SubscriptionRenewalSwitchedOn",
                SubscriptionEventKind::PaymentFailed { .. } => "SubscriptionPaymentFailed",
                SubscriptionEventKind::Unpaid => "SubscriptionUnpaid",
                SubscriptionEventKind::Cancelled => "SubscriptionCancelled",
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
                | UserEventKind::PasswordDisabled
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
            // Who changes a code changes what others pay.
            Self::Invitation(_) | Self::DiscountCode(_) => true,
            // The history of the foundation says who changed what, and the record of a redemption who redeemed.
            Self::Business(_) | Self::Redemption(_) => false,
            // Administrators of the platform give something away; everything else is between a tenant and its card.
            Self::Subscription(event) => matches!(event.what, SubscriptionEventKind::TrialExtended { .. }),
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
            Self::DiscountCode(event) => Aggregate::DiscountCode(&event.id),
            Self::Redemption(event) => Aggregate::Redemption(&event.redemption_id),
            Self::Subscription(event) => Aggregate::Subscription(&event.subscription_id),
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
            Self::DiscountCode(event) => event.version,
            Self::Redemption(event) => event.version(),
            Self::Subscription(event) => event.version,
        }
    }

    /// The tenant that it happened in; `None` when it is about the platform as a whole.
    #[must_use]
    pub const fn tenant_id(&self) -> Option<&TenantId> {
        match self {
            Self::User(event) => Some(&event.tenant_id),
            Self::Tenant(event) => Some(&event.tenant_id),
            Self::Session(event) => Some(&event.tenant_id),
            Self::Invitation(event) => Some(&event.tenant_id),
            Self::Business(event) => Some(&event.tenant_id),
            Self::DiscountCode(_) => None,
            Self::Redemption(event) => Some(&event.tenant_id),
            Self::Subscription(event) => Some(&event.tenant_id),
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

impl From<DiscountCodeEvent> for DomainEvent {
    fn from(event: DiscountCodeEvent) -> Self {
        Self::DiscountCode(event)
    }
}

impl From<RedemptionEvent> for DomainEvent {
    fn from(event: RedemptionEvent) -> Self {
        Self::Redemption(event)
    }
}

impl From<SubscriptionEvent> for DomainEvent {
    fn from(event: SubscriptionEvent) -> Self {
        Self::Subscription(event)
    }
}
