//! One id and one log line for each request.

use std::{sync::Arc, time::Instant};

use application::{ports::IdGenerator, telemetry};
use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};
use tracing::Instrument;

use crate::extract::SourceAddress;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");

/// Gives the request an id unless it brings one, puts it on every log line and on the answer, passes a
/// correlation id on, and logs the answer.
///
/// The log names the route, not the path: a path may hold a token, and so may a query.
pub(super) async fn correlate(State(ids): State<Arc<dyn IdGenerator>>, request: Request, next: Next) -> Response {
    let request_id = id_in(request.headers(), &REQUEST_ID).or_else(|| new_id(ids.as_ref()));
    let correlation_id = id_in(request.headers(), &CORRELATION_ID);
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let span = tracing::info_span!(
        "request",
        request_id = text(request_id.as_ref()),
        correlation_id = text(correlation_id.as_ref()),
        %method,
        route = route.as_ref().map_or("unmatched", MatchedPath::as_str),
        source = request.extensions().get::<SourceAddress>().map(|source| tracing::field::display(source.0)),
    );
    let begun = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    let latency = begun.elapsed();
    let latency_ms = latency.as_secs_f64() * 1000.0;
    telemetry::answered(method.as_str(), route.as_ref().map(MatchedPath::as_str), response.status().as_u16(), latency);
    span.in_scope(|| tracing::info!(status = response.status().as_u16(), latency_ms, "answered"));

    let ids = [(REQUEST_ID, request_id), (CORRELATION_ID, correlation_id)];
    response.headers_mut().extend(ids.into_iter().filter_map(|(name, id)| Some((name, id?))));
    response
}

/// The id in a header, if it is 1 to 128 visible ASCII characters.
fn id_in(headers: &HeaderMap, name: &HeaderName) -> Option<HeaderValue> {
    let is_id =
        |value: &&HeaderValue| (1..=128).contains(&value.len()) && value.as_bytes().iter().all(u8::is_ascii_graphic);
    headers.get(name).filter(is_id).cloned()
}

fn new_id(ids: &dyn IdGenerator) -> Option<HeaderValue> {
    HeaderValue::try_from(ids.uuid().to_string()).ok()
}

fn text(id: Option<&HeaderValue>) -> Option<&str> {
    id.and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use axum::{Router, body::Body, middleware::from_fn_with_state, routing::get};
    use rstest::rstest;
    use tower::ServiceExt;
    use uuid::Uuid;

    use super::*;

    struct Pinned;

    impl IdGenerator for Pinned {
        fn uuid(&self) -> Uuid {
            Uuid::from_u128(7)
        }

        fn secret(&self) -> [u8; 32] {
            [7; 32]
        }
    }

    const MADE: &str = "00000000-0000-0000-0000-000000000007";

    async fn echoed(name: &str, value: &[u8]) -> Option<String> {
        let app = Router::new().route("/", get(|| async {}));
        let app = app.layer(from_fn_with_state(Arc::new(Pinned) as Arc<dyn IdGenerator>, correlate));
        let request = Request::get("/").header(name, HeaderValue::from_bytes(value).unwrap());
        let response = app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        response.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
    }

    #[rstest]
    #[case::one(b"a")]
    #[case::punctuation(b"Root=1-67891233-abcdef;x")]
    #[case::longest(&[b'x'; 128])]
    #[tokio::test]
    async fn a_request_keeps_the_id_that_it_brings(#[case] id: &[u8]) {
        assert_eq!(echoed("x-request-id", id).await, Some(String::from_utf8_lossy(id).into_owned()));
        assert_eq!(echoed("x-correlation-id", id).await, Some(String::from_utf8_lossy(id).into_owned()));
    }

    #[rstest]
    #[case::empty(b"")]
    #[case::space(b"a b")]
    #[case::tab(b"a\tb")]
    #[case::not_ascii(b"\xc3\xbc")]
    #[case::too_long(&[b'x'; 129])]
    #[tokio::test]
    async fn any_other_id_is_replaced(#[case] id: &[u8]) {
        assert_eq!(echoed("x-request-id", id).await.as_deref(), Some(MADE));
        assert_eq!(echoed("x-correlation-id", id).await, None);
    }
}
