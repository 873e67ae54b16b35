//! Invitations.

use application::{
    auth::{AcceptInvitation, Activate, Credential, IdToken},
    idempotency::IdempotentRequest,
    invitations::{Invite, ShownInvitation},
    ports::HeldInvitation,
};
use chrono::{DateTime, Utc};
use domain::{
    EmailAddress, InvitationToken, PersonName, Role, UserId,
    invitation::{InvitationMessage, InvitationState, InvitationStatus, OpenFor},
    session::Device,
    user::Password,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::{Validate, ValidationError};

use super::{example_time, rules, schemas, secret::Secret, secret_or_blank, text_or_blank};
use crate::error::{ApiError, AtField};

/// Somebody to invite.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({
    "email": "ben.okoro@example.com", "role": "member", "message": "Welcome to the team!", "expires_in_days": 14,
}))]
pub(crate) struct InviteRequest {
    #[serde(default)]
    #[validate(custom(function = rules::email))]
    #[schema(schema_with = schemas::email, required = true)]
    email: String,
    #[serde(default)]
    #[validate(custom(function = rules::role))]
    #[schema(schema_with = schemas::role, required = true)]
    role: String,
    #[serde(default, deserialize_with = "text_or_blank")]
    #[validate(custom(function = rules::invitation_message))]
    #[schema(schema_with = schemas::nullable_invitation_message)]
    message: Option<String>,
    #[validate(custom(function = rules::open_for))]
    #[schema(schema_with = schemas::nullable_open_for)]
    expires_in_days: Option<i64>,
}

impl InviteRequest {
    pub(crate) fn into_command(
        self,
        link_base: Option<String>,
        idempotency: Option<IdempotentRequest>,
    ) -> Result<Invite, ApiError> {
        let Self { email, role, message, expires_in_days } = self;
        Ok(Invite {
            email: EmailAddress::parse(&email).at("email")?,
            role: rules::read_role(&role).at("role")?,
            message: message.as_deref().map(InvitationMessage::parse).transpose().at("message")?,
            open_for: expires_in_days.map_or(Ok(OpenFor::DEFAULT), OpenFor::from_days).at("expires_in_days")?,
            link_base,
            idempotency,
        })
    }
}

/// Which invitations to show.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct InvitationsRequest {
    /// Those that stand like this; all when absent.
    #[serde(default, deserialize_with = "text_or_blank")]
    #[validate(custom(function = rules::invitation_status))]
    #[param(schema_with = schemas::invitation_status)]
    status: Option<String>,
    #[serde(default, deserialize_with = "text_or_blank")]
    #[validate(custom(function = rules::page_size))]
    #[param(schema_with = schemas::page_size)]
    pub(crate) limit: Option<String>,
    #[serde(default, deserialize_with = "text_or_blank")]
    #[validate(custom(function = rules::cursor))]
    #[param(schema_with = schemas::cursor)]
    pub(crate) cursor: Option<String>,
}

impl InvitationsRequest {
    pub(crate) fn status(&self) -> Result<Option<InvitationStatus>, ApiError> {
        self.status.as_deref().map(rules::read_invitation_status).transpose().at("status")
    }
}

