//! The path that a client asked for.

use lambda_http::http::Uri;

/// `uri` with the path of the event, without the stage that some kinds of API Gateway put before it. `None`
/// when the result would be no URI; the adapter's own path then has to do.
///
/// An HTTP API's `rawPath` begins with the name of a named stage, a REST API's `path` does not, and the adapter
/// adds the stage to both unless a variable of the environment tells it not to. The path of the event itself
/// is the only thing that does not depend on how the function is deployed.
pub(crate) fn without_stage(uri: &Uri, raw_path: &str, stage: Option<&str>) -> Option<Uri> {
    let path = match stage {
        Some(stage) if stage != "$default" => strip_segment(raw_path, stage).unwrap_or(raw_path),
        _ => raw_path,
    };
    let path = if path.is_empty() { "/" } else { path };
    let path_and_query = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path_and_query.parse().ok()?);
    Uri::from_parts(parts).ok()
}

/// `path` without `segment` at its beginning.
fn strip_segment<'a>(path: &'a str, segment: &str) -> Option<&'a str> {
    let rest = path.strip_prefix('/')?.strip_prefix(segment)?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(uri: &str, raw: &str, stage: &str) -> String {
        without_stage(&uri.parse().unwrap(), raw, Some(stage)).unwrap().to_string()
    }

    #[test]
    fn the_default_stage_is_no_part_of_the_path() {
        assert_eq!(path("https://h/api/v1/health?a=1", "/api/v1/health", "$default"), "https://h/api/v1/health?a=1");
    }

    #[test]
    fn a_named_stage_is_removed_whether_the_event_or_the_adapter_put_it_there() {
        assert_eq!(path("https://h/dev/api/v1/health", "/dev/api/v1/health", "dev"), "https://h/api/v1/health");
        assert_eq!(path("https://h/dev/api/v1/health", "/api/v1/health", "dev"), "https://h/api/v1/health");
        assert_eq!(path("https://h/dev", "/dev", "dev"), "https://h/");
    }

    #[test]
    fn a_path_that_only_begins_like_the_stage_stays() {
        assert_eq!(path("https://h/device/1", "/device/1", "dev"), "https://h/device/1");
    }
}
