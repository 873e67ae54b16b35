//! Who is asking.

use application::{Actor, AuthService, auth::AuthenticationError};
use axum::{
    extract::{FromRef, FromRequestParts},
    http::{HeaderMap, HeaderValue, header, request::Parts},
};
use domain::TenantId;

use crate::error::ApiError;

/// Somebody who is signed in. A handler that takes one cannot be reached without a good access token, nor with
/// that of another tenant than `X-Tenant-Id` names.
pub(crate) struct Authenticated(pub(crate) Actor);

impl<S> FromRequestParts<S> for Authenticated
where
    S: Send + Sync,
    AuthService: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let token = bearer_token(&parts.headers).ok_or_else(ApiError::token_missing)?;
        let named_tenant = parts.headers.get("x-tenant-id").map(tenant_id).transpose()?;
        let actor = AuthService::from_ref(state).authenticate(token, named_tenant.as_ref()).await?;
        Ok(Self(actor))
    }
}

/// The token of `Authorization: Bearer <token>`; the scheme's case does not matter (RFC 9110 §11.1).
fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// What is no identifier at all is certainly not the token's tenant.
fn tenant_id(value: &HeaderValue) -> Result<TenantId, AuthenticationError> {
    let parsed = value.to_str().ok().and_then(|text| TenantId::parse(text).ok());
    parsed.ok_or(AuthenticationError::TenantMismatch)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Bearer abc", Some("abc"))]
    #[case("bearer  abc ", Some("abc"))]
    #[case("Bearer ", None)]
    #[case("Bearer", None)]
    #[case("Basic abc", None)]
    #[case("abc", None)]
    fn a_token_is_taken_from_the_bearer_scheme_only(#[case] value: &'static str, #[case] token: Option<&str>) {
        let headers = HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_static(value))]);
        assert_eq!(bearer_token(&headers), token);
    }
}
