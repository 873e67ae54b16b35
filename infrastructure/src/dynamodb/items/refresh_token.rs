//! The refresh-tokens table, shared with the Python services: the tokens that may still be used.

use application::ports::{LegacyRefreshToken, StoreError};
use domain::{
    TenantId, Timestamp, UserId,
    session::{RefreshToken, SessionSnapshot},
};

use super::{ItemBuilder, Reader};
use crate::dynamodb::{expression::Item, tables::Table};

/// A refresh token of ours. The Python services look for `jti`, `user_id`, `tenant_id` and `ttl`.
pub(in crate::dynamodb) fn to_item(token: &RefreshToken, session: &SessionSnapshot, expires_at: Timestamp) -> Item {
    let RefreshToken { id, hash, issued_at } = token;
    ItemBuilder::default()
        .text("jti", id.as_str())
        .text("user_id", session.user_id.as_str())
        .text("tenant_id", session.tenant_id.as_str())
        .text("session_id", session.id.as_str())
        .text("token_hash", hash.as_str())
        .time("issued_at", *issued_at)
        .ttl(expires_at)
        .build()
}

/// A token that the Python services issued, if it has not expired and is none of ours.
pub(in crate::dynamodb) fn read_legacy(item: &Item, now: Timestamp) -> Result<Option<LegacyRefreshToken>, StoreError> {
    let row = Reader::new(Table::RefreshTokens, item);
    if row.text_if("session_id")?.is_some() || row.ttl()? <= now {
        return Ok(None);
    }
    Ok(Some(LegacyRefreshToken {
        user_id: UserId::restore(row.text("user_id")?),
        tenant_id: TenantId::restore(row.text("tenant_id")?),
        unspent: true,
    }))
}
