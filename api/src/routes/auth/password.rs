//! Getting back in.

use application::{
    AuthService,
    auth::{ForgotPassword, ResetPassword},
};
use axum::extract::State;
use domain::TokenHash;

use crate::{
    dto::{
        auth::{EmailRequest, ResetPasswordRequest},
        envelope::{Done, Failure},
    },
    error::{ApiError, ErrorCode},
    extract::{Json, LinkBase},
    routes::{
        handlers::{Routes, routes},
        names::older_name,
    },
};

const MAILED: Done = Done::with("If the address has an account, a mail with a link is on its way");
const CHANGED: Done = Done::with("Your password is changed; please sign in with it");

pub(super) fn routes<R: Routes>() -> R {
    R::default()
        .routes(routes!(forgot_password))
        .routes(routes!(reset_password))
        .routes(older_name("/auth/password/reset", routes!(forgot_password)))
        .routes(older_name("/auth/password/confirm", routes!(reset_password)))
}

/// Ask for a link to choose a new password.
///
/// The answer is the same whoever holds the address.
#[utoipa::path(
    post,
    path = "/auth/forgot-password",
    tag = "Authentication",
    params(LinkBase),
    responses((status = OK, description = "Sent, if the address has an account.", body = Done, example = json!(MAILED)))
)]
async fn forgot_password(
    State(auth): State<AuthService>,
    LinkBase(link_base): LinkBase,
    Json(request): Json<EmailRequest>,
) -> Result<Done, ApiError> {
    auth.forgot_password(ForgotPassword { email: request.address()?, link_base }).await?;
    Ok(MAILED)
}

/// Choose a new password with the token from the mail.
///
/// Ends every session of the account.
#[utoipa::path(
    post,
    path = "/auth/reset-password",
    tag = "Authentication",
    params(LinkBase),
    responses(
        (status = OK, description = "Changed.", body = Done, example = json!(CHANGED)),
        (
            status = UNAUTHORIZED, description = "The token is unknown, used, expired or not the newest.", body = Failure,
            example = json!(Failure::of(ErrorCode::TokenInvalid, "This link is not valid"))
        )
    )
)]
async fn reset_password(
    State(auth): State<AuthService>,
    LinkBase(link_base): LinkBase,
    Json(request): Json<ResetPasswordRequest>,
) -> Result<Done, ApiError> {
    let (token, new_password) = (TokenHash::of(request.token.expose()), request.new_password()?);
    auth.reset_password(ResetPassword { token, new_password, link_base }).await?;
    Ok(CHANGED)
}
