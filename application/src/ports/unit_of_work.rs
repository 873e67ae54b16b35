use async_trait::async_trait;
use domain::{
    BillingAccount, BusinessFoundation, DiscountCode, DomainEvent, EmailAddress, Invitation, LimitName, OneTimeToken,
    Outcome, Seats, Session, SessionId, Subscription, Tenant, TenantId, ThrottleSubject, Timestamp, TokenHash, TokenId,
    Usage, User, UserId, discount::Redemption, session::RefreshToken, verification::Purpose,
};

use super::{ClosedTenant, IdentityClaim, Mail, ProviderEvent, SeatRecord, StoreError, UsageRecord};
use crate::{
    actor::PlatformAdmin,
    audit::{AuditActor, AuditEntry},
    idempotency::IdempotencyRecord,
};

/// The one door through which anything is written.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait UnitOfWork: Send + Sync {
    /// Applies every change, queues every mail and event, and keeps a record of every event that is relevant to
    /// security in the audit trail, or does nothing at all. Attributes that this service does not know are kept.
    /// Secrets in queued mails are not stored readably.
    ///
    /// # Errors
    ///
    /// [`CommitError`] when nothing was done.
    async fn commit(&self, changes: ChangeSet) -> Result<(), CommitError>;
}

/// Everything that one use case wants written.
#[derive(Debug, Default)]
#[must_use = "a change set does nothing until it is committed"]
pub struct ChangeSet {
    /// The changes, in order.
    pub writes: Vec<Write>,
    /// What happened.
    pub events: Vec<DomainEvent>,
    /// What to mail.
    pub mails: Vec<Mail>,
    /// What the billing provider said about somebody who is not known yet, to be looked at again.
    pub deferred: Vec<ProviderEvent>,
    /// Tenants that are closed, and whose subscriptions must not renew.
    pub closed: Vec<ClosedTenant>,
    /// Who did it, where it was somebody who is known.
    pub by: Option<UserId>,
    /// Whether they did it as an administrator of the platform.
    pub as_platform_admin: bool,
}

