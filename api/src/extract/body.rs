//! JSON bodies.

use application::idempotency::{IdempotencyKey, IdempotentRequest};
use axum::{
    body::Bytes,
    extract::{FromRequest, Request, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
};
use mime::Mime;
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::{
    IntoParams,
    openapi::path::{Parameter, ParameterIn},
};
use validator::Validate;

use super::{casing::to_snake_case, decode::decode};
use crate::{
    error::ApiError,
    openapi::{header, visible_ascii},
};

const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// A valid JSON body.
pub(crate) struct Json<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Validate> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        decode(read(request, state).await?).map(Self)
    }
}

/// A JSON body as it arrived, for who verifies a signature over its bytes.
pub(crate) struct RawJson(pub(crate) Bytes);

impl<S: Send + Sync> FromRequest<S> for RawJson {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        if ContentType::of(request.headers()) != ContentType::Json {
            return Err(ApiError::unsupported_media_type());
        }
        Bytes::from_request(request, state).await.map(Self).map_err(|rejection| unreadable(&rejection))
    }
}

/// A valid JSON body of a request that may carry an `Idempotency-Key`.
pub(crate) struct IdempotentJson<T> {
    pub(crate) body: T,
    key: Option<(IdempotencyKey, String)>,
}

impl<T> IdempotentJson<T> {
    /// The body, and the request as its key remembers it, if it has one.
    pub(crate) fn of_operation(self, operation: &'static str) -> (T, Option<IdempotentRequest>) {
        let request = self.key.map(|(key, body)| IdempotentRequest::new(operation, &key, &body));
        (self.body, request)
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Validate> FromRequest<S> for IdempotentJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let key = request.headers().get(IDEMPOTENCY_KEY).map(|value| {
            let key = value.to_str().ok().and_then(|text| IdempotencyKey::parse(text).ok());
            key.ok_or(ApiError::unreadable("Idempotency-Key must be 1 to 255 visible ASCII characters"))
        });
        let key = key.transpose()?;
        let fields = read(request, state).await?;
        // The same fields in another order, casing or spacing are the same request.
        let key = key.map(|key| (key, fields.to_string()));
        Ok(Self { body: decode(fields)?, key })
    }
}

/// How the document shows the header of [`IdempotentJson`].
pub(crate) struct IdempotencyKeyHeader;

impl IntoParams for IdempotencyKeyHeader {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let description = "The same key with the same body is answered again for 24 hours, without another effect.";
        vec![header("Idempotency-Key", description, visible_ascii(255))]
    }
}

/// The fields of a JSON object, in `snake_case`.
async fn read<S: Send + Sync>(request: Request, state: &S) -> Result<Value, ApiError> {
    let content_type = ContentType::of(request.headers());
    if content_type == ContentType::Other {
        return Err(ApiError::unsupported_media_type());
    }
    let bytes = Bytes::from_request(request, state).await.map_err(|rejection| unreadable(&rejection))?;
    match content_type {
        _ if bytes.is_empty() => Err(ApiError::unreadable("The request needs a JSON body")),
        ContentType::Json => object_from(&bytes),
        ContentType::Missing | ContentType::Other => Err(ApiError::unsupported_media_type()),
    }
}

/// The fields of a JSON object, in `snake_case`.
pub(super) fn object_from(bytes: &[u8]) -> Result<Value, ApiError> {
    let value: Value =
        serde_json::from_slice(bytes).map_err(|_| ApiError::unreadable("The request body is not valid JSON"))?;
    if !value.is_object() {
        return Err(ApiError::unreadable("The request body must be a JSON object"));
    }
    to_snake_case(value).map_err(|_| ApiError::unreadable("The request body is nested too deeply"))
}

