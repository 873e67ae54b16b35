//! What tiers cost, and what discount codes take off.

use application::{AdminService, DiscountService};
use axum::extract::State;
use domain::PromoCode;

use super::{
    handlers::{Routes, routes},
    names::also_at,
    refusals::refusal,
};
use crate::{
    dto::{
        discount::{PromoInfo, PromoRequest},
        discount_code::{DiscountCodeInfo, DiscountCodeQuery, DiscountCodeRequest, DiscountCodeUpdate, RedemptionInfo},
        envelope::{Created, Done, Failure, Success},
        page::Listed,
        tier::TierInfo,
    },
    error::{ApiError, ErrorCode},
    extract::{Json, PathId, PlatformAuthenticated, Query},
};

const DELETED: Done = Done::with("The discount code is deleted");

refusal!(NoSuchCode: NOT_FOUND, "There is no such code.", NotFound, "This discount code does not exist");

/// The routes of administrators.
pub(super) fn routes<R: Routes>() -> R {
    R::default()
        .routes(routes!(list_discount_codes, create_discount_code))
        .routes(routes!(get_discount_code, change_discount_code, delete_discount_code))
        .routes(routes!(enable_discount_code))
        .routes(routes!(disable_discount_code))
        .routes(routes!(list_redemptions))
}

/// The routes of everybody.
pub(super) fn public_routes<R: Routes>() -> R {
    R::default()
        .routes(routes!(list_tiers))
        .routes(routes!(validate_promo_code))
        .routes(also_at("/admin/discount-codes/validate", routes!(validate_promo_code)))
}

/// The tiers.
///
/// Smallest first. An answer may be a minute old.
#[utoipa::path(
    get,
    path = "/subscription/tiers",
    tag = "Subscription and billing",
    responses((
        status = OK, description = "Every tier.", body = Success<Vec<TierInfo>>,
        example = json!(Success::of([TierInfo::example()]))
    ))
)]
async fn list_tiers(State(discounts): State<DiscountService>) -> Result<Success<Vec<TierInfo>>, ApiError> {
    Ok(Success::of(discounts.tiers().await?.into_iter().map(TierInfo::from).collect()))
}

/// What a promo code would take off.
///
/// Whatever is wrong with a code, the answer is the same. That a tenant redeems a code once is found out when it does.
#[utoipa::path(
    post,
    path = "/subscription/promo/validate",
    tag = "Subscription and billing",
    request_body = PromoRequest,
    responses((
        status = OK, description = "What it would take off, or that it would not.", body = Success<PromoInfo>,
        example = json!(Success::of(PromoInfo::example()))
    ))
)]
async fn validate_promo_code(
    State(discounts): State<DiscountService>,
    Json(request): Json<PromoRequest>,
) -> Result<Success<PromoInfo>, ApiError> {
    Ok(Success::of(discounts.check(request.into_query()?).await?.into()))
}

/// All discount codes.
///
/// In no order.
#[utoipa::path(
    get,
    path = "/admin/discount-codes",
    operation_id = "admin_list_discount_codes",
    tag = "Platform administration",
    security(("bearer" = [])),
    params(DiscountCodeQuery),
    responses((
        status = OK, description = "A page of discount codes.", body = Listed<DiscountCodeInfo>,
        example = json!(Listed::example(DiscountCodeInfo::example()))
    ))
)]
async fn list_discount_codes(
    State(admin): State<AdminService>,
    PlatformAuthenticated(who): PlatformAuthenticated,
    Query(query): Query<DiscountCodeQuery>,
) -> Result<Listed<DiscountCodeInfo>, ApiError> {
    let page = query.read()?;
    let found = admin.discount_codes(&who, &page).await?;
    Ok(Listed::new(found.map(DiscountCodeInfo::from), page.size))
}

/// Make a discount code.
///
/// It can be redeemed from now on, by each tenant once.
#[utoipa::path(
    post,
    path = "/admin/discount-codes",
    operation_id = "admin_create_discount_code",
    tag = "Platform administration",
    security(("bearer" = [])),
    request_body = DiscountCodeRequest,
    responses(
        (
            status = CREATED, description = "Made.", body = Created<DiscountCodeInfo>,
            example = json!(Created::of(DiscountCodeInfo::example()))
        ),
        (
            status = CONFLICT, description = "There is one of this text.", body = Failure,
            example = json!(Failure::of(ErrorCode::ResourceConflict, "There is a discount code of this text"))
        )
    )
)]
async fn create_discount_code(
    State(admin): State<AdminService>,
    PlatformAuthenticated(who): PlatformAuthenticated,
    Json(request): Json<DiscountCodeRequest>,
) -> Result<Created<DiscountCodeInfo>, ApiError> {
    let (code, terms) = request.read()?;
    Ok(Created::of(admin.create_discount_code(&who, code, terms).await?.into()))
}

/// One discount code.
#[utoipa::path(
    get,
    path = "/admin/discount-codes/{id}",
    operation_id = "admin_get_discount_code",
    tag = "Platform administration",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The code.", max_length = 20)),
    responses(
        (
            status = OK, description = "The code.", body = Success<DiscountCodeInfo>,
            example = json!(Success::of(DiscountCodeInfo::example()))
        ),
        NoSuchCode
    )
)]
async fn get_discount_code(
    State(admin): State<AdminService>,
    PlatformAuthenticated(who): PlatformAuthenticated,
    PathId(code): PathId<PromoCode>,
) -> Result<Success<DiscountCodeInfo>, ApiError> {
    Ok(Success::of(admin.discount_code(&who, &code).await?.into()))
}

