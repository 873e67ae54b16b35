//! From a stranger to somebody with a confirmed address.

use application::{AuthService, auth::ResendConfirmation};
use axum::extract::State;

use crate::{
    dto::{
        auth::{EmailRequest, LinkReport, RegisterRequest, RegisterResponse, TokenRequest},
        envelope::{Done, Failure, Success},
    },
    error::{ApiError, ErrorCode},
    extract::{ClientDevice, IdempotencyKeyHeader, IdempotentJson, Json, LinkBase, Query, QueryOrBody},
    routes::{
        handlers::{Routes, routes},
        names::older_name,
    },
};

const CONFIRMED: Done = Done::with("Your email address is confirmed");
const RESENT: Done = Done::with("If the address is waiting for confirmation, a mail is on its way");

pub(super) fn routes<R: Routes>() -> R {
    R::default()
        .routes(routes!(register))
        .routes(routes!(confirm_email))
        .routes(routes!(validate_confirmation))
        .routes(routes!(resend_confirmation))
        .routes(older_name("/auth/verify", routes!(confirm_email)))
        .routes(older_name("/auth/verify/resend", routes!(resend_confirmation)))
}

/// Sign up.
///
/// Creates a user and a tenant that they own. Where addresses are confirmed, a taken address is answered like a
/// fresh one, and its owner is told by mail.
///
/// With an `invite_token`, the user joins the tenant that invited them and is signed in: the token came to the address.
#[utoipa::path(
    post,
    path = "/auth/register",
    tag = "Authentication",
    params(LinkBase, IdempotencyKeyHeader),
    request_body = RegisterRequest,
    responses(
        (
            status = OK, description = "Signed up.", body = Success<RegisterResponse>,
            example = json!(Success::of(RegisterResponse::example()))
        ),
        (
            status = UNAUTHORIZED, description = "The `invite_token` is unknown, used, withdrawn or expired.", body = Failure,
            example = json!(Failure::of(ErrorCode::TokenInvalid, "This invitation is not valid"))
        ),
        (
            status = FORBIDDEN, description = "The tenant that invited has no seat left, or is switched off.",
            body = Failure,
            example = json!(Failure::of(
                ErrorCode::TenantLimitExceeded, "All seats of this organisation's plan are taken"
            ))
        ),
        (
            status = CONFLICT,
            description = "The address has an account, and addresses are not confirmed here or an `invite_token` proved \
                           that it is yours.",
            body = Failure,
            example = json!(Failure::of(ErrorCode::EmailAlreadyExists, "An account with this email address already exists"))
        )
    )
)]
async fn register(
    State(auth): State<AuthService>,
    ClientDevice(device): ClientDevice,
    LinkBase(link_base): LinkBase,
    request: IdempotentJson<RegisterRequest>,
) -> Result<Success<RegisterResponse>, ApiError> {
    let (request, idempotency) = request.of_operation("register");
    let command = request.into_command(device, link_base, idempotency)?;
    Ok(Success::of(auth.register(command).await?.into()))
}

/// Confirm an address with the token from the mail.
#[utoipa::path(
    post,
    path = "/auth/confirm-email",
    tag = "Authentication",
    responses(
        (status = OK, description = "Confirmed.", body = Done, example = json!(CONFIRMED)),
        (
            status = UNAUTHORIZED, description = "The token is unknown, used, expired or not the newest.", body = Failure,
            example = json!(Failure::of(ErrorCode::TokenInvalid, "This link is not valid"))
        )
    )
)]
async fn confirm_email(State(auth): State<AuthService>, Json(request): Json<TokenRequest>) -> Result<Done, ApiError> {
    auth.confirm_email(request.token.expose()).await?;
    Ok(CONFIRMED)
}

/// What a confirmation token would do.
///
/// Consumes nothing.
#[utoipa::path(
    get,
    path = "/auth/confirm-email/validate",
    tag = "Authentication",
    params(TokenRequest),
    responses((
        status = OK, description = "What it would do.", body = Success<LinkReport>,
        example = json!({ "success": true, "data": { "status": "valid" } })
    ))
)]
async fn validate_confirmation(
    State(auth): State<AuthService>,
    Query(request): Query<TokenRequest>,
) -> Result<Success<LinkReport>, ApiError> {
    Ok(Success::of(auth.check_confirmation_link(request.token.expose()).await?.into()))
}

/// Send the confirmation mail again.
///
/// The answer is the same whoever holds the address. The address may also be sent as a JSON body.
#[utoipa::path(
    post,
    path = "/auth/resend-confirmation",
    tag = "Authentication",
    params(EmailRequest, LinkBase),
    request_body(content = Option<EmailRequest>, example = json!({ "email": "anna.lee@example.com" })),
    responses((status = OK, description = "Sent, if there is anything to confirm.", body = Done, example = json!(RESENT)))
)]
async fn resend_confirmation(
    State(auth): State<AuthService>,
    LinkBase(link_base): LinkBase,
    QueryOrBody(request): QueryOrBody<EmailRequest>,
) -> Result<Done, ApiError> {
    auth.resend_confirmation(ResendConfirmation { email: request.address()?, link_base }).await?;
    Ok(RESENT)
}
