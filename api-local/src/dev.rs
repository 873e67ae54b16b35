//! `/dev`: what the service told others, as pages for people and as JSON for scripts.

mod billing;

use std::{error::Error, sync::Arc};

use application::Relay;
use axum::{
    Json, Router,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use infrastructure::wiring::Services;
use serde_json::{Value, json};

// The pages fetch their list as JSON, so that the content of a mail or an event never becomes part of a page unescaped.
const MAILBOX: &str = include_str!("dev/mailbox.html");
const EVENTS: &str = include_str!("dev/events.html");

/// Where the dashboard of the local billing provider is.
pub(crate) use billing::PATH as BILLING;

/// The routes of what these services keep to look at.
pub(crate) fn routes(services: &Services) -> Router {
    let mut routes = Router::new();
    if let Some(mailbox) = services.mailbox.clone() {
        routes = routes.merge(list("/dev/mailbox", MAILBOX, &services.relay, move || json!(mailbox.messages())));
    }
    if let Some(events) = services.recent_events.clone() {
        routes = routes.merge(list("/dev/events", EVENTS, &services.relay, move || json!(events.events())));
    }
    if let Some(provider) = services.local_billing.clone() {
        routes = routes.merge(billing::routes(provider));
    }
    routes
}

/// One list at `path`: as JSON for whoever accepts that, and otherwise as `page`.
fn list(path: &str, page: &'static str, relay: &Relay, entries: impl Fn() -> Value + Send + Sync + 'static) -> Router {
    let (relay, entries) = (relay.clone(), Arc::new(entries));
    Router::new().route(
        path,
        get(async move |headers: HeaderMap| {
            in_either_form(if wants_json(&headers) { as_json(&relay, &*entries).await } else { as_page(page) })
        }),
    )
}

/// An answer that depends on what was asked for, and is not kept.
fn in_either_form(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept"));
    response
}

fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("application/json"))
}

async fn as_json(relay: &Relay, entries: &(impl Fn() -> Value + Sync)) -> Response {
    // What was ordered before this request is in its answer: a script that registers and looks here must not
    // have to wait.
    match relay.run().await {
        Ok(_) => Json(entries()).into_response(),
        Err(error) => unavailable(&error),
    }
}

fn unavailable(error: &dyn Error) -> Response {
    let message = json!({ "success": false, "error": error.to_string(), "code": "SERVICE_UNAVAILABLE" });
    (StatusCode::SERVICE_UNAVAILABLE, Json(message)).into_response()
}

fn as_page(page: &'static str) -> Response {
    // Mails are shown in a sandboxed frame; nothing on a page comes from elsewhere.
    let policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; \
                  frame-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(page)).into_response()
}
