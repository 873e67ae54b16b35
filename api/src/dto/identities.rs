//! Signing in with an account elsewhere, and linking one.

use application::{
    auth::{IdToken, LinkIdentity, OutsideSignIn},
    ports::IdentityClaim,
};
use chrono::{DateTime, Utc};
use domain::{EmailAddress, IdentityProvider, TenantId, session::Device, user::Password};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::{example_time, rules, schemas, secret::Secret, secret_or_blank, text_or_blank};
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
        let token = IdToken { provider, token: token.into_inner(), nonce };
        Ok(OutsideSignIn { token, tenant_id, device })
    }
}

/// An account elsewhere that somebody who is signed in wants to sign in with from now on.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({
    "provider": "google", "id_token": OutsideSignInRequest::EXAMPLE_TOKEN, "password": "correct horse battery staple",
}))]
pub(crate) struct LinkIdentityRequest {
    /// Who issued the ID token.
    #[serde(default)]
    #[validate(custom(function = rules::identity_provider))]
    #[schema(schema_with = schemas::identity_provider, required = true)]
    provider: String,
    /// The ID token that the provider gave out.
    #[serde(default)]
    #[validate(custom(function = rules::id_token))]
    #[schema(schema_with = schemas::id_token, required = true)]
    id_token: Secret,
    /// What the client asked the provider to put into the token. Sent, it must be there.
    #[serde(default, deserialize_with = "text_or_blank")]
    #[validate(custom(function = rules::nonce))]
    #[schema(schema_with = schemas::nullable_nonce)]
    nonce: Option<String>,
    /// The current password. Not needed within five minutes of a sign-in.
    #[serde(default, deserialize_with = "secret_or_blank")]
    #[validate(custom(function = rules::password))]
    #[schema(schema_with = schemas::nullable_typed_password)]
    password: Option<Secret>,
}

impl LinkIdentityRequest {
    pub(crate) fn into_command(self) -> Result<LinkIdentity, ApiError> {
        let Self { provider, id_token, nonce, password } = self;
        let provider = rules::read_identity_provider(&provider).at("provider")?;
        Ok(LinkIdentity {
            token: IdToken { provider, token: id_token.into_inner(), nonce },
            password: password.map(|text| Password::parse(text.into_inner())).transpose().at("password")?,
        })
    }
}

/// An account elsewhere that one signs in with.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IdentityInfo {
    #[schema(schema_with = schemas::identity_provider)]
    provider: &'static str,
    /// The address that the provider had for you then, by which you recognise the account; nothing is sent there.
    #[schema(required = true)]
    email: Option<String>,
    linked_at: DateTime<Utc>,
}

impl From<IdentityClaim> for IdentityInfo {
    fn from(claim: IdentityClaim) -> Self {
        Self {
            provider: claim.provider.as_str(),
            email: claim.email.as_ref().map(EmailAddress::as_str).map(str::to_owned),
            linked_at: claim.claimed_at,
        }
    }
}

impl IdentityInfo {
    pub(crate) fn example() -> Self {
        Self {
            provider: IdentityProvider::Google.as_str(),
            email: Some("anna.lee@gmail.com".to_owned()),
            linked_at: example_time(),
        }
    }
}
