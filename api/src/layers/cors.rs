//! Which sites may call from a browser (security rule 23).

use std::time::Duration;

use axum::http::{HeaderName, Method, header};
use tower_http::cors::CorsLayer;

use crate::CorsOrigins;

pub(super) fn layer(origins: &CorsOrigins) -> CorsLayer {
    let named = HeaderName::from_static;
    let layer = CorsLayer::new()
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_MATCH,
            named("idempotency-key"),
            named("x-correlation-id"),
            named("x-frontend-base-url"),
            named("x-request-id"),
            named("x-tenant-id"),
        ])
        .expose_headers([
            header::ETAG,
            header::RETRY_AFTER,
            named("ratelimit-limit"),
            named("ratelimit-remaining"),
            named("ratelimit-reset"),
            named("x-correlation-id"),
            named("x-request-id"),
        ])
        .max_age(Duration::from_hours(1));
    match origins {
        CorsOrigins::Any => layer.allow_origin(tower_http::cors::Any),
        CorsOrigins::Listed(origins) => layer.allow_origin(origins.clone()).allow_credentials(true),
    }
}

#[cfg(test)]
mod tests {
    use axum::{Router, body::Body, extract::Request, http::HeaderMap, routing::post};
    use tower::ServiceExt;

    use super::*;

    async fn preflight(origins: &[&str], environment: &str) -> HeaderMap {
        let origins: Vec<_> = origins.iter().map(|&origin| origin.to_owned()).collect();
        let origins = CorsOrigins::parse(&origins, environment).unwrap();
        let app = Router::new().route("/", post(|| async {})).layer(layer(&origins));
        let request = Request::options("/").header("origin", "https://app.example.com");
        let request = request.header("access-control-request-method", "POST").body(Body::empty()).unwrap();
        app.oneshot(request).await.unwrap().headers().clone()
    }

    #[tokio::test]
    async fn rule_23_a_listed_site_may_call_with_credentials() {
        let headers = preflight(&["https://app.example.com"], "prod").await;
        assert_eq!(headers["access-control-allow-origin"], "https://app.example.com");
        assert_eq!(headers["access-control-allow-credentials"], "true");
    }

    #[tokio::test]
    async fn rule_23_another_site_may_not() {
        let headers = preflight(&["https://other.example.com"], "prod").await;
        assert_eq!(headers.get("access-control-allow-origin"), None);
    }

    #[tokio::test]
    async fn rule_23_any_site_may_call_without_credentials_only() {
        let headers = preflight(&["*"], "local").await;
        assert_eq!(headers["access-control-allow-origin"], "*");
        assert_eq!(headers.get("access-control-allow-credentials"), None);
    }
}
