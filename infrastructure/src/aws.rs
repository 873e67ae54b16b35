//! Configuration of the AWS SDK, and the clients made from it.
//!
//! The SDK trusts the five roots that AWS's endpoints chain to and no others. Reading the machine's
//! own hundred and more takes most of a cold start, and none of them should vouch for AWS.

use std::time::Duration;

#[cfg(feature = "profile-credentials")]
use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::meta::credentials::CredentialsProviderChain;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedAsyncSleep, SharedCredentialsProvider};
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::Builder;
pub use aws_smithy_http_client::HttpClientError;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use url::Url;

/// Amazon Root CA 1 to 4 and Starfield Services Root CA - G2, as PEM.
pub(crate) const AMAZON_ROOTS: &str = include_str!("aws/amazon-roots.pem");

/// A connection within the region takes milliseconds; one that takes a second is lost.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// DynamoDB's slow answers take tens of milliseconds. Waiting longer than this is waiting for a
/// connection that died while the function was frozen, and the next attempt opens another.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);
/// Two attempts that time out and one that does not, within what a person waits for a page and well
/// within the function's 30 s.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(8);
const ATTEMPTS: u32 = 3;
/// Before the first retry; doubled for the next, and each multiplied by a random share of one. The
/// SDK's own first pause, up to a second, is meant for batch work.
const FIRST_BACKOFF: Duration = Duration::from_millis(50);
const LONGEST_BACKOFF: Duration = Duration::from_secs(1);

/// SES accepts a message after checks that can take seconds, and a message that it accepted after
/// we gave up is sent twice. Nobody waits for it: mail goes out from the outbox.
const MAIL_ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
const MAIL_OPERATION_TIMEOUT: Duration = Duration::from_secs(25);

/// Loads the SDK's configuration: our trust store, time-outs, three attempts, and credentials that are
/// asked for at the first request. Lambda puts them into the environment, and there is no looking
/// elsewhere without the feature `profile-credentials`.
///
/// The environment's region is not consulted, so that a client never reads another region's tables
/// because of a developer's profile.
///
/// # Errors
/// When the TLS configuration is refused, which does not depend on the machine.
pub async fn load(region: impl Into<String>) -> Result<SdkConfig, HttpClientError> {
    let retries = RetryConfig::standard()
        .with_max_attempts(ATTEMPTS)
        .with_initial_backoff(FIRST_BACKOFF)
        .with_max_backoff(LONGEST_BACKOFF);
    let region = Region::new(region.into());
    Ok(SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(region.clone())
        .http_client(http_client()?)
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .timeout_config(timeouts(ATTEMPT_TIMEOUT, OPERATION_TIMEOUT))
        .retry_config(retries)
        .credentials_provider(credentials(region).await)
        .build())
}

#[cfg(feature = "profile-credentials")]
async fn credentials(region: Region) -> SharedCredentialsProvider {
    // Not told the region, the chain asks the machine's metadata service for it, at once and with patience.
    let everywhere = DefaultCredentialsChain::builder().region(region);
    SharedCredentialsProvider::new(everywhere.build().await)
}

#[cfg(not(feature = "profile-credentials"))]
#[expect(clippy::unused_async, reason = "looking elsewhere is asynchronous")]
async fn credentials(_: Region) -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new())
}

/// A client of DynamoDB, or of the store at `endpoint` that speaks its protocol.
///
/// What it is asked with, `credentials_for` says.
#[must_use]
pub fn dynamodb_client(config: &SdkConfig, endpoint: Option<&Url>) -> aws_sdk_dynamodb::Client {
    let mut builder = aws_sdk_dynamodb::config::Builder::from(config);
    if let Some(endpoint) = endpoint {
        builder = builder.endpoint_url(endpoint.as_str()).credentials_provider(credentials_for(config, endpoint));
    }
    aws_sdk_dynamodb::Client::from_conf(builder.build())
}

/// The credentials for requests to this endpoint.
///
/// An endpoint over plain HTTP is a stand-in on this machine or beside it, which checks no signatures. It gets the
/// environment's credentials, because DynamoDB Local keeps apart what different keys write, or made-up ones, instead
/// of seconds of search for a role that nobody has.
pub(crate) fn credentials_for(config: &SdkConfig, endpoint: &Url) -> SharedCredentialsProvider {
    let environment = EnvironmentVariableCredentialsProvider::new();
    if endpoint.scheme() != "http" {
        return config.credentials_provider().unwrap_or_else(|| SharedCredentialsProvider::new(environment));
    }
    let made_up = Credentials::new("local", "local", None, None, "local");
    let chain = CredentialsProviderChain::first_try("environment", environment).or_else("local", made_up);
    SharedCredentialsProvider::new(chain)
}

