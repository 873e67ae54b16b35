//! Tenants.

use chrono::{DateTime, Utc};
use domain::{Plan, Tenant};
use serde::Serialize;
use utoipa::ToSchema;

use super::{example_time, schemas};

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
