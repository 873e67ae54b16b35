//! Failures, as clients see them: the one place where an error becomes a status and a code.

use std::{collections::BTreeMap, error::Error, fmt::Write as _, time::Duration};

use application::{Classified, ErrorKind};
use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::{IdentityProvider, Version};
use serde::Serialize;
use utoipa::ToSchema;

use crate::dto::envelope::{Failure, json};

/// How many requests are left, and in how many seconds all will be again.
pub(crate) const RATE_LIMIT_REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
pub(crate) const RATE_LIMIT_RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// What clients tell errors apart by. New ones may be added, none renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum ErrorCode {
    AccountInactive,
    AccountLocked,
    BillingPortalError,
    EmailAlreadyExists,
    EmailNotVerified,
    GoogleAuthError,
    IdempotencyKeyReused,
    IdentityProviderNotConfigured,
    InsufficientPermissions,
    InternalError,
    InvalidCredentials,
    InvalidEmailFormat,
    InvalidInput,
    LastSignInMethod,
    MethodNotAllowed,
    MicrosoftAuthError,
    NotFound,
    PayloadTooLarge,
    PaymentFailed,
    PaymentRequired,
    PromoCodeInvalid,
    QuotaExceeded,
    RateLimitExceeded,
    ReauthenticationRequired,
    ResourceConflict,
    ServiceUnavailable,
    StripeError,
    SubscriptionNotFound,
    TenantInactive,
    TenantLimitExceeded,
    TenantMismatch,
    TenantNotFound,
    TokenExpired,
    TokenInvalid,
    TokenMissing,
    UnsupportedMediaType,
    ValidationError,
    WeakPassword,
}

/// The answer to a kind of error.
const fn answer_to(kind: ErrorKind) -> (StatusCode, ErrorCode) {
    match kind {
        ErrorKind::InvalidCredentials => (StatusCode::UNAUTHORIZED, ErrorCode::InvalidCredentials),
        ErrorKind::TooManyAttempts => (StatusCode::TOO_MANY_REQUESTS, ErrorCode::RateLimitExceeded),
        ErrorKind::PasswordDisabled => (StatusCode::LOCKED, ErrorCode::AccountLocked),
        ErrorKind::TokenMissing => (StatusCode::UNAUTHORIZED, ErrorCode::TokenMissing),
        ErrorKind::TokenExpired => (StatusCode::UNAUTHORIZED, ErrorCode::TokenExpired),
        ErrorKind::TokenInvalid => (StatusCode::UNAUTHORIZED, ErrorCode::TokenInvalid),
        ErrorKind::OutsideIdentity(IdentityProvider::Google) => (StatusCode::UNAUTHORIZED, ErrorCode::GoogleAuthError),
        ErrorKind::OutsideIdentity(IdentityProvider::Microsoft) => {
            (StatusCode::UNAUTHORIZED, ErrorCode::MicrosoftAuthError)
        }
        ErrorKind::ProviderNotOffered => (StatusCode::NOT_FOUND, ErrorCode::IdentityProviderNotConfigured),
        ErrorKind::TenantMismatch => (StatusCode::FORBIDDEN, ErrorCode::TenantMismatch),
        ErrorKind::ReauthenticationRequired => (StatusCode::FORBIDDEN, ErrorCode::ReauthenticationRequired),
        ErrorKind::LastWayIn => (StatusCode::CONFLICT, ErrorCode::LastSignInMethod),
        ErrorKind::EmailNotVerified => (StatusCode::FORBIDDEN, ErrorCode::EmailNotVerified),
        ErrorKind::AccountInactive => (StatusCode::FORBIDDEN, ErrorCode::AccountInactive),
        ErrorKind::TenantInactive => (StatusCode::FORBIDDEN, ErrorCode::TenantInactive),
        ErrorKind::InsufficientPermissions => (StatusCode::FORBIDDEN, ErrorCode::InsufficientPermissions),
        ErrorKind::TenantLimitExceeded => (StatusCode::FORBIDDEN, ErrorCode::TenantLimitExceeded),
        ErrorKind::PaymentFailed => (StatusCode::PAYMENT_REQUIRED, ErrorCode::PaymentFailed),
        ErrorKind::PaymentRequired => (StatusCode::PAYMENT_REQUIRED, ErrorCode::PaymentRequired),
        ErrorKind::BillingProvider => (StatusCode::SERVICE_UNAVAILABLE, ErrorCode::StripeError),
        ErrorKind::BillingPortal => (StatusCode::SERVICE_UNAVAILABLE, ErrorCode::BillingPortalError),
        ErrorKind::SubscriptionNotFound => (StatusCode::NOT_FOUND, ErrorCode::SubscriptionNotFound),
        ErrorKind::PromoCodeInvalid => (StatusCode::UNPROCESSABLE_ENTITY, ErrorCode::PromoCodeInvalid),
        ErrorKind::QuotaExceeded => (StatusCode::FORBIDDEN, ErrorCode::QuotaExceeded),
        ErrorKind::InvalidRequest => (StatusCode::BAD_REQUEST, ErrorCode::InvalidInput),
        ErrorKind::Validation => (StatusCode::UNPROCESSABLE_ENTITY, ErrorCode::ValidationError),
        ErrorKind::WeakPassword => (StatusCode::UNPROCESSABLE_ENTITY, ErrorCode::WeakPassword),
        ErrorKind::IdempotencyKeyReused => (StatusCode::UNPROCESSABLE_ENTITY, ErrorCode::IdempotencyKeyReused),
        ErrorKind::EmailAlreadyExists => (StatusCode::CONFLICT, ErrorCode::EmailAlreadyExists),
        ErrorKind::Conflict => (StatusCode::CONFLICT, ErrorCode::ResourceConflict),
        ErrorKind::NotFound => (StatusCode::NOT_FOUND, ErrorCode::NotFound),
        ErrorKind::TenantNotFound => (StatusCode::NOT_FOUND, ErrorCode::TenantNotFound),
        ErrorKind::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, ErrorCode::ServiceUnavailable),
        ErrorKind::Internal => (StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::InternalError),
    }
}

