//! What every route answers that looks at a password (security rule 7).

use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde_json::json;
use utoipa::{
    IntoResponses,
    openapi::{RefOr, Response},
};

use super::refusals::refusal;
use crate::{
    dto::envelope::Failure,
    error::ErrorCode,
    openapi::{failure, with_rate_limit},
};

refusal!(
    pub(super) PasswordDisabled: LOCKED, "The password is disabled after a hundred failures in a row, until it is reset.",
    AccountLocked, "This password is disabled after too many failed attempts; choose a new one to sign in again"
);

/// Too many wrong passwords lately.
pub(super) enum TooManyGuesses {}

impl IntoResponses for TooManyGuesses {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let example = Failure::of(ErrorCode::RateLimitExceeded, "Too many failed attempts; please try again later");
        let response = failure("Too many wrong passwords, or too many requests from one source.", json!(example));
        [(StatusCode::TOO_MANY_REQUESTS.as_str().to_owned(), with_rate_limit(response).into())].into()
    }
}
