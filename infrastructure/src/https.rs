//! Requests to others over HTTPS, past the AWS SDK: fetching keys, publishing events, taking money.

use std::{error::Error, sync::OnceLock, time::Duration};

use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_http_client::{
    Connector,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::{
    client::{
        http::{HttpConnector, HttpConnectorSettings},
        orchestrator::HttpRequest,
    },
    http::Headers,
};
use aws_smithy_types::{body::SdkBody, byte_stream::ByteStream};
use tokio::time::timeout;
use url::Url;

use crate::aws::AMAZON_ROOTS;

/// How long a connection is kept for the next request: a burst of requests shares one, and none is used that was
/// frozen with the function.
const IDLE: Duration = Duration::from_secs(10);

/// Who vouches for the other side.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trust {
    /// The authorities that the machine trusts. Reading them takes a while.
    Machine,
    /// Amazon's own.
    Amazon,
}

/// What one request may cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How long a connection may take.
    pub(crate) connecting: Duration,
    /// How long it all may take.
    pub(crate) total: Duration,
    /// How many bytes of the answer are read.
    pub(crate) answer: usize,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    /// As much of it as may be read.
    pub(crate) body: Vec<u8>,
    /// Whether that is all.
    pub(crate) is_whole: bool,
}

/// Why nothing came back. Says nothing of the request, which may hold secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HttpsError {
    /// It took too long.
    #[error("no answer in time")]
    TimedOut,
    /// There was no connection, or it broke.
    #[error("no connection: {0}")]
    Connection(String),
    /// The request or the connection cannot be made at all.
    #[error("the request cannot be made: {0}")]
    Unusable(String),
}

/// Sends requests to one address, or to the paths of one server. Redirects are not followed: the address that is set up is the address that is
/// trusted. The connection, and the authorities to trust, are set up with the first request: a cold start does not pay
/// for them.
pub(crate) struct HttpsClient {
    url: Url,
    trust: Trust,
    limits: Limits,
    connector: OnceLock<Connector>,
}

impl HttpsClient {
    pub(crate) const fn new(url: Url, trust: Trust, limits: Limits) -> Self {
        Self { url, trust, limits, connector: OnceLock::new() }
    }

