//! The audit trail.

use application::{
    audit::{AuditActor, AuditEntry, AuditRecord, AuditTarget},
    page::PageRequest,
    ports::AuditFilter,
};
use chrono::{DateTime, Utc};
use domain::{TenantId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::{example_time, page::page_request, rules, schemas};
use crate::error::{ApiError, AtField};

/// Which records to show.
#[derive(Debug, Default, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
    /// Only what this user did.
    #[validate(custom(function = rules::user_id))]
    #[param(schema_with = schemas::id)]
    actor: Option<String>,
    /// Only what is called this, such as `RoleChanged`.
    #[validate(custom(function = rules::audit_action))]
    #[param(schema_with = schemas::audit_action)]
    action: Option<String>,
    /// Not before this instant.
    #[validate(custom(function = rules::time))]
    #[param(schema_with = schemas::time)]
    from: Option<String>,
    /// Before this instant.
    #[validate(custom(function = rules::time))]
    #[param(schema_with = schemas::time)]
    to: Option<String>,
    #[validate(custom(function = rules::page_size))]
    #[param(schema_with = schemas::page_size)]
    limit: Option<String>,
    #[validate(custom(function = rules::cursor))]
    #[param(schema_with = schemas::cursor)]
    cursor: Option<String>,
}

impl AuditQuery {
    pub(crate) fn read(self) -> Result<(AuditFilter, PageRequest), ApiError> {
        let Self { actor, action, from, to, limit, cursor } = self;
        let filter = AuditFilter {
            actor: actor.map(UserId::parse).transpose().at("actor")?,
            action,
            from: from.as_deref().map(rules::read_time).transpose().at("from")?,
            to: to.as_deref().map(rules::read_time).transpose().at("to")?,
        };
        Ok((filter, page_request(limit.as_deref(), cursor.as_deref())?))
    }
}

/// Something that happened.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditRecordInfo {
    #[schema(schema_with = schemas::id)]
    id: String,
    at: DateTime<Utc>,
    /// The tenant that it happened in; `null` when it was about the platform as a whole.
    #[schema(schema_with = schemas::nullable_id, required = true)]
    tenant_id: Option<String>,
    /// What happened: the name of an event, or of a use of the platform's administration.
    #[schema(schema_with = schemas::audit_action)]
    action: String,
    actor: AuditActorInfo,
    /// What it was done to, where that is one thing.
    #[schema(required = true)]
    target: Option<AuditTargetInfo>,
    /// How it happened, by identifiers and fixed words.
    #[schema(schema_with = schemas::audit_details)]
    details: Value,
}

/// Who did something.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditActorInfo {
    #[schema(schema_with = schemas::audit_actor_kind)]
    kind: &'static str,
    /// The user; `null` when it was the service itself.
    #[schema(schema_with = schemas::nullable_id, required = true)]
    user_id: Option<String>,
}

/// What something was done to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditTargetInfo {
    /// What kind of thing it is, such as `user`.
    kind: String,
    #[schema(schema_with = schemas::id)]
    id: String,
}

impl From<AuditRecord> for AuditRecordInfo {
    fn from(record: AuditRecord) -> Self {
        let AuditRecord { id, at, entry } = record;
        let AuditEntry { tenant_id, action, actor, target, details } = entry;
        Self {
            id,
            at,
            tenant_id: tenant_id.as_ref().map(TenantId::to_string),
            action,
            actor: (&actor).into(),
            target: target.map(|AuditTarget { kind, id }| AuditTargetInfo { kind, id }),
            details,
        }
    }
}

impl From<&AuditActor> for AuditActorInfo {
    fn from(actor: &AuditActor) -> Self {
        Self { kind: actor.kind(), user_id: actor.user_id().map(UserId::to_string) }
    }
}

impl AuditRecordInfo {
    pub(crate) fn example() -> Self {
        let tenant_id = "0198c5a2-8f00-7c3e-9d2b-4a6f1e0b7c55";
        let user_id = "0198c5a2-9a10-7f42-b3c1-5d7e8f9a0b1c";
        Self {
            id: "0198c5a3-0c44-7d1a-8e2f-6b5c4d3e2f10".to_owned(),
            at: example_time(),
            tenant_id: Some(tenant_id.to_owned()),
            action: "RoleChanged".to_owned(),
            actor: AuditActorInfo { kind: "member", user_id: Some("0198c5a2-8f00-7b11-8a4c-2f9d6e3c1a07".to_owned()) },
            target: Some(AuditTargetInfo { kind: "user".to_owned(), id: user_id.to_owned() }),
            details: serde_json::json!({
                "version": 1, "tenant_id": tenant_id, "user_id": user_id, "from": "member", "to": "manager",
            }),
        }
    }
}
