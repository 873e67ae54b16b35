//! Query strings.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::{Uri, request::Parts},
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use validator::Validate;

use super::{body::object_from, casing::to_snake_case, decode::decode};
use crate::error::ApiError;

/// Valid query parameters, in either casing.
pub(crate) struct Query<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Validate> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        decode(Value::Object(parameters(&parts.uri)?)).map(Self)
    }
}

/// Valid fields from the query or, where it has none of that name, from a JSON body. A body that cannot be read
/// counts as none: these routes were called without one for years.
pub(crate) struct QueryOrBody<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Validate> FromRequest<S> for QueryOrBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let mut from_query = parameters(request.uri())?;
        let body = Bytes::from_request(request, state).await.unwrap_or_default();
        let mut fields = match object_from(&body) {
            Ok(Value::Object(fields)) => fields,
            _ => Map::new(),
        };
        fields.append(&mut from_query);
        decode(Value::Object(fields)).map(Self)
    }
}

fn parameters(uri: &Uri) -> Result<Map<String, Value>, ApiError> {
    let unreadable = || ApiError::unreadable("The query string could not be read");
    let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri).map_err(|_| unreadable())?;
    let fields = pairs.0.into_iter().map(|(name, value)| (name, Value::String(value))).collect();
    match to_snake_case(Value::Object(fields)) {
        Ok(Value::Object(fields)) => Ok(fields),
        _ => Err(unreadable()),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use rstest::rstest;

    use super::*;
    use crate::dto::{auth::LogoutRequest, secret::Secret};

    #[rstest]
    #[case("/?refresh_token=query", "", Some("query"))]
    #[case("/?refreshToken=query", "", Some("query"))]
    #[case("/?refresh_token=query", r#"{"refresh_token":"body"}"#, Some("query"))]
    #[case("/", r#"{"refreshToken":"body"}"#, Some("body"))]
    #[case("/", "not json", None)]
    #[case("/", "", None)]
    #[tokio::test]
    async fn the_query_comes_before_the_body(
        #[case] uri: &str,
        #[case] body: &'static str,
        #[case] found: Option<&str>,
    ) {
        let request = Request::post(uri).body(Body::from(body)).unwrap();
        let QueryOrBody(request) = QueryOrBody::<LogoutRequest>::from_request(request, &()).await.unwrap();
        assert_eq!(request.refresh_token.as_ref().map(Secret::expose), found);
    }
}