/// One change, with the refusal that it can meet.
#[derive(Clone, Debug)]
pub enum Write {
    /// Stores a new tenant; [`Refusal::AlreadyExists`] when there is one of that id.
    CreateTenant(Tenant),
    /// Stores what differs between a tenant as loaded and as decided; [`Refusal::Stale`] when the stored version
    /// is not the loaded one any more.
    SaveTenant {
        /// As loaded.
        before: Box<Tenant>,
        /// As decided.
        after: Box<Tenant>,
    },
    /// Stores nothing; [`Refusal::Stale`] when the tenant's version or owner is not the loaded one any more. For
    /// decisions that rest on the tenant and leave it as it is.
    ExpectTenant(Box<Tenant>),
    /// Stores a new user; [`Refusal::AlreadyExists`] when there is one of that id.
    CreateUser(Box<User>),
    /// Stores what differs between a user as loaded and as decided; [`Refusal::Stale`] when the stored version
    /// is not the loaded one any more.
    SaveUser {
        /// As loaded.
        before: Box<User>,
        /// As decided.
        after: Box<User>,
    },
    /// Removes a user and their preferences; [`Refusal::Stale`] when the stored version is not the loaded one any more.
    RemoveUser(Box<User>),
    /// Reserves an address for one user; [`Refusal::EmailTaken`] when another user has it.
    ClaimEmail {
        /// The address.
        email: EmailAddress,
        /// For whom.
        user_id: UserId,
        /// Their tenant.
        tenant_id: TenantId,
    },
    /// Stores a new invitation; [`Refusal::AlreadyExists`] when there is one of that id.
    CreateInvitation(Box<Invitation>),
    /// Stores what differs between an invitation as loaded and as decided; [`Refusal::Stale`] when it was answered,
    /// taken back or sent again meanwhile.
    SaveInvitation {
        /// As loaded.
        before: Box<Invitation>,
        /// As decided.
        after: Box<Invitation>,
    },
    /// Changes nothing; [`Refusal::Stale`] when the tenant is switched off or gone by now.
    UseTenant(TenantId),
    /// Frees an address; [`Refusal::Stale`] when it is not reserved for that user.
    ReleaseEmail {
        /// The address.
        email: EmailAddress,
        /// For whom it was reserved.
        user_id: UserId,
    },
    /// Reserves an outside identity for one user; [`Refusal::IdentityTaken`] when it is reserved, be it for the
    /// same one.
    ClaimIdentity(IdentityClaim),
    /// Stores who has an outside identity now; [`Refusal::Stale`] when it is not the loaded user's, of the loaded
    /// tenant, any more.
    SaveIdentity {
        /// As loaded.
        before: Box<IdentityClaim>,
        /// As decided: a claim of the same identity.
        after: Box<IdentityClaim>,
    },
    /// Frees an outside identity; [`Refusal::Stale`] when it is not that user's any more.
    ReleaseIdentity(IdentityClaim),
    /// Keeps the seats of a tenant. Those that were read from the record become as many more or less as lie between
    /// `before` and `after`, whatever the number is by now; [`Refusal::NoSeatLeft`] when that takes one and none of
    /// the limit is free any more. Those that were counted go on record as they are in `after`; [`Refusal::Stale`]
    /// when anything about the record has changed since, or when nobody is to be left and somebody has joined meanwhile.
    SaveSeats {
        /// The tenant.
        tenant_id: TenantId,
        /// As loaded.
        before: SeatRecord,
        /// As decided.
        after: Seats,
        /// How many may be taken; `None` is unlimited.
        limit: Option<u32>,
    },
    /// Counts how much a tenant uses of something. A counter becomes as much more or less as lies between `before` and
    /// `after`, whatever it is by now; [`Refusal::QuotaExceeded`] when there is not as much left of the limit any more,
    /// or not as much to be given back. A counter that there is not begins as in `after`; [`Refusal::Stale`] when there
    /// is one by now.
    SaveUsage {
        /// The tenant.
        tenant_id: TenantId,
        /// What is counted.
        name: LimitName,
        /// As loaded.
        before: UsageRecord,
        /// As decided, with the limit that it was decided on.
        after: Usage,
    },
    /// Stores what differs between the foundation of a business as loaded, if there was one, and as decided;
    /// [`Refusal::Stale`] when it is not the loaded one any more, be it by this service or by a Python one.
    SaveBusiness {
        /// As loaded.
        before: Option<Box<BusinessFoundation>>,
        /// As decided.
        after: Box<BusinessFoundation>,
    },
    /// Stores a new discount code; [`Refusal::AlreadyExists`] when there is one of that text.
    CreateDiscountCode(Box<DiscountCode>),
    /// Stores what differs between a discount code as loaded and as decided; [`Refusal::Stale`] when it was changed
    /// meanwhile, or so many have redeemed it by now that it could not be decided like that any more.
    SaveDiscountCode {
        /// As loaded.
        before: Box<DiscountCode>,
        /// As decided.
        after: Box<DiscountCode>,
    },
    /// Removes a discount code; [`Refusal::Stale`] when it was changed or redeemed meanwhile.
    DeleteDiscountCode(Box<DiscountCode>),
    /// Keeps that a tenant has redeemed a discount code, and counts it, whatever the number is by now;
    /// [`Refusal::CodeUsedByTenant`] when the tenant has already, and [`Refusal::CodeExhausted`] when none of the
    /// redemptions is left, or the code is not as it was loaded any more: looking again tells which.
    RedeemCode {
        /// The code, as loaded.
        code: Box<DiscountCode>,
        /// Who redeems it, and for what.
        redemption: Redemption,
    },
    /// Gives a redemption back, so that one more can redeem the code; [`Refusal::Stale`] when it is gone already.
    ReleaseCode(Redemption),
    /// Stores a new subscription; [`Refusal::AlreadyExists`] when there is one of that id.
    CreateSubscription(Box<Subscription>),
    /// Stores what differs between a subscription as loaded and as decided; [`Refusal::Stale`] when it is not the
    /// loaded one any more, be it by this service or by a Python one.
    SaveSubscription {
        /// As loaded.
        before: Box<Subscription>,
        /// As decided.
        after: Box<Subscription>,
    },
    /// Stores the billing account of a tenant as decided; [`Refusal::Stale`] when it is not the loaded one any more, or
    /// there is one where none was.
    SaveBillingAccount {
        /// As loaded, if there was one.
        before: Option<Box<BillingAccount>>,
        /// As decided.
        after: Box<BillingAccount>,
    },
    /// Remembers an event of the billing provider for as long as it may come again; [`Refusal::AlreadyReceived`] when it
    /// was remembered already (security rule 29).
    RememberProviderEvent(ProviderEvent),
    /// Forgets the failures of a subject because it has succeeded; [`Refusal::Stale`] when its password is disabled by now.
    EndFailures(ThrottleSubject),
    /// Forgets the failures of a subject if there are any, and that its password is disabled.
    ForgetFailures(ThrottleSubject),
    /// Keeps that the password of a subject is disabled, until its failures are forgotten; [`Refusal::Stale`] when it is
    /// already.
    DisablePassword(ThrottleSubject),
    /// Stores a new one-time token.
    IssueToken(OneTimeToken),
    /// Stores that a one-time token was used; [`Refusal::TokenUsed`] when it is used or gone already.
    RedeemToken(OneTimeToken),
    /// Removes a one-time token if it is there.
    ForgetToken {
        /// What it is for.
        purpose: Purpose,
        /// The hash of its secret.
        hash: TokenHash,
    },
    /// Stores a new session; [`Refusal::AlreadyExists`] when there is one of that id.
    StartSession(Session),
    /// Stores a session as decided; [`Refusal::Stale`] when the stored version is not the loaded one any more.
    SaveSession(Session),
    /// Removes a session if it is there.
    RemoveSession(SessionId),
    /// Lists a refresh token where the Python services look for it.
    ListRefreshToken {
        /// The token.
        token: RefreshToken,
        /// Its session.
        session: Box<Session>,
        /// When it stops working.
        expires_at: Timestamp,
    },
    /// Takes a refresh token off that list; [`Refusal::RefreshTokenSpent`] when somebody else did.
    SpendRefreshToken(TokenId),
    /// Takes a refresh token off that list if it is there.
    ForgetRefreshToken(TokenId),
    /// Remembers an answer; [`Refusal::IdempotencyKeyUsed`] when the key has a live one.
    Remember(IdempotencyRecord),
    /// Keeps something in the audit trail that is no event of the domain.
    Audit(AuditEntry),
}

