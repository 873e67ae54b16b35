//! The one definition of every DynamoDB table of the account service: names, keys, indexes, TTL
//! attributes and streams.
//!
//! The repositories take key and index names from here, the local store and the tests create their
//! tables from it, and the deployment templates are checked against it. Eleven of the tables are
//! shared with the Python services, so their names, keys and indexes may not change; the `ACCOUNT_*`
//! tables are ours alone.

mod compare;
mod create;
mod layout;

pub use compare::{Difference, KeyNames};
pub use create::{CreateTablesError, Created, create_missing};
pub use layout::{Layout, LayoutError, LayoutProblem, UsersKey};

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::create_table::builders::CreateTableInputBuilder;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType, StreamSpecification, StreamViewType,
};

/// Names of the indexes that no setting can change.
pub mod index {
    /// Users by lower-case e-mail address.
    pub const USERS_BY_EMAIL: &str = "email-index";
    /// Users by `id`, ordered by `created_at`.
    pub const USERS_BY_CREATION: &str = "created-at-index";
    /// Tenants by domain name.
    pub const TENANTS_BY_DOMAIN: &str = "domain-index";
    /// Refresh tokens, reset tokens, verification tokens, sessions and outside identities by user.
    pub const BY_USER: &str = "user-index";
    /// Preferences by tenant.
    pub const PREFERENCES_BY_TENANT: &str = "tenant_id-index";
    /// Invitations by tenant and status.
    pub const INVITATIONS_BY_TENANT: &str = "tenant_id-status-index";
    /// Invitations by lower-case e-mail address and status.
    pub const INVITATIONS_BY_EMAIL: &str = "email-status-index";
    /// Business data by tenant and version.
    pub const BUSINESS_DATA_BY_TENANT: &str = "tenant_id-version-index";
    /// Billing accounts by the customer of the provider.
    pub const BILLING_BY_CUSTOMER: &str = "customer-index";
    /// Outbox messages by queue: what waits, earliest due first, and what was given up, oldest first.
    pub const OUTBOX_BY_DUE: &str = "due-index";
    /// Audit records of all tenants by month, oldest first.
    pub const AUDIT_BY_MONTH: &str = "month-index";
}

/// A table of the account service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Table {
    /// People who can sign in.
    Users,
    /// Organisations; the boundary of isolation.
    Tenants,
    /// What a tenant pays for.
    Subscriptions,
    /// Refresh tokens that may still be used, by `jti`.
    RefreshTokens,
    /// Password reset tokens, by hash.
    PasswordResets,
    /// E-mail verification tokens, by hash.
    VerificationTokens,
    /// Preferences of a user.
    UserPreferences,
    /// Invitations into a tenant.
    Invitations,
    /// Subscription tiers and their limits.
    Tiers,
    /// Per-tenant exceptions to a tier's limits.
    TenantOverrides,
    /// Onboarding answers and the business foundation.
    BusinessData,
    /// One item per claimed e-mail address: what makes an address unique.
    AccountEmailClaims,
    /// One item per outside identity that somebody signs in with.
    AccountIdentities,
    /// How often attempts at passwords have failed.
    AccountThrottles,
    /// Signed-in sessions, one per refresh-token family.
    AccountSessions,
    /// How many seats of a tenant are taken.
    AccountSeats,
    /// How much of what its plan limits a tenant has used.
    AccountUsage,
    /// What each tenant is to the billing provider.
    AccountBilling,
    /// Events of the billing provider that were received.
    AccountProviderEvents,
    /// Events and mail committed with the change that caused them, awaiting delivery.
    AccountOutbox,
    /// Answers to requests that carried an idempotency key.
    AccountIdempotency,
    /// What happened that matters to security, by tenant.
    AccountAudit,
    /// Codes that make a subscription cheaper.
    AccountDiscountCodes,
    /// Which tenant has redeemed which discount code.
    AccountRedemptions,
}

