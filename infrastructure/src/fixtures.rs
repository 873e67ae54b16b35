//! What the tests of several adapters need.

pub(crate) mod server;

use std::fmt;
use std::sync::{Arc, Mutex};

use application::ports::Clock;
use async_trait::async_trait;
use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta};
use domain::Timestamp;
use secrecy::SecretString;

use crate::secrets::{SecretError, SecretSource, SecretTexts};

/// A clock that goes only when it is told to.
pub(crate) struct PinnedClock(Mutex<Timestamp>);

impl PinnedClock {
    /// A clock that stands at noon of 1 February 2027, UTC.
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(DateTime::from_timestamp(1_801_483_200, 0).unwrap())))
    }

    pub(crate) fn advance(&self, by: TimeDelta) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for PinnedClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// What AWS answers to a request.
#[derive(Clone, Copy)]
pub(crate) struct AwsAnswer {
    pub(crate) status: u16,
    pub(crate) body: &'static str,
}

/// A configuration whose clients ask `answer` in place of AWS, and ask once.
pub(crate) fn aws_config(answer: impl Fn(&HttpRequest) -> AwsAnswer + Send + Sync + 'static) -> SdkConfig {
    let credentials = Credentials::new("key", "secret", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(RetryConfig::disabled())
        .http_client(ScriptedAws(Arc::new(answer)))
        .build()
}

#[derive(Clone)]
struct ScriptedAws(Arc<dyn Fn(&HttpRequest) -> AwsAnswer + Send + Sync>);

impl fmt::Debug for ScriptedAws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ScriptedAws")
    }
}

impl HttpConnector for ScriptedAws {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let AwsAnswer { status, body } = (self.0)(&request);
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body))))
    }
}

impl HttpClient for ScriptedAws {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

/// A new private key for ES256, in PKCS#8 PEM.
pub(crate) fn p256_pem() -> String {
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
    pem("PRIVATE KEY", key.as_ref())
}

/// A new private key for `EdDSA`, in PKCS#8 PEM.
pub(crate) fn ed25519_pem() -> String {
    let key = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new()).unwrap();
    pem("PRIVATE KEY", key.as_ref())
}

/// DER in PEM's clothes.
pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

/// A secret with a history.
pub(crate) struct Rotated {
    pub(crate) current: SecretString,
    pub(crate) previous: Option<SecretString>,
}

#[async_trait]
impl SecretSource for Rotated {
    async fn fetch(&self) -> Result<SecretTexts, SecretError> {
        Ok(SecretTexts { current: self.current.clone(), previous: self.previous.clone() })
    }
}