/// An invitation, as those see it who may invite.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InvitationInfo {
    #[schema(schema_with = schemas::id)]
    invitation_id: String,
    #[schema(schema_with = schemas::id)]
    tenant_id: String,
    #[schema(schema_with = schemas::email)]
    email: String,
    #[schema(schema_with = schemas::role)]
    role: &'static str,
    /// One whose time is over is `expired`, whether anybody noted that or not.
    #[schema(schema_with = schemas::invitation_status)]
    status: &'static str,
    #[schema(required = true)]
    message: Option<String>,
    #[schema(schema_with = schemas::nullable_id, required = true)]
    invited_by_user_id: Option<String>,
    expires_at: DateTime<Utc>,
    /// When the last mail was ordered.
    #[schema(required = true)]
    email_sent_at: Option<DateTime<Utc>>,
    /// How often it was sent again.
    reminders_sent: u32,
    #[schema(schema_with = schemas::nullable_id, required = true)]
    accepted_user_id: Option<String>,
    #[schema(required = true)]
    accepted_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<ShownInvitation> for InvitationInfo {
    fn from(ShownInvitation { invitation, status }: ShownInvitation) -> Self {
        let invitation = invitation.snapshot();
        let (accepted_user_id, accepted_at) = match &invitation.state {
            InvitationState::Accepted { by, at } => (by.as_ref().map(UserId::to_string), Some(*at)),
            InvitationState::Pending | InvitationState::Expired | InvitationState::Cancelled => (None, None),
        };
        Self {
            invitation_id: invitation.id.to_string(),
            tenant_id: invitation.tenant_id.to_string(),
            email: invitation.email.as_str().to_owned(),
            role: invitation.role.as_str(),
            status: status.as_str(),
            message: invitation.message.as_ref().map(|message| message.as_str().to_owned()),
            invited_by_user_id: invitation.invited_by.as_ref().map(UserId::to_string),
            expires_at: invitation.expires_at,
            email_sent_at: invitation.email_sent_at,
            reminders_sent: invitation.reminders_sent,
            accepted_user_id,
            accepted_at,
            created_at: invitation.created_at,
            updated_at: invitation.updated_at,
        }
    }
}

impl InvitationInfo {
    pub(crate) fn example() -> Self {
        Self {
            invitation_id: "0198c5a2-8f00-7f3a-8d11-6b2a9c0e4d77".to_owned(),
            tenant_id: "0198c5a2-8f00-7c3e-9d2b-4a6f1e0b7c55".to_owned(),
            email: "ben.okoro@example.com".to_owned(),
            role: Role::Member.as_str(),
            status: InvitationStatus::Pending.as_str(),
            message: Some("Welcome to the team!".to_owned()),
            invited_by_user_id: Some("0198c5a2-8f00-7b11-8a4c-2f9d6e3c1a07".to_owned()),
            expires_at: example_time() + OpenFor::DEFAULT.duration(),
            email_sent_at: Some(example_time()),
            reminders_sent: 0,
            accepted_user_id: None,
            accepted_at: None,
            created_at: example_time(),
            updated_at: example_time(),
        }
    }
}

/// What the token of an invitation is good for. Whatever is wrong with one, the answer is the same.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InvitationCheck {
    is_valid: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    invitation: Option<OpenInvitation>,
}

/// An invitation, as whoever holds its token sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OpenInvitation {
    #[schema(schema_with = schemas::email)]
    email: String,
    #[schema(schema_with = schemas::role)]
    role: &'static str,
    tenant: InvitingTenant,
    expires_at: DateTime<Utc>,
}

/// The organisation that somebody is invited into.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InvitingTenant {
    #[schema(schema_with = schemas::id)]
    id: String,
    name: String,
}

impl From<Option<HeldInvitation>> for InvitationCheck {
    fn from(held: Option<HeldInvitation>) -> Self {
        let invitation = held.map(|HeldInvitation { invitation, tenant, plan: _ }| {
            let (invitation, tenant) = (invitation.snapshot(), tenant.snapshot());
            OpenInvitation {
                email: invitation.email.as_str().to_owned(),
                role: invitation.role.as_str(),
                tenant: InvitingTenant { id: tenant.id.to_string(), name: tenant.name.as_str().to_owned() },
                expires_at: invitation.expires_at,
            }
        });
        Self { is_valid: invitation.is_some(), invitation }
    }
}

impl InvitationCheck {
    pub(crate) fn example() -> Self {
        let invitation = OpenInvitation {
            email: "ben.okoro@example.com".to_owned(),
            role: Role::Member.as_str(),
            tenant: InvitingTenant {
                id: "0198c5a2-8f00-7c3e-9d2b-4a6f1e0b7c55".to_owned(),
                name: "Lee & Partners".to_owned(),
            },
            expires_at: example_time(),
        };
        Self { is_valid: true, invitation: Some(invitation) }
    }
}