impl Table {
    /// Every table, those shared with the Python services first.
    pub const ALL: [Self; 24] = [
        Self::Users,
        Self::Tenants,
        Self::Subscriptions,
        Self::RefreshTokens,
        Self::PasswordResets,
        Self::VerificationTokens,
        Self::UserPreferences,
        Self::Invitations,
        Self::Tiers,
        Self::TenantOverrides,
        Self::BusinessData,
        Self::AccountEmailClaims,
        Self::AccountIdentities,
        Self::AccountThrottles,
        Self::AccountSessions,
        Self::AccountSeats,
        Self::AccountUsage,
        Self::AccountBilling,
        Self::AccountProviderEvents,
        Self::AccountOutbox,
        Self::AccountIdempotency,
        Self::AccountAudit,
        Self::AccountDiscountCodes,
        Self::AccountRedemptions,
    ];

    /// The middle of the table's name: `users` in `purposepath-users-dev`.
    #[must_use]
    pub const fn base_name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Tenants => "tenants",
            Self::Subscriptions => "subscriptions",
            Self::RefreshTokens => "refresh-tokens",
            Self::PasswordResets => "password-resets",
            Self::VerificationTokens => "verification-tokens",
            Self::UserPreferences => "user-preferences",
            Self::Invitations => "invitations",
            Self::Tiers => "tiers",
            Self::TenantOverrides => "tenant-overrides",
            Self::BusinessData => "business-data",
            Self::AccountEmailClaims => "account-email-claims",
            Self::AccountIdentities => "account-identities",
            Self::AccountThrottles => "account-throttles",
            Self::AccountSessions => "account-sessions",
            Self::AccountSeats => "account-seats",
            Self::AccountUsage => "account-usage",
            Self::AccountBilling => "account-billing",
            Self::AccountProviderEvents => "account-provider-events",
            Self::AccountOutbox => "account-outbox",
            Self::AccountIdempotency => "account-idempotency",
            Self::AccountAudit => "account-audit",
            Self::AccountDiscountCodes => "account-discount-codes",
            Self::AccountRedemptions => "account-redemptions",
        }
    }

    /// The variable that overrides the table's whole name.
    #[must_use]
    pub const fn variable(self) -> &'static str {
        match self {
            Self::Users => "USERS_TABLE",
            Self::Tenants => "TENANTS_TABLE",
            Self::Subscriptions => "SUBSCRIPTIONS_TABLE",
            Self::RefreshTokens => "REFRESH_TOKENS_TABLE",
            Self::PasswordResets => "PASSWORD_RESETS_TABLE",
            Self::VerificationTokens => "VERIFICATION_TOKENS_TABLE",
            Self::UserPreferences => "USER_PREFERENCES_TABLE",
            Self::Invitations => "INVITATIONS_TABLE",
            Self::Tiers => "TIERS_TABLE",
            Self::TenantOverrides => "TENANT_OVERRIDES_TABLE",
            Self::BusinessData => "BUSINESS_DATA_TABLE",
            Self::AccountEmailClaims => "ACCOUNT_EMAIL_CLAIMS_TABLE",
            Self::AccountIdentities => "ACCOUNT_IDENTITIES_TABLE",
            Self::AccountThrottles => "ACCOUNT_THROTTLES_TABLE",
            Self::AccountSessions => "ACCOUNT_SESSIONS_TABLE",
            Self::AccountSeats => "ACCOUNT_SEATS_TABLE",
            Self::AccountUsage => "ACCOUNT_USAGE_TABLE",
            Self::AccountBilling => "ACCOUNT_BILLING_TABLE",
            Self::AccountProviderEvents => "ACCOUNT_PROVIDER_EVENTS_TABLE",
            Self::AccountOutbox => "ACCOUNT_OUTBOX_TABLE",
            Self::AccountIdempotency => "ACCOUNT_IDEMPOTENCY_TABLE",
            Self::AccountAudit => "ACCOUNT_AUDIT_TABLE",
            Self::AccountDiscountCodes => "ACCOUNT_DISCOUNT_CODES_TABLE",
            Self::AccountRedemptions => "ACCOUNT_REDEMPTIONS_TABLE",
        }
    }
}