fn unreadable(rejection: &BytesRejection) -> ApiError {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::body_too_large(),
        _ => ApiError::unreadable("The request body could not be read"),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ContentType {
    Missing,
    Json,
    Other,
}

impl ContentType {
    fn of(headers: &HeaderMap) -> Self {
        let Some(value) = headers.get(CONTENT_TYPE) else { return Self::Missing };
        let Some(mime) = value.to_str().ok().and_then(|text| text.parse::<Mime>().ok()) else { return Self::Other };
        let is_utf8 = mime.get_param(mime::CHARSET).is_none_or(|charset| charset == mime::UTF_8);
        if mime.essence_str() == mime::APPLICATION_JSON.essence_str() && is_utf8 { Self::Json } else { Self::Other }
    }
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, extract::DefaultBodyLimit, response::IntoResponse, routing::post};
    use domain::TokenHash;
    use http_body_util::BodyExt;
    use rstest::rstest;
    use tower::ServiceExt;

    use super::*;
    use crate::dto::auth::EmailRequest;

    const LIMIT: usize = 4096;

    async fn send(content_type: Option<&str>, body: impl Into<Body>) -> (u16, String) {
        let handler = |Json(request): Json<EmailRequest>| async move { request.email.into_response() };
        let app = axum::Router::new().route("/", post(handler)).layer(DefaultBodyLimit::max(LIMIT));
        let request = Request::post("/");
        let request = content_type.into_iter().fold(request, |request, value| request.header("content-type", value));
        let response = app.oneshot(request.body(body.into()).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[rstest]
    #[case("application/json")]
    #[case("application/json; charset=utf-8")]
    #[case("Application/JSON;charset=\"UTF-8\"")]
    #[tokio::test]
    async fn json_in_utf_8_is_read(#[case] content_type: &str) {
        let answer = send(Some(content_type), r#"{"email":"anna@example.com","unknown":1}"#).await;
        assert_eq!(answer, (200, "anna@example.com".to_owned()));
    }

    #[rstest]
    #[case(Some("text/plain"))]
    #[case(Some("application/json; charset=latin-1"))]
    #[case(Some("application/x-www-form-urlencoded"))]
    #[case(Some("nonsense"))]
    #[case(None)]
    #[tokio::test]
    async fn another_type_is_415(#[case] content_type: Option<&str>) {
        let (status, body) = send(content_type, r#"{"email":"anna@example.com"}"#).await;
        assert_eq!(status, 415);
        assert!(body.contains("UNSUPPORTED_MEDIA_TYPE"), "{body}");
    }

    #[rstest]
    #[case::empty("".into())]
    #[case::cut_off("{\"email\":\"anna@exam".into())]
    #[case::no_object("[1]".into())]
    #[case::not_utf_8(Body::from(b"{\"email\":\"\xff\"}".to_vec()))]
    #[case::deep(format!("{{\"a\":{}{}}}", "[".repeat(40), "]".repeat(40)).into())]
    #[case::deeper_than_the_parser_goes("[".repeat(4000).into())]
    #[tokio::test]
    async fn rule_20_a_malformed_or_deep_body_is_400(#[case] body: Body) {
        let (status, body) = send(Some("application/json"), body).await;
        assert_eq!(status, 400, "{body}");
        assert!(body.contains("INVALID_INPUT"), "{body}");
    }

    #[tokio::test]
    async fn rule_20_a_body_over_the_limit_is_413() {
        let body = |length: usize| format!("{{\"email\":\"a@b.cd\"{}}}", " ".repeat(length - 18));
        assert_eq!(send(Some("application/json"), body(LIMIT)).await.0, 200);
        let (status, answer) = send(Some("application/json"), body(LIMIT + 1)).await;
        assert_eq!(status, 413);
        assert!(answer.contains("PAYLOAD_TOO_LARGE"), "{answer}");
    }

    async fn identity(key: &str, body: &str) -> Option<TokenHash> {
        let request = Request::post("/").header("content-type", "application/json").header("idempotency-key", key);
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let read = IdempotentJson::<EmailRequest>::from_request(request, &()).await.ok()?;
        read.of_operation("test").1.map(|request| request.id().clone())
    }

    #[tokio::test]
    async fn an_idempotency_key_must_be_readable() {
        assert!(identity("k1", r#"{"email":"a@b.cd"}"#).await.is_some());
        assert!(identity("", r#"{"email":"a@b.cd"}"#).await.is_none());
        assert!(identity("a b", r#"{"email":"a@b.cd"}"#).await.is_none());
    }

    #[tokio::test]
    async fn order_casing_and_spacing_do_not_make_another_request() {
        let canonical = |text: &str| object_from(text.as_bytes()).unwrap().to_string();
        assert_eq!(canonical(r#"{ "b_c": 1, "a": 2 }"#), canonical(r#"{"a":2,"bC":1}"#));
    }
}
