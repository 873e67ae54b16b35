//! The shapes of the rows that the Python services share, as their models have them. `tests/python/shapes.py` says the
//! same in their words, and a test holds the two against each other.

use super::shape::{Attribute, Kind, optional, required};
use crate::dynamodb::tables::{Table, UsersKey};

/// As long as anything can be in a row.
const ANY: usize = usize::MAX;
const ROLES: &[&str] = &["owner", "admin", "manager", "member", "viewer"];

/// The shape of a table's rows, unless only this service knows it.
pub(super) const fn of(table: Table, users_key: UsersKey) -> Option<&'static [Attribute]> {
    Some(match (table, users_key) {
        (Table::Users, UsersKey::Id) => USERS_BY_ID,
        (Table::Users, UsersKey::UserId) => USERS_BY_USER_ID,
        (Table::Tenants, _) => TENANTS,
        (Table::Subscriptions, _) => SUBSCRIPTIONS,
        (Table::RefreshTokens, _) => REFRESH_TOKENS,
        (Table::PasswordResets | Table::VerificationTokens, _) => ONE_TIME_TOKENS,
        (Table::UserPreferences, _) => PREFERENCES,
        (Table::Invitations, _) => INVITATIONS,
        (Table::BusinessData, _) => BUSINESS_DATA,
        // What tiers and exceptions look like to Python nobody wrote down; the rest is ours alone.
        (
            Table::Tiers
            | Table::TenantOverrides
            | Table::AccountEmailClaims
            | Table::AccountIdentities
            | Table::AccountThrottles
            | Table::AccountSessions
            | Table::AccountSeats
            | Table::AccountUsage
            | Table::AccountBilling
            | Table::AccountProviderEvents
            | Table::AccountOutbox
            | Table::AccountIdempotency
            | Table::AccountAudit
            | Table::AccountDiscountCodes
            | Table::AccountRedemptions,
            _,
        ) => return None,
    })
}

macro_rules! users {
    ($key:literal, $other:literal) => {
        &[
            required($key, Kind::Text(ANY)),
            required($other, Kind::SameAs($key)),
            required("tenant_id", Kind::Text(ANY)),
            required("email", Kind::Email),
            required("first_name", Kind::Text(50)),
            required("last_name", Kind::Text(50)),
            required("role", Kind::OneOf(ROLES)),
            required("status", Kind::OneOf(&["active", "inactive", "suspended", "pending"])),
            optional("password_hash", Kind::Text(ANY)),
            required("email_verified", Kind::Flag),
            optional("last_login", Kind::Date),
            optional("avatar_url", Kind::Text(ANY)),
            optional("phone", Kind::Text(ANY)),
            optional("timezone", Kind::Text(ANY)),
            optional("language", Kind::Text(ANY)),
            optional("preferences", Kind::Map),
            required("created_at", Kind::Date),
            required("updated_at", Kind::Date),
        ]
    };
}

const USERS_BY_ID: &[Attribute] = users!("id", "user_id");
const USERS_BY_USER_ID: &[Attribute] = users!("user_id", "id");

const TENANTS: &[Attribute] = &[
    required("tenant_id", Kind::Text(ANY)),
    required("name", Kind::Text(100)),
    optional("domain", Kind::Text(ANY)),
    required("owner_user_id", Kind::Text(ANY)),
    required("status", Kind::OneOf(&["active", "suspended", "trial", "cancelled"])),
    optional("settings", Kind::Map),
    optional("industry", Kind::Text(ANY)),
    optional("company_size", Kind::Text(ANY)),
    optional("timezone", Kind::Text(ANY)),
    required("created_at", Kind::Date),
    required("updated_at", Kind::Date),
];

const SUBSCRIPTIONS: &[Attribute] = &[
    required("subscription_id", Kind::Text(ANY)),
    required("tenant_id", Kind::Text(ANY)),
    required("tier", Kind::OneOf(&["starter", "professional", "enterprise", "trial"])),
    required("status", Kind::OneOf(&["active", "trialing", "past_due", "cancelled", "unpaid"])),
    required("billing_cycle", Kind::OneOf(&["monthly", "yearly"])),
    required("amount", Kind::Whole),
    required("currency", Kind::Currency),
    optional("trial_ends_at", Kind::Date),
    required("current_period_start", Kind::Date),
    required("current_period_end", Kind::Date),
    optional("cancelled_at", Kind::Date),
    optional("limits", Kind::MapOfNumbers),
    optional("usage", Kind::MapOfNumbers),
    optional("external_subscription_id", Kind::Text(ANY)),
    required("created_at", Kind::Date),
    required("updated_at", Kind::Date),
];