/// A client of Secrets Manager.
#[must_use]
pub fn secrets_manager_client(config: &SdkConfig) -> aws_sdk_secretsmanager::Client {
    aws_sdk_secretsmanager::Client::new(config)
}

/// A client of SES, more patient than the others.
#[must_use]
pub fn ses_client(config: &SdkConfig) -> aws_sdk_sesv2::Client {
    let config = aws_sdk_sesv2::config::Builder::from(config)
        .timeout_config(timeouts(MAIL_ATTEMPT_TIMEOUT, MAIL_OPERATION_TIMEOUT))
        .build();
    aws_sdk_sesv2::Client::from_conf(config)
}

fn timeouts(attempt: Duration, operation: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(attempt)
        .operation_timeout(operation)
        .build()
}

/// One client for all services, so that they share connections. It also speaks plain HTTP, for the
/// endpoints that ask for it.
fn http_client() -> Result<SharedHttpClient, HttpClientError> {
    let roots = TrustStore::empty().with_pem_certificate(AMAZON_ROOTS);
    let tls = TlsContext::builder().with_trust_store(roots).build()?;
    Ok(Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).tls_context(tls).build_https())
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::digest::{SHA256, digest};
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    /// What Amazon Trust Services publishes as the SHA-256 fingerprints of its roots.
    const PUBLISHED: [(&str, &str); 5] = [
        ("Amazon Root CA 1", "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e"),
        ("Amazon Root CA 2", "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4"),
        ("Amazon Root CA 3", "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4"),
        ("Amazon Root CA 4", "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092"),
        (
            "Starfield Services Root Certificate Authority - G2",
            "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5",
        ),
    ];

    #[test]
    fn the_roots_are_amazons_five_and_are_named_as_what_they_are() {
        let mut found = Vec::new();
        for section in AMAZON_ROOTS.split("-----END CERTIFICATE-----\n") {
            let Some((comments, encoded)) = section.split_once("-----BEGIN CERTIFICATE-----") else {
                continue;
            };
            let der = STANDARD.decode(encoded.replace('\n', "")).expect("base64");
            let fingerprint = hex::encode(digest(&SHA256, &der));
            let comments: Vec<_> = comments.trim().lines().rev().take(2).collect();
            assert_eq!(comments[0], format!("# SHA-256 {fingerprint}"));
            found.push((comments[1].trim_start_matches("# ").to_owned(), fingerprint));
        }
        let published = PUBLISHED.map(|(name, print)| (name.to_owned(), print.to_owned()));
        assert_eq!(found, published);
    }

    #[tokio::test]
    async fn every_client_accepts_the_configuration() {
        let config = load("us-east-1").await.expect("a configuration");
        assert_eq!(config.region().map(Region::as_ref), Some("us-east-1"));
        let attempts = config.retry_config().map(RetryConfig::max_attempts);
        assert_eq!(attempts, Some(3));

        // A root that rustls refuses would panic here.
        let _dynamodb = dynamodb_client(&config, None);
        let _secrets = secrets_manager_client(&config);
        let ses = ses_client(&config);
        let timeouts = ses.config().timeout_config().expect("time-outs");
        assert_eq!(timeouts.operation_attempt_timeout(), Some(MAIL_ATTEMPT_TIMEOUT));
        assert_eq!(timeouts.connect_timeout(), Some(CONNECT_TIMEOUT));
    }

    #[cfg(feature = "embedded")]
    #[tokio::test]
    async fn a_store_on_this_machine_is_reached_over_plain_http_without_credentials() {
        use crate::dynamodb::embedded::EmbeddedDynamoDb;

        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let database = EmbeddedDynamoDb::in_memory().expect("a database");
        let server = tokio::spawn(async move { database.serve_on(listener, std::future::pending()).await });

        let config = load("us-east-1").await.expect("a configuration");
        let endpoint = format!("http://{address}").parse().expect("a URL");
        let client = dynamodb_client(&config, Some(&endpoint));
        let listed = client.list_tables().send().await.expect("an answer");
        assert!(listed.table_names().is_empty());
        server.abort();
    }
}
