//! What administrators of the platform see and ask for.

use application::{
    page::PageRequest,
    ports::{TenantFilter, UserFilter},
};
use chrono::{DateTime, Utc};
use domain::{
    EmailAddress, Tenant, TenantId, User,
    tenant::{Standing, SuspensionReason, TenantStatus},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::{example_time, page::page_request, rules, schemas};
use crate::error::{ApiError, AtField};

/// Which users to show.
#[derive(Debug, Default, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AdminUserQuery {
    /// Only users of this tenant.
    #[validate(custom(function = rules::tenant_id))]
    #[param(schema_with = schemas::id)]
    tenant_id: Option<String>,
    /// Only who holds this address, in full.
    #[validate(custom(function = rules::email))]
    #[param(schema_with = schemas::email)]
    email: Option<String>,
    /// Only who stands here.
    #[validate(custom(function = rules::user_status))]
    #[param(schema_with = schemas::user_status)]
    status: Option<String>,
    #[validate(custom(function = rules::page_size))]
    #[param(schema_with = schemas::page_size)]
    limit: Option<String>,
    #[validate(custom(function = rules::cursor))]
    #[param(schema_with = schemas::cursor)]
    cursor: Option<String>,
}

impl AdminUserQuery {
    pub(crate) fn read(self) -> Result<(UserFilter, PageRequest), ApiError> {
        let Self { tenant_id, email, status, limit, cursor } = self;
        let filter = UserFilter {
            tenant_id: tenant_id.map(TenantId::parse).transpose().at("tenant_id")?,
            email: email.as_deref().map(EmailAddress::parse).transpose().at("email")?,
            status: status.as_deref().map(rules::read_user_status).transpose().at("status")?,
        };
        Ok((filter, page_request(limit.as_deref(), cursor.as_deref())?))
    }
}

/// Which tenants to show.
#[derive(Debug, Default, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AdminTenantQuery {
    /// Only tenants that stand here.
    #[validate(custom(function = rules::tenant_status))]
    #[param(schema_with = schemas::tenant_status)]
    status: Option<String>,
    /// Only tenants whose name begins like this, in upper or lower case.
    #[validate(length(min = 1, max = 100, message = "must be 1 to 100 characters"))]
    #[param(min_length = 1, max_length = 100)]
    name: Option<String>,
    #[validate(custom(function = rules::page_size))]
    #[param(schema_with = schemas::page_size)]
    limit: Option<String>,
    #[validate(custom(function = rules::cursor))]
    #[param(schema_with = schemas::cursor)]
    cursor: Option<String>,
}

impl AdminTenantQuery {
    pub(crate) fn read(self) -> Result<(TenantFilter, PageRequest), ApiError> {
        let Self { status, name, limit, cursor } = self;
        let status = status.as_deref().map(rules::read_tenant_status).transpose().at("status")?;
        Ok((TenantFilter { status, name_prefix: name }, page_request(limit.as_deref(), cursor.as_deref())?))
    }
}

/// In which tenant to look.
#[derive(Debug, Default, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AdminAuditQuery {
    /// Only what happened in this tenant.
    #[validate(custom(function = rules::tenant_id))]
    #[param(schema_with = schemas::id)]
    tenant_id: Option<String>,
}

impl AdminAuditQuery {
    pub(crate) fn tenant_id(self) -> Result<Option<TenantId>, ApiError> {
        self.tenant_id.map(TenantId::parse).transpose().at("tenant_id")
    }
}

/// Why a tenant is switched off.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({ "reason": "terms_violation" }))]
pub(crate) struct SuspensionRequest {
    #[serde(default)]
    #[validate(custom(function = rules::suspension_reason))]
    #[schema(schema_with = schemas::suspension_reason, required = true)]
    reason: String,
}

impl SuspensionRequest {
    pub(crate) fn reason(&self) -> Result<SuspensionReason, ApiError> {
        rules::read_suspension_reason(&self.reason).at("reason")
    }
}

