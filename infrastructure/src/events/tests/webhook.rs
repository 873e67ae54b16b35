//! What a webhook is sent, and what its answers mean.

use std::sync::{Arc, Mutex};

use application::ports::{Clock, EventPublisher};
use async_trait::async_trait;
use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::TimeDelta;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::{cloud_event, enormous_event, event, format};
use crate::{
    config::AccessTokenSigner,
    crypto::{key_ring::KeyRing, webhook_secrets::WebhookSecrets},
    events::{WebhookPublisher, WebhookSigner},
    fixtures::{
        PinnedClock,
        server::{Received, Reply, Server, answer},
    },
    secrets::{SecretError, SecretSource, SecretTexts},
};

const OLD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NEW: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

fn given(secrets: &str) -> WebhookSigner {
    WebhookSigner::Given(WebhookSecrets::parse(&secrets.into()).unwrap())
}

fn publisher(server: &Server, signer: WebhookSigner) -> WebhookPublisher {
    WebhookPublisher::new(server.url.join("hook?tenant=1").unwrap(), signer, format(), PinnedClock::new())
}

async fn received(signer: WebhookSigner) -> Received {
    let server = Server::start(Reply::Text(answer("204 No Content", "", "")));
    publisher(&server, signer).publish(&event()).await.unwrap();
    server.received().unwrap()
}

async fn refusal(reply: Reply) -> String {
    let server = Server::start(reply);
    publisher(&server, given(NEW)).publish(&event()).await.unwrap_err().to_string()
}

/// What a receiver does that knows one secret.
fn is_genuine(request: &Received, secret: &str) -> bool {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let (id, timestamp) = (&request.headers["webhook-id"], &request.headers["webhook-timestamp"]);
    let message = format!("{id}.{timestamp}.{}", request.body);
    request.headers["webhook-signature"].split(' ').any(|signature| {
        let signature = STANDARD.decode(signature.strip_prefix("v1,").unwrap()).unwrap();
        hmac::verify(&key, message.as_bytes(), &signature).is_ok()
    })
}

#[tokio::test]
async fn an_event_is_posted_as_a_cloud_event_with_a_signature() {
    let request = received(given(NEW)).await;
    assert_eq!(request.line, "POST /hook?tenant=1 HTTP/1.1");
    assert_eq!(request.headers["content-type"], "application/cloudevents+json; charset=UTF-8");
    assert_eq!(request.headers["user-agent"], "purposepath-account");
    assert_eq!(request.headers["webhook-id"], event().id);
    assert_eq!(request.headers["webhook-timestamp"], PinnedClock::new().now().timestamp().to_string());
    assert_eq!(serde_json::from_str::<Value>(&request.body).unwrap(), cloud_event());
    assert!(is_genuine(&request, NEW));
    assert!(!is_genuine(&request, OLD));
}

#[tokio::test]
async fn whoever_knows_one_of_the_secrets_can_verify() {
    let request = received(given(&format!("{NEW} {OLD}"))).await;
    assert!(is_genuine(&request, NEW) && is_genuine(&request, OLD));
    let forged = Received { body: request.body.replace("admin", "owner"), ..request };
    assert!(!is_genuine(&forged, NEW) && !is_genuine(&forged, OLD));
}

/// A signing secret with this secret of the webhook in it.
fn kept(webhook_secret: Option<&str>) -> SecretString {
    let mut secret = json!({ "jwt_secret": "0123456789abcdef0123456789abcdef" });
    if let Some(text) = webhook_secret {
        secret["webhook_secret"] = text.into();
    }
    secret.to_string().into()
}

/// The place where the signing secret is kept.
struct Safe(Mutex<SecretString>);

#[async_trait]
impl SecretSource for Safe {
    async fn fetch(&self) -> Result<SecretTexts, SecretError> {
        Ok(SecretTexts { current: self.0.lock().unwrap().clone(), previous: None })
    }
}

