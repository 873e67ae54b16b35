//! Everything that the service can do, put together on its ports.

use std::sync::Arc;

use crate::{
    actor::PlatformAdmins,
    admin::AdminService,
    audit::AuditService,
    auth::{AuthService, AuthSettings},
    billing::BillingService,
    business::BusinessService,
    discounts::DiscountService,
    invitations::InvitationService,
    members::MemberService,
    ports::{
        AccountRepository, AuditTrail, BillingProvider, BillingRepository, BusinessRepository, Clock,
        DiscountRepository, EntitlementRepository, FailureCounter, IdGenerator, IdentityClaimRepository,
        IdentityTokens, InvitationRepository, MemberRepository, PasswordHasher, PlatformDirectory, SessionRepository,
        TenantRepository, TierCatalogue, Tokens, UnitOfWork, UsageRepository,
    },
    tenants::TenantService,
    usage::UsageService,
    users::UserService,
};

/// What the use cases need of the world; each service takes its part.
#[derive(Clone)]
pub struct Ports {
    /// Reads accounts.
    pub accounts: Arc<dyn AccountRepository>,
    /// Reads tenants.
    pub tenants: Arc<dyn TenantRepository>,
    /// Reads the people of a tenant.
    pub members: Arc<dyn MemberRepository>,
    /// Reads sessions.
    pub sessions: Arc<dyn SessionRepository>,
    /// Knows what tenants may use.
    pub entitlements: Arc<dyn EntitlementRepository>,
    /// Knows how much tenants have used.
    pub usage: Arc<dyn UsageRepository>,
    /// Reads the users, tenants and subscriptions of the whole platform.
    pub directory: Arc<dyn PlatformDirectory>,
    /// Reads what happened.
    pub audit_trail: Arc<dyn AuditTrail>,
    /// Reads invitations.
    pub invitations: Arc<dyn InvitationRepository>,
    /// Reads what tenants say about their business.
    pub business: Arc<dyn BusinessRepository>,
    /// Reads which outside identities belong to whom.
    pub identity_claims: Arc<dyn IdentityClaimRepository>,
    /// Verifies what identity providers say about people.
    pub identity_tokens: Arc<dyn IdentityTokens>,
    /// Reads what tenants pay for.
    pub billing: Arc<dyn BillingRepository>,
    /// Reads discount codes.
    pub discounts: Arc<dyn DiscountRepository>,
    /// Knows the tiers.
    pub tiers: Arc<dyn TierCatalogue>,
    /// Takes the money.
    pub billing_provider: Arc<dyn BillingProvider>,
    /// Writes.
    pub unit_of_work: Arc<dyn UnitOfWork>,
    /// Counts how often passwords were tried.
    pub failures: Arc<dyn FailureCounter>,
    /// Hashes passwords.
    pub passwords: Arc<dyn PasswordHasher>,
    /// Signs and verifies tokens.
    pub tokens: Arc<dyn Tokens>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes identifiers and secrets.
    pub ids: Arc<dyn IdGenerator>,
}

/// Everything that the service can do, by resource.
#[derive(Clone)]
pub struct UseCases {
    /// Signing up, in and out.
    pub auth: AuthService,
    /// Inviting people into a tenant.
    pub invitations: InvitationService,
    /// Profiles and preferences.
    pub users: UserService,
    /// Administration of the platform.
    pub admin: AdminService,
    /// What happened in tenants.
    pub audit: AuditService,
    /// Organisations.
    pub tenants: TenantService,
    /// Onboarding and the business foundation.
    pub business: BusinessService,
    /// The people of a tenant.
    pub members: MemberService,
    /// Subscriptions, and what is paid for them.
    pub billing: BillingService,
    /// What tenants have used of what their plans limit.
    pub usage: UsageService,
    /// What tiers cost, and what codes take off.
    pub discounts: DiscountService,
}

impl UseCases {
    /// The use cases on these ports, for these administrators of the platform.
    #[must_use]
    pub fn new(ports: &Ports, auth: AuthSettings, admins: PlatformAdmins) -> Self {
        let invitations = InvitationService::new(ports, auth.links.clone());
        let billing = BillingService::new(ports, auth.links.clone());
        let tenants = TenantService::new(ports, &auth, AuthService::new(ports, auth.clone()));
        Self {
            invitations,
            auth: AuthService::new(ports, auth),
            users: UserService::new(ports),
            audit: AuditService::new(ports),
            admin: AdminService::new(ports, tenants.clone(), billing.clone(), admins),
            tenants,
            billing,
            usage: UsageService::new(ports),
            business: BusinessService::new(ports),
            members: MemberService::new(ports),
            discounts: DiscountService::new(ports),
        }
    }
}
