//! Signing in with an account elsewhere.

use application::AuthService;
use axum::extract::State;
use domain::{IdentityProvider, session::Device};

use crate::{
    dto::{
        auth::AuthResponse,
        envelope::{Failure, Success},
        identities::OutsideSignInRequest,
    },
    error::{ApiError, ErrorCode},
    extract::{ClientDevice, Json},
    routes::handlers::{Routes, routes},
};

pub(super) fn routes<R: Routes>() -> R {
    R::default().routes(routes!(google)).routes(routes!(microsoft))
}

/// Sign in with Google.
///
/// Somebody new gets an account and a tenant that they own, if Google vouches for their address. An address that has
/// an account is never taken over: its owner signs in there and links Google.
#[utoipa::path(
    post,
    path = "/auth/google",
    tag = "Authentication",
    responses(
        (
            status = OK, description = "Signed in.", body = Success<AuthResponse>,
            example = json!(Success::of(AuthResponse::example()))
        ),
        (
            status = UNAUTHORIZED, description = "The token is not one of Google's for this service, its time is over, \
                                                  or Google does not vouch for the address of somebody new.",
            body = Failure,
            example = json!(Failure::of(ErrorCode::GoogleAuthError, "The Google token is not valid"))
        ),
        (
            status = FORBIDDEN, description = "The account or its tenant is switched off, or is another than \
                                               `tenant_id` names.",
            body = Failure,
            example = json!(Failure::of(ErrorCode::AccountInactive, "This account is not active"))
        ),
        (
            status = NOT_FOUND, description = "Signing in with Google is not set up here.", body = Failure,
            example = json!(Failure::of(
                ErrorCode::IdentityProviderNotConfigured, "Signing in with Google is not available here"
            ))
        ),
        (
            status = CONFLICT, description = "The address has an account that does not know this Google account.",
            body = Failure,
            example = json!(Failure::of(
                ErrorCode::ResourceConflict,
                "An account with your email address exists; sign in with its password, or reset it, and link your \
                 Google account there"
            ))
        )
    )
)]
async fn google(
    State(auth): State<AuthService>,
    ClientDevice(device): ClientDevice,
    Json(request): Json<OutsideSignInRequest>,
) -> Result<Success<AuthResponse>, ApiError> {
    sign_in(&auth, IdentityProvider::Google, device, request).await
}

/// Sign in with Microsoft.
///
/// Somebody new gets an account and a tenant that they own, if Microsoft vouches for their address, which it does by
/// the optional claim `xms_edov`. An address that has an account is never taken over: its owner signs in there and
/// links Microsoft.
#[utoipa::path(
    post,
    path = "/auth/microsoft",
    tag = "Authentication",
    responses(
        (
            status = OK, description = "Signed in.", body = Success<AuthResponse>,
            example = json!(Success::of(AuthResponse::example()))
        ),
        (
            status = UNAUTHORIZED, description = "The token is not one of Microsoft's for this service, its time is \
                                                  over, or Microsoft does not vouch for the address of somebody new.",
            body = Failure,
            example = json!(Failure::of(ErrorCode::MicrosoftAuthError, "The Microsoft token is not valid"))
        ),
        (
            status = FORBIDDEN, description = "The account or its tenant is switched off, or is another than \
                                               `tenant_id` names.",
            body = Failure,
            example = json!(Failure::of(ErrorCode::AccountInactive, "This account is not active"))
        ),
        (
            status = NOT_FOUND, description = "Signing in with Microsoft is not set up here.", body = Failure,
            example = json!(Failure::of(
                ErrorCode::IdentityProviderNotConfigured, "Signing in with Microsoft is not available here"
            ))
        ),
        (
            status = CONFLICT, description = "The address has an account that does not know this Microsoft account.",
            body = Failure,
            example = json!(Failure::of(
                ErrorCode::ResourceConflict,
                "An account with your email address exists; sign in with its password, or reset it, and link your \
                 Microsoft account there"
            ))
        )
    )
)]
async fn microsoft(
    State(auth): State<AuthService>,
    ClientDevice(device): ClientDevice,
    Json(request): Json<OutsideSignInRequest>,
) -> Result<Success<AuthResponse>, ApiError> {
    sign_in(&auth, IdentityProvider::Microsoft, device, request).await
}

async fn sign_in(
    auth: &AuthService,
    provider: IdentityProvider,
    device: Device,
    request: OutsideSignInRequest,
) -> Result<Success<AuthResponse>, ApiError> {
    Ok(Success::of(auth.sign_in_with_identity(request.into_command(provider, device)?).await?.into()))
}
