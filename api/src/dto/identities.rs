//! Signing in with an account elsewhere.

use application::auth::OutsideSignIn;
use domain::{IdentityProvider, TenantId, session::Device};
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use super::{rules, schemas, secret::Secret, text_or_blank};
use crate::error::{ApiError, AtField};

/// Somebody who signs in with an account elsewhere.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({ "token": OutsideSignInRequest::EXAMPLE_TOKEN, "nonce": "n-0S6_WzA2Mj" }))]
pub(crate) struct OutsideSignInRequest {
    /// The ID token that the provider gave out.
    #[serde(default)]
    #[validate(custom(function = rules::id_token))]
    #[schema(schema_with = schemas::id_token, required = true)]
    token: Secret,
    /// What the client asked the provider to put into the token. Sent, it must be there.
    #[serde(default, deserialize_with = "text_or_blank")]
    #[validate(custom(function = rules::nonce))]
    #[schema(schema_with = schemas::nullable_nonce)]
    nonce: Option<String>,
    /// The tenant to sign in to. Nobody gets an account in one by naming it.
    #[serde(default, deserialize_with = "text_or_blank")]
    #[validate(custom(function = rules::tenant_id))]
    #[schema(schema_with = schemas::nullable_id)]
    tenant_id: Option<String>,
}

impl OutsideSignInRequest {
    pub(crate) const EXAMPLE_TOKEN: &'static str =
        "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJpc3MiOiJodHRwczovL2FjY291bnRzLmdvb2dsZS5jb20ifQ.c2lnbmF0dXJl";

    pub(crate) fn into_command(self, provider: IdentityProvider, device: Device) -> Result<OutsideSignIn, ApiError> {
        let Self { token, nonce, tenant_id } = self;
        let tenant_id = tenant_id.map(TenantId::parse).transpose().at("tenant_id")?;
        Ok(OutsideSignIn { provider, token: token.into_inner(), nonce, tenant_id, device })
    }
}
