//! One's own organisation, and what it may use.

use application::{
    TenantService,
    tenants::{CloseTenant, TenantError},
};
use axum::extract::State;
use domain::TenantId;

use super::{
    handlers::{Routes, routes},
    names::older_name,
    passwords::{PasswordDisabled, TooManyGuesses},
};
use crate::{
    dto::{
        auth::TokenRequest,
        entitlement::{Features, Limits},
        envelope::{Done, Failure, Success},
        tenant::{
            CloseTenantRequest, RenameTenantRequest, ReopenedTenant, TenantDetails, TenantSettingsInfo,
            TenantSettingsRequest,
        },
    },
    error::{ApiError, ErrorCode},
    extract::{Authenticated, Json, LinkBase, PathId},
};

const CLOSED: Done = Done::with("Your organisation is closed; a mail with a link to open it again is on its way");

pub(super) fn routes<R: Routes>() -> R {
    R::default()
        .routes(routes!(get_current, put_current, close))
        .routes(routes!(get_tenant))
        .routes(routes!(get_settings, put_settings))
        .routes(routes!(get_features))
        .routes(routes!(get_limits))
        .routes(older_name("/tenants", routes!(get_current)))
        .routes(older_name("/tenants", routes!(post_tenant)))
}

/// Routes for people who are not signed in.
pub(super) fn public_routes<R: Routes>() -> R {
    R::default().routes(routes!(reopen))
}

/// One's own organisation.
#[utoipa::path(
    get,
    path = "/tenants/current",
    tag = "Tenant",
    security(("bearer" = [])),
    responses((
        status = OK, description = "The organisation.", body = Success<TenantDetails>,
        example = json!(Success::of(TenantDetails::example()))
    ))
)]
async fn get_current(
    State(tenants): State<TenantService>,
    Authenticated(actor): Authenticated,
) -> Result<Success<TenantDetails>, ApiError> {
    Ok(Success::of(tenants.current(&actor).await?.into()))
}

/// An organisation, which must be one's own.
#[utoipa::path(
    get,
    path = "/tenants/{id}",
    tag = "Tenant",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The organisation.")),
    responses(
        (
            status = OK, description = "The organisation.", body = Success<TenantDetails>,
            example = json!(Success::of(TenantDetails::example()))
        ),
        (
            status = NOT_FOUND, description = "There is no such organisation, or it is not one's own.", body = Failure,
            example = json!(Failure::of(ErrorCode::TenantNotFound, "This organisation does not exist"))
        )
    )
)]
async fn get_tenant(
    State(tenants): State<TenantService>,
    Authenticated(actor): Authenticated,
    id: Result<PathId<TenantId>, ApiError>,
) -> Result<Success<TenantDetails>, ApiError> {
    let PathId(id) = id.map_err(|_| TenantError::NotFound)?;
    Ok(Success::of(tenants.find(&actor, &id).await?.into()))
}

/// Change one's own organisation.
///
/// For owners. What is absent stays as it is.
#[utoipa::path(
    put,
    path = "/tenants/current",
    tag = "Tenant",
    security(("bearer" = [])),
    responses((
        status = OK, description = "The organisation as it is now.", body = Success<TenantDetails>,
        example = json!(Success::of(TenantDetails::example()))
    ))
)]
async fn put_current(
    State(tenants): State<TenantService>,
    Authenticated(actor): Authenticated,
    Json(request): Json<RenameTenantRequest>,
) -> Result<Success<TenantDetails>, ApiError> {
    Ok(Success::of(tenants.rename(&actor, request.name()?).await?.into()))
}

/// Name one's own organisation.
///
/// Everybody belongs to exactly one organisation, which exists from the moment they sign up. What once created
/// another one therefore names the one that is there, for its owner; `PUT /tenants/current` does the same.
#[utoipa::path(
    post,
    path = "/tenants",
    tag = "Tenant",
    security(("bearer" = [])),
    responses((
        status = OK, description = "The organisation as it is now.", body = Success<TenantDetails>,
        example = json!(Success::of(TenantDetails::example()))
    ))
)]
async fn post_tenant(
    state: State<TenantService>,
    actor: Authenticated,
    request: Json<RenameTenantRequest>,
) -> Result<Success<TenantDetails>, ApiError> {
    put_current(state, actor, request).await
}

