//! The password-resets and verification-tokens tables, shared with the Python services.
//!
//! Python takes the time to live as the token's expiry, so that is what it is, to the second. DynamoDB removes
//! a row up to two days after; until then an expired link can be told from one that never was.

use application::ports::StoreError;
use domain::{
    EmailAddress, OneTimeToken, TenantId, TokenHash, UserId,
    verification::{OneTimeTokenSnapshot, Purpose},
};

use super::{ItemBuilder, Reader};
use crate::dynamodb::{expression::Item, tables::Table};

/// Where the tokens of a purpose are.
pub(in crate::dynamodb) const fn table_of(purpose: Purpose) -> Table {
    match purpose {
        Purpose::ConfirmEmail => Table::VerificationTokens,
        Purpose::ResetPassword => Table::PasswordResets,
    }
}

/// The token as an item of its purpose's table.
pub(in crate::dynamodb) fn to_item(token: &OneTimeTokenSnapshot) -> Item {
    let OneTimeTokenSnapshot { purpose: _, hash, user_id, tenant_id, email, expires_at, used_at } = token;
    ItemBuilder::default()
        .text("token_hash", hash.as_str())
        .text("user_id", user_id.as_str())
        .text("tenant_id", tenant_id.as_str())
        .text("email", email.as_str())
        .time("expires_at", *expires_at)
        .time_if("used_at", *used_at)
        .ttl(*expires_at)
        .build()
}

/// Which token it is.
pub(in crate::dynamodb) fn read_hash(purpose: Purpose, item: &Item) -> Result<TokenHash, StoreError> {
    Ok(TokenHash::restore(Reader::new(table_of(purpose), item).text("token_hash")?))
}

/// Whose a token is.
pub(in crate::dynamodb) fn read_user_id(purpose: Purpose, item: &Item) -> Result<UserId, StoreError> {
    Ok(UserId::restore(Reader::new(table_of(purpose), item).text("user_id")?))
}

/// The tenant and the address that a token of ours was made for; the Python services note neither.
pub(in crate::dynamodb) fn read_tenant_and_email(
    purpose: Purpose,
    item: &Item,
) -> Result<Option<(TenantId, EmailAddress)>, StoreError> {
    let row = Reader::new(table_of(purpose), item);
    let both = row.text_if("tenant_id")?.zip(row.text_if("email")?);
    Ok(both.map(|(tenant_id, email)| (TenantId::restore(tenant_id), EmailAddress::restore(email))))
}

/// Reads a token that belongs to this tenant and address.
pub(in crate::dynamodb) fn read(
    purpose: Purpose,
    item: &Item,
    (tenant_id, email): (TenantId, EmailAddress),
) -> Result<OneTimeToken, StoreError> {
    let row = Reader::new(table_of(purpose), item);
    let expires_at = match row.time_if("expires_at")? {
        Some(at) => at,
        None => row.ttl()?,
    };
    Ok(OneTimeToken::restore(OneTimeTokenSnapshot {
        purpose,
        hash: TokenHash::restore(row.text("token_hash")?),
        user_id: UserId::restore(row.text("user_id")?),
        tenant_id,
        email,
        expires_at,
        used_at: row.time_if("used_at")?,
    }))
}