/// A global secondary index. It projects every attribute, and its keys are strings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexDefinition<'a> {
    /// The index's name.
    pub name: &'a str,
    /// Attribute of the partition key.
    pub key: &'static str,
    /// Attribute of the sort key, if it has one.
    pub sort_key: Option<&'static str>,
}

/// What a table is made of. Keys are strings and capacity is on demand, everywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableDefinition<'a> {
    /// Which table this defines.
    pub table: Table,
    /// The table's full name in this deployment.
    pub name: &'a str,
    /// Attribute of the partition key.
    pub key: &'static str,
    /// Attribute of the sort key, if it has one.
    pub sort_key: Option<&'static str>,
    /// The table's global secondary indexes.
    pub indexes: Vec<IndexDefinition<'a>>,
    /// The attribute DynamoDB's time to live watches: a number, seconds since 1970.
    pub ttl_attribute: Option<&'static str>,
    /// What the table's stream carries, if it has one.
    pub stream: Option<StreamViewType>,
}

impl<'a> TableDefinition<'a> {
    fn new(layout: &'a Layout, table: Table) -> Self {
        let by = |name, key| IndexDefinition { name, key, sort_key: None };
        let sorted = |name, key, sort_key| IndexDefinition { name, key, sort_key: Some(sort_key) };
        let plain = |key| Self {
            table,
            name: layout.name(table),
            key,
            sort_key: None,
            indexes: Vec::new(),
            ttl_attribute: None,
            stream: None,
        };
        match table {
            Table::Users => Self {
                indexes: vec![
                    by(index::USERS_BY_EMAIL, "email"),
                    by(layout.users_tenant_index(), "tenant_id"),
                    sorted(index::USERS_BY_CREATION, "id", "created_at"),
                ],
                ..plain(layout.users_key().attribute())
            },
            Table::Tenants => Self { indexes: vec![by(index::TENANTS_BY_DOMAIN, "domain")], ..plain("tenant_id") },
            Table::Subscriptions => {
                Self { indexes: vec![by(layout.subscriptions_tenant_index(), "tenant_id")], ..plain("subscription_id") }
            }
            Table::RefreshTokens => {
                Self { indexes: vec![by(index::BY_USER, "user_id")], ttl_attribute: Some("ttl"), ..plain("jti") }
            }
            Table::PasswordResets | Table::VerificationTokens => {
                Self { indexes: vec![by(index::BY_USER, "user_id")], ttl_attribute: Some("ttl"), ..plain("token_hash") }
            }
            Table::UserPreferences => {
                Self { indexes: vec![by(index::PREFERENCES_BY_TENANT, "tenant_id")], ..plain("user_id") }
            }
            // The Python services write `expires_at` as a string, which time to live ignores: it is
            // named here because that is what the existing table is set to, and removes nothing.
            Table::Invitations => Self {
                indexes: vec![
                    sorted(index::INVITATIONS_BY_TENANT, "tenant_id", "status"),
                    sorted(index::INVITATIONS_BY_EMAIL, "email", "status"),
                ],
                ttl_attribute: Some("expires_at"),
                ..plain("invitation_id")
            },
            Table::Tiers => plain("tier_id"),
            Table::TenantOverrides => Self { sort_key: Some("feature"), ..plain("tenant_id") },
            Table::BusinessData => Self {
                indexes: vec![sorted(index::BUSINESS_DATA_BY_TENANT, "tenant_id", "version")],
                ..plain("business_id")
            },
            Table::AccountEmailClaims => plain("email"),
            Table::AccountIdentities => Self { indexes: vec![by(index::BY_USER, "user_id")], ..plain("identity_id") },
            Table::AccountThrottles => Self { ttl_attribute: Some("ttl"), ..plain("subject") },
            Table::AccountSessions => {
                Self { indexes: vec![by(index::BY_USER, "user_id")], ttl_attribute: Some("ttl"), ..plain("session_id") }
            }
            Table::AccountSeats => plain("tenant_id"),
            Table::AccountUsage => Self { sort_key: Some("name"), ..plain("tenant_id") },
            Table::AccountBilling => {
                Self { indexes: vec![by(index::BILLING_BY_CUSTOMER, "customer_id")], ..plain("tenant_id") }
            }
            Table::AccountProviderEvents => Self { ttl_attribute: Some("ttl"), ..plain("event_id") },
            // A partition is the messages that are delivered in order. `due_at` is RFC 3339 in UTC with a
            // fixed number of digits, so that its order as text is its order in time. The table's stream
            // starts the relay in production.
            Table::AccountOutbox => Self {
                indexes: vec![sorted(index::OUTBOX_BY_DUE, "queue", "due_at")],
                ttl_attribute: Some("ttl"),
                sort_key: Some("position"),
                stream: Some(StreamViewType::KeysOnly),
                ..plain("stream")
            },
            Table::AccountIdempotency => Self { ttl_attribute: Some("ttl"), ..plain("key_hash") },
            // `position` begins with the date in a form that sorts, and ends with the record's id. A month is what
            // the index has for a partition, so that no partition of it grows for ever.
            Table::AccountAudit => Self {
                sort_key: Some("position"),
                indexes: vec![sorted(index::AUDIT_BY_MONTH, "month", "position")],
                ttl_attribute: Some("ttl"),
                ..plain("tenant_id")
            },
            Table::AccountDiscountCodes => plain("code"),
            // A key for each code and tenant: a tenant redeems a code once.
            Table::AccountRedemptions => Self { sort_key: Some("tenant_id"), ..plain("code") },
        }
    }

