//! Signing up, in and out.

use std::net::IpAddr;

use application::{
    auth::{LinkStatus, Login, Refreshed, Register, Registered, SignedIn},
    idempotency::IdempotentRequest,
    ports::IssuedAccessToken,
};
use domain::{
    EmailAddress, InvitationToken, PersonName, PhoneNumber, TenantId, session::Device, tenant::TenantName,
    user::Password,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::{rules, schemas, secret::Secret, secret_or_blank, tenant::TenantInfo, text_or_blank, user::UserProfile};
use crate::error::{ApiError, AtField};

/// A person who signs up.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({
    "email": "anna.lee@example.com",
    "password": "correct horse battery staple",
    "first_name": "Anna",
    "last_name": "Lee",
    "phone": "+49 30 901820",
    "tenant_name": "Lee & Partners",
}))]
pub(crate) struct RegisterRequest {
    #[serde(default)]
    #[validate(custom(function = rules::email))]
    #[schema(schema_with = schemas::email, required = true)]
    email: String,
    #[serde(default)]
    #[validate(custom(function = rules::password))]
    #[schema(schema_with = schemas::new_password, required = true)]
    password: Secret,
    #[serde(default)]
    #[validate(custom(function = rules::person_name))]
    #[schema(schema_with = schemas::person_name, required = true)]
    first_name: String,
    #[serde(default)]
    #[validate(custom(function = rules::person_name))]
    #[schema(schema_with = schemas::person_name, required = true)]
    last_name: String,
    #[serde(default, deserialize_with = "text_or_blank")]
    #[validate(custom(function = rules::phone))]
    #[schema(schema_with = schemas::nullable_phone)]
    phone: Option<String>,
    #[serde(default, deserialize_with = "text_or_blank")]
    #[validate(custom(function = rules::tenant_name))]
    #[schema(schema_with = schemas::nullable_tenant_name)]
    tenant_name: Option<String>,
    /// The token of an invitation: joins the tenant that invited in place of making one, and signs in. The address
    /// must be the invited one.
    #[serde(default, deserialize_with = "secret_or_blank")]
    #[validate(custom(function = rules::token))]
    #[schema(schema_with = schemas::nullable_token)]
    invite_token: Option<Secret>,
}

impl RegisterRequest {
    pub(crate) fn into_command(
        self,
        device: Device,
        link_base: Option<String>,
        idempotency: Option<IdempotentRequest>,
    ) -> Result<Register, ApiError> {
        let Self { email, password, first_name, last_name, phone, tenant_name, invite_token } = self;
        Ok(Register {
            email: EmailAddress::parse(&email).at("email")?,
            password: Password::parse(password.into_inner()).at("password")?,
            first_name: PersonName::parse(&first_name).at("first_name")?,
            last_name: PersonName::parse(&last_name).at("last_name")?,
            phone: phone.as_deref().map(PhoneNumber::parse).transpose().at("phone")?,
            tenant_name: tenant_name.as_deref().map(TenantName::parse).transpose().at("tenant_name")?,
            invitation: invite_token.map(|token| InvitationToken::presented(token.into_inner())),
            device,
            link_base,
            idempotency,
        })
    }
}

/// Somebody who signs in.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({ "email": "anna.lee@example.com", "password": "correct horse battery staple" }))]
pub(crate) struct LoginRequest {
    #[serde(default)]
    #[validate(custom(function = rules::email))]
    #[schema(schema_with = schemas::email, required = true)]
    email: String,
    #[serde(default)]
    #[validate(custom(function = rules::password))]
    #[schema(schema_with = schemas::typed_password, required = true)]
    password: Secret,
    /// Needed only where one address has several accounts.
    #[serde(default, deserialize_with = "text_or_blank")]
    #[validate(custom(function = rules::tenant_id))]
    #[schema(schema_with = schemas::nullable_id)]
    tenant_id: Option<String>,
}

impl LoginRequest {
    pub(crate) fn into_command(self, device: Device, source: Option<IpAddr>) -> Result<Login, ApiError> {
        let Self { email, password, tenant_id } = self;
        Ok(Login {
            email: EmailAddress::parse(&email).at("email")?,
            password: Password::parse(password.into_inner()).at("password")?,
            tenant_id: tenant_id.map(TenantId::parse).transpose().at("tenant_id")?,
            device,
            source,
        })
    }
}

/// Somebody who wants to stay signed in.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({ "refresh_token": TokenResponse::EXAMPLE_REFRESH }))]
pub(crate) struct RefreshRequest {
    #[serde(default)]
    #[validate(custom(function = rules::token))]
    #[schema(schema_with = schemas::token, required = true)]
    pub(crate) refresh_token: Secret,
}

/// Somebody who signs out.
#[derive(Debug, Deserialize, Validate, ToSchema, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LogoutRequest {
    /// The token whose session ends.
    #[param(value_type = Option<String>)]
    #[schema(value_type = Option<String>)]
    pub(crate) refresh_token: Option<Secret>,
}

/// An address to send a mail to.
#[derive(Debug, Deserialize, Validate, ToSchema, IntoParams)]
#[into_params(parameter_in = Query)]
#[schema(example = json!({ "email": "anna.lee@example.com" }))]
pub(crate) struct EmailRequest {
    #[serde(default)]
    #[validate(custom(function = rules::email))]
    #[param(schema_with = schemas::email)]
    #[schema(schema_with = schemas::email, required = true)]
    pub(crate) email: String,
}

impl EmailRequest {
    pub(crate) fn address(&self) -> Result<EmailAddress, ApiError> {
        EmailAddress::parse(&self.email).at("email")
    }
}

