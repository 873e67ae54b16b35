//! Signing in, staying in, and signing out.

use application::{AuthService, auth::Refresh};
use axum::extract::State;

use crate::{
    dto::{
        auth::{AuthResponse, LoginRequest, LogoutRequest, RefreshRequest, TokenResponse},
        envelope::{Done, Failure, Success},
    },
    error::{ApiError, ErrorCode},
    extract::{ClientDevice, ClientSource, Json, QueryOrBody},
    routes::{
        handlers::{Routes, routes},
        passwords::{PasswordDisabled, TooManyGuesses},
    },
};

const SIGNED_OUT: Done = Done::with("You are signed out");

pub(super) fn routes<R: Routes>() -> R {
    R::default().routes(routes!(login)).routes(routes!(refresh)).routes(routes!(logout))
}

/// Sign in with a password.
///
/// From the fifth wrong password in a row on, the next attempt has to wait: a second, then twice as long each time, up to
/// a quarter of an hour. It is the same for an address that has no account.
#[utoipa::path(
    post,
    path = "/auth/login",
    tag = "Authentication",
    responses(
        (
            status = OK, description = "Signed in.", body = Success<AuthResponse>,
            example = json!(Success::of(AuthResponse::example()))
        ),
        (
            status = UNAUTHORIZED, description = "Unknown address or wrong password.", body = Failure,
            example = json!(Failure::of(ErrorCode::InvalidCredentials, "Email address or password is wrong"))
        ),
        (
            status = FORBIDDEN, description = "The address is not confirmed, or the account or tenant is switched off.",
            body = Failure,
            example = json!(Failure::of(ErrorCode::EmailNotVerified, "Confirm your email address before signing in"))
        ),
        (
            status = CONFLICT, description = "The address has several accounts and no `tenant_id` was sent.", body = Failure,
            example = json!(Failure::of(
                ErrorCode::ResourceConflict, "Several accounts use this email address; name the tenant to sign in to"
            ))
        ),
        PasswordDisabled,
        TooManyGuesses
    )
)]
async fn login(
    State(auth): State<AuthService>,
    ClientDevice(device): ClientDevice,
    ClientSource(source): ClientSource,
    Json(request): Json<LoginRequest>,
) -> Result<Success<AuthResponse>, ApiError> {
    Ok(Success::of(auth.login(request.into_command(device, source)?).await?.into()))
}

/// Exchange a refresh token for a new pair of tokens.
///
/// The old refresh token is spent; using it again ends the session.
#[utoipa::path(
    post,
    path = "/auth/refresh",
    tag = "Authentication",
    responses(
        (
            status = OK, description = "The new tokens.", body = Success<TokenResponse>,
            example = json!(Success::of(TokenResponse::example()))
        ),
        (
            status = UNAUTHORIZED, description = "The token is expired, spent or not one of ours.", body = Failure,
            example = json!(Failure::of(ErrorCode::TokenInvalid, "The refresh token is not valid"))
        ),
        (
            status = FORBIDDEN, description = "The account or tenant is switched off.", body = Failure,
            example = json!(Failure::of(ErrorCode::AccountInactive, "This account is not active"))
        )
    )
)]
async fn refresh(
    State(auth): State<AuthService>,
    ClientDevice(device): ClientDevice,
    Json(request): Json<RefreshRequest>,
) -> Result<Success<TokenResponse>, ApiError> {
    let command = Refresh { refresh_token: request.refresh_token.into_inner(), device };
    Ok(Success::of(auth.refresh(command).await?.into()))
}

/// Sign out.
///
/// Ends the session of the refresh token. A token that is missing or not good has no session to end, which is
/// what was asked for. The token may also be sent as a JSON body, where it does not end up in the logs of
/// proxies.
#[utoipa::path(
    post,
    path = "/auth/logout",
    tag = "Authentication",
    params(LogoutRequest),
    request_body(content = Option<LogoutRequest>, example = json!({ "refresh_token": TokenResponse::EXAMPLE_REFRESH })),
    responses((status = OK, description = "Signed out.", body = Done, example = json!(SIGNED_OUT)))
)]
async fn logout(
    State(auth): State<AuthService>,
    request: Result<QueryOrBody<LogoutRequest>, ApiError>,
) -> Result<Done, ApiError> {
    if let Ok(QueryOrBody(LogoutRequest { refresh_token: Some(token) })) = request {
        auth.logout(&token.into_inner()).await?;
    }
    Ok(SIGNED_OUT)
}