    /// The request that creates the table, without its time to live, which DynamoDB takes only in
    /// a request of its own.
    ///
    /// # Errors
    /// When the SDK finds a required member missing, which would be a mistake in this module.
    pub fn create_request(&self) -> Result<CreateTableInputBuilder, BuildError> {
        let mut request = CreateTableInputBuilder::default()
            .table_name(self.name)
            .billing_mode(BillingMode::PayPerRequest)
            .set_key_schema(Some(key_schema(self.key, self.sort_key)?));
        for attribute in self.key_attributes() {
            request = request.attribute_definitions(
                AttributeDefinition::builder()
                    .attribute_name(attribute)
                    .attribute_type(ScalarAttributeType::S)
                    .build()?,
            );
        }
        for index in &self.indexes {
            request = request.global_secondary_indexes(
                GlobalSecondaryIndex::builder()
                    .index_name(index.name)
                    .set_key_schema(Some(key_schema(index.key, index.sort_key)?))
                    .projection(Projection::builder().projection_type(ProjectionType::All).build())
                    .build()?,
            );
        }
        if let Some(view) = &self.stream {
            request = request.stream_specification(
                StreamSpecification::builder().stream_enabled(true).stream_view_type(view.clone()).build()?,
            );
        }
        Ok(request)
    }

    /// Every attribute that is part of a key, each once: DynamoDB refuses a definition of an
    /// attribute that no key uses, or a second one of the same attribute.
    fn key_attributes(&self) -> Vec<&'static str> {
        let of_indexes = self.indexes.iter().flat_map(|index| [Some(index.key), index.sort_key]);
        let mut attributes: Vec<_> = [Some(self.key), self.sort_key].into_iter().chain(of_indexes).flatten().collect();
        attributes.sort_unstable();
        attributes.dedup();
        attributes
    }
}

fn key_schema(key: &str, sort_key: Option<&str>) -> Result<Vec<KeySchemaElement>, BuildError> {
    [(Some(key), KeyType::Hash), (sort_key, KeyType::Range)]
        .into_iter()
        .filter_map(|(attribute, kind)| Some((attribute?, kind)))
        .map(|(attribute, kind)| KeySchemaElement::builder().attribute_name(attribute).key_type(kind).build())
        .collect()
}

#[cfg(test)]
mod tests;