/// A token from a mail.
#[derive(Debug, Deserialize, Validate, ToSchema, IntoParams)]
#[into_params(parameter_in = Query)]
#[schema(example = json!({ "token": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" }))]
pub(crate) struct TokenRequest {
    /// The token.
    #[serde(default)]
    #[validate(custom(function = rules::token))]
    // `schema_with` would make the parameter an optional one.
    #[param(value_type = String, required = true, min_length = 1, max_length = 4096)]
    #[schema(schema_with = schemas::token, required = true)]
    pub(crate) token: Secret,
}

/// A new password, and the token that permits it.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({
    "token": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "new_password": "correct horse battery staple",
}))]
pub(crate) struct ResetPasswordRequest {
    #[serde(default)]
    #[validate(custom(function = rules::token))]
    #[schema(schema_with = schemas::token, required = true)]
    pub(crate) token: Secret,
    #[serde(default)]
    #[validate(custom(function = rules::password))]
    #[schema(schema_with = schemas::new_password, required = true)]
    new_password: Secret,
}

impl ResetPasswordRequest {
    pub(crate) fn new_password(&self) -> Result<Password, ApiError> {
        Password::parse(self.new_password.clone().into_inner()).at("new_password")
    }
}

/// Somebody who is signed in now.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuthResponse {
    #[serde(flatten)]
    tokens: TokenResponse,
    user: UserProfile,
    tenant: TenantInfo,
}

impl From<SignedIn> for AuthResponse {
    fn from(signed_in: SignedIn) -> Self {
        let SignedIn { access_token, refresh_token, account } = signed_in;
        Self {
            tokens: TokenResponse::new(&access_token, &refresh_token),
            user: (&account.user).into(),
            tenant: TenantInfo::new(&account.tenant, account.plan.as_ref()),
        }
    }
}

impl AuthResponse {
    pub(crate) fn example() -> Self {
        Self { tokens: TokenResponse::example(), user: UserProfile::example(), tenant: TenantInfo::example() }
    }
}

/// The tokens of a session.
#[derive(Serialize, ToSchema)]
pub(crate) struct TokenResponse {
    access_token: String,
    /// Good for one refresh.
    refresh_token: String,
    #[schema(schema_with = schemas::token_type)]
    token_type: &'static str,
    /// For how many seconds the access token works.
    expires_in: u64,
}

impl TokenResponse {
    pub(crate) const EXAMPLE_REFRESH: &'static str =
        "eyJhbGciOiJIUzI1NiJ9.eyJ0b2tlbl91c2UiOiJyZWZyZXNoIn0.c2lnbmF0dXJl";

    fn new(access_token: &IssuedAccessToken, refresh_token: &SecretString) -> Self {
        Self {
            access_token: access_token.token.expose_secret().to_owned(),
            refresh_token: refresh_token.expose_secret().to_owned(),
            token_type: "Bearer",
            expires_in: access_token.expires_in.as_secs(),
        }
    }

    pub(crate) fn example() -> Self {
        Self {
            access_token: "eyJhbGciOiJIUzI1NiJ9.eyJ0b2tlbl91c2UiOiJhY2Nlc3MifQ.c2lnbmF0dXJl".to_owned(),
            refresh_token: Self::EXAMPLE_REFRESH.to_owned(),
            token_type: "Bearer",
            expires_in: 3600,
        }
    }
}

impl From<Refreshed> for TokenResponse {
    fn from(refreshed: Refreshed) -> Self {
        Self::new(&refreshed.access_token, &refreshed.refresh_token)
    }
}

/// What signing up came to: an address to confirm or, where that is not asked for, a session.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum RegisterResponse {
    ConfirmationRequired(ConfirmationRequired),
    SignedIn(Box<AuthResponse>),
}

/// The address must be confirmed before the first sign-in.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConfirmationRequired {
    #[schema(schema_with = schemas::always_true)]
    requires_email_verification: bool,
    #[schema(schema_with = schemas::id)]
    tenant_id: String,
    #[schema(schema_with = schemas::id)]
    user_id: String,
}

impl From<Registered> for RegisterResponse {
    fn from(registered: Registered) -> Self {
        match registered {
            Registered::ConfirmationRequired { user_id, tenant_id } => {
                Self::ConfirmationRequired(ConfirmationRequired {
                    requires_email_verification: true,
                    tenant_id: tenant_id.to_string(),
                    user_id: user_id.to_string(),
                })
            }
            Registered::SignedIn(signed_in) => Self::SignedIn(Box::new((*signed_in).into())),
        }
    }
}

impl RegisterResponse {
    pub(crate) fn example() -> Self {
        Self::ConfirmationRequired(ConfirmationRequired {
            requires_email_verification: true,
            tenant_id: "0198c5a2-8f00-7c3e-9d2b-4a6f1e0b7c55".to_owned(),
            user_id: "0198c5a2-8f00-7b11-8a4c-2f9d6e3c1a07".to_owned(),
        })
    }
}

/// What a confirmation link would do now.
#[derive(Serialize, ToSchema)]
pub(crate) struct LinkReport {
    #[schema(schema_with = schemas::link_status)]
    status: &'static str,
}

impl From<LinkStatus> for LinkReport {
    fn from(status: LinkStatus) -> Self {
        let status = match status {
            LinkStatus::Valid => "valid",
            LinkStatus::Used => "used",
            LinkStatus::Expired => "expired",
            LinkStatus::NotFound => "not_found",
        };
        Self { status }
    }
}
