//! Fetching key sets over HTTPS.
//!
//! Unlike AWS's endpoints, which chain to five roots (see [`aws`](crate::aws)), the providers change their
//! certificate authorities without asking us, so that these connections trust what the machine trusts.

use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use url::Url;

use super::key_cache::{FetchError, Fetched, KeySource};
use crate::https::{HttpsClient, HttpsError, Limits, Trust};

/// Somebody waits for it. Microsoft's key set, the longest, has about 20 KB.
const LIMITS: Limits = Limits { connecting: Duration::from_secs(2), total: Duration::from_secs(5), answer: 256 * 1024 };

/// A key set at an HTTPS address.
pub(super) struct HttpsKeySource {
    client: HttpsClient,
}

impl HttpsKeySource {
    pub(super) const fn new(url: Url) -> Self {
        Self { client: HttpsClient::new(url, Trust::Machine, LIMITS) }
    }
}

#[async_trait]
impl KeySource for HttpsKeySource {
    async fn fetch(&self) -> Result<Fetched, FetchError> {
        let request = self.client.get(&[("accept", "application/json")]).map_err(failed)?;
        let answer = self.client.send(request).await.map_err(failed)?;
        if answer.status != 200 {
            return Err(FetchError(format!("the answer was {}", answer.status)));
        }
        if !answer.is_whole {
            return Err(FetchError(format!("the answer is longer than {} bytes", LIMITS.answer)));
        }
        Ok(Fetched { max_age: answer.headers.get("cache-control").and_then(max_age), document: answer.body })
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is given to map_err")]
fn failed(error: HttpsError) -> FetchError {
    FetchError(error.to_string())
}

/// For how long an answer may be kept, by its `Cache-Control` (RFC 9111 §5.2.2).
fn max_age(cache_control: &str) -> Option<TimeDelta> {
    let mut directives = cache_control.split(',').map(|directive| directive.trim().to_ascii_lowercase());
    directives.find_map(|directive| match directive.as_str() {
        "no-store" | "no-cache" => Some(TimeDelta::zero()),
        other => TimeDelta::try_seconds(other.strip_prefix("max-age=")?.trim_matches('"').parse().ok()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_age_that_an_answer_may_have_is_read() {
        for (header, seconds) in [
            ("public, max-age=21600, must-revalidate, no-transform", Some(21_600)),
            ("Max-Age=\"60\"", Some(60)),
            ("no-store, max-age=60", Some(0)),
            ("private", None),
            ("max-age=soon", None),
            ("max-age=9223372036854775807", None),
        ] {
            assert_eq!(max_age(header), seconds.map(TimeDelta::seconds), "{header}");
        }
    }
}
