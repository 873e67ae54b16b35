//! Administration of the platform.

use application::AdminService;
use axum::extract::State;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    ApiState,
    dto::{
        admin::{AdminAuditQuery, AdminTenant, AdminTenantQuery, AdminUser, AdminUserQuery},
        audit::{AuditQuery, AuditRecordInfo},
        envelope::Failure,
        page::Listed,
    },
    error::{ApiError, ErrorCode},
    extract::{PlatformAuthenticated, Query},
};

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default().routes(routes!(list_users)).routes(routes!(list_tenants)).routes(routes!(list_audit))
}

/// The people of all tenants.
///
/// In no order. With a filter, a page may hold less than `limit`, even nothing, although there is a next one.
#[utoipa::path(
    get,
    path = "/admin/users",
    operation_id = "admin_list_users",
    tag = "Platform administration",
    security(("bearer" = [])),
    params(AdminUserQuery),
    responses(
        (
            status = OK, description = "A page of users.", body = Listed<AdminUser>,
            example = json!(Listed::example(AdminUser::example()))
        ),
        (
            status = FORBIDDEN, description = "Not an administrator of the platform.", body = Failure,
            example = json!(Failure::of(ErrorCode::InsufficientPermissions, "Your role does not allow this"))
        )
    )
)]
async fn list_users(
    State(admin): State<AdminService>,
    PlatformAuthenticated(who): PlatformAuthenticated,
    Query(query): Query<AdminUserQuery>,
) -> Result<Listed<AdminUser>, ApiError> {
    let (filter, page) = query.read()?;
    let found = admin.users(&who, &filter, &page).await?;
    Ok(Listed::new(found.map(AdminUser::from), page.size))
}

/// All tenants.
///
/// In no order. With a filter, a page may hold less than `limit`, even nothing, although there is a next one.
#[utoipa::path(
    get,
    path = "/admin/tenants",
    operation_id = "admin_list_tenants",
    tag = "Platform administration",
    security(("bearer" = [])),
    params(AdminTenantQuery),
    responses(
        (
            status = OK, description = "A page of tenants.", body = Listed<AdminTenant>,
            example = json!(Listed::example(AdminTenant::example()))
        ),
        (
            status = FORBIDDEN, description = "Not an administrator of the platform.", body = Failure,
            example = json!(Failure::of(ErrorCode::InsufficientPermissions, "Your role does not allow this"))
        )
    )
)]
async fn list_tenants(
    State(admin): State<AdminService>,
    PlatformAuthenticated(who): PlatformAuthenticated,
    Query(query): Query<AdminTenantQuery>,
) -> Result<Listed<AdminTenant>, ApiError> {
    let (filter, page) = query.read()?;
    let found = admin.tenants(&who, &filter, &page).await?;
    Ok(Listed::new(found.map(AdminTenant::from), page.size))
}

/// What happened anywhere that matters to security, newest first.
///
/// Holds identifiers only. With a filter, a page may hold less than `limit`, even nothing, although there is a next
/// one.
#[utoipa::path(
    get,
    path = "/admin/audit",
    operation_id = "admin_list_audit",
    tag = "Platform administration",
    security(("bearer" = [])),
    params(AdminAuditQuery, AuditQuery),
    responses(
        (
            status = OK, description = "A page of records.", body = Listed<AuditRecordInfo>,
            example = json!(Listed::example(AuditRecordInfo::example()))
        ),
        (
            status = FORBIDDEN, description = "Not an administrator of the platform.", body = Failure,
            example = json!(Failure::of(ErrorCode::InsufficientPermissions, "Your role does not allow this"))
        )
    )
)]
async fn list_audit(
    State(admin): State<AdminService>,
    PlatformAuthenticated(who): PlatformAuthenticated,
    Query(tenant): Query<AdminAuditQuery>,
    Query(query): Query<AuditQuery>,
) -> Result<Listed<AuditRecordInfo>, ApiError> {
    let tenant_id = tenant.tenant_id()?;
    let (filter, page) = query.read()?;
    let found = admin.audit(&who, tenant_id.as_ref(), &filter, &page).await?;
    Ok(Listed::new(found.map(AuditRecordInfo::from), page.size))
}
