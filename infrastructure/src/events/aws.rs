//! One call of an AWS service that takes events, signed with the SDK's own parts.
//!
//! The SDK's clients of the three services would make the Lambda's binary half a megabyte larger, for one operation each
//! and for retries that the relay makes anyway (docs/adr/0013-events-in-order.md).

use std::{sync::Arc, time::Duration};

use application::ports::{Clock, PublishError};
use aws_sdk_dynamodb::config::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4::SigningParams,
};
use aws_smithy_runtime_api::client::{identity::Identity, orchestrator::HttpRequest};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::not_taken;
use crate::https::{self, Answer, HttpsClient, Limits, Trust};

/// A connection within the region takes milliseconds, and all of it is over long before the minute that a relay has for
/// one delivery.
const LIMITS: Limits = Limits { connecting: Duration::from_secs(2), total: Duration::from_secs(10), answer: 64 * 1024 };
/// Longest code of an error that is repeated.
const LONGEST_CODE: usize = 100;

/// A bus, topic or queue of AWS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwsDestination {
    /// What its service calls it: the name or ARN of a bus, the ARN of a topic, the URL of a queue.
    pub name: String,
    /// The region that it is in.
    pub region: String,
    /// Where its service answers.
    pub endpoint: Url,
}

impl AwsDestination {
    /// Whether it keeps an order and drops duplicates. Queues and topics that do must be called so.
    pub(super) fn is_fifo(&self) -> bool {
        self.name.strip_suffix(".fifo").is_some()
    }
}

/// A service in one region.
pub(super) struct AwsService {
    /// What people call it.
    name: &'static str,
    /// What signatures call it.
    signing_name: &'static str,
    region: String,
    credentials: SharedCredentialsProvider,
    clock: Arc<dyn Clock>,
    client: HttpsClient,
}

impl AwsService {
    pub(super) fn new(
        (name, signing_name): (&'static str, &'static str),
        destination: &AwsDestination,
        credentials: SharedCredentialsProvider,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let AwsDestination { name: _, region, endpoint } = destination;
        Self {
            name,
            signing_name,
            region: region.clone(),
            credentials,
            clock,
            client: HttpsClient::new(endpoint.clone(), Trust::Amazon, LIMITS),
        }
    }

    /// Calls an operation of a service that speaks JSON, in this version of AWS's protocol.
    pub(super) async fn call_json<Output: DeserializeOwned>(
        &self,
        version: &str,
        target: &str,
        input: &Value,
    ) -> Result<Output, PublishError> {
        let media_type = format!("application/x-amz-json-{version}");
        let answer = self.call(&[("content-type", &media_type), ("x-amz-target", target)], input.to_string()).await?;
        serde_json::from_slice(&answer.body).map_err(|_| self.failed("gave an answer that cannot be understood"))
    }

    /// Calls an operation of a service that takes forms.
    pub(super) async fn call_form(&self, form: String) -> Result<(), PublishError> {
        self.call(&[("content-type", "application/x-www-form-urlencoded")], form).await.map(drop)
    }

    async fn call(&self, headers: &[(&'static str, &str)], body: String) -> Result<Answer, PublishError> {
        let mut request = self.client.post(headers, body).map_err(not_taken)?;
        self.sign(&mut request).await?;
        let answer =
            self.client.send(request).await.map_err(|error| self.failed(&format!("cannot be asked: {error}")))?;
        match answer.status {
            200..=299 => Ok(answer),
            status => Err(self.failed(&format!("answered {status} {}", error_code(&answer.body)))),
        }
    }

    async fn sign(&self, request: &mut HttpRequest) -> Result<(), PublishError> {
        let credentials = self.credentials.provide_credentials().await;
        let identity = Identity::from(credentials.map_err(|_| self.failed("cannot be asked: no credentials"))?);
        let parameters = SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(self.signing_name)
            .time(self.clock.now().into())
            .settings(SigningSettings::default())
            .build()
            .map_err(not_taken)?;
        let body = SignableBody::Bytes(request.body().bytes().unwrap_or_default());
        let signed = SignableRequest::new(request.method(), request.uri(), request.headers().iter(), body)
            .and_then(|request| sign(request, &parameters.into()))
            .map_err(not_taken)?;
        let (headers, _query) = signed.into_parts().0.into_parts();
        headers
            .iter()
            .try_for_each(|header| https::set_header(request, header.name(), header.value()))
            .map_err(not_taken)
    }

    pub(super) fn failed(&self, what: &str) -> PublishError {
        PublishError(format!("{} {what}", self.name))
    }
}

/// The code in an answer that is an error, in JSON or in XML. Its message may repeat what was sent; its code does not.
fn error_code(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let of_json = || {
        let answer: Value = serde_json::from_str(&text).ok()?;
        let code = answer.get("__type")?.as_str()?;
        Some(code.rsplit('#').next()?.to_owned())
    };
    let of_xml = || Some(text.split_once("<Code>")?.1.split_once("</Code>")?.0.to_owned());
    presentable(&of_json().or_else(of_xml).unwrap_or_default())
}

/// A code as it may stand in a log, whoever made it.
pub(super) fn presentable(code: &str) -> String {
    let code: String = code.chars().filter(char::is_ascii_alphanumeric).take(LONGEST_CODE).collect();
    if code.is_empty() { "without a code".to_owned() } else { code }
}
