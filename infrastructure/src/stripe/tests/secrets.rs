//! The secrets of the account, where they are kept.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, Ordering},
};

use application::ports::{BillingError, BillingProvider, Clock, WebhookRejected};
use async_trait::async_trait;
use chrono::TimeDelta;
use secrecy::SecretString;

use super::{Bench, ENDPOINT_SECRET, billing, new_customer, secrets, stub::KEY};
use crate::{
    secrets::{SecretError, SecretSource, SecretTexts},
    stripe::{AccountKeys, AccountSecrets, InvalidAccountSecrets, StripeBilling, StripeMode, webhook::EndpointSecrets},
};

const NEW_KEY: &str = "rk_test_new";
const NEW_ENDPOINT_SECRET: &str = "whsec_test_secret_that_is_newer";

fn document(key: &str, endpoint: &[&str]) -> String {
    serde_json::json!({ "secret_key": key, "webhook_secrets": endpoint }).to_string()
}

/// Where the secrets are kept, and how often somebody looked.
struct Safe {
    text: Mutex<Option<String>>,
    looks: AtomicU32,
}

#[async_trait]
impl SecretSource for Safe {
    async fn fetch(&self) -> Result<SecretTexts, SecretError> {
        self.looks.fetch_add(1, Ordering::Relaxed);
        let text = self.text.lock().unwrap().clone().ok_or_else(|| SecretError("AccessDenied".to_owned()))?;
        Ok(SecretTexts { current: text.into(), previous: None })
    }
}

impl Safe {
    fn holding(text: Option<String>) -> Arc<Self> {
        Arc::new(Self { text: Mutex::new(text), looks: AtomicU32::new(0) })
    }

    fn put(&self, text: Option<String>) {
        *self.text.lock().unwrap() = text;
    }

    fn looks(&self) -> u32 {
        self.looks.load(Ordering::Relaxed)
    }
}

fn with_safe(safe: &Arc<Safe>) -> (Bench, StripeBilling) {
    let bench = Bench::start();
    let clock = Arc::clone(&bench.clock) as Arc<dyn Clock>;
    let keys = AccountKeys::kept(Arc::clone(safe) as Arc<dyn SecretSource>, StripeMode::Test, clock);
    let billing = billing(&bench.stub, keys, &bench.clock);
    (bench, billing)
}

#[tokio::test]
async fn the_secrets_are_fetched_when_they_are_needed_and_again_when_they_are_old() {
    let safe = Safe::holding(Some(document(KEY, &[ENDPOINT_SECRET])));
    let (bench, billing) = with_safe(&safe);
    assert_eq!(safe.looks(), 0);
    for _ in 0..3 {
        billing.create_customer(&new_customer()).await.unwrap();
    }
    assert_eq!(safe.looks(), 1);
    bench.clock.advance(TimeDelta::minutes(5));
    billing.create_customer(&new_customer()).await.unwrap();
    assert_eq!(safe.looks(), 2);
}

#[tokio::test]
async fn a_key_is_replaced_without_a_restart() {
    let safe = Safe::holding(Some(document(KEY, &[ENDPOINT_SECRET])));
    let (bench, billing) = with_safe(&safe);
    billing.create_customer(&new_customer()).await.unwrap();
    safe.put(Some(document(NEW_KEY, &[ENDPOINT_SECRET])));
    bench.stub.roll_key(NEW_KEY);
    bench.clock.advance(TimeDelta::seconds(15));
    billing.create_customer(&new_customer()).await.unwrap();
    assert_eq!(safe.looks(), 2);
}

#[tokio::test]
async fn a_key_that_is_refused_does_not_have_the_secrets_fetched_all_the_time() {
    let safe = Safe::holding(Some(document("sk_test_wrong", &[ENDPOINT_SECRET])));
    let (_bench, billing) = with_safe(&safe);
    for _ in 0..5 {
        let refused = billing.create_customer(&new_customer()).await.unwrap_err();
        assert_eq!(refused, BillingError::Refused("the key is not accepted".to_owned()));
    }
    assert_eq!(safe.looks(), 1);
}

