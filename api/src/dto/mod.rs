//! The shapes of requests and answers, as `docs/openapi.json` shows them.

pub(crate) mod auth;
pub(crate) mod envelope;
pub(crate) mod health;
pub(crate) mod preferences;
pub(crate) mod rules;
pub(crate) mod schemas;
pub(crate) mod secret;
pub(crate) mod tenant;
pub(crate) mod user;

/// When the examples in the document happen.
pub(crate) fn example_time() -> domain::Timestamp {
    domain::Timestamp::from_timestamp(1_795_000_000, 0).unwrap_or_default()
}
