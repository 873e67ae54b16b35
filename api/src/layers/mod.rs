//! What every request needs, whatever it asks for.

mod base_path;
mod correlation;
mod cors;
mod headers;
mod rate_limit;

use std::{any::Any, sync::Arc, time::Duration};

use application::ports::IdGenerator;
use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::header,
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use tower_http::{
    catch_panic::CatchPanicLayer, compression::CompressionLayer, sensitive_headers::SetSensitiveRequestHeadersLayer,
};

pub(crate) use base_path::strip_base_path;
pub(crate) use rate_limit::limit_writes;

use crate::{HttpSettings, error::ApiError};

/// Wraps the routes. The last layer is the outermost: it sees the request first and the answer last.
pub(crate) fn around(routes: Router, ids: Arc<dyn IdGenerator>, settings: &HttpSettings) -> Router {
    routes
        .layer(DefaultBodyLimit::max(settings.body_limit))
        .layer(from_fn_with_state(settings.request_timeout, within_time))
        .layer(CatchPanicLayer::custom(after_panic))
        .layer(CompressionLayer::new())
        .layer(cors::layer(&settings.cors))
        .layer(from_fn_with_state(settings.hsts, headers::secure))
        .layer(from_fn_with_state(ids, correlation::correlate))
        .layer(SetSensitiveRequestHeadersLayer::new([header::AUTHORIZATION, header::COOKIE]))
}

/// Gives up on a request that takes too long. What it was committing may still be committed.
async fn within_time(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    tokio::time::timeout(limit, next.run(request)).await.unwrap_or_else(|_| {
        tracing::error!(seconds = limit.as_secs(), "request timed out");
        ApiError::unavailable(Some(Duration::from_secs(1))).into_response()
    })
}

/// Answers for a handler that panicked. The message of the panic may hold anything and is left to the panic
/// hook.
fn after_panic(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("a handler panicked");
    ApiError::internal().into_response()
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, http::StatusCode, routing::get};
    use tower::ServiceExt;

    use super::*;

    async fn status(app: Router) -> StatusCode {
        app.oneshot(Request::get("/").body(Body::empty()).unwrap()).await.unwrap().status()
    }

    #[tokio::test]
    async fn a_panic_is_answered_with_500() {
        let app = Router::new().route("/", get(|| async { panic!("s3cr3t") as StatusCode }));
        assert_eq!(status(app.layer(CatchPanicLayer::custom(after_panic))).await, 500);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_takes_too_long_is_answered_with_503() {
        let app = Router::new().route("/", get(std::future::pending::<StatusCode>));
        assert_eq!(status(app.layer(from_fn_with_state(Duration::from_secs(25), within_time))).await, 503);
    }
}