#[tokio::test]
async fn secrets_that_cannot_be_fetched_again_are_kept() {
    let safe = Safe::holding(Some(document(KEY, &[ENDPOINT_SECRET])));
    let (bench, billing) = with_safe(&safe);
    billing.create_customer(&new_customer()).await.unwrap();
    for text in [None, Some("{}".to_owned())] {
        safe.put(text);
        bench.clock.advance(TimeDelta::minutes(5));
        billing.create_customer(&new_customer()).await.unwrap();
    }
    assert_eq!(safe.looks(), 3);
}

#[tokio::test]
async fn without_the_secrets_nothing_is_asked_and_nobody_is_kept_waiting() {
    let safe = Safe::holding(None);
    let (bench, billing) = with_safe(&safe);
    for _ in 0..5 {
        let failed = billing.create_customer(&new_customer()).await.unwrap_err();
        let why = "the secrets of its account cannot be read: the signing secret cannot be read: AccessDenied";
        assert_eq!(failed, BillingError::Unavailable(why.to_owned()));
    }
    assert_eq!((safe.looks(), bench.stub.seen().len()), (1, 0));
    // Stripe sends again what could not be verified.
    let event = billing.read_event(b"{}", "t=1,v1=00", bench.clock.now()).await;
    assert_eq!(event, Err(WebhookRejected::Unavailable));
    safe.put(Some(document(KEY, &[ENDPOINT_SECRET])));
    bench.clock.advance(TimeDelta::seconds(10));
    assert!(billing.create_customer(&new_customer()).await.is_ok());
}

#[tokio::test]
async fn the_secret_of_the_webhook_is_replaced_without_a_restart() {
    let safe = Safe::holding(Some(document(KEY, &[ENDPOINT_SECRET])));
    let (bench, billing) = with_safe(&safe);
    let body = br#"{"id": "evt_1", "type": "customer.updated", "created": 1801483200}"#;
    let now = bench.clock.now();
    let signed = |secret: &str| EndpointSecrets::parse(&[SecretString::from(secret)]).unwrap().sign(body, now);
    let (old, new) = (signed(ENDPOINT_SECRET), signed(NEW_ENDPOINT_SECRET));
    assert_eq!(billing.read_event(body, &old, now).await.unwrap().id, "evt_1");
    assert_eq!(billing.read_event(body, &new, now).await, Err(WebhookRejected::Signature));
    safe.put(Some(document(KEY, &[NEW_ENDPOINT_SECRET])));
    // However many forgeries come, there is one look in a while.
    for _ in 0..5 {
        assert_eq!(billing.read_event(body, &new, now).await, Err(WebhookRejected::Signature));
    }
    assert_eq!(safe.looks(), 1);
    bench.clock.advance(TimeDelta::seconds(15));
    assert_eq!(billing.read_event(body, &new, now).await.unwrap().id, "evt_1");
    assert_eq!(billing.read_event(body, &old, now).await, Err(WebhookRejected::Signature));
}

#[test]
fn a_key_is_of_the_mode_of_its_stage() {
    let parse = |key: &str, mode| AccountSecrets::new(key.into(), &[ENDPOINT_SECRET.into()], mode).map(drop);
    for key in ["sk_test_abc", "rk_test_abc"] {
        assert_eq!(parse(key, StripeMode::Test), Ok(()));
        assert_eq!(parse(key, StripeMode::Live), Err(InvalidAccountSecrets::Key("live")));
    }
    for key in ["sk_live_abc", "rk_live_abc"] {
        assert_eq!(parse(key, StripeMode::Live), Ok(()));
        assert_eq!(parse(key, StripeMode::Test), Err(InvalidAccountSecrets::Key("test")));
    }
    for key in ["", "pk_test_abc", "sk_test_a b", "sk_test_a\r\nb", &format!("sk_test_{}", "x".repeat(255))] {
        assert_eq!(parse(key, StripeMode::Test), Err(InvalidAccountSecrets::Key("test")), "{key}");
    }
}

#[test]
fn secrets_are_not_shown() {
    let shown = format!("{:?}", secrets(KEY));
    assert_eq!(shown, "AccountSecrets { endpoint: EndpointSecrets(1), .. }");
    let error = InvalidAccountSecrets::Key("live").to_string();
    assert_eq!(error, "the key must be a secret or restricted key of Stripe's live mode: sk_live_… or rk_live_…");
    assert_eq!(
        InvalidAccountSecrets::Form.to_string(),
        r#"must be JSON such as {"secret_key": "sk_…", "webhook_secrets": ["whsec_…"]}"#
    );
}
