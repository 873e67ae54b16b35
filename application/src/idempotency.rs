//! `Idempotency-Key`: the same request twice has one effect and one answer.
//!
//! The record of the first answer is written in the transaction of the effect itself, so that there is no
//! moment at which one exists without the other.

use chrono::Duration;
use domain::{Timestamp, TokenHash};
use serde::{Serialize, de::DeserializeOwned};

use crate::{actor::Actor, ports::StoreError};

/// How long a key is remembered.
pub const LIFETIME: Duration = Duration::hours(24);

/// A key that a client chose for one request: 1 to 255 visible ASCII characters.
#[derive(Clone)]
pub struct IdempotencyKey(String);

/// Why a text is not a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Idempotency-Key must be 1 to 255 visible ASCII characters")]
pub struct InvalidIdempotencyKey;

impl IdempotencyKey {
    /// Reads a key.
    ///
    /// # Errors
    ///
    /// [`InvalidIdempotencyKey`] when it is none.
    pub fn parse(text: &str) -> Result<Self, InvalidIdempotencyKey> {
        let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        if (1..=255).contains(&text.len()) && visible { Ok(Self(text.to_owned())) } else { Err(InvalidIdempotencyKey) }
    }
}

/// One request as its key remembers it.
#[derive(Clone)]
pub struct IdempotentRequest {
    id: TokenHash,
    fingerprint: TokenHash,
}

impl IdempotentRequest {
    /// Names the request `operation` with this key and body.
    ///
    /// Neither key nor body is kept. The fingerprint is salted with the key, which is not stored, so that a
    /// body with a password in it cannot be guessed from the record.
    #[must_use]
    pub fn new(operation: &'static str, key: &IdempotencyKey, body: &str) -> Self {
        Self {
            id: TokenHash::of(&format!("{operation}\n{}", key.0)),
            fingerprint: TokenHash::of(&format!("{}\n{body}", key.0)),
        }
    }

    /// The same request as somebody's own: the key of another person is another key.
    #[must_use]
    pub(crate) fn of(self, actor: &Actor) -> Self {
        Self { id: TokenHash::of(&format!("{}\n{}", self.id.as_str(), actor.user_id())), ..self }
    }

    /// The same request about one thing, where its body does not name that.
    #[must_use]
    pub(crate) fn about(self, thing: &str) -> Self {
        Self { fingerprint: TokenHash::of(&format!("{}\n{thing}", self.fingerprint.as_str())), ..self }
    }

    /// The record's identity.
    #[must_use]
    pub const fn id(&self) -> &TokenHash {
        &self.id
    }

    pub(crate) fn record(&self, answer: &impl Serialize, now: Timestamp) -> Result<IdempotencyRecord, StoreError> {
        Ok(IdempotencyRecord {
            id: self.id.clone(),
            fingerprint: self.fingerprint.clone(),
            answer: serde_json::to_string(answer).map_err(|error| StoreError::corrupt("idempotency", error))?,
            expires_at: now + LIFETIME,
        })
    }
}

/// The first answer to a request, as the store keeps it. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyRecord {
    /// Identity: the operation and its key, hashed.
    pub id: TokenHash,
    /// What was asked, hashed.
    pub fingerprint: TokenHash,
    /// What to answer again, as JSON of the use case's own.
    pub answer: String,
    /// When it is forgotten.
    pub expires_at: Timestamp,
}

/// The key was used for a request with another body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this Idempotency-Key was used for a different request")]
pub struct KeyReused;

impl IdempotencyRecord {
    /// The first answer, if `request` is the same request and the record is not out of date.
    pub(crate) fn replay<T: DeserializeOwned>(
        &self,
        request: &IdempotentRequest,
        now: Timestamp,
    ) -> Result<Option<T>, ReplayError> {
        if now >= self.expires_at {
            return Ok(None);
        }
        if !self.fingerprint.matches(&request.fingerprint) {
            return Err(ReplayError::KeyReused(KeyReused));
        }
        let answer = serde_json::from_str(&self.answer).map_err(|error| StoreError::corrupt("idempotency", error))?;
        Ok(Some(answer))
    }
}

/// Why a first answer cannot be given again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReplayError {
    #[error(transparent)]
    KeyReused(KeyReused),
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(key: &str, body: &str) -> IdempotentRequest {
        IdempotentRequest::new("register", &IdempotencyKey::parse(key).unwrap(), body)
    }

    #[test]
    fn the_same_request_is_answered_again_until_it_is_forgotten() {
        let first = request("k1", "{}");
        let record = first.record(&7, Timestamp::UNIX_EPOCH).unwrap();
        let soon = Timestamp::UNIX_EPOCH + LIFETIME - Duration::seconds(1);
        assert_eq!(record.replay::<u8>(&request("k1", "{}"), soon).unwrap(), Some(7));
        assert_eq!(record.replay::<u8>(&request("k1", "{}"), soon + Duration::seconds(1)).unwrap(), None);
    }

    #[test]
    fn another_body_under_the_same_key_is_refused() {
        let record = request("k1", "{}").record(&7, Timestamp::UNIX_EPOCH).unwrap();
        let other = record.replay::<u8>(&request("k1", "{\"a\":1}"), Timestamp::UNIX_EPOCH);
        assert!(matches!(other, Err(ReplayError::KeyReused(_))));
    }

    #[test]
    fn a_record_holds_neither_key_nor_body() {
        let record = request("my-key", "my-password").record(&7, Timestamp::UNIX_EPOCH).unwrap();
        let stored = format!("{}{}{}", record.id.as_str(), record.fingerprint.as_str(), record.answer);
        assert!(!stored.contains("my-"));
    }
}
