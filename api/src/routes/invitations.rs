//! Asking people into an organisation, and coming in.

use application::{AuthService, InvitationService};
use axum::extract::State;
use domain::{InvitationId, InvitationToken};

use super::{
    handlers::{Routes, routes},
    refusals::refusal,
};
use crate::{
    dto::{
        auth::AuthResponse,
        envelope::{Created, Done, Failure, Success},
        invitation::{
            AcceptRequest, ActivateRequest, InvitationCheck, InvitationInfo, InvitationsRequest, InviteRequest,
        },
        page::{Listed, page_request},
    },
    error::{ApiError, ErrorCode},
    extract::{Authenticated, ClientDevice, IdempotencyKeyHeader, IdempotentJson, Json, LinkBase, PathId, Query},
};

const CANCELLED: Done = Done::with("The invitation is withdrawn");

refusal!(NoSuchInvitation: NOT_FOUND, "Your organisation has no such invitation.", NotFound, "There is no such invitation");

/// The routes of those who are signed in.
pub(super) fn routes<R: Routes>() -> R {
    R::default()
        .routes(routes!(post_invitation, get_invitations))
        .routes(routes!(delete_invitation))
        .routes(routes!(resend_invitation))
        .routes(routes!(accept_invitation))
}

/// The routes of those who are invited.
pub(super) fn public_routes<R: Routes>() -> R {
    R::default().routes(routes!(validate_invitation)).routes(routes!(activate_invitation))
}

/// Invite somebody.
///
/// Mails a link to them. Nobody can grant a role above their own.
#[utoipa::path(
    post,
    path = "/invitations",
    tag = "Invitations",
    security(("bearer" = [])),
    params(LinkBase, IdempotencyKeyHeader),
    request_body = InviteRequest,
    responses(
        (
            status = CREATED, description = "Invited.", body = Created<InvitationInfo>,
            example = json!(Created::of(InvitationInfo::example()))
        ),
        (
            status = FORBIDDEN,
            description = "Your role does not allow it (`INSUFFICIENT_PERMISSIONS`), or all seats are taken or too many \
                           invitations are open (`TENANT_LIMIT_EXCEEDED`); or you are not allowed in at all.",
            body = Failure,
            example = json!(Failure::of(
                ErrorCode::TenantLimitExceeded, "All seats of this organisation's plan are taken"
            ))
        ),
        (
            status = CONFLICT, description = "The person is a member, or has an open invitation.", body = Failure,
            example = json!(Failure::of(
                ErrorCode::ResourceConflict, "This person has an open invitation; send it again or cancel it"
            ))
        )
    )
)]
async fn post_invitation(
    State(invitations): State<InvitationService>,
    Authenticated(actor): Authenticated,
    LinkBase(link_base): LinkBase,
    request: IdempotentJson<InviteRequest>,
) -> Result<Created<InvitationInfo>, ApiError> {
    let (request, idempotency) = request.of_operation("invite");
    let invited = invitations.invite(&actor, request.into_command(link_base, idempotency)?).await?;
    Ok(Created::of(invited.into()))
}

/// Whom your organisation has invited.
#[utoipa::path(
    get,
    path = "/invitations",
    tag = "Invitations",
    security(("bearer" = [])),
    params(InvitationsRequest),
    responses((
        status = OK, description = "A page of invitations.", body = Listed<InvitationInfo>,
        example = json!(Listed::example(InvitationInfo::example()))
    ))
)]
async fn get_invitations(
    State(invitations): State<InvitationService>,
    Authenticated(actor): Authenticated,
    Query(request): Query<InvitationsRequest>,
) -> Result<Listed<InvitationInfo>, ApiError> {
    let page = page_request(request.limit.as_deref(), request.cursor.as_deref())?;
    let found = invitations.list(&actor, request.status()?, &page).await?;
    Ok(Listed::new(found.map(InvitationInfo::from), page.size))
}

/// Withdraw an invitation.
///
/// Its link is void at once.
#[utoipa::path(
    delete,
    path = "/invitations/{id}",
    tag = "Invitations",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The invitation.")),
    responses(
        (status = OK, description = "Withdrawn.", body = Done, example = json!(CANCELLED)),
        NoSuchInvitation,
        (
            status = CONFLICT, description = "Somebody accepted it.", body = Failure,
            example = json!(Failure::of(
                ErrorCode::ResourceConflict, "This invitation has already been accepted"
            ))
        )
    )
)]
async fn delete_invitation(
    State(invitations): State<InvitationService>,
    Authenticated(actor): Authenticated,
    PathId(id): PathId<InvitationId>,
) -> Result<Done, ApiError> {
    invitations.cancel(&actor, &id).await?;
    Ok(CANCELLED)
}

/// Send an invitation again.
///
/// With a new link, which voids the old one, and as much time as at first. Works for one that has expired, too.
#[utoipa::path(
    post,
    path = "/invitations/{id}/resend",
    tag = "Invitations",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The invitation."), LinkBase),
    responses(
        (
            status = OK, description = "Sent.", body = Success<InvitationInfo>,
            example = json!(Success::of(InvitationInfo::example()))
        ),
        NoSuchInvitation,
        (
            status = CONFLICT, description = "It is accepted, withdrawn, or was sent too often.", body = Failure,
            example = json!(Failure::of(ErrorCode::ResourceConflict, "This invitation is no longer open"))
        )
    )
)]
async fn resend_invitation(
    State(invitations): State<InvitationService>,
    Authenticated(actor): Authenticated,
    LinkBase(link_base): LinkBase,
    PathId(id): PathId<InvitationId>,
) -> Result<Success<InvitationInfo>, ApiError> {
    let resent = invitations.resend(&actor, &id, link_base.as_deref()).await?;
    Ok(Success::of(resent.into()))
}