/// Somebody who comes in through the link of an invitation, and has no account. They will sign in with a password, or
/// with an account at an identity provider that has the invited address: either `password`, or `provider` and `id_token`.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[validate(schema(function = one_credential, skip_on_field_errors = false))]
#[schema(example = json!({
    "token": "0198c5a2-8f00-7f3a-8d11-6b2a9c0e4d77.9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "first_name": "Ben",
    "last_name": "Okoro",
    "password": "correct horse battery staple",
}))]
pub(crate) struct ActivateRequest {
    /// The token in the link.
    #[serde(default)]
    #[validate(custom(function = rules::token))]
    #[schema(schema_with = schemas::token, required = true)]
    token: Secret,
    #[serde(default)]
    #[validate(custom(function = rules::person_name))]
    #[schema(schema_with = schemas::person_name, required = true)]
    first_name: String,
    #[serde(default)]
    #[validate(custom(function = rules::person_name))]
    #[schema(schema_with = schemas::person_name, required = true)]
    last_name: String,
    #[serde(default, deserialize_with = "secret_or_blank")]
    #[validate(custom(function = rules::password))]
    #[schema(schema_with = schemas::nullable_new_password)]
    password: Option<Secret>,
    /// Who issued the ID token.
    #[serde(default, deserialize_with = "text_or_blank")]
    #[validate(custom(function = rules::identity_provider))]
    #[schema(schema_with = schemas::nullable_identity_provider)]
    provider: Option<String>,
    /// The ID token that the provider gave out. The provider must vouch for the address.
    #[serde(default, deserialize_with = "secret_or_blank")]
    #[validate(custom(function = rules::id_token))]
    #[schema(schema_with = schemas::nullable_id_token)]
    id_token: Option<Secret>,
    /// What the client asked the provider to put into the token. Sent, it must be there.
    #[serde(default, deserialize_with = "text_or_blank")]
    #[validate(custom(function = rules::nonce))]
    #[schema(schema_with = schemas::nullable_nonce)]
    nonce: Option<String>,
}

fn one_credential(request: &ActivateRequest) -> Result<(), ValidationError> {
    match (&request.password, &request.id_token, &request.provider) {
        (Some(_), Some(_), _) => rules::refuse_field("id_token", "must not be sent together with a password"),
        (None, None, Some(_)) => rules::refuse_field("id_token", "is required"),
        (None, None, None) => rules::refuse_field("password", "is required"),
        (None, Some(_), None) => rules::refuse_field("provider", "is required"),
        (Some(_), None, _) | (None, Some(_), Some(_)) => Ok(()),
    }
}

impl ActivateRequest {
    pub(crate) fn into_command(
        self,
        device: Device,
        idempotency: Option<IdempotentRequest>,
    ) -> Result<Activate, ApiError> {
        let Self { token, first_name, last_name, password, provider, id_token, nonce } = self;
        let credential = if let Some(token) = id_token {
            let provider = rules::read_identity_provider(&provider.unwrap_or_default()).at("provider")?;
            Credential::Identity(IdToken { provider, token: token.into_inner(), nonce })
        } else {
            Credential::Password(Password::parse(password.unwrap_or_default().into_inner()).at("password")?)
        };
        Ok(Activate {
            token: InvitationToken::presented(token.into_inner()),
            email: None,
            first_name: PersonName::parse(&first_name).at("first_name")?,
            last_name: PersonName::parse(&last_name).at("last_name")?,
            phone: None,
            credential,
            device,
            idempotency,
        })
    }
}

/// Somebody who is signed in and comes in through the link of an invitation.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({
    "token": "0198c5a2-8f00-7f3a-8d11-6b2a9c0e4d77.9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "close_current_tenant": true,
}))]
pub(crate) struct AcceptRequest {
    /// The token in the link.
    #[serde(default)]
    #[validate(custom(function = rules::token))]
    #[schema(schema_with = schemas::token, required = true)]
    token: Secret,
    /// Whether your present organisation is closed, for good, if you own it and nobody else is in it.
    #[serde(default)]
    close_current_tenant: bool,
}

impl AcceptRequest {
    pub(crate) fn into_command(self, device: Device) -> AcceptInvitation {
        let Self { token, close_current_tenant } = self;
        AcceptInvitation { token: InvitationToken::presented(token.into_inner()), close_current_tenant, device }
    }
}