impl ChangeSet {
    /// Adds a change.
    pub fn write(mut self, write: Write) -> Self {
        self.writes.push(write);
        self
    }

    /// Adds a change if there is one.
    pub fn write_if(self, write: Option<Write>) -> Self {
        match write {
            Some(write) => self.write(write),
            None => self,
        }
    }

    /// Adds what differs between a user as loaded and as decided.
    pub fn save_user(self, before: User, after: User) -> Self {
        self.write(Write::SaveUser { before: Box::new(before), after: Box::new(after) })
    }

    /// Adds what differs between an invitation as loaded and as decided.
    pub fn save_invitation(self, before: Invitation, after: Invitation) -> Self {
        self.write(Write::SaveInvitation { before: Box::new(before), after: Box::new(after) })
    }

    /// Adds what differs between a tenant as loaded and as decided.
    pub fn save_tenant(self, before: Tenant, after: Tenant) -> Self {
        self.write(Write::SaveTenant { before: Box::new(before), after: Box::new(after) })
    }

    /// Adds changes.
    pub fn write_all(mut self, writes: impl IntoIterator<Item = Write>) -> Self {
        self.writes.extend(writes);
        self
    }

    /// Adds what a command did.
    pub fn record<E: Into<DomainEvent>>(mut self, outcome: Outcome<E>) -> Self {
        self.events.extend(outcome.into_events().into_iter().map(Into::into));
        self
    }

    /// Says who does it.
    pub fn by(mut self, user_id: &UserId) -> Self {
        self.by = Some(user_id.clone());
        self
    }

    /// Says that an administrator of the platform does it.
    pub fn by_platform_admin(self, admin: &PlatformAdmin) -> Self {
        Self { as_platform_admin: true, ..self.by(admin.user_id()) }
    }

    /// Who does it, as the audit trail has it.
    #[must_use]
    pub fn actor(&self) -> AuditActor {
        match &self.by {
            None => AuditActor::System,
            Some(id) if self.as_platform_admin => AuditActor::Platform(id.clone()),
            Some(id) => AuditActor::Member(id.clone()),
        }
    }

    /// Has an event of the billing provider looked at again later.
    pub fn defer(mut self, event: ProviderEvent) -> Self {
        self.deferred.push(event);
        self
    }

    /// Has the renewal of what a tenant pays for switched off, because it is closed.
    pub fn stop_renewal_of(mut self, closed: ClosedTenant) -> Self {
        self.closed.push(closed);
        self
    }

    /// Adds what differs between a subscription as loaded and as decided.
    pub fn save_subscription(self, before: Subscription, after: Subscription) -> Self {
        self.write(Write::SaveSubscription { before: Box::new(before), after: Box::new(after) })
    }

    /// Orders a mail.
    pub fn mail(mut self, mail: Mail) -> Self {
        self.mails.push(mail);
        self
    }
}

/// Why one write was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Another user has the address.
    #[error("the address is taken")]
    EmailTaken,
    /// Somebody has the outside identity.
    #[error("the identity is taken")]
    IdentityTaken,
    /// Somebody else changed it meanwhile.
    #[error("it was changed meanwhile")]
    Stale,
    /// The one-time token was used meanwhile.
    #[error("the token was used meanwhile")]
    TokenUsed,
    /// The refresh token was spent meanwhile, here or by a Python service.
    #[error("the refresh token was spent meanwhile")]
    RefreshTokenSpent,
    /// A request with the same key was answered meanwhile.
    #[error("the idempotency key was used meanwhile")]
    IdempotencyKeyUsed,
    /// All seats of the tenant were taken meanwhile.
    #[error("all seats were taken meanwhile")]
    NoSeatLeft,
    /// So much is not left any more, or is not there to be given back.
    #[error("what was left was used meanwhile")]
    QuotaExceeded,
    /// The last redemption of the discount code was taken meanwhile, or the code was changed.
    #[error("the discount code was redeemed or changed meanwhile")]
    CodeExhausted,
    /// The tenant has redeemed the discount code.
    #[error("the tenant has redeemed the discount code")]
    CodeUsedByTenant,
    /// The event of the billing provider was received before.
    #[error("the event was received before")]
    AlreadyReceived,
    /// There is one of that id.
    #[error("it exists already")]
    AlreadyExists,
}

/// Why nothing was committed.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// One of the writes was refused: the first one, in the order of the change set, that has a reason.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Another transaction was at the same items; nothing is known to be wrong.
    #[error("another transaction was at the same items")]
    Conflict,
    /// The store failed. Whether it did the work is not known.
    #[error(transparent)]
    Store(#[from] StoreError),
}