const INVITATIONS: &[Attribute] = &[
    required("invitation_id", Kind::Text(ANY)),
    required("tenant_id", Kind::Text(ANY)),
    required("email", Kind::Email),
    required("invited_by_user_id", Kind::Text(ANY)),
    required("role", Kind::OneOf(ROLES)),
    required("status", Kind::OneOf(&["pending", "accepted", "expired", "cancelled"])),
    required("token", Kind::Text(ANY)),
    required("expires_at", Kind::Date),
    optional("accepted_at", Kind::Date),
    optional("message", Kind::Text(500)),
    optional("email_sent_at", Kind::Date),
    optional("reminders_sent", Kind::Whole),
    optional("accepted_user_id", Kind::Text(ANY)),
    required("created_at", Kind::Date),
    required("updated_at", Kind::Date),
];

const PREFERENCES: &[Attribute] = &[
    required("user_id", Kind::Text(ANY)),
    required("tenant_id", Kind::Text(ANY)),
    optional("theme", Kind::Text(ANY)),
    optional("language", Kind::Text(ANY)),
    optional("timezone", Kind::Text(ANY)),
    optional("date_format", Kind::Text(ANY)),
    optional("time_format", Kind::OneOf(&["12h", "24h"])),
    optional("email_notifications", Kind::MapWith(EMAIL_NOTIFICATIONS)),
    optional("coaching_preferences", Kind::MapWith(COACHING_PREFERENCES)),
    optional("dashboard_layout", Kind::Map),
    required("created_at", Kind::Date),
    required("updated_at", Kind::Date),
];

const EMAIL_NOTIFICATIONS: &[Attribute] = &[
    optional("coaching_reminders", Kind::Flag),
    optional("team_updates", Kind::Flag),
    optional("system_notifications", Kind::Flag),
    optional("marketing", Kind::Flag),
];

const COACHING_PREFERENCES: &[Attribute] = &[
    optional("preferred_session_length", Kind::Whole),
    optional("reminder_frequency", Kind::Text(ANY)),
    optional("coaching_style", Kind::Text(ANY)),
];

const BUSINESS_DATA: &[Attribute] = &[
    required("business_id", Kind::Text(ANY)),
    required("tenant_id", Kind::SameAs("business_id")),
    required("core_values", Kind::ListOfTexts),
    optional("purpose", Kind::Text(ANY)),
    optional("vision", Kind::Text(ANY)),
    required("goals", Kind::ListOfMaps),
    optional("mission", Kind::Text(ANY)),
    required("culture_attributes", Kind::ListOfTexts),
    required("strategic_priorities", Kind::ListOfTexts),
    required("version", Kind::OneOf(&["1.0"])),
    required("last_updated_by", Kind::Text(ANY)),
    optional("approved_by", Kind::Text(ANY)),
    optional("approval_date", Kind::Date),
    required("change_history", Kind::ListOfMaps),
    required("created_at", Kind::Date),
    required("updated_at", Kind::Date),
];

const REFRESH_TOKENS: &[Attribute] = &[
    required("jti", Kind::Text(ANY)),
    required("user_id", Kind::Text(ANY)),
    required("tenant_id", Kind::Text(ANY)),
    required("ttl", Kind::Whole),
];

const ONE_TIME_TOKENS: &[Attribute] =
    &[required("token_hash", Kind::Sha256), required("user_id", Kind::Text(ANY)), required("ttl", Kind::Whole)];

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;

    /// The attributes of a model of `shapes.py`, each with whether it is required.
    fn of_python(model: &str) -> BTreeSet<(String, bool)> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/python/shapes.py");
        let script = fs::read_to_string(path).unwrap();
        let (_, body) = script.split_once(&format!("class {model}(Row):\n")).unwrap();
        let lines = body.lines().take_while(|line| line.starts_with("    "));
        lines.map(|line| (line.split(':').next().unwrap().trim().to_owned(), !line.contains(" = "))).collect()
    }

    fn of_ours(shape: &[Attribute]) -> BTreeSet<(String, bool)> {
        shape.iter().map(|attribute| (attribute.name.to_owned(), attribute.is_required)).collect()
    }

    #[test]
    fn the_shapes_are_those_of_the_python_models() {
        for (model, shape) in [
            ("User", USERS_BY_ID),
            ("User", USERS_BY_USER_ID),
            ("Tenant", TENANTS),
            ("Subscription", SUBSCRIPTIONS),
            ("Invitation", INVITATIONS),
            ("Preferences", PREFERENCES),
            ("EmailNotifications", EMAIL_NOTIFICATIONS),
            ("CoachingPreferences", COACHING_PREFERENCES),
            ("BusinessData", BUSINESS_DATA),
            ("RefreshToken", REFRESH_TOKENS),
            ("OneTimeToken", ONE_TIME_TOKENS),
        ] {
            assert_eq!(of_ours(shape), of_python(model), "{model}");
        }
    }
}