/// A failure on its way to the client. Holds nothing that the client must not see.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    code: ErrorCode,
    message: String,
    fields: BTreeMap<String, String>,
    retry_after: Option<Duration>,
    current_version: Option<Version>,
}

impl ApiError {
    fn new(status: StatusCode, code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            fields: BTreeMap::new(),
            retry_after: None,
            current_version: None,
        }
    }

    /// The request cannot be read.
    pub(crate) fn unreadable(message: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, ErrorCode::InvalidInput, message)
    }

    /// Fields break rules; `fields` says which, and why.
    pub(crate) fn invalid(code: ErrorCode, fields: BTreeMap<String, String>) -> Self {
        let message = match fields.iter().next() {
            Some((field, why)) if fields.len() == 1 => format!("{} {why}", spoken(field)),
            _ => "Some fields are not valid".to_owned(),
        };
        Self { fields, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, message) }
    }

    pub(crate) fn token_missing() -> Self {
        let (status, code) = answer_to(ErrorKind::TokenMissing);
        Self::new(status, code, "Send an access token as `Authorization: Bearer …`")
    }

    pub(crate) fn no_such_route() -> Self {
        Self::new(StatusCode::NOT_FOUND, ErrorCode::NotFound, "There is nothing at this address")
    }

    pub(crate) fn method_not_allowed() -> Self {
        let message = "This address does not take this method";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, ErrorCode::MethodNotAllowed, message)
    }

    pub(crate) fn body_too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::PayloadTooLarge, "The request body is too large")
    }

    pub(crate) fn unsupported_media_type() -> Self {
        let message = "Send JSON in UTF-8, as `Content-Type: application/json`";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, ErrorCode::UnsupportedMediaType, message)
    }

    pub(crate) fn too_many_requests(retry_after: Duration) -> Self {
        let message = "Too many requests; please try again later";
        let error = Self::new(StatusCode::TOO_MANY_REQUESTS, ErrorCode::RateLimitExceeded, message);
        Self { retry_after: Some(retry_after), ..error }
    }

    pub(crate) fn unavailable(retry_after: Option<Duration>) -> Self {
        let (status, code) = answer_to(ErrorKind::Unavailable);
        let error = Self::new(status, code, "The service cannot answer now; please try again");
        Self { retry_after, ..error }
    }

    /// The billing provider did not do its part. Why, is between it and us.
    fn without_provider(kind: ErrorKind, retry_after: Option<Duration>) -> Self {
        let (status, code) = answer_to(kind);
        Self { retry_after, ..Self::new(status, code, "The billing provider cannot do this now; please try again") }
    }

    pub(crate) fn internal() -> Self {
        let (status, code) = answer_to(ErrorKind::Internal);
        Self::new(status, code, "Something went wrong on our side")
    }
}