/// Close one's own organisation.
///
/// For the person who owns it. Everybody is signed out at once. A mail with a link to open it again is sent to them.
#[utoipa::path(
    delete,
    path = "/tenants/current",
    tag = "Tenant",
    security(("bearer" = [])),
    params(LinkBase),
    responses(
        (status = OK, description = "Closed.", body = Done, example = json!(CLOSED)),
        (
            status = UNAUTHORIZED, description = "Not signed in, or the password is wrong.", body = Failure,
            example = json!(Failure::of(ErrorCode::InvalidCredentials, "The password is wrong"))
        ),
        (
            status = FORBIDDEN, description = "Somebody else owns it.", body = Failure,
            example = json!(Failure::of(
                ErrorCode::InsufficientPermissions, "Only the person who owns this organisation can close it"
            ))
        ),
        PasswordDisabled,
        TooManyGuesses
    )
)]
async fn close(
    State(tenants): State<TenantService>,
    Authenticated(actor): Authenticated,
    LinkBase(link_base): LinkBase,
    Json(request): Json<CloseTenantRequest>,
) -> Result<Done, ApiError> {
    tenants.close(&actor, CloseTenant { password: request.password()?, link_base }).await?;
    Ok(CLOSED)
}

/// Open a closed organisation again with the token from the mail.
#[utoipa::path(
    post,
    path = "/tenants/reopen",
    tag = "Tenant",
    responses(
        (
            status = OK, description = "Open again. A subscription whose renewal was switched off stays so.",
            body = ReopenedTenant, example = json!(ReopenedTenant::example())
        ),
        (
            status = UNAUTHORIZED, description = "The token is unknown, used, void or too old.", body = Failure,
            example = json!(Failure::of(ErrorCode::TokenInvalid, "This link is not valid"))
        )
    )
)]
async fn reopen(
    State(tenants): State<TenantService>,
    Json(request): Json<TokenRequest>,
) -> Result<ReopenedTenant, ApiError> {
    Ok(tenants.reopen(request.token.expose()).await?.into())
}

/// How one's own organisation wants the product to behave.
#[utoipa::path(
    get,
    path = "/tenants/settings",
    tag = "Tenant",
    security(("bearer" = [])),
    responses((
        status = OK, description = "The settings.", body = Success<TenantSettingsInfo>,
        example = json!(Success::of(TenantSettingsInfo::example()))
    ))
)]
async fn get_settings(
    State(tenants): State<TenantService>,
    Authenticated(actor): Authenticated,
) -> Success<TenantSettingsInfo> {
    Success::of(tenants.settings(&actor).into())
}

/// Change how one's own organisation wants the product to behave.
///
/// For those who manage users. What is absent stays as it is.
#[utoipa::path(
    put,
    path = "/tenants/settings",
    tag = "Tenant",
    security(("bearer" = [])),
    responses((
        status = OK, description = "The settings as they are now.", body = Success<TenantSettingsInfo>,
        example = json!(Success::of(TenantSettingsInfo::example()))
    ))
)]
async fn put_settings(
    State(tenants): State<TenantService>,
    Authenticated(actor): Authenticated,
    Json(request): Json<TenantSettingsRequest>,
) -> Result<Success<TenantSettingsInfo>, ApiError> {
    Ok(Success::of(tenants.change_settings(&actor, request.try_into()?).await?.into()))
}

/// The features that one's own organisation may use.
#[utoipa::path(
    get,
    path = "/user/features",
    tag = "User",
    security(("bearer" = [])),
    responses((
        status = OK, description = "Their names.", body = Success<Features>,
        example = json!(Success::of(Features::example()))
    ))
)]
async fn get_features(
    State(tenants): State<TenantService>,
    Authenticated(actor): Authenticated,
) -> Result<Success<Features>, ApiError> {
    Ok(Success::of((&tenants.entitlements(&actor).await?).into()))
}

/// How much one's own organisation may use.
#[utoipa::path(
    get,
    path = "/user/limits",
    tag = "User",
    security(("bearer" = [])),
    responses((
        status = OK, description = "The limits by name; `null` is unlimited.", body = Success<Limits>,
        example = json!(Success::of(Limits::example()))
    ))
)]
async fn get_limits(
    State(tenants): State<TenantService>,
    Authenticated(actor): Authenticated,
) -> Result<Success<Limits>, ApiError> {
    Ok(Success::of((&tenants.entitlements(&actor).await?).into()))
}
