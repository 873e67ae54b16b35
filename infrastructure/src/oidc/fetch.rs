//! Fetching key sets over HTTPS.
//!
//! Unlike AWS's endpoints, which chain to five roots (see [`aws`](crate::aws)), the providers change their
//! certificate authorities without asking us, so that these connections trust what the machine trusts. Reading that
//! takes time, and is done when the first key set is fetched: a cold start does not pay for it.

use std::{sync::OnceLock, time::Duration};

use async_trait::async_trait;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_http_client::{
    Connector,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorSettings},
    orchestrator::HttpRequest,
};
use aws_smithy_types::byte_stream::ByteStream;
use chrono::TimeDelta;
use tokio::time::timeout;
use url::Url;

use super::key_cache::{FetchError, Fetched, KeySource};

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long it all may take. Somebody waits for it.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Longest key set that is read. Microsoft's has about 20 KB.
const MAX_LENGTH: usize = 256 * 1024;

/// A key set at an HTTPS address. Redirects are not followed: the address that is set up is the address that is
/// trusted.
pub(super) struct HttpsKeySource {
    url: Url,
    connector: OnceLock<Connector>,
}

impl HttpsKeySource {
    pub(super) const fn new(url: Url) -> Self {
        Self { url, connector: OnceLock::new() }
    }

    fn connector(&self) -> Result<&Connector, FetchError> {
        if let Some(connector) = self.connector.get() {
            return Ok(connector);
        }
        // Plain HTTP, which the settings allow to a machine's own address only, needs nobody's trust.
        let trusted = TrustStore::empty().with_native_roots(self.url.scheme() == "https");
        let tls = TlsContext::builder().with_trust_store(trusted).build().map_err(|error| failed(&error))?;
        let timeouts = HttpConnectorSettings::builder().connect_timeout(CONNECT_TIMEOUT).read_timeout(TIMEOUT).build();
        let connector = Connector::builder()
            .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
            .tls_context(tls)
            .connector_settings(timeouts)
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            // The next fetch is hours away.
            .pool_max_idle_per_host(0)
            .build();
        Ok(self.connector.get_or_init(|| connector))
    }

    async fn get(&self) -> Result<Fetched, FetchError> {
        let mut request = HttpRequest::get(self.url.as_str()).map_err(|error| failed(&error))?;
        request.headers_mut().insert("accept", "application/json");
        let response = self.connector()?.call(request).await.map_err(|error| failed(&error))?;
        if response.status().as_u16() != 200 {
            return Err(FetchError(format!("the answer was {}", response.status().as_u16())));
        }
        let max_age = response.headers().get("cache-control").and_then(max_age);
        let mut body = ByteStream::new(response.into_body());
        let mut document = Vec::new();
        while let Some(part) = body.next().await {
            document.extend_from_slice(&part.map_err(|error| failed(&error))?);
            if document.len() > MAX_LENGTH {
                return Err(FetchError(format!("the answer is longer than {MAX_LENGTH} bytes")));
            }
        }
        Ok(Fetched { document, max_age })
    }
}

#[async_trait]
impl KeySource for HttpsKeySource {
    async fn fetch(&self) -> Result<Fetched, FetchError> {
        timeout(TIMEOUT, self.get()).await.unwrap_or_else(|_| Err(FetchError("no answer in time".to_owned())))
    }
}

fn failed(error: &dyn std::error::Error) -> FetchError {
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