impl<E: Classified> From<E> for ApiError {
    fn from(error: E) -> Self {
        let kind = error.kind();
        match kind {
            ErrorKind::Internal => {
                tracing::error!(error = causes(&error), "request failed");
                return Self::internal();
            }
            ErrorKind::Unavailable => {
                tracing::warn!(error = causes(&error), "request not answered");
                return Self::unavailable(error.retry_after());
            }
            ErrorKind::BillingProvider | ErrorKind::BillingPortal => {
                tracing::warn!(error = causes(&error), "request not answered");
                return Self::without_provider(kind, error.retry_after());
            }
            _ => {}
        }
        let (status, code) = answer_to(kind);
        let fields = error.field().map(|(field, why)| (field.to_owned(), why)).into_iter().collect();
        let message = with_capital(&error.to_string());
        let (retry_after, current_version) = (error.retry_after(), error.current_version());
        Self { fields, retry_after, current_version, ..Self::new(status, code, message) }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let Self { status, code, message, fields, retry_after, current_version } = self;
        let failure = Failure::new(message, code, fields).with_current_version(current_version.map(Version::get));
        let mut response = json(status, &failure);
        let headers = response.headers_mut();
        if status == StatusCode::UNAUTHORIZED {
            // RFC 9110 §15.5.2 wants a challenge on every 401; RFC 6750 §3.1 names what is wrong with a token.
            let presented = matches!(code, ErrorCode::TokenExpired | ErrorCode::TokenInvalid);
            let challenge = if presented { r#"Bearer error="invalid_token""# } else { "Bearer" };
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        if let Some(wait) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
            if status == StatusCode::TOO_MANY_REQUESTS {
                headers.insert(RATE_LIMIT_REMAINING, HeaderValue::from(0));
                headers.insert(RATE_LIMIT_RESET, HeaderValue::from(whole_seconds(wait)));
            }
        }
        response
    }
}

/// A duration in whole seconds, rounded up, as headers want it.
pub(crate) fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

/// Turns what a value object says about a field into an answer.
pub(crate) trait AtField<T> {
    /// Names the field at fault.
    fn at(self, field: &'static str) -> Result<T, ApiError>;
}

impl<T, E: std::fmt::Display> AtField<T> for Result<T, E> {
    fn at(self, field: &'static str) -> Result<T, ApiError> {
        let fields = |why: E| BTreeMap::from([(field.to_owned(), why.to_string())]);
        self.map_err(|why| ApiError::invalid(ErrorCode::ValidationError, fields(why)))
    }
}

fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // Writing to a string cannot fail.
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}

/// The path of a field as a person would say it: `First name` for `first_name`.
fn spoken(field: &str) -> String {
    with_capital(&field.replace('_', " ").replace('.', ", "))
}

fn with_capital(sentence: &str) -> String {
    let mut rest = sentence.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}

#[cfg(test)]
mod tests;
