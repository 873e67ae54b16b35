//! What the account service does: its use cases, and the ports through which they reach the world.
//!
//! A use case is one method in one file. It **authorises, loads, decides, commits**: an [`Actor`] or a proof
//! says for whom it acts, a repository port loads, a domain aggregate decides, and [`ports::UnitOfWork`]
//! writes everything at once. Nothing remote happens between load and commit; mail and events leave through
//! the outbox afterwards ([`relay`]).

pub mod actor;
pub mod admin;
pub mod audit;
pub mod auth;
pub mod billing;
pub mod business;
pub mod discounts;
pub mod error;
#[cfg(test)]
mod fixtures;
pub mod idempotency;
pub mod invitations;
pub mod links;
pub mod members;
pub mod page;
pub mod ports;
pub mod relay;
mod retry;
mod security_log;
pub mod telemetry;
pub mod tenants;
pub mod usage;
pub mod use_cases;
pub mod users;

pub use actor::{Actor, TenantScope};
pub use admin::AdminService;
pub use audit::AuditService;
pub use auth::AuthService;
pub use billing::BillingService;
pub use business::BusinessService;
pub use discounts::DiscountService;
pub use error::{Classified, ErrorKind, Failure};
pub use invitations::InvitationService;
pub use members::MemberService;
pub use relay::Relay;
pub use tenants::TenantService;
pub use usage::UsageService;
pub use use_cases::{Ports, UseCases};
pub use users::UserService;
