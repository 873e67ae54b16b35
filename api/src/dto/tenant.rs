//! Tenants.

use application::tenants::{Reopened, TenantOverview};
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use domain::{
    Plan, Tenant,
    tenant::{TenantName, TenantSettings, TenantSettingsChange},
    user::Password,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::{envelope::json, example_time, rules, schemas, secret::Secret};
use crate::error::{ApiError, AtField};

/// An organisation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TenantInfo {
    #[schema(schema_with = schemas::id)]
    id: String,
    #[schema(schema_with = schemas::id)]
    tenant_id: String,
    name: String,
    #[schema(schema_with = schemas::tenant_status)]
    status: &'static str,
    #[schema(schema_with = schemas::nullable_tier, required = true)]
    subscription_tier: Option<&'static str>,
    #[schema(schema_with = schemas::nullable_subscription_status, required = true)]
    subscription_status: Option<&'static str>,
    #[schema(required = true)]
    trial_ends_at: Option<DateTime<Utc>>,
    #[schema(schema_with = schemas::id)]
    owner_user_id: String,
    created_at: DateTime<Utc>,
}

impl TenantInfo {
    pub(crate) fn new(tenant: &Tenant, plan: Option<&Plan>) -> Self {
        let tenant = tenant.snapshot();
        Self {
            id: tenant.id.to_string(),
            tenant_id: tenant.id.to_string(),
            name: tenant.name.as_str().to_owned(),
            status: tenant.status().as_str(),
            subscription_tier: plan.map(|plan| plan.tier.as_str()),
            subscription_status: plan.map(|plan| plan.status.as_str()),
            trial_ends_at: plan.and_then(|plan| plan.trial_ends_at),
            owner_user_id: tenant.owner_user_id.to_string(),
            created_at: tenant.created_at,
        }
    }

    pub(crate) fn example() -> Self {
        let id = "0198c5a2-8f00-7c3e-9d2b-4a6f1e0b7c55".to_owned();
        Self {
            id: id.clone(),
            tenant_id: id,
            name: "Anna's workspace".to_owned(),
            status: "active",
            subscription_tier: None,
            subscription_status: None,
            trial_ends_at: None,
            owner_user_id: "0198c5a2-8f00-7b11-8a4c-2f9d6e3c1a07".to_owned(),
            created_at: example_time(),
        }
    }
}

/// An organisation, as its people see it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TenantDetails {
    #[serde(flatten)]
    info: TenantInfo,
    /// How many people belong to it.
    user_count: u32,
    /// Whether it may be used.
    is_active: bool,
    settings: TenantSettingsInfo,
}

impl From<TenantOverview> for TenantDetails {
    fn from(overview: TenantOverview) -> Self {
        let TenantOverview { tenant, plan, members } = overview;
        Self {
            info: TenantInfo::new(&tenant, plan.as_ref()),
            user_count: members,
            is_active: tenant.is_usable(),
            settings: tenant.snapshot().settings.into(),
        }
    }
}

impl TenantDetails {
    pub(crate) fn example() -> Self {
        let (info, settings) = (TenantInfo::example(), TenantSettingsInfo::example());
        Self { info, user_count: 3, is_active: true, settings }
    }
}

/// An organisation that is open again.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReopenedTenant {
    #[schema(schema_with = schemas::always_true)]
    success: bool,
    /// What happened, for a person.
    message: &'static str,
    /// When its subscription ends unless its renewal is switched on again; `null` when it renews, or there is none.
    #[schema(required = true)]
    subscription_ends_at: Option<DateTime<Utc>>,
}

impl From<Reopened> for ReopenedTenant {
    fn from(Reopened { subscription_ends_at }: Reopened) -> Self {
        let message = match subscription_ends_at {
            None => "Your organisation is open again; please sign in",
            Some(_) => {
                "Your organisation is open again; please sign in. Its subscription does not renew: switch the renewal on to \
                 keep it"
            }
        };
        Self { success: true, message, subscription_ends_at }
    }
}

impl ReopenedTenant {
    pub(crate) fn example() -> Self {
        Reopened { subscription_ends_at: Some(example_time()) }.into()
    }
}

impl IntoResponse for ReopenedTenant {
    fn into_response(self) -> Response {
        json(StatusCode::OK, &self)
    }
}

/// How an organisation wants the product to behave.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TenantSettings)]
pub(crate) struct TenantSettingsInfo {
    /// How many target lines charts show.
    #[schema(schema_with = schemas::target_line_mode)]
    target_line_mode: &'static str,
}

impl From<TenantSettings> for TenantSettingsInfo {
    fn from(TenantSettings { target_line_mode }: TenantSettings) -> Self {
        Self { target_line_mode: target_line_mode.as_str() }
    }
}

impl TenantSettingsInfo {
    pub(crate) fn example() -> Self {
        TenantSettings::default().into()
    }
}

/// A wish to change one's organisation; what is absent stays as it is.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(as = TenantUpdate, example = json!({ "name": "Lee & Partners" }))]
pub(crate) struct RenameTenantRequest {
    #[validate(custom(function = rules::tenant_name))]
    #[schema(schema_with = schemas::nullable_tenant_name)]
    name: Option<String>,
}

impl RenameTenantRequest {
    pub(crate) fn name(&self) -> Result<Option<TenantName>, ApiError> {
        self.name.as_deref().map(TenantName::parse).transpose().at("name")
    }
}

/// A wish to change how one's organisation wants the product to behave; what is absent stays as it is.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(as = TenantSettingsUpdate, example = json!({ "target_line_mode": "three" }))]
pub(crate) struct TenantSettingsRequest {
    #[validate(custom(function = rules::target_line_mode))]
    #[schema(schema_with = schemas::nullable_target_line_mode)]
    target_line_mode: Option<String>,
}

impl TryFrom<TenantSettingsRequest> for TenantSettingsChange {
    type Error = ApiError;

    fn try_from(request: TenantSettingsRequest) -> Result<Self, ApiError> {
        let mode = request.target_line_mode.as_deref().map(rules::read_target_line_mode).transpose();
        Ok(Self { target_line_mode: mode.at("target_line_mode")? })
    }
}

/// The proof that it is the owner who closes the organisation.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({ "password": "correct horse battery staple" }))]
pub(crate) struct CloseTenantRequest {
    #[serde(default)]
    #[validate(custom(function = rules::password))]
    #[schema(schema_with = schemas::typed_password, required = true)]
    password: Secret,
}

impl CloseTenantRequest {
    pub(crate) fn password(self) -> Result<Password, ApiError> {
        Password::parse(self.password.into_inner()).at("password")
    }
}
