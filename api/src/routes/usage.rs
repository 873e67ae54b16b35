//! How much of what its plan limits an organisation has used.

use application::UsageService;
use axum::extract::State;
use domain::LimitName;

use super::{
    handlers::{Routes, routes},
    refusals::refusal,
};
use crate::{
    dto::{
        envelope::{Failure, Success},
        usage::{UsageByName, UsageInfo, UsageRequest},
    },
    error::{ApiError, ErrorCode},
    extract::{Authenticated, IdempotencyKeyHeader, IdempotentJson, PathId},
};

refusal!(NoSuchLimit: NOT_FOUND, "No plan limits anything of this name.", NotFound, "No plan limits anything of this name");
refusal!(NotForSeats: CONFLICT, "Seats are not counted like this.", ResourceConflict, "Seats are counted when people come and go");

pub(super) fn routes<R: Routes>() -> R {
    R::default().routes(routes!(get_usage)).routes(routes!(take_usage)).routes(routes!(release_usage))
}

/// What your organisation has used.
///
/// Of everything that its plan limits, or says not to.
#[utoipa::path(
    get,
    path = "/user/usage",
    tag = "Tenant",
    security(("bearer" = [])),
    responses((
        status = OK, description = "What is used, and how much may be.", body = Success<UsageByName>,
        example = json!(Success::of(UsageByName::example()))
    ))
)]
async fn get_usage(
    State(usage): State<UsageService>,
    Authenticated(actor): Authenticated,
) -> Result<Success<UsageByName>, ApiError> {
    Ok(Success::of(usage.of_tenant(&actor).await?.into()))
}

/// Use something that the plan limits.
///
/// For whoever may write business data. To be called before the thing is made: of any number of calls for the last one
/// that is left, one succeeds.
#[utoipa::path(
    post,
    path = "/user/usage/{name}",
    tag = "Tenant",
    security(("bearer" = [])),
    params(
        ("name" = String, Path, description = "The name of a limit, such as `goals`.", max_length = 128),
        IdempotencyKeyHeader
    ),
    request_body = UsageRequest,
    responses(
        (
            status = OK, description = "How much is used now.", body = Success<UsageInfo>,
            example = json!(Success::of(UsageInfo::example()))
        ),
        (
            status = FORBIDDEN, description = "There is not as much left, or your role does not allow it.",
            body = Failure,
            example = json!(Failure::of(
                ErrorCode::QuotaExceeded, "The plan of your organisation includes 10 goals; 0 left"
            ))
        ),
        NoSuchLimit,
        NotForSeats
    )
)]
async fn take_usage(
    State(usage): State<UsageService>,
    Authenticated(actor): Authenticated,
    PathId(name): PathId<LimitName>,
    request: IdempotentJson<UsageRequest>,
) -> Result<Success<UsageInfo>, ApiError> {
    let (request, idempotency) = request.of_operation("take_usage");
    Ok(Success::of(usage.take(&actor, request.into_command(name, idempotency)?).await?.into()))
}

/// Give something back that the plan limits.
///
/// For whoever may write business data. To be called after the thing is gone. More than is used is all that is used.
#[utoipa::path(
    post,
    path = "/user/usage/{name}/release",
    tag = "Tenant",
    security(("bearer" = [])),
    params(
        ("name" = String, Path, description = "The name of a limit, such as `goals`.", max_length = 128),
        IdempotencyKeyHeader
    ),
    request_body = UsageRequest,
    responses(
        (
            status = OK, description = "How much is used now.", body = Success<UsageInfo>,
            example = json!(Success::of(UsageInfo::example()))
        ),
        NoSuchLimit,
        NotForSeats
    )
)]
async fn release_usage(
    State(usage): State<UsageService>,
    Authenticated(actor): Authenticated,
    PathId(name): PathId<LimitName>,
    request: IdempotentJson<UsageRequest>,
) -> Result<Success<UsageInfo>, ApiError> {
    let (request, idempotency) = request.of_operation("release_usage");
    Ok(Success::of(usage.release(&actor, request.into_command(name, idempotency)?).await?.into()))
}
