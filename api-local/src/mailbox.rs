//! `GET /dev/mailbox`: the mail that was caught, as a page for people and as JSON for scripts.

use std::sync::Arc;

use application::Relay;
use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use infrastructure::mail::Mailbox;
use serde_json::json;

/// The page; it fetches the list as JSON, so that a mail's content never becomes part of the page unescaped.
const PAGE: &str = include_str!("mailbox.html");

#[derive(Clone)]
struct MailboxState {
    mailbox: Arc<Mailbox>,
    relay: Relay,
}

/// The routes of the mailbox.
pub(crate) fn routes(mailbox: Arc<Mailbox>, relay: Relay) -> Router {
    Router::new().route("/dev/mailbox", get(show)).with_state(MailboxState { mailbox, relay })
}

async fn show(State(state): State<MailboxState>, headers: HeaderMap) -> Response {
    let wants_json = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("application/json"));
    let mut response = if wants_json { list(&state).await } else { page() };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept"));
    response
}

async fn list(state: &MailboxState) -> Response {
    // What was ordered before this request is in its answer: a script that registers and looks here must not
    // have to wait.
    if let Err(error) = state.relay.run().await {
        let message = json!({ "success": false, "error": error.to_string(), "code": "SERVICE_UNAVAILABLE" });
        return (StatusCode::SERVICE_UNAVAILABLE, Json(message)).into_response();
    }
    Json(state.mailbox.messages()).into_response()
}

fn page() -> Response {
    // Mails are shown in a sandboxed frame; nothing on the page comes from elsewhere.
    let policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; \
                  frame-src 'self'; img-src data:; frame-ancestors 'none'";
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(PAGE)).into_response()
}
