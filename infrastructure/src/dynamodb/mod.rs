//! Storage on DynamoDB.

mod accounts;
mod audit;
mod billed_tenants;
mod billing;
mod business;
mod cursor;
mod directory;
mod discounts;
#[cfg(feature = "embedded")]
pub mod embedded;
mod entitlements;
mod errors;
mod expression;
mod health;
mod identity_claims;
mod invitations;
mod items;
pub mod maintenance;
mod members;
mod outbox;
mod sessions;
mod store;
pub mod tables;
mod tenants;
mod tiers;
mod unit_of_work;
mod usage;

pub use accounts::DynamoAccountRepository;
pub use audit::DynamoAuditTrail;
pub use billed_tenants::DynamoBilledTenants;
pub use billing::DynamoBillingRepository;
pub use business::DynamoBusinessRepository;
pub use directory::DynamoPlatformDirectory;
pub use discounts::DynamoDiscountRepository;
pub use entitlements::DynamoEntitlementRepository;
pub use health::DynamoHealthCheck;
pub use identity_claims::DynamoIdentityClaimRepository;
pub use invitations::DynamoInvitationRepository;
pub use members::DynamoMemberRepository;
pub use outbox::{DynamoDeadLetters, DynamoOutbox};
pub use sessions::DynamoSessionRepository;
pub use store::{AUDIT_KEPT_FOR, DynamoStore};
pub use tenants::DynamoTenantRepository;
pub use tiers::{DynamoTierCatalogue, seed_missing_tiers};
pub use unit_of_work::DynamoUnitOfWork;
pub use usage::DynamoUsageRepository;