/// Change a discount code.
///
/// What is absent stays as it is, and `null` lifts a limit. Once somebody has redeemed it, what it takes off and for how
/// long stays.
#[utoipa::path(
    patch,
    path = "/admin/discount-codes/{id}",
    operation_id = "admin_change_discount_code",
    tag = "Platform administration",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The code.", max_length = 20)),
    request_body = DiscountCodeUpdate,
    responses(
        (
            status = OK, description = "The code as it is now.", body = Success<DiscountCodeInfo>,
            example = json!(Success::of(DiscountCodeInfo::example()))
        ),
        NoSuchCode,
        (
            status = CONFLICT, description = "It was redeemed, and the change goes against that.", body = Failure,
            example = json!(Failure::of(
                ErrorCode::ResourceConflict,
                "What a redeemed code takes off, and for how long, cannot be changed; make a new code"
            ))
        )
    )
)]
async fn change_discount_code(
    State(admin): State<AdminService>,
    PlatformAuthenticated(who): PlatformAuthenticated,
    PathId(code): PathId<PromoCode>,
    Json(request): Json<DiscountCodeUpdate>,
) -> Result<Success<DiscountCodeInfo>, ApiError> {
    Ok(Success::of(admin.change_discount_code(&who, &code, request.read()?).await?.into()))
}

/// Delete a discount code.
///
/// Only while nobody has redeemed it.
#[utoipa::path(
    delete,
    path = "/admin/discount-codes/{id}",
    operation_id = "admin_delete_discount_code",
    tag = "Platform administration",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The code.", max_length = 20)),
    responses(
        (status = OK, description = "Deleted.", body = Done, example = json!(DELETED)),
        NoSuchCode,
        (
            status = CONFLICT, description = "It was redeemed.", body = Failure,
            example = json!(Failure::of(
                ErrorCode::ResourceConflict, "This code has been redeemed; disable it instead"
            ))
        )
    )
)]
async fn delete_discount_code(
    State(admin): State<AdminService>,
    PlatformAuthenticated(who): PlatformAuthenticated,
    PathId(code): PathId<PromoCode>,
) -> Result<Done, ApiError> {
    admin.delete_discount_code(&who, &code).await?;
    Ok(DELETED)
}

/// Let a discount code be redeemed again.
///
/// One that can be stays as it is.
#[utoipa::path(
    post,
    path = "/admin/discount-codes/{id}/enable",
    operation_id = "admin_enable_discount_code",
    tag = "Platform administration",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The code.", max_length = 20)),
    responses(
        (
            status = OK, description = "The code as it is now.", body = Success<DiscountCodeInfo>,
            example = json!(Success::of(DiscountCodeInfo::example()))
        ),
        NoSuchCode
    )
)]
async fn enable_discount_code(
    State(admin): State<AdminService>,
    PlatformAuthenticated(who): PlatformAuthenticated,
    PathId(code): PathId<PromoCode>,
) -> Result<Success<DiscountCodeInfo>, ApiError> {
    Ok(Success::of(admin.enable_discount_code(&who, &code).await?.into()))
}

/// Let nobody redeem a discount code any more.
///
/// Who has redeemed it keeps the discount. One that is off stays as it is.
#[utoipa::path(
    post,
    path = "/admin/discount-codes/{id}/disable",
    operation_id = "admin_disable_discount_code",
    tag = "Platform administration",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The code.", max_length = 20)),
    responses(
        (
            status = OK, description = "The code as it is now.", body = Success<DiscountCodeInfo>,
            example = json!(Success::of(DiscountCodeInfo::example()))
        ),
        NoSuchCode
    )
)]
async fn disable_discount_code(
    State(admin): State<AdminService>,
    PlatformAuthenticated(who): PlatformAuthenticated,
    PathId(code): PathId<PromoCode>,
) -> Result<Success<DiscountCodeInfo>, ApiError> {
    Ok(Success::of(admin.disable_discount_code(&who, &code).await?.into()))
}

/// Who has redeemed a discount code.
///
/// In no order.
#[utoipa::path(
    get,
    path = "/admin/discount-codes/{id}/usage",
    operation_id = "admin_list_redemptions",
    tag = "Platform administration",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The code.", max_length = 20), DiscountCodeQuery),
    responses(
        (
            status = OK, description = "A page of redemptions.", body = Listed<RedemptionInfo>,
            example = json!(Listed::example(RedemptionInfo::example()))
        ),
        NoSuchCode
    )
)]
async fn list_redemptions(
    State(admin): State<AdminService>,
    PlatformAuthenticated(who): PlatformAuthenticated,
    PathId(code): PathId<PromoCode>,
    Query(query): Query<DiscountCodeQuery>,
) -> Result<Listed<RedemptionInfo>, ApiError> {
    let page = query.read()?;
    let found = admin.discount_code_usage(&who, &code, &page).await?;
    Ok(Listed::new(found.map(RedemptionInfo::from), page.size))
}
