//! What a host decides about the HTTP face.

use std::{num::NonZeroU32, time::Duration};

use axum::http::{HeaderValue, Uri};

/// What a host decides about the HTTP face. The default is production's, with no other site allowed in.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// The prefix under which every route answers as well.
    pub base_path: BasePath,
    /// Which sites may call from a browser.
    pub cors: CorsOrigins,
    /// Whether to tell browsers to use HTTPS only. Not for a host that is reached over plain HTTP.
    pub hsts: bool,
    /// Longest request body, in bytes (security rule 20).
    pub body_limit: usize,
    /// How long a request may take before it is answered with `503`.
    pub request_timeout: Duration,
    /// How many `POST`s and `PUT`s one source may send in a minute to what is public, or tells whether a promotion code is
    /// valid; `None` does not limit them.
    pub public_posts_per_minute: Option<NonZeroU32>,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            base_path: BasePath("/account".to_owned()),
            cors: CorsOrigins::default(),
            hsts: false,
            body_limit: 256 * 1024,
            request_timeout: Duration::from_secs(25),
            public_posts_per_minute: NonZeroU32::new(60),
        }
    }
}

/// Why the settings of the HTTP face cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidHttpSettings {
    /// The base path.
    #[error("the base path {0}")]
    BasePath(#[from] InvalidBasePath),
    /// The sites that may call from a browser.
    #[error("the CORS origins: {0}")]
    Cors(#[from] InvalidCorsOrigin),
}

impl HttpSettings {
    /// Settings for the environment `stage` from what an operator writes. No limit of public `POST`s is `0` or
    /// `None`.
    ///
    /// # Errors
    ///
    /// [`InvalidHttpSettings`] says which cannot be used.
    pub fn parse(
        stage: &str,
        base_path: &str,
        cors_origins: &[String],
        public_posts_per_minute: Option<u32>,
    ) -> Result<Self, InvalidHttpSettings> {
        Ok(Self {
            base_path: BasePath::parse(base_path)?,
            cors: CorsOrigins::parse(cors_origins, stage)?,
            public_posts_per_minute: public_posts_per_minute.and_then(NonZeroU32::new),
            ..Self::default()
        })
    }
}

/// The prefix that a gateway maps to this service, such as `/account`; empty when there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BasePath(String);

/// Why a text is not a base path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be empty or a path such as /account, without a query or characters that need escaping")]
pub struct InvalidBasePath;

impl BasePath {
    /// Reads a path, with or without a slash at its end.
    ///
    /// # Errors
    ///
    /// [`InvalidBasePath`] when it is none.
    pub fn parse(text: &str) -> Result<Self, InvalidBasePath> {
        let text = text.trim().trim_end_matches('/');
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.');
        let is_path = text.starts_with('/') && !text.contains("//") && text.chars().all(allowed);
        if text.is_empty() || is_path { Ok(Self(text.to_owned())) } else { Err(InvalidBasePath) }
    }

    /// The path without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Which sites may call the service from a browser (security rule 23).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CorsOrigins {
    /// Any site, without credentials.
    Any,
    /// These, with credentials.
    Listed(Vec<HeaderValue>),
}

/// Why an origin cannot be allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCorsOrigin {
    /// Not of the form `https://app.example.com`.
    #[error("{0:?} is not an origin such as https://app.example.com")]
    Malformed(String),
    /// `*` where real people sign in.
    #[error("`*` is allowed in the environments local and dev only")]
    AnyInProduction,
}

impl Default for CorsOrigins {
    fn default() -> Self {
        Self::Listed(Vec::new())
    }
}

impl CorsOrigins {
    /// Reads a list of origins; `*` among them stands for any, in the environments `local` and `dev`.
    ///
    /// # Errors
    ///
    /// [`InvalidCorsOrigin`] says which one is refused.
    pub fn parse(origins: &[String], environment: &str) -> Result<Self, InvalidCorsOrigin> {
        if origins.iter().any(|origin| origin.trim() == "*") {
            let harmless = matches!(environment, "local" | "dev");
            return if harmless { Ok(Self::Any) } else { Err(InvalidCorsOrigin::AnyInProduction) };
        }
        origins.iter().map(|origin| parse_origin(origin)).collect::<Result<_, _>>().map(Self::Listed)
    }
}

fn parse_origin(text: &str) -> Result<HeaderValue, InvalidCorsOrigin> {
    let malformed = || InvalidCorsOrigin::Malformed(text.to_owned());
    let origin = text.trim().trim_end_matches('/').to_ascii_lowercase();
    let uri: Uri = origin.parse().map_err(|_| malformed())?;
    let bare = uri.path_and_query().is_none_or(|rest| rest == "/");
    let known_scheme = matches!(uri.scheme_str(), Some("http" | "https"));
    let has_host = uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
    if !(bare && known_scheme && has_host) {
        return Err(malformed());
    }
    HeaderValue::try_from(origin).map_err(|_| malformed())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("/account", "/account")]
    #[case(" /account/ ", "/account")]
    #[case("/", "")]
    #[case("", "")]
    fn a_base_path_has_no_slash_at_its_end(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(BasePath::parse(text).unwrap().as_str(), expected);
    }

    #[rstest]
    #[case("account")]
    #[case("//evil.example")]
    #[case("/account?x=1")]
    #[case("/a b")]
    fn what_is_no_base_path_is_refused(#[case] text: &str) {
        assert_eq!(BasePath::parse(text), Err(InvalidBasePath));
    }

    #[test]
    fn rule_23_any_origin_is_allowed_in_local_and_dev_only() {
        let any = ["*".to_owned()];
        assert_eq!(CorsOrigins::parse(&any, "local"), Ok(CorsOrigins::Any));
        assert_eq!(CorsOrigins::parse(&any, "dev"), Ok(CorsOrigins::Any));
        assert_eq!(CorsOrigins::parse(&any, "prod"), Err(InvalidCorsOrigin::AnyInProduction));
    }

    #[rstest]
    #[case("app.example.com")]
    #[case("https://app.example.com/login")]
    #[case("https://user@app.example.com")]
    #[case("ftp://app.example.com")]
    fn what_is_no_origin_is_refused(#[case] text: &str) {
        let refused = CorsOrigins::parse(&[text.to_owned()], "prod");
        assert_eq!(refused, Err(InvalidCorsOrigin::Malformed(text.to_owned())));
    }

    #[test]
    fn an_origin_is_compared_as_browsers_send_it() {
        let listed = CorsOrigins::parse(&["https://App.example.com/".to_owned()], "prod");
        assert_eq!(listed, Ok(CorsOrigins::Listed(vec![HeaderValue::from_static("https://app.example.com")])));
    }
}
