//! The sessions table, which is ours alone.

use application::ports::StoreError;
use chrono::Duration;
use domain::{
    Session, SessionId, TenantId, TokenHash, TokenId, UserId,
    session::{Device, RefreshToken, SessionEnd, SessionSnapshot, SessionState, SpentToken},
};

use super::{ItemBuilder, Reader};
use crate::dynamodb::{expression::Item, tables::Table};

/// How long a session is kept after its last use: twice the usual life of a refresh token, so that a token
/// that is spent, or whose session is over, is recognised as such for as long as its signature is good.
const KEPT_FOR: Duration = Duration::days(60);

/// The attributes of which an item has some, depending on where the session stands.
pub(in crate::dynamodb) const STATE_ATTRIBUTES: [&str; 7] = [
    "refresh_token_id",
    "refresh_token_hash",
    "refresh_token_issued_at",
    "previous_token_id",
    "previous_token_spent_at",
    "ended_at",
    "end_reason",
];

/// The session as its item is after the next write.
pub(in crate::dynamodb) fn to_item(session: &SessionSnapshot) -> Item {
    let SessionSnapshot {
        id,
        user_id,
        tenant_id,
        generation,
        device: Device { user_agent, source },
        started_at,
        last_used_at,
        state,
        version,
    } = session;
    let item = ItemBuilder::default()
        .text("session_id", id.as_str())
        .text("user_id", user_id.as_str())
        .text("tenant_id", tenant_id.as_str())
        .number("generation", generation)
        .text_if("user_agent", user_agent.as_deref())
        .text_if("source", source.as_deref())
        .time("started_at", *started_at)
        .time("last_used_at", *last_used_at)
        .ttl(*last_used_at + KEPT_FOR)
        .version_after(*version);
    match state {
        SessionState::Active { current: RefreshToken { id, hash, issued_at }, previous } => {
            let item = item
                .text("status", "active")
                .text("refresh_token_id", id.as_str())
                .text("refresh_token_hash", hash.as_str())
                .time("refresh_token_issued_at", *issued_at);
            match previous {
                Some(SpentToken { id, spent_at }) => {
                    item.text("previous_token_id", id.as_str()).time("previous_token_spent_at", *spent_at)
                }
                None => item,
            }
        }
        SessionState::Ended { at, reason } => {
            item.text("status", "ended").time("ended_at", *at).text("end_reason", reason.as_str())
        }
    }
    .build()
}

/// Reads a session.
pub(in crate::dynamodb) fn read(item: &Item) -> Result<Session, StoreError> {
    let row = Reader::new(Table::AccountSessions, item);
    let state = match row.text("status")? {
        "active" => SessionState::Active {
            current: RefreshToken {
                id: TokenId::restore(row.text("refresh_token_id")?),
                hash: TokenHash::restore(row.text("refresh_token_hash")?),
                issued_at: row.time("refresh_token_issued_at")?,
            },
            previous: match row.text_if("previous_token_id")? {
                Some(id) => {
                    Some(SpentToken { id: TokenId::restore(id), spent_at: row.time("previous_token_spent_at")? })
                }
                None => None,
            },
        },
        "ended" => SessionState::Ended {
            at: row.time("ended_at")?,
            reason: row
                .choice_if("end_reason", SessionEnd::from_name)?
                .ok_or_else(|| row.unreadable("end_reason", "is missing"))?,
        },
        _ => return Err(row.unreadable("status", "is not one of its known values")),
    };
    Ok(Session::restore(SessionSnapshot {
        id: SessionId::restore(row.text("session_id")?),
        user_id: UserId::restore(row.text("user_id")?),
        tenant_id: TenantId::restore(row.text("tenant_id")?),
        generation: row.number_if("generation")?.unwrap_or_default(),
        device: Device {
            user_agent: row.text_if("user_agent")?.map(str::to_owned),
            source: row.text_if("source")?.map(str::to_owned),
        },
        started_at: row.time("started_at")?,
        last_used_at: row.time("last_used_at")?,
        state,
        version: row.version()?,
    }))
}