    pub(crate) fn get(&self, headers: &[(&'static str, &str)]) -> Result<HttpRequest, HttpsError> {
        request("GET", &self.url, headers, SdkBody::empty())
    }

    pub(crate) fn post(
        &self,
        headers: &[(&'static str, &str)],
        body: impl Into<SdkBody>,
    ) -> Result<HttpRequest, HttpsError> {
        request("POST", &self.url, headers, body.into())
    }

    /// A request to another path of the server. Whatever the path and the query hold, it goes to no other one.
    pub(crate) fn request_to(
        &self,
        method: &'static str,
        path: &str,
        query: Option<&str>,
        headers: &[(&'static str, &str)],
        body: impl Into<SdkBody>,
    ) -> Result<HttpRequest, HttpsError> {
        let mut url = self.url.clone();
        url.set_path(path);
        url.set_query(query);
        request(method, &url, headers, body.into())
    }

    /// Sends a request and reads the answer.
    pub(crate) async fn send(&self, request: HttpRequest) -> Result<Answer, HttpsError> {
        timeout(self.limits.total, self.exchange(request)).await.unwrap_or(Err(HttpsError::TimedOut))
    }

    async fn exchange(&self, request: HttpRequest) -> Result<Answer, HttpsError> {
        let response = self.connector()?.call(request).await.map_err(|error| {
            if error.is_timeout() { HttpsError::TimedOut } else { HttpsError::Connection(deepest(&error)) }
        })?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut parts = ByteStream::new(response.into_body());
        let mut answer = Answer { status, headers, body: Vec::new(), is_whole: true };
        while let Some(part) = parts.next().await {
            let part = part.map_err(|error| HttpsError::Connection(deepest(&error)))?;
            let room = self.limits.answer - answer.body.len();
            answer.body.extend(part.iter().take(room));
            if part.len() > room {
                answer.is_whole = false;
                break;
            }
        }
        Ok(answer)
    }

    fn connector(&self) -> Result<&Connector, HttpsError> {
        if let Some(connector) = self.connector.get() {
            return Ok(connector);
        }
        let trusted = match self.trust {
            // Plain HTTP, which the settings allow on a developer's machine only, needs nobody's trust.
            _ if self.url.scheme() == "http" => TrustStore::empty(),
            Trust::Machine => TrustStore::default(),
            Trust::Amazon => TrustStore::empty().with_pem_certificate(AMAZON_ROOTS),
        };
        let tls = TlsContext::builder().with_trust_store(trusted).build().map_err(unusable)?;
        let timeouts = HttpConnectorSettings::builder()
            .connect_timeout(self.limits.connecting)
            .read_timeout(self.limits.total)
            .build();
        let connector = Connector::builder()
            .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
            .tls_context(tls)
            .connector_settings(timeouts)
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .pool_idle_timeout(IDLE)
            .build();
        Ok(self.connector.get_or_init(|| connector))
    }
}

/// Sets a header.
pub(crate) fn set_header(request: &mut HttpRequest, name: &'static str, value: &str) -> Result<(), HttpsError> {
    request.headers_mut().try_insert(name, value.to_owned()).map(drop).map_err(unusable)
}

fn request(
    method: &'static str,
    url: &Url,
    headers: &[(&'static str, &str)],
    body: SdkBody,
) -> Result<HttpRequest, HttpsError> {
    let mut request = HttpRequest::new(body);
    request.set_method(method).map_err(unusable)?;
    request.set_uri(url.as_str()).map_err(unusable)?;
    headers.iter().try_for_each(|(name, value)| set_header(&mut request, name, value))?;
    Ok(request)
}

fn unusable(error: impl Error) -> HttpsError {
    HttpsError::Unusable(error.to_string())
}

/// What an error is about, past its wrappings.
fn deepest(error: &(dyn Error + 'static)) -> String {
    error.source().map_or_else(|| error.to_string(), deepest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::server::{Reply, Server, answer};

    const LIMITS: Limits =
        Limits { connecting: Duration::from_secs(2), total: Duration::from_secs(20), answer: 64 * 1024 };

    async fn get(reply: Reply) -> Result<Answer, HttpsError> {
        let server = Server::start(reply);
        let client = HttpsClient::new(server.url.clone(), Trust::Machine, LIMITS);
        client.send(client.get(&[("accept", "text/plain")]).unwrap()).await
    }

    #[tokio::test]
    async fn an_answer_comes_back_whole_whatever_its_status() {
        let got = get(Reply::Text(answer("418 I'm a teapot", "x-kind: pot\r\n", "short"))).await.unwrap();
        assert_eq!((got.status, got.headers.get("x-kind")), (418, Some("pot")));
        assert_eq!((got.body.as_slice(), got.is_whole), (b"short".as_slice(), true));
    }

    #[tokio::test]
    async fn no_more_of_an_answer_is_read_than_may_be() {
        let exactly = get(Reply::Text(answer("200 OK", "", &"x".repeat(LIMITS.answer)))).await.unwrap();
        assert_eq!((exactly.body.len(), exactly.is_whole), (LIMITS.answer, true));
        let endless = get(Reply::Endless).await.unwrap();
        assert_eq!((endless.body.len(), endless.is_whole), (LIMITS.answer, false));
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_does_not_answer_is_given_up() {
        assert_eq!(get(Reply::Silence).await.unwrap_err(), HttpsError::TimedOut);
    }

    #[tokio::test]
    async fn a_connection_that_cannot_be_made_says_why() {
        let client = HttpsClient::new("http://127.0.0.1:1/".parse().unwrap(), Trust::Machine, LIMITS);
        let error = client.send(client.get(&[]).unwrap()).await.unwrap_err();
        assert!(error.to_string().starts_with("no connection: Connection refused"), "{error}");
    }

    #[tokio::test]
    async fn a_server_that_nobody_vouches_for_gets_no_request() {
        let server = Server::start(Reply::Text(answer("200 OK", "", "")));
        let url = server.url.as_str().replace("http:", "https:").parse().unwrap();
        let client = HttpsClient::new(url, Trust::Amazon, LIMITS);
        assert!(matches!(
            client.send(client.post(&[], "secret".to_owned()).unwrap()).await,
            Err(HttpsError::Connection(_))
        ));
        assert!(server.received().is_none());
    }

    #[tokio::test]
    async fn a_path_stays_on_its_server() {
        let server = Server::start(Reply::Text(answer("200 OK", "", "")));
        let client = HttpsClient::new(server.url.clone(), Trust::Machine, LIMITS);
        for (path, query, line) in [
            ("/v1/things", Some("a=b"), "DELETE /v1/things?a=b HTTP/1.1"),
            ("//elsewhere.example/a b?c#d", None, "DELETE //elsewhere.example/a%20b%3Fc%23d HTTP/1.1"),
            ("@elsewhere.example", None, "DELETE /@elsewhere.example HTTP/1.1"),
        ] {
            let request = client.request_to("DELETE", path, query, &[], "").unwrap();
            assert_eq!(client.send(request).await.unwrap().status, 200);
            assert_eq!(server.received().unwrap().line, line);
        }
    }

    #[test]
    fn a_header_that_would_break_the_request_is_refused() {
        let client = HttpsClient::new("http://127.0.0.1:1/".parse().unwrap(), Trust::Machine, LIMITS);
        assert!(matches!(client.get(&[("accept", "a\r\nb: c")]), Err(HttpsError::Unusable(_))));
    }
}
