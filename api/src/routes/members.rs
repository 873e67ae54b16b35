//! The people of a tenant, and who owns it.

use application::MemberService;
use axum::extract::State;
use domain::{Role, UserId, user::UserStatus};

use super::{
    handlers::{Routes, routes},
    refusals::refusal,
};
use crate::{
    dto::{
        envelope::{Done, Failure, Success},
        member::{MemberListRequest, RoleRequest, TransferRequest, UserCount, UserReference},
        page::Listed,
    },
    error::{ApiError, ErrorCode},
    extract::{Authenticated, Json, PathId, Query},
};

const REMOVED: Done = Done::with("The member is removed");
const SIGNED_OUT: Done = Done::with("The member is signed out everywhere");
const HANDED_OVER: Done = Done::with("The organisation is handed over");

refusal!(NoSuchMember: NOT_FOUND, "There is no such member.", NotFound, "This organisation has no such member");
refusal!(
    OwnsTheTenant: CONFLICT, "They own the organisation.",
    ResourceConflict, "The owner of the organisation has to hand it over first"
);
refusal!(Yourself: BAD_REQUEST, "It is who asks.", InvalidInput, "You cannot do this to yourself");

pub(super) fn routes<R: Routes>() -> R {
    R::default()
        .routes(routes!(list))
        .routes(routes!(count))
        .routes(routes!(find, remove))
        .routes(routes!(change_role))
        .routes(routes!(deactivate))
        .routes(routes!(activate))
        .routes(routes!(end_sessions))
        .routes(routes!(transfer_ownership))
}

/// The members of one's organisation.
///
/// In no particular order, but always the same one: going from page to page shows everybody once, whoever joins or
/// leaves meanwhile. With `status` or `search` a page may be short or even empty and still have a `next_cursor`: each
/// page looks at so many members and no more. Whoever joined a moment ago may be missing. Needs `manage_users`.
#[utoipa::path(
    get,
    path = "/users",
    tag = "Members",
    params(MemberListRequest),
    security(("bearer" = [])),
    responses((
        status = OK, description = "A page of members.", body = Listed<UserReference>,
        example = json!({
            "success": true,
            "data": [UserReference::example()],
            "pagination": { "limit": 20, "next_cursor": "MDE5OGM1YTItOGYwMC03YjExLThhNGMtMmY5ZDZlM2MxYTA4" },
        })
    ))
)]
async fn list(
    State(members): State<MemberService>,
    Authenticated(actor): Authenticated,
    Query(request): Query<MemberListRequest>,
) -> Result<Listed<UserReference>, ApiError> {
    let (filter, request) = request.into_query()?;
    let page = members.list(&actor, &filter, &request).await?;
    Ok(Listed::new(page.map(Into::into), request.size))
}

/// How many people one's organisation has.
///
/// Needs `manage_users`.
#[utoipa::path(
    get,
    path = "/users/count",
    tag = "Members",
    security(("bearer" = [])),
    responses((
        status = OK, description = "The number.", body = Success<UserCount>,
        example = json!(Success::of(UserCount { user_count: 12 }))
    ))
)]
async fn count(
    State(members): State<MemberService>,
    Authenticated(actor): Authenticated,
) -> Result<Success<UserCount>, ApiError> {
    Ok(Success::of(UserCount { user_count: members.count(&actor).await? }))
}

/// A member of one's organisation.
#[utoipa::path(
    get,
    path = "/users/{id}",
    tag = "Members",
    params(("id" = String, Path, description = "The `user_id`.", max_length = 128)),
    security(("bearer" = [])),
    responses(
        (
            status = OK, description = "The member.", body = Success<UserReference>,
            example = json!(Success::of(UserReference::example()))
        ),
        NoSuchMember
    )
)]
async fn find(
    State(members): State<MemberService>,
    Authenticated(actor): Authenticated,
    PathId(id): PathId<UserId>,
) -> Result<Success<UserReference>, ApiError> {
    Ok(Success::of(members.find(&actor, &id).await?.into()))
}

/// Put a member into another role.
///
/// It counts with their next request. Nobody changes the role of somebody who stands above them, or gives one above
/// their own; who owns the organisation stays an owner until it is handed over. Needs `manage_users`.
#[utoipa::path(
    put,
    path = "/users/{id}/role",
    tag = "Members",
    params(("id" = String, Path, description = "The `user_id`.", max_length = 128)),
    security(("bearer" = [])),
    responses(
        (
            status = OK, description = "The member as they are now.", body = Success<UserReference>,
            example = json!(Success::of(UserReference::example_of(Role::Manager, UserStatus::Active)))
        ),
        (
            status = FORBIDDEN, description = "The role of who asks does not allow it.", body = Failure,
            example = json!(Failure::of(ErrorCode::InsufficientPermissions, "You cannot give a role above your own"))
        ),
        NoSuchMember,
        OwnsTheTenant
    )
)]
async fn change_role(
    State(members): State<MemberService>,
    Authenticated(actor): Authenticated,
    PathId(id): PathId<UserId>,
    Json(request): Json<RoleRequest>,
) -> Result<Success<UserReference>, ApiError> {
    Ok(Success::of(members.change_role(&actor, &id, request.role()?).await?.into()))
}

