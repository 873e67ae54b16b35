//! The account domain: who a person is, which organisation they belong to, and how they prove it.
//!
//! Everything here is pure and synchronous. Time, identifiers and randomness are arguments; storage, HTTP
//! and hashing are somebody else's. Two kinds of type live here:
//!
//! - **Value objects** ([`EmailAddress`], [`PersonName`], …) are built only by their `parse`, so that holding
//!   one is the proof of its rule. Their `restore` trusts the store instead: rows that were written before a
//!   rule existed must stay readable.
//! - **Aggregates** ([`User`], [`Tenant`], [`Session`], [`Invitation`], [`OneTimeToken`], [`BusinessFoundation`],
//!   [`DiscountCode`], [`Subscription`]) own the rules that span several values. A command changes the aggregate and
//!   returns an [`Outcome`] with what happened.

pub mod billing_account;
pub mod billing_period;
pub mod business;
pub mod change;
pub mod discount;
pub mod email_address;
pub mod entitlement;
pub mod event;
pub mod https_url;
pub mod identity;
pub mod ids;
pub mod invitation;
pub mod locale;
pub mod money;
pub mod name;
pub mod outcome;
pub mod person_name;
pub mod phone_number;
pub mod role;
pub mod seats;
pub mod session;
pub mod subscription;
pub mod tenant;
pub mod throttle;
pub mod tier;
pub mod usage;
pub mod user;
pub mod verification;
pub mod version;

pub use billing_account::BillingAccount;
pub use billing_period::{BillingPeriod, Frequency};
pub use business::BusinessFoundation;
pub use change::Change;
pub use discount::{DiscountCode, PromoCode};
pub use email_address::EmailAddress;
pub use entitlement::Entitlements;
pub use event::{Aggregate, DomainEvent};
pub use https_url::HttpsUrl;
pub use identity::{IdentityProvider, OutsideIdentity};
pub use ids::{
    DiscountCodeId, IdentityId, InvitationId, LimitName, ProductId, RedemptionId, SessionId, SubscriptionId, TenantId,
    TokenId, UserId,
};
pub use invitation::{Invitation, InvitationToken};
pub use locale::{Currency, Language, TimeZone};
pub use money::{Money, Percentage};
pub use outcome::Outcome;
pub use person_name::PersonName;
pub use phone_number::PhoneNumber;
pub use role::{Permission, Role};
pub use seats::{NoSeatLeft, SeatChange, Seats};
pub use session::Session;
pub use subscription::{Plan, Subscription, SubscriptionStatus};
pub use tenant::Tenant;
pub use throttle::ThrottleSubject;
pub use tier::{Tier, TierOffer};
pub use usage::{Usage, UsageAmount, UsageChange};
pub use user::User;
pub use verification::{OneTimeToken, TokenHash, TokenSecret};
pub use version::Version;

/// The instant type of the whole service: UTC, because nothing here has a local time.
pub type Timestamp = chrono::DateTime<chrono::Utc>;
