//! Subscriptions and trials, for administrators of the platform.

use application::{AdminService, billing::ExtendTrial};
use axum::extract::State;
use domain::UserId;

use super::handlers::{Routes, routes};
use crate::{
    dto::{
        envelope::{Failure, Success},
        page::Listed,
        subscription::SubscriptionInfo,
        trial::{AdminSubscriptionQuery, ExtendTrialRequest, TrialExtensionInfo},
    },
    error::{ApiError, ErrorCode},
    extract::{Json, PathId, PlatformAuthenticated, Query},
};

pub(super) fn routes<R: Routes>() -> R {
    R::default().routes(routes!(list_subscriptions)).routes(routes!(extend_trial)).routes(routes!(get_trial_history))
}

/// The subscriptions of all tenants.
///
/// In no order, those that are over included. With a filter, a page may hold less than `limit`, even nothing, although
/// there is a next one.
#[utoipa::path(
    get,
    path = "/admin/subscriptions",
    operation_id = "admin_list_subscriptions",
    tag = "Platform administration",
    security(("bearer" = [])),
    params(AdminSubscriptionQuery),
    responses((
        status = OK, description = "A page of subscriptions.", body = Listed<SubscriptionInfo>,
        example = json!(Listed::example(SubscriptionInfo::example()))
    ))
)]
async fn list_subscriptions(
    State(admin): State<AdminService>,
    PlatformAuthenticated(who): PlatformAuthenticated,
    Query(query): Query<AdminSubscriptionQuery>,
) -> Result<Listed<SubscriptionInfo>, ApiError> {
    let (filter, page) = query.read()?;
    let found = admin.subscriptions(&who, &filter, &page).await?;
    Ok(Listed::new(found.map(SubscriptionInfo::from), page.size))
}

/// Let the organisation of a user try for longer.
///
/// Also when its trial is over and nothing has followed it. Counts at once, and in the next access token of its people.
#[utoipa::path(
    put,
    path = "/admin/users/{id}/subscription/trial/extend",
    tag = "Platform administration",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The `user_id` of somebody who belongs to it.", max_length = 128)),
    responses(
        (
            status = OK, description = "The trial as it is now.", body = Success<SubscriptionInfo>,
            example = json!(Success::of(SubscriptionInfo::example()))
        ),
        (
            status = NOT_FOUND, description = "There is no such user, or they have no trial.", body = Failure,
            example = json!(Failure::of(ErrorCode::SubscriptionNotFound, "This organisation has no trial"))
        ),
        (
            status = CONFLICT, description = "It is on trial no more, or was extended 50 times.", body = Failure,
            example = json!(Failure::of(ErrorCode::ResourceConflict, "The subscription is not on trial"))
        )
    )
)]
async fn extend_trial(
    State(admin): State<AdminService>,
    PlatformAuthenticated(who): PlatformAuthenticated,
    PathId(user_id): PathId<UserId>,
    Json(request): Json<ExtendTrialRequest>,
) -> Result<Success<SubscriptionInfo>, ApiError> {
    let command = ExtendTrial::try_from(request)?;
    Ok(Success::of(admin.extend_trial(&who, &user_id, &command).await?.into()))
}

/// How the trial of a user's organisation was extended.
///
/// Oldest first; empty when it never was.
#[utoipa::path(
    get,
    path = "/admin/users/{id}/subscription/trial/history",
    tag = "Platform administration",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The `user_id` of somebody who belongs to it.", max_length = 128)),
    responses(
        (
            status = OK, description = "The extensions.", body = Success<Vec<TrialExtensionInfo>>,
            example = json!(Success::of([TrialExtensionInfo::example()]))
        ),
        (
            status = NOT_FOUND, description = "There is no such user.", body = Failure,
            example = json!(Failure::of(ErrorCode::NotFound, "This user does not exist"))
        )
    )
)]
async fn get_trial_history(
    State(admin): State<AdminService>,
    PlatformAuthenticated(who): PlatformAuthenticated,
    PathId(user_id): PathId<UserId>,
) -> Result<Success<Vec<TrialExtensionInfo>>, ApiError> {
    let history = admin.trial_history(&who, &user_id).await?;
    Ok(Success::of(history.into_iter().map(TrialExtensionInfo::from).collect()))
}
