//! The prefix under which a gateway forwards to this service.

use axum::{
    Router,
    extract::Request,
    http::{Uri, uri::PathAndQuery},
};
use tower::ServiceExt;

use crate::BasePath;

/// Serves `routes` as they are and under the base path as well. The prefix is taken off before routing, so that
/// routes, logs and limits know one path only.
pub(crate) fn strip_base_path(routes: Router, base: BasePath) -> Router {
    Router::new().fallback_service(routes.map_request(move |mut request: Request| {
        if let Some(uri) = without_prefix(request.uri(), base.as_str()) {
            *request.uri_mut() = uri;
        }
        request
    }))
}

fn without_prefix(uri: &Uri, prefix: &str) -> Option<Uri> {
    let path_and_query = uri.path_and_query()?.as_str();
    let rest = path_and_query.strip_prefix(prefix).filter(|rest| rest.starts_with('/'))?;
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(rest).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("/account/api/v1/health?x=/account", Some("/api/v1/health?x=/account"))]
    #[case("https://api.example.com/account/docs/", Some("https://api.example.com/docs/"))]
    #[case("/accounts/api", None)]
    #[case("/account", None)]
    #[case("/api/v1/account/x", None)]
    fn the_prefix_is_taken_off_where_it_is_a_whole_segment(#[case] uri: &'static str, #[case] rest: Option<&str>) {
        let stripped = without_prefix(&Uri::from_static(uri), "/account");
        assert_eq!(stripped.map(|uri| uri.to_string()).as_deref(), rest);
    }

    #[test]
    fn no_base_path_changes_nothing() {
        let uri = Uri::from_static("/health?x=1");
        assert_eq!(without_prefix(&uri, "").unwrap_or(uri.clone()), uri);
    }
}