/// A user, as administrators of the platform see them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AdminUser {
    #[schema(schema_with = schemas::id)]
    user_id: String,
    #[schema(schema_with = schemas::id)]
    tenant_id: String,
    #[schema(schema_with = schemas::email)]
    email: String,
    first_name: String,
    last_name: String,
    #[schema(schema_with = schemas::role)]
    role: &'static str,
    #[schema(schema_with = schemas::user_status)]
    status: &'static str,
    email_verified: bool,
    #[schema(required = true)]
    last_login: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<User> for AdminUser {
    fn from(user: User) -> Self {
        let user = user.snapshot();
        Self {
            user_id: user.id.to_string(),
            tenant_id: user.tenant_id.to_string(),
            email: user.email.as_str().to_owned(),
            first_name: user.first_name.as_str().to_owned(),
            last_name: user.last_name.as_str().to_owned(),
            role: user.role.as_str(),
            status: user.status.as_str(),
            email_verified: user.email_verified,
            last_login: user.last_login,
            created_at: user.created_at,
            updated_at: user.updated_at,
        }
    }
}

impl AdminUser {
    pub(crate) fn example() -> Self {
        Self {
            user_id: "0198c5a2-8f00-7b11-8a4c-2f9d6e3c1a07".to_owned(),
            tenant_id: "0198c5a2-8f00-7c3e-9d2b-4a6f1e0b7c55".to_owned(),
            email: "anna.lee@example.com".to_owned(),
            first_name: "Anna".to_owned(),
            last_name: "Lee".to_owned(),
            role: "owner",
            status: "active",
            email_verified: true,
            last_login: Some(example_time()),
            created_at: example_time(),
            updated_at: example_time(),
        }
    }
}

/// A tenant, as administrators of the platform see it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AdminTenant {
    #[schema(schema_with = schemas::id)]
    id: String,
    #[schema(schema_with = schemas::id)]
    tenant_id: String,
    name: String,
    #[schema(schema_with = schemas::tenant_status)]
    status: &'static str,
    /// Since when it is suspended; `null` when it is not.
    #[schema(required = true)]
    suspended_at: Option<DateTime<Utc>>,
    /// Why it is suspended; `null` when it is not.
    #[schema(schema_with = schemas::nullable_suspension_reason, required = true)]
    suspension_reason: Option<&'static str>,
    #[schema(schema_with = schemas::id)]
    owner_user_id: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Tenant> for AdminTenant {
    fn from(tenant: Tenant) -> Self {
        let tenant = tenant.snapshot();
        let suspended = match &tenant.standing {
            Standing::Suspended { since, reason } => Some((*since, reason.as_str())),
            Standing::InUse | Standing::Closed { .. } => None,
        };
        let (suspended_at, suspension_reason) = suspended.unzip();
        Self {
            id: tenant.id.to_string(),
            tenant_id: tenant.id.to_string(),
            name: tenant.name.as_str().to_owned(),
            status: tenant.status().as_str(),
            suspended_at,
            suspension_reason,
            owner_user_id: tenant.owner_user_id.to_string(),
            created_at: tenant.created_at,
            updated_at: tenant.updated_at,
        }
    }
}

impl AdminTenant {
    pub(crate) fn example() -> Self {
        let id = "0198c5a2-8f00-7c3e-9d2b-4a6f1e0b7c55".to_owned();
        Self {
            id: id.clone(),
            tenant_id: id,
            name: "Anna's workspace".to_owned(),
            status: "active",
            suspended_at: None,
            suspension_reason: None,
            owner_user_id: "0198c5a2-8f00-7b11-8a4c-2f9d6e3c1a07".to_owned(),
            created_at: example_time(),
            updated_at: example_time(),
        }
    }

    pub(crate) fn suspended_example() -> Self {
        let (since, reason) = (example_time(), SuspensionReason::TermsViolation.as_str());
        let status = TenantStatus::Suspended.as_str();
        Self { status, suspended_at: Some(since), suspension_reason: Some(reason), ..Self::example() }
    }
}
