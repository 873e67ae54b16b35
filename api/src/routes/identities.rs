//! The accounts elsewhere that one signs in with.

use application::AuthService;
use axum::extract::State;
use domain::IdentityProvider;

use super::{
    handlers::{Routes, routes},
    passwords::{PasswordDisabled, TooManyGuesses},
};
use crate::{
    dto::{
        envelope::{Done, Failure, Success},
        identities::{IdentityInfo, LinkIdentityRequest},
    },
    error::{ApiError, ErrorCode},
    extract::{Authenticated, Json, PathId},
};

const UNLINKED: Done = Done::with("You no longer sign in with this account");

pub(super) fn routes<R: Routes>() -> R {
    R::default().routes(routes!(get_identities, post_identity)).routes(routes!(delete_identity))
}

/// The accounts elsewhere that one signs in with.
///
/// At most one of each provider, the oldest first. One that was linked a moment ago may be missing.
#[utoipa::path(
    get,
    path = "/user/identities",
    tag = "User",
    security(("bearer" = [])),
    responses((
        status = OK, description = "The accounts.", body = Success<Vec<IdentityInfo>>,
        example = json!(Success::of([IdentityInfo::example()]))
    ))
)]
async fn get_identities(
    State(auth): State<AuthService>,
    Authenticated(actor): Authenticated,
) -> Result<Success<Vec<IdentityInfo>>, ApiError> {
    let identities = auth.identities(&actor).await?.into_iter();
    Ok(Success::of(identities.map(IdentityInfo::from).collect()))
}

/// Sign in with an account elsewhere from now on.
///
/// Takes the current password, or a sign-in of the last five minutes. The account may have any address. One that is
/// linked already stays as it is.
#[utoipa::path(
    post,
    path = "/user/identities",
    tag = "User",
    security(("bearer" = [])),
    responses(
        (
            status = OK, description = "Linked.", body = Success<IdentityInfo>,
            example = json!(Success::of(IdentityInfo::example()))
        ),
        (
            status = UNAUTHORIZED,
            description = "The password is wrong (`INVALID_CREDENTIALS`); or the ID token is not one of the provider's \
                           for this service, or its time is over (`GOOGLE_AUTH_ERROR`, `MICROSOFT_AUTH_ERROR`); or the \
                           access token is no good one.",
            body = Failure,
            example = json!(Failure::of(ErrorCode::GoogleAuthError, "The Google token is not valid"))
        ),
        (
            status = FORBIDDEN,
            description = "No password was sent and the last sign-in is a while ago (`REAUTHENTICATION_REQUIRED`); or \
                           you are not allowed in at all.",
            body = Failure,
            example = json!(Failure::of(
                ErrorCode::ReauthenticationRequired, "Send your current password, or sign in again"
            ))
        ),
        (
            status = NOT_FOUND, description = "Signing in with that provider is not set up here.", body = Failure,
            example = json!(Failure::of(
                ErrorCode::IdentityProviderNotConfigured, "Signing in with Google is not available here"
            ))
        ),
        (
            status = CONFLICT,
            description = "Somebody else signs in with it, or you do with another account of that provider.",
            body = Failure,
            example = json!(Failure::of(
                ErrorCode::ResourceConflict, "This Google account is linked to another account"
            ))
        ),
        PasswordDisabled,
        TooManyGuesses
    )
)]
async fn post_identity(
    State(auth): State<AuthService>,
    Authenticated(actor): Authenticated,
    Json(request): Json<LinkIdentityRequest>,
) -> Result<Success<IdentityInfo>, ApiError> {
    Ok(Success::of(auth.link_identity(&actor, request.into_command()?).await?.into()))
}

/// Sign in with an account elsewhere no more.
///
/// Sessions go on. Whoever has no password and no other such account could not sign in again, and chooses a password
/// first: with the link of a forgotten one.
#[utoipa::path(
    delete,
    path = "/user/identities/{provider}",
    tag = "User",
    params(("provider" = String, Path, description = "`google` or `microsoft`.")),
    security(("bearer" = [])),
    responses(
        (status = OK, description = "Unlinked.", body = Done, example = json!(UNLINKED)),
        (
            status = NOT_FOUND, description = "No account of that provider is linked.", body = Failure,
            example = json!(Failure::of(ErrorCode::NotFound, "You have linked no Google account"))
        ),
        (
            status = CONFLICT, description = "It is the only way to sign in.", body = Failure,
            example = json!(Failure::of(
                ErrorCode::LastSignInMethod, "This is your only way to sign in; choose a password first"
            ))
        )
    )
)]
async fn delete_identity(
    State(auth): State<AuthService>,
    Authenticated(actor): Authenticated,
    PathId(provider): PathId<String>,
) -> Result<Done, ApiError> {
    let provider = IdentityProvider::from_name(&provider).ok_or_else(ApiError::no_such_route)?;
    auth.unlink_identity(&actor, provider).await?;
    Ok(UNLINKED)
}
