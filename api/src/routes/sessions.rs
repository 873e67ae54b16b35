//! One's own sessions.

use application::AuthService;
use axum::extract::State;
use domain::SessionId;

use super::handlers::{Routes, routes};
use crate::{
    dto::{
        envelope::{Done, Failure, Success},
        session::SessionInfo,
    },
    error::{ApiError, ErrorCode},
    extract::{Authenticated, PathId},
};

const ENDED: Done = Done::with("The session is over");
const OTHERS_ENDED: Done = Done::with("You are signed out everywhere else");

pub(super) fn routes<R: Routes>() -> R {
    R::default().routes(routes!(get_sessions, delete_sessions)).routes(routes!(delete_session))
}

/// Where one is signed in.
///
/// The last used first, at most 100. A sign-in of a moment ago may be missing, one that has just ended may still be
/// shown.
#[utoipa::path(
    get,
    path = "/user/sessions",
    tag = "User",
    security(("bearer" = [])),
    responses((
        status = OK, description = "The sessions.", body = Success<Vec<SessionInfo>>,
        example = json!(Success::of([SessionInfo::example()]))
    ))
)]
async fn get_sessions(
    State(auth): State<AuthService>,
    Authenticated(actor): Authenticated,
) -> Result<Success<Vec<SessionInfo>>, ApiError> {
    let sessions = auth.sessions(&actor).await?.into_iter();
    Ok(Success::of(sessions.map(|session| SessionInfo::new(session, actor.session_id())).collect()))
}

/// Sign out everywhere else.
///
/// All sessions end but the one that this request uses.
#[utoipa::path(
    delete,
    path = "/user/sessions",
    tag = "User",
    security(("bearer" = [])),
    responses((status = OK, description = "Ended.", body = Done, example = json!(OTHERS_ENDED)))
)]
async fn delete_sessions(
    State(auth): State<AuthService>,
    Authenticated(actor): Authenticated,
) -> Result<Done, ApiError> {
    auth.end_other_sessions(&actor).await?;
    Ok(OTHERS_ENDED)
}

/// Sign out somewhere.
///
/// A session that is over already is no error.
#[utoipa::path(
    delete,
    path = "/user/sessions/{id}",
    tag = "User",
    params(("id" = String, Path, description = "The `session_id`.", max_length = 128)),
    security(("bearer" = [])),
    responses(
        (status = OK, description = "Ended.", body = Done, example = json!(ENDED)),
        (
            status = NOT_FOUND, description = "One has no such session.", body = Failure,
            example = json!(Failure::of(ErrorCode::NotFound, "You have no such session"))
        )
    )
)]
async fn delete_session(
    State(auth): State<AuthService>,
    Authenticated(actor): Authenticated,
    PathId(id): PathId<SessionId>,
) -> Result<Done, ApiError> {
    auth.end_session(&actor, &id).await?;
    Ok(ENDED)
}