/// Switch a member's account off.
///
/// They are signed out everywhere at once, and their seat is free. Needs `manage_users`.
#[utoipa::path(
    post,
    path = "/users/{id}/deactivate",
    tag = "Members",
    params(("id" = String, Path, description = "The `user_id`.", max_length = 128)),
    security(("bearer" = [])),
    responses(
        (
            status = OK, description = "The member as they are now.", body = Success<UserReference>,
            example = json!(Success::of(UserReference::example_of(Role::Member, UserStatus::Inactive)))
        ),
        Yourself,
        (
            status = FORBIDDEN, description = "The role of who asks does not allow it.", body = Failure,
            example = json!(Failure::of(ErrorCode::InsufficientPermissions, "This member's role is above your own"))
        ),
        NoSuchMember,
        (
            status = CONFLICT, description = "They own the organisation, or the platform suspended them.", body = Failure,
            example = json!(Failure::of(
                ErrorCode::ResourceConflict, "The owner of the organisation has to hand it over first"
            ))
        )
    )
)]
async fn deactivate(
    State(members): State<MemberService>,
    Authenticated(actor): Authenticated,
    PathId(id): PathId<UserId>,
) -> Result<Success<UserReference>, ApiError> {
    Ok(Success::of(members.deactivate(&actor, &id).await?.into()))
}

/// Switch a member's account on again.
///
/// It takes a seat. Needs `manage_users`.
#[utoipa::path(
    post,
    path = "/users/{id}/activate",
    tag = "Members",
    params(("id" = String, Path, description = "The `user_id`.", max_length = 128)),
    security(("bearer" = [])),
    responses(
        (
            status = OK, description = "The member as they are now.", body = Success<UserReference>,
            example = json!(Success::of(UserReference::example()))
        ),
        Yourself,
        (
            status = FORBIDDEN,
            description = "All seats of the plan are taken (`TENANT_LIMIT_EXCEEDED`), or the role of who asks does not \
                           allow it.",
            body = Failure,
            example = json!(Failure::of(
                ErrorCode::TenantLimitExceeded, "All seats of this organisation's plan are taken"
            ))
        ),
        NoSuchMember,
        (
            status = CONFLICT, description = "The platform suspended them.", body = Failure,
            example = json!(Failure::of(ErrorCode::ResourceConflict, "This account was suspended by the platform"))
        )
    )
)]
async fn activate(
    State(members): State<MemberService>,
    Authenticated(actor): Authenticated,
    PathId(id): PathId<UserId>,
) -> Result<Success<UserReference>, ApiError> {
    Ok(Success::of(members.activate(&actor, &id).await?.into()))
}

/// Remove a member.
///
/// For good: their account, preferences and sessions are gone, their seat and their address are free. Only owners do
/// this.
#[utoipa::path(
    delete,
    path = "/users/{id}",
    tag = "Members",
    params(("id" = String, Path, description = "The `user_id`.", max_length = 128)),
    security(("bearer" = [])),
    responses(
        (status = OK, description = "Removed.", body = Done, example = json!(REMOVED)),
        Yourself,
        NoSuchMember,
        OwnsTheTenant
    )
)]
async fn remove(
    State(members): State<MemberService>,
    Authenticated(actor): Authenticated,
    PathId(id): PathId<UserId>,
) -> Result<Done, ApiError> {
    members.remove(&actor, &id).await?;
    Ok(REMOVED)
}

/// Sign a member out everywhere.
///
/// Needs `manage_users`.
#[utoipa::path(
    delete,
    path = "/users/{id}/sessions",
    tag = "Members",
    params(("id" = String, Path, description = "The `user_id`.", max_length = 128)),
    security(("bearer" = [])),
    responses(
        (status = OK, description = "Signed out.", body = Done, example = json!(SIGNED_OUT)),
        NoSuchMember
    )
)]
async fn end_sessions(
    State(members): State<MemberService>,
    Authenticated(actor): Authenticated,
    PathId(id): PathId<UserId>,
) -> Result<Done, ApiError> {
    members.end_sessions(&actor, &id).await?;
    Ok(SIGNED_OUT)
}

/// Hand the organisation over.
///
/// The new owner must be an active member with a confirmed address; whoever hands over becomes an admin. Only the one
/// whom `owner_user_id` of the tenant names can do it.
#[utoipa::path(
    post,
    path = "/tenants/current/transfer-ownership",
    tag = "Members",
    security(("bearer" = [])),
    responses(
        (status = OK, description = "Handed over.", body = Done, example = json!(HANDED_OVER)),
        (
            status = FORBIDDEN, description = "Who asks does not own the organisation.", body = Failure,
            example = json!(Failure::of(
                ErrorCode::InsufficientPermissions, "Only who owns the organisation can hand it over"
            ))
        ),
        NoSuchMember,
        (
            status = CONFLICT, description = "The member could not sign in.", body = Failure,
            example = json!(Failure::of(
                ErrorCode::ResourceConflict, "The new owner must be active and have confirmed their email address"
            ))
        )
    )
)]
async fn transfer_ownership(
    State(members): State<MemberService>,
    Authenticated(actor): Authenticated,
    Json(request): Json<TransferRequest>,
) -> Result<Done, ApiError> {
    members.transfer_ownership(&actor, &request.user_id()?).await?;
    Ok(HANDED_OVER)
}
