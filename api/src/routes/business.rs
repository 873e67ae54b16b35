//! Onboarding and the business foundation.

use application::BusinessService;
use axum::extract::State;
use domain::{BusinessFoundation, ProductId, business::BusinessChange};

use super::{
    handlers::{Routes, routes},
    names::also_at,
    refusals::refusal,
};
use crate::{
    dto::{
        business::{
            FoundationInfo, FoundationRequest, NewProductRequest, OnboardingInfo, OnboardingRequest, ProductInfo,
            ProductRequest, ProductsRequest,
        },
        envelope::{Created, Done, Success, Versioned},
    },
    error::ApiError,
    extract::{Authenticated, IfMatch, Json, PathId},
};

const REMOVED: Done = Done::with("The product is removed");

refusal!(NoSuchProduct: NOT_FOUND, "The tenant has no such product.", NotFound, "There is no such product");

pub(super) fn routes<R: Routes>() -> R {
    R::default()
        .routes(routes!(get_onboarding, put_onboarding))
        .routes(routes!(post_product, put_products))
        .routes(routes!(put_product, delete_product))
        .routes(routes!(get_foundation, put_foundation))
        .routes(also_at("/business/onboarding", routes!(get_onboarding, put_onboarding)))
        .routes(also_at("/business/onboarding/products", routes!(post_product, put_products)))
        .routes(also_at("/business/onboarding/products/{id}", routes!(put_product, delete_product)))
}

/// The onboarding of one's tenant.
///
/// Empty while nobody has written anything.
#[utoipa::path(
    get,
    path = "/onboarding",
    tag = "Business",
    security(("bearer" = [])),
    responses((
        status = OK, description = "The onboarding.", body = Success<OnboardingInfo>,
        headers(("ETag" = String, description = "The `version`.")),
        example = json!(Success::of(OnboardingInfo::example()))
    ))
)]
async fn get_onboarding(
    State(business): State<BusinessService>,
    Authenticated(actor): Authenticated,
) -> Result<Versioned<Success<OnboardingInfo>>, ApiError> {
    Ok(answer(&business.foundation(&actor).await?))
}

/// Change the onboarding of one's tenant.
///
/// What is absent stays as it is, so that people who change different fields at the same time do not undo each
/// other. With a `version`, the change is made only if that is still the version. Takes `write_business_data`.
#[utoipa::path(
    put,
    path = "/onboarding",
    tag = "Business",
    params(IfMatch),
    security(("bearer" = [])),
    responses((
        status = OK, description = "The onboarding as it is now.", body = Success<OnboardingInfo>,
        headers(("ETag" = String, description = "The `version`.")),
        example = json!(Success::of(OnboardingInfo::example()))
    ))
)]
async fn put_onboarding(
    State(business): State<BusinessService>,
    Authenticated(actor): Authenticated,
    if_match: IfMatch,
    Json(request): Json<OnboardingRequest>,
) -> Result<Versioned<Success<OnboardingInfo>>, ApiError> {
    let expected = if_match.or_in_body(request.version);
    Ok(answer(&business.change(&actor, request.try_into()?, expected).await?))
}

/// Add a product.
///
/// Takes `write_business_data`.
#[utoipa::path(
    post,
    path = "/onboarding/products",
    tag = "Business",
    params(IfMatch),
    security(("bearer" = [])),
    responses((
        status = CREATED, description = "The product.", body = Created<ProductInfo>,
        headers(("ETag" = String, description = "The `version` of the onboarding.")),
        example = json!(Created::of(ProductInfo::example()))
    ))
)]
async fn post_product(
    State(business): State<BusinessService>,
    Authenticated(actor): Authenticated,
    if_match: IfMatch,
    Json(request): Json<NewProductRequest>,
) -> Result<Versioned<Created<ProductInfo>>, ApiError> {
    let (name, problem) = request.parts()?;
    let added = business.add_product(&actor, name, problem, if_match.or_in_body(request.version)).await?;
    Ok(Versioned { answer: Created::of((&added.product).into()), version: added.version })
}

