//! One's own profile and preferences.

use application::UserService;
use axum::extract::State;

use super::{
    handlers::{Routes, routes},
    names::older_name,
};
use crate::{
    dto::{
        envelope::Success,
        preferences::{PreferencesInfo, PreferencesRequest},
        user::{ProfileRequest, UserProfile},
    },
    error::ApiError,
    extract::{Authenticated, Json},
};

pub(super) fn routes<R: Routes>() -> R {
    R::default()
        .routes(routes!(get_profile, put_profile))
        .routes(routes!(put_preferences))
        .routes(older_name("/auth/profile", routes!(get_profile, put_profile)))
        .routes(older_name("/auth/preferences", routes!(put_preferences)))
}

/// One's own profile.
#[utoipa::path(
    get,
    path = "/user/profile",
    tag = "User",
    security(("bearer" = [])),
    responses((
        status = OK, description = "The profile.", body = Success<UserProfile>,
        example = json!(Success::of(UserProfile::example()))
    ))
)]
async fn get_profile(State(users): State<UserService>, Authenticated(actor): Authenticated) -> Success<UserProfile> {
    Success::of(users.profile(&actor).into())
}

/// Change one's own profile.
///
/// What is absent stays as it is; `null` empties `phone` and `avatar_url`.
#[utoipa::path(
    put,
    path = "/user/profile",
    tag = "User",
    security(("bearer" = [])),
    responses((
        status = OK, description = "The profile as it is now.", body = Success<UserProfile>,
        example = json!(Success::of(UserProfile::example()))
    ))
)]
async fn put_profile(
    State(users): State<UserService>,
    Authenticated(actor): Authenticated,
    Json(request): Json<ProfileRequest>,
) -> Result<Success<UserProfile>, ApiError> {
    let user = users.change_profile(&actor, request.try_into()?).await?;
    Ok(Success::of((&user).into()))
}

/// Change one's own preferences.
///
/// What is absent stays as it is.
#[utoipa::path(
    put,
    path = "/user/preferences",
    tag = "User",
    security(("bearer" = [])),
    responses((
        status = OK, description = "The preferences as they are now.", body = Success<PreferencesInfo>,
        example = json!(Success::of(PreferencesInfo::example()))
    ))
)]
async fn put_preferences(
    State(users): State<UserService>,
    Authenticated(actor): Authenticated,
    Json(request): Json<PreferencesRequest>,
) -> Result<Success<PreferencesInfo>, ApiError> {
    let preferences = users.change_preferences(&actor, request.try_into()?).await?;
    Ok(Success::of((&preferences).into()))
}
