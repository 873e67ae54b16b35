//! What browsers and caches are told about every answer (security rule 23).

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};

const STRICT: [(HeaderName, HeaderValue); 3] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
];

/// Unless a handler knows better: nothing is stored, for nearly everything here is a token or about a person,
/// and nothing is executed.
const DEFAULT: [(HeaderName, HeaderValue); 2] = [
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
];

const TWO_YEARS: HeaderValue = HeaderValue::from_static("max-age=63072000; includeSubDomains");

pub(super) async fn secure(State(hsts): State<bool>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.extend(STRICT);
    for (name, value) in DEFAULT {
        headers.entry(name).or_insert(value);
    }
    if hsts {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, TWO_YEARS);
    }
    response
}

#[cfg(test)]
mod tests {
    use axum::{Router, body::Body, http::HeaderMap, middleware::from_fn_with_state, routing::get};
    use tower::ServiceExt;

    use super::*;

    async fn headers(hsts: bool) -> HeaderMap {
        let app = Router::new()
            .route("/", get(|| async {}))
            .route("/cached", get(|| async { [(header::CACHE_CONTROL, "max-age=5")] }))
            .layer(from_fn_with_state(hsts, secure));
        let cached = app.clone().oneshot(Request::get("/cached").body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(cached.headers()["cache-control"], "max-age=5");
        app.oneshot(Request::get("/").body(Body::empty()).unwrap()).await.unwrap().headers().clone()
    }

    #[tokio::test]
    async fn rule_23_answers_are_neither_stored_nor_sniffed_nor_framed() {
        let headers = headers(false).await;
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["referrer-policy"], "no-referrer");
        assert_eq!(headers["content-security-policy"], "default-src 'none'; frame-ancestors 'none'");
        assert_eq!(headers.get("strict-transport-security"), None);
        assert_eq!(headers.get("server"), None);
    }

    #[tokio::test]
    async fn rule_23_https_is_insisted_on_where_it_is_served() {
        assert_eq!(headers(true).await["strict-transport-security"], "max-age=63072000; includeSubDomains");
    }
}
