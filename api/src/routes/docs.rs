//! The OpenAPI document and its user interface, which comes with the binary and loads nothing from elsewhere.

use std::sync::Arc;

use axum::{
    Router,
    extract::Path,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use utoipa_swagger_ui::{Config, serve};

use crate::{ApiState, dto::envelope::json_bytes, error::ApiError};

/// What the user interface needs: its own scripts and pictures, and calls to this service. Its styles are partly
/// inline.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");

/// The document of the code, as `src/bin/openapi.rs` writes it and a test holds it to be. Making it takes longer than
/// everything else of a start together, and its parts are no small part of the binary.
const DOCUMENT: &str = include_str!("../../../docs/openapi.json");
/// Where the document says that the root of the service is.
const SERVER: &str = r#""url": ".""#;

/// `/openapi.json` and `/docs`. `server` leads from the document to the root of the service. It is relative, so
/// that the document is right on every host and under every prefix that a gateway adds.
pub(super) fn routes(server: &'static str) -> Router<ApiState> {
    let config = Arc::new(Config::from("../openapi.json").validator_url("none").try_it_out_enabled(true));
    let page = config.clone();
    Router::new()
        .route("/openapi.json", get(async move || openapi_json(server)))
        // Relative, for the same reason.
        .route("/docs", get(|| async { (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, "docs/")]) }))
        .route("/docs/", get(|| async move { user_interface("", page) }))
        .route("/docs/{*file}", get(|Path(file): Path<String>| async move { user_interface(&file, config) }))
}

fn openapi_json(server: &str) -> Response {
    let document = DOCUMENT.replacen(SERVER, &format!(r#""url": "{server}""#), 1);
    let json = json_bytes(StatusCode::OK, document);
    ([(header::CACHE_CONTROL, REVALIDATE)], json).into_response()
}

fn user_interface(file: &str, config: Arc<Config<'static>>) -> Response {
    let Ok(Some(file)) = serve(file, config) else { return ApiError::no_such_route().into_response() };
    let headers = [(header::CACHE_CONTROL, REVALIDATE), (header::CONTENT_SECURITY_POLICY, POLICY)];
    let content_type = [(header::CONTENT_TYPE, file.content_type)];
    // Embedded compressed; every browser takes it.
    let encoding: Option<(HeaderName, &str)> = file.gzpipped.then_some((header::CONTENT_ENCODING, "gzip"));
    let mut response = (headers, content_type, file.bytes.into_owned()).into_response();
    response.headers_mut().extend(encoding.map(|(name, value)| (name, HeaderValue::from_static(value))));
    response
}
