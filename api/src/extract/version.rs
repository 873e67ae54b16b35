//! Versions that requests are made for.

use axum::{
    extract::FromRequestParts,
    http::{HeaderValue, header, request::Parts},
};
use domain::Version;
use utoipa::{
    IntoParams,
    openapi::path::{Parameter, ParameterIn},
};

use crate::{dto::rules::read_version, error::ApiError, openapi};

/// The version in `If-Match`, if there is one; `*` stands for any.
pub(crate) struct IfMatch(Option<Version>);

impl IfMatch {
    /// The version that the request was made for: what its body says goes before the header, in which a program that
    /// stands between may have put it.
    pub(crate) fn or_in_body(self, in_body: Option<i64>) -> Option<Version> {
        in_body.and_then(|number| read_version(number).ok()).or(self.0)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        match parts.headers.get(header::IF_MATCH) {
            None => Ok(Self(None)),
            Some(value) if value == "*" => Ok(Self(None)),
            Some(value) => version_in(value).map(|version| Self(Some(version))),
        }
    }
}

/// Tags are weak once somebody on the way has compressed what they are about.
fn version_in(value: &HeaderValue) -> Result<Version, ApiError> {
    let tag = value.to_str().ok().map(|text| text.strip_prefix("W/").unwrap_or(text));
    let number = tag.and_then(|tag| tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok());
    number.map(Version::restore).ok_or(ApiError::unreadable("If-Match must be the ETag of an earlier answer"))
}

impl IntoParams for IfMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let description = "The `ETag` of the answer that the change was made for, where the body has no `version`.";
        vec![openapi::header("If-Match", description, openapi::visible_ascii(64))]
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("\"12\"", Some(12))]
    #[case("W/\"12\"", Some(12))]
    #[case("12", None)]
    #[case("\"twelve\"", None)]
    #[case("\"1\", \"2\"", None)]
    fn a_tag_is_a_version(#[case] value: &'static str, #[case] version: Option<u64>) {
        let read = version_in(&HeaderValue::from_static(value)).ok();
        assert_eq!(read, version.map(Version::restore));
    }
}
