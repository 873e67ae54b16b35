//! What the use cases need of the world. Each port says its obligations; every adapter is held to them by the
//! contract tests.

mod accounts;
mod audit;
mod billing;
mod business;
mod clock;
mod directory;
mod discounts;
mod entitlements;
mod failures;
mod health;
mod identities;
mod identity_claims;
mod ids;
mod invitations;
mod mail;
mod members;
mod outbox;
mod passwords;
mod sessions;
mod tenants;
mod tiers;
mod tokens;
mod unit_of_work;
#[cfg(any(test, feature = "fixtures"))]
mod unreached;
mod usage;

pub use accounts::{Account, AccountRepository, AddressHolder, LegacyRefreshToken, SignedInAccount, StoreError};
pub use audit::{AuditFilter, AuditTrail};
pub use billing::{
    BilledTenant, BilledTenants, BillingError, BillingProvider, BillingProviderName, BillingRepository, ClosedTenant,
    DeferredBilling, NewCustomer, NotSettled, Ordered, OutstandingPayment, PortalSession, PricedPlan, PromoDiscount,
    ProviderEvent, SubscriptionOrder, TenantBilling, WebhookRejected,
};
pub use business::BusinessRepository;
pub use clock::Clock;
pub use directory::{PlatformDirectory, SubscriptionFilter, TenantFilter, UserFilter};
pub use discounts::DiscountRepository;
pub use entitlements::EntitlementRepository;
pub use failures::FailureCounter;
pub use health::{Component, HealthCheck};
pub use identities::{IdentityRejected, IdentityTokens, MAX_ID_TOKEN_LENGTH, VerifiedIdentity};
pub use identity_claims::{IdentityClaim, IdentityClaimRepository};
pub use ids::IdGenerator;
pub use invitations::{HeldInvitation, InvitationRepository};
pub use mail::{InvitationNote, Mail, MailError, MailKind, Mailer};
pub use members::{Member, MemberRepository, SeatRecord, SeatSource};
pub use outbox::{
    DeadLetter, DeadLetters, EventEnvelope, EventPublisher, Outbox, OutboxMessage, OutboxPayload, PublishError, Stream,
};
pub use passwords::{PasswordHasher, PasswordHashingError, PasswordVerification};
pub use sessions::SessionRepository;
pub use tenants::TenantRepository;
pub use tiers::TierCatalogue;
pub use tokens::{
    AccessTokenClaims, IssuedAccessToken, RefreshTokenClaims, TokenRejected, TokenSigningError, Tokens,
    VerifiedAccessToken, VerifiedRefreshToken,
};
pub use unit_of_work::{ChangeSet, CommitError, Refusal, UnitOfWork, Write};
#[cfg(any(test, feature = "fixtures"))]
pub use unreached::Unreached;
pub use usage::{UsageRecord, UsageRepository};

#[cfg(test)]
pub(crate) mod mocks {
    //! Stand-ins for failures that the real adapters cannot be made to produce.

    pub(crate) use super::{
        mail::MockMailer,
        outbox::{MockEventPublisher, MockOutbox},
        unit_of_work::MockUnitOfWork,
    };
}