async fn key_ring(safe: &Arc<Safe>, clock: &Arc<PinnedClock>) -> Arc<KeyRing> {
    let (source, clock) = (Arc::clone(safe) as Arc<dyn SecretSource>, Arc::clone(clock) as Arc<dyn Clock>);
    Arc::new(KeyRing::load(source, AccessTokenSigner::Hs256, clock).await.unwrap())
}

#[tokio::test]
async fn a_secret_beside_the_keys_of_tokens_is_replaced_without_a_restart() {
    let (safe, clock) = (Arc::new(Safe(Mutex::new(kept(Some(OLD))))), PinnedClock::new());
    let keys = key_ring(&safe, &clock).await;
    let request = received(WebhookSigner::Kept(Arc::clone(&keys))).await;
    assert!(is_genuine(&request, OLD) && !is_genuine(&request, NEW));
    *safe.0.lock().unwrap() = kept(Some(NEW));
    clock.advance(TimeDelta::minutes(5));
    keys.current().await;
    let request = received(WebhookSigner::Kept(keys)).await;
    assert!(is_genuine(&request, NEW) && !is_genuine(&request, OLD));
}

#[tokio::test]
async fn without_a_secret_nothing_is_sent() {
    let keys = key_ring(&Arc::new(Safe(Mutex::new(kept(None)))), &PinnedClock::new()).await;
    let server = Server::start(Reply::Text(answer("200 OK", "", "")));
    let why = publisher(&server, WebhookSigner::Kept(keys)).publish(&event()).await.unwrap_err();
    assert_eq!(why.to_string(), "event was not taken: there is no webhook_secret to sign with");
    assert!(server.received().is_none());
}

#[tokio::test]
async fn every_answer_of_the_two_hundreds_takes_the_event() {
    for status in ["200 OK", "201 Created", "202 Accepted", "204 No Content"] {
        let server = Server::start(Reply::Text(answer(status, "", "")));
        publisher(&server, given(NEW)).publish(&event()).await.unwrap();
    }
    // However much is said with it.
    let server = Server::start(Reply::Endless);
    publisher(&server, given(NEW)).publish(&event()).await.unwrap();
}

#[tokio::test]
async fn every_other_answer_is_a_failure_and_what_it_says_is_not_repeated() {
    for status in [400, 401, 404, 410, 429, 500, 503] {
        let why = refusal(Reply::Text(answer(&format!("{status} No"), "retry-after: 1\r\n", "user-1"))).await;
        assert_eq!(why, format!("event was not taken: the webhook answered {status}"));
    }
}

#[tokio::test]
async fn a_redirect_is_a_failure() {
    for status in [301, 302, 307, 308] {
        let elsewhere = Server::start(Reply::Text(answer("200 OK", "", "")));
        let redirect = answer(&format!("{status} Elsewhere"), &format!("location: {}\r\n", elsewhere.url), "");
        assert_eq!(refusal(Reply::Text(redirect)).await, format!("event was not taken: the webhook answered {status}"));
        assert!(elsewhere.received().is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn a_webhook_that_does_not_answer_is_given_up() {
    assert_eq!(refusal(Reply::Silence).await, "event was not taken: the webhook cannot be asked: no answer in time");
}

#[tokio::test]
async fn a_webhook_that_is_not_there_or_speaks_another_language_is_a_failure() {
    let nobody =
        WebhookPublisher::new("http://127.0.0.1:1/".parse().unwrap(), given(NEW), format(), PinnedClock::new());
    let why = nobody.publish(&event()).await.unwrap_err().to_string();
    assert!(why.starts_with("event was not taken: the webhook cannot be asked: no connection"), "{why}");
    let why = refusal(Reply::Text("SSH-2.0-x\r\n".to_owned())).await;
    assert!(why.starts_with("event was not taken: the webhook cannot be asked: no connection"), "{why}");
}

#[tokio::test]
async fn an_event_that_is_too_long_is_not_sent() {
    let server = Server::start(Reply::Text(answer("200 OK", "", "")));
    let why = publisher(&server, given(NEW)).publish(&enormous_event()).await.unwrap_err().to_string();
    assert!(why.ends_with("bytes; at most 256000 can be sent"), "{why}");
    assert!(server.received().is_none());
}
