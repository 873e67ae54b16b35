//! What happened in one's own tenant.

use application::AuditService;
use axum::extract::State;

use super::handlers::{Routes, routes};
use crate::{
    dto::{
        audit::{AuditQuery, AuditRecordInfo},
        page::Listed,
    },
    error::ApiError,
    extract::{Authenticated, Query},
};

pub(super) fn routes<R: Routes>() -> R {
    R::default().routes(routes!(get_own_audit))
}

/// What happened in one's own tenant that matters to security, newest first.
///
/// For owners and administrators. Holds identifiers only.
#[utoipa::path(
    get,
    path = "/tenants/current/audit",
    tag = "Tenant",
    security(("bearer" = [])),
    params(AuditQuery),
    responses((
        status = OK, description = "A page of records.", body = Listed<AuditRecordInfo>,
        example = json!(Listed::example(AuditRecordInfo::example()))
    ))
)]
async fn get_own_audit(
    State(audit): State<AuditService>,
    Authenticated(actor): Authenticated,
    Query(query): Query<AuditQuery>,
) -> Result<Listed<AuditRecordInfo>, ApiError> {
    let (filter, page) = query.read()?;
    let found = audit.of_own_tenant(&actor, &filter, &page).await?;
    Ok(Listed::new(found.map(AuditRecordInfo::from), page.size))
}
