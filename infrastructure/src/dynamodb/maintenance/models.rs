//! Reading a row as the service does when it comes upon it.

use application::ports::StoreError;
use domain::{EmailAddress, TenantId, Tier, TierOffer, Timestamp, verification::Purpose};

use crate::dynamodb::{
    expression::Item,
    items::{
        audit_record, billing_account, business, discount_code, email_claim, entitlement, failures, idempotency_record,
        identity_claim, invitation, message, one_time_token, preferences, provider_event, redemption, refresh_token,
        seats, session, subscription, tenant, tier, usage, user,
    },
    tables::{Layout, Table},
};

/// Reads a row of a table, for whether it can be.
pub(super) fn read(layout: &Layout, table: Table, item: &Item) -> Result<(), StoreError> {
    match table {
        Table::Users => user::read(item, None, layout.users_key()).map(drop),
        Table::Tenants => tenant::read(item).map(drop),
        Table::Subscriptions => subscription::read(item).map(drop),
        // From the beginning of time, nothing has expired.
        Table::RefreshTokens => refresh_token::read_legacy(item, Timestamp::UNIX_EPOCH).map(drop),
        Table::PasswordResets => read_one_time_token(Purpose::ResetPassword, item),
        Table::VerificationTokens => read_one_time_token(Purpose::ConfirmEmail, item),
        // Reads everything: what makes no sense counts as never set.
        Table::UserPreferences => {
            preferences::read(Some(item), &Item::new(), &domain::Language::default(), &domain::TimeZone::default());
            Ok(())
        }
        Table::Invitations => invitation::read(item).map(drop),
        Table::Tiers => {
            let key = item.get("tier_id").and_then(|key| key.as_s().ok());
            let tier = key.and_then(|key| Tier::from_name(key)).unwrap_or(Tier::Starter);
            tier::read(item, TierOffer::seed(tier)).map(drop)
        }
        Table::TenantOverrides => entitlement::read_override(item).map(drop),
        Table::BusinessData => {
            let key = item.get("business_id").and_then(|key| key.as_s().ok());
            let tenant_id = TenantId::restore(key.map(String::as_str).unwrap_or_default());
            business::read(item, &tenant_id).map(drop)
        }
        Table::AccountEmailClaims => email_claim::read(item).map(drop),
        Table::AccountIdentities => identity_claim::read(item).map(drop),
        Table::AccountThrottles => failures::read(item).map(drop),
        Table::AccountSessions => session::read(item).map(drop),
        Table::AccountSeats => seats::read(item).map(drop),
        Table::AccountUsage => usage::read(item).map(drop),
        Table::AccountBilling => billing_account::read(item).map(drop),
        Table::AccountProviderEvents => provider_event::read(item).map(drop),
        Table::AccountOutbox => message::check(item),
        Table::AccountIdempotency => idempotency_record::read(item).map(drop),
        Table::AccountAudit => audit_record::read(item).map(drop),
        Table::AccountDiscountCodes => discount_code::read(item).map(drop),
        Table::AccountRedemptions => redemption::read(item).map(drop),
    }
}

fn read_one_time_token(purpose: Purpose, item: &Item) -> Result<(), StoreError> {
    // What Python's rows do not say is taken from the user's.
    let of_user = || (TenantId::restore(""), EmailAddress::restore(""));
    let owner = one_time_token::read_tenant_and_email(purpose, item)?.unwrap_or_else(of_user);
    one_time_token::read(purpose, item, owner).map(drop)
}
