//! The public keys of the tokens.

use application::AuthService;
use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::handlers::{Routes, routes};
use crate::{dto::envelope, error::ApiError};

pub(super) fn routes<R: Routes>() -> R {
    R::default().routes(routes!(get_public_keys))
}

/// A JWK set (RFC 7517).
#[derive(Serialize, ToSchema)]
struct JwkSet {
    keys: Vec<serde_json::Map<String, serde_json::Value>>,
}

/// The public keys that verify access tokens.
///
/// Empty while only the shared secret signs.
#[utoipa::path(
    get,
    path = "/.well-known/jwks.json",
    tag = "Service",
    responses((status = OK, description = "The keys.", body = JwkSet, example = json!({ "keys": [] })))
)]
async fn get_public_keys(State(auth): State<AuthService>) -> Result<Response, ApiError> {
    const MINUTES: HeaderValue = HeaderValue::from_static("public, max-age=300");
    let keys = auth.public_keys().await?;
    Ok(([(header::CACHE_CONTROL, MINUTES)], envelope::json(StatusCode::OK, &keys)).into_response())
}
