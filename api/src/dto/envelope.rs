//! What every answer is wrapped in.

use std::collections::BTreeMap;

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::Version;
use serde::Serialize;
use utoipa::ToSchema;

use super::schemas;
use crate::error::ErrorCode;

/// An answer with data.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Success<T> {
    #[schema(schema_with = schemas::always_true)]
    success: bool,
    data: T,
}

impl<T> Success<T> {
    pub(crate) const fn of(data: T) -> Self {
        Self { success: true, data }
    }
}

impl<T: Serialize> IntoResponse for Success<T> {
    fn into_response(self) -> Response {
        json(StatusCode::OK, &self)
    }
}

/// An answer with what was created: `201`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Created<T> {
    #[schema(schema_with = schemas::always_true)]
    success: bool,
    data: T,
}

impl<T> Created<T> {
    pub(crate) const fn of(data: T) -> Self {
        Self { success: true, data }
    }
}

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        json(StatusCode::CREATED, &self)
    }
}

/// An answer about something that has versions, which its `ETag` names.
pub(crate) struct Versioned<T> {
    pub(crate) answer: T,
    pub(crate) version: Version,
}

impl<T: IntoResponse> IntoResponse for Versioned<T> {
    fn into_response(self) -> Response {
        let mut response = self.answer.into_response();
        // Digits within quotation marks are always a header's value.
        if let Ok(tag) = HeaderValue::from_str(&format!("\"{}\"", self.version.get())) {
            response.headers_mut().insert(header::ETAG, tag);
        }
        response
    }
}

/// An answer without data.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Done {
    #[schema(schema_with = schemas::always_true)]
    success: bool,
    /// What happened, for a person.
    message: &'static str,
}

impl Done {
    pub(crate) const fn with(message: &'static str) -> Self {
        Self { success: true, message }
    }
}

impl IntoResponse for Done {
    fn into_response(self) -> Response {
        json(StatusCode::OK, &self)
    }
}

/// A failure.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Failure {
    #[schema(schema_with = schemas::always_false)]
    success: bool,
    /// What went wrong, for a person.
    error: String,
    /// What went wrong, for a program.
    code: ErrorCode,
    /// What is wrong with each field; only with `422`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    errors: BTreeMap<String, String>,
    /// The version that there is now; only with a `409` to a request that was made for another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    current_version: Option<u64>,
}

impl Failure {
    pub(crate) const fn new(error: String, code: ErrorCode, errors: BTreeMap<String, String>) -> Self {
        Self { success: false, error, code, errors, current_version: None }
    }

    pub(crate) fn with_current_version(self, current_version: Option<u64>) -> Self {
        Self { current_version, ..self }
    }

    pub(crate) fn of(code: ErrorCode, sentence: &str) -> Self {
        Self::new(sentence.to_owned(), code, BTreeMap::new())
    }
}

/// An answer of JSON.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => json_bytes(status, bytes),
        Err(error) => {
            tracing::error!(%error, "answer could not be written as JSON");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// An answer of what is JSON already.
pub(crate) fn json_bytes(status: StatusCode, bytes: impl Into<Body>) -> Response {
    const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");
    (status, [(header::CONTENT_TYPE, JSON)], bytes.into()).into_response()
}