/// Change the whole list of products.
///
/// A product with an `id` is changed, one without is new, and one that is not in the list goes. Takes
/// `write_business_data`.
#[utoipa::path(
    put,
    path = "/onboarding/products",
    tag = "Business",
    params(IfMatch),
    security(("bearer" = [])),
    responses((
        status = OK, description = "The products as they are now.", body = Success<Vec<ProductInfo>>,
        headers(("ETag" = String, description = "The `version` of the onboarding.")),
        example = json!(Success::of([ProductInfo::example()]))
    ))
)]
async fn put_products(
    State(business): State<BusinessService>,
    Authenticated(actor): Authenticated,
    if_match: IfMatch,
    Json(request): Json<ProductsRequest>,
) -> Result<Versioned<Success<Vec<ProductInfo>>>, ApiError> {
    let expected = if_match.or_in_body(request.version);
    let change = BusinessChange { products: Some(request.entries()?), ..BusinessChange::default() };
    let foundation = business.change(&actor, change, expected).await?;
    let products = foundation.snapshot().products.as_slice().iter().map(ProductInfo::from).collect();
    Ok(Versioned { answer: Success::of(products), version: foundation.snapshot().version })
}

/// Change a product.
///
/// What is absent stays as it is. Takes `write_business_data`.
#[utoipa::path(
    put,
    path = "/onboarding/products/{id}",
    tag = "Business",
    params(("id" = String, Path, description = "The product's `id`."), IfMatch),
    security(("bearer" = [])),
    responses(
        (
            status = OK, description = "The product as it is now.", body = Success<ProductInfo>,
            headers(("ETag" = String, description = "The `version` of the onboarding.")),
            example = json!(Success::of(ProductInfo::example()))
        ),
        NoSuchProduct
    )
)]
async fn put_product(
    State(business): State<BusinessService>,
    Authenticated(actor): Authenticated,
    PathId(id): PathId<ProductId>,
    if_match: IfMatch,
    Json(request): Json<ProductRequest>,
) -> Result<Versioned<Success<ProductInfo>>, ApiError> {
    let expected = if_match.or_in_body(request.version);
    let changed = business.change_product(&actor, &id, request.try_into()?, expected).await?;
    Ok(Versioned { answer: Success::of((&changed.product).into()), version: changed.version })
}

/// Remove a product.
///
/// Takes `write_business_data`.
#[utoipa::path(
    delete,
    path = "/onboarding/products/{id}",
    tag = "Business",
    params(("id" = String, Path, description = "The product's `id`."), IfMatch),
    security(("bearer" = [])),
    responses(
        (
            status = OK, description = "Removed.", body = Done,
            headers(("ETag" = String, description = "The `version` of the onboarding.")),
            example = json!(REMOVED)
        ),
        NoSuchProduct
    )
)]
async fn delete_product(
    State(business): State<BusinessService>,
    Authenticated(actor): Authenticated,
    PathId(id): PathId<ProductId>,
    if_match: IfMatch,
) -> Result<Versioned<Done>, ApiError> {
    let foundation = business.remove_product(&actor, &id, if_match.or_in_body(None)).await?;
    Ok(Versioned { answer: REMOVED, version: foundation.snapshot().version })
}

/// The business foundation of one's tenant.
///
/// A view on the onboarding: what is changed here is changed there, and the other way round.
#[utoipa::path(
    get,
    path = "/business/foundation",
    tag = "Business",
    security(("bearer" = [])),
    responses((
        status = OK, description = "The foundation.", body = Success<FoundationInfo>,
        headers(("ETag" = String, description = "The `version`.")),
        example = json!(Success::of(FoundationInfo::example()))
    ))
)]
async fn get_foundation(
    State(business): State<BusinessService>,
    Authenticated(actor): Authenticated,
) -> Result<Versioned<Success<FoundationInfo>>, ApiError> {
    Ok(answer(&business.foundation(&actor).await?))
}

/// Change the business foundation of one's tenant.
///
/// What is absent stays as it is. With a `version`, the change is made only if that is still the version. Takes
/// `write_business_data`.
#[utoipa::path(
    put,
    path = "/business/foundation",
    tag = "Business",
    params(IfMatch),
    security(("bearer" = [])),
    responses((
        status = OK, description = "The foundation as it is now.", body = Success<FoundationInfo>,
        headers(("ETag" = String, description = "The `version`.")),
        example = json!(Success::of(FoundationInfo::example()))
    ))
)]
async fn put_foundation(
    State(business): State<BusinessService>,
    Authenticated(actor): Authenticated,
    if_match: IfMatch,
    Json(request): Json<FoundationRequest>,
) -> Result<Versioned<Success<FoundationInfo>>, ApiError> {
    let expected = if_match.or_in_body(request.version);
    Ok(answer(&business.change(&actor, request.try_into()?, expected).await?))
}

/// A view on the foundation.
fn answer<'a, T: From<&'a BusinessFoundation>>(foundation: &'a BusinessFoundation) -> Versioned<Success<T>> {
    Versioned { answer: Success::of(foundation.into()), version: foundation.snapshot().version }
}