/// What the token of an invitation is good for.
///
/// Consumes nothing, and says the same of every token that is good for nothing.
#[utoipa::path(
    get,
    path = "/invitations/validate/{token}",
    tag = "Invitations",
    params(("token" = String, Path, description = "The token in the link.")),
    responses((
        status = OK, description = "Whether it can be accepted.", body = Success<InvitationCheck>,
        example = json!(Success::of(InvitationCheck::example()))
    ))
)]
async fn validate_invitation(
    State(invitations): State<InvitationService>,
    token: Result<PathId<InvitationToken>, ApiError>,
) -> Result<Success<InvitationCheck>, ApiError> {
    let held = match token {
        Ok(PathId(token)) => invitations.check(&token).await?,
        Err(_) => None,
    };
    Ok(Success::of(held.into()))
}

/// Come in through the link of an invitation.
///
/// Creates an account in the organisation that invited, and signs in. The link came by mail, so the address needs no
/// further confirmation. Whoever wants to sign in with Google or Microsoft sends `provider` and `id_token` in place of a
/// password.
#[utoipa::path(
    post,
    path = "/invitations/activate",
    tag = "Invitations",
    params(IdempotencyKeyHeader),
    request_body = ActivateRequest,
    responses(
        (
            status = OK, description = "A member now, and signed in.", body = Success<AuthResponse>,
            example = json!(Success::of(AuthResponse::example()))
        ),
        (
            status = UNAUTHORIZED,
            description = "The token is unknown, used, withdrawn or expired; or the ID token is not one of the \
                           provider's for this service, its time is over, or the provider does not vouch for the \
                           address (`GOOGLE_AUTH_ERROR`, `MICROSOFT_AUTH_ERROR`).",
            body = Failure,
            example = json!(Failure::of(ErrorCode::TokenInvalid, "This invitation is not valid"))
        ),
        (
            status = FORBIDDEN,
            description = "No seat is left (`TENANT_LIMIT_EXCEEDED`), the organisation is switched off \
                           (`TENANT_INACTIVE`), or the account at the provider has another address than the invited \
                           one (`INSUFFICIENT_PERMISSIONS`).",
            body = Failure,
            example = json!(Failure::of(
                ErrorCode::TenantLimitExceeded, "All seats of this organisation's plan are taken"
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
            description = "You have an account: sign in and accept the invitation (`EMAIL_ALREADY_EXISTS`). Or your \
                           account at the provider is linked to another account (`RESOURCE_CONFLICT`).",
            body = Failure,
            example = json!(Failure::of(
                ErrorCode::EmailAlreadyExists,
                "This email address has an account already; sign in and accept the invitation"
            ))
        )
    )
)]
async fn activate_invitation(
    State(auth): State<AuthService>,
    ClientDevice(device): ClientDevice,
    request: IdempotentJson<ActivateRequest>,
) -> Result<Success<AuthResponse>, ApiError> {
    let (request, idempotency) = request.of_operation("activate");
    Ok(Success::of(auth.activate(request.into_command(device, idempotency)?).await?.into()))
}

/// Accept an invitation with the account that you have.
///
/// Everybody belongs to one organisation, so you move: all your sessions end, and this answer begins a new one. Whoever
/// owns an organisation with other members hands it over first; whoever is alone in theirs says that it may be closed.
#[utoipa::path(
    post,
    path = "/invitations/accept",
    tag = "Invitations",
    security(("bearer" = [])),
    responses(
        (
            status = OK, description = "Moved, and signed in there.", body = Success<AuthResponse>,
            example = json!(Success::of(AuthResponse::example()))
        ),
        (
            status = FORBIDDEN,
            description = "The invitation was sent to another address (`INSUFFICIENT_PERMISSIONS`), no seat is left \
                           (`TENANT_LIMIT_EXCEEDED`), or the organisation is switched off (`TENANT_INACTIVE`); or you \
                           are not allowed in at all.",
            body = Failure,
            example = json!(Failure::of(
                ErrorCode::InsufficientPermissions, "This invitation was sent to another email address"
            ))
        ),
        (
            status = NOT_FOUND, description = "The token is unknown, or not the newest.", body = Failure,
            example = json!(Failure::of(ErrorCode::NotFound, "This invitation is not valid"))
        ),
        (
            status = CONFLICT,
            description = "It is accepted, withdrawn or expired, you are a member already, or you have to hand over or \
                           close your present organisation.",
            body = Failure,
            example = json!(Failure::of(
                ErrorCode::ResourceConflict,
                "You own an organisation with other members; hand it over before you leave it"
            ))
        )
    )
)]
async fn accept_invitation(
    State(auth): State<AuthService>,
    Authenticated(actor): Authenticated,
    ClientDevice(device): ClientDevice,
    Json(request): Json<AcceptRequest>,
) -> Result<Success<AuthResponse>, ApiError> {
    Ok(Success::of(auth.accept_invitation(&actor, request.into_command(device)).await?.into()))
}
