//! Administration of the platform.

use application::AdminService;
use axum::extract::State;
use domain::TenantId;

use super::{
    handlers::{Routes, routes},
    refusals::refusal,
};
use crate::{
    dto::{
        admin::{AdminAuditQuery, AdminTenant, AdminTenantQuery, AdminUser, AdminUserQuery, SuspensionRequest},
        audit::{AuditQuery, AuditRecordInfo},
        envelope::{Failure, Success},
        page::Listed,
    },
    error::{ApiError, ErrorCode},
    extract::{Json, PathId, PlatformAuthenticated, Query},
};

refusal!(NoSuchTenant: NOT_FOUND, "There is no such tenant.", TenantNotFound, "This organisation does not exist");

pub(super) fn routes<R: Routes>() -> R {
    R::default()
        .routes(routes!(list_users))
        .routes(routes!(list_tenants))
        .routes(routes!(list_audit))
        .routes(routes!(suspend_tenant))
        .routes(routes!(reactivate_tenant))
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
    responses((
        status = OK, description = "A page of users.", body = Listed<AdminUser>,
        example = json!(Listed::example(AdminUser::example()))
    ))
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
    responses((
        status = OK, description = "A page of tenants.", body = Listed<AdminTenant>,
        example = json!(Listed::example(AdminTenant::example()))
    ))
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
    responses((
        status = OK, description = "A page of records.", body = Listed<AuditRecordInfo>,
        example = json!(Listed::example(AuditRecordInfo::example()))
    ))
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

/// Switch a tenant off.
///
/// Ends every session of its people at once. One that is switched off already stays as it is.
#[utoipa::path(
    post,
    path = "/admin/tenants/{id}/suspend",
    tag = "Platform administration",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The `tenant_id`.", max_length = 128)),
    responses(
        (
            status = OK, description = "The tenant as it is now.", body = Success<AdminTenant>,
            example = json!(Success::of(AdminTenant::suspended_example()))
        ),
        (
            status = BAD_REQUEST, description = "It is your own tenant, or the body cannot be read.", body = Failure,
            example = json!(Failure::of(
                ErrorCode::InvalidInput, "You cannot suspend the organisation that you belong to"
            ))
        ),
        NoSuchTenant
    )
)]
async fn suspend_tenant(
    State(admin): State<AdminService>,
    PlatformAuthenticated(who): PlatformAuthenticated,
    PathId(tenant_id): PathId<TenantId>,
    Json(request): Json<SuspensionRequest>,
) -> Result<Success<AdminTenant>, ApiError> {
    Ok(Success::of(admin.suspend_tenant(&who, &tenant_id, request.reason()?).await?.into()))
}

/// Put a tenant back into use.
///
/// Whether it was suspended, or closed by its owner a short while ago. Nobody is signed in by that.
#[utoipa::path(
    post,
    path = "/admin/tenants/{id}/reactivate",
    tag = "Platform administration",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The `tenant_id`.", max_length = 128)),
    responses(
        (
            status = OK, description = "The tenant as it is now.", body = Success<AdminTenant>,
            example = json!(Success::of(AdminTenant::example()))
        ),
        NoSuchTenant,
        (
            status = CONFLICT, description = "Its owner closed it too long ago.", body = Failure,
            example = json!(Failure::of(ErrorCode::ResourceConflict, "This organisation was closed for good"))
        )
    )
)]
async fn reactivate_tenant(
    State(admin): State<AdminService>,
    PlatformAuthenticated(who): PlatformAuthenticated,
    PathId(tenant_id): PathId<TenantId>,
) -> Result<Success<AdminTenant>, ApiError> {
    Ok(Success::of(admin.reactivate_tenant(&who, &tenant_id).await?.into()))
}
