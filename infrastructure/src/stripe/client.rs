//! Asking Stripe, again where that is safe.

use std::{sync::Arc, time::Duration};

use application::ports::{Clock, IdGenerator};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use url::Url;
use zeroize::Zeroizing;

use super::{
    breaker::Breaker,
    failure::{Failure, Refusal, is_replayed},
    form::Form,
    keys::AccountKeys,
};
use crate::https::{Answer, HttpsClient, HttpsError, Limits, Trust};

/// The version of the API that this adapter is written for. The account's own may be any other: what Stripe reads and
/// answers follows this header. It is the last release of a finished series, which nothing breaking joins any more.
pub(super) const API_VERSION: &str = "2026-08-26.dahlia";

/// A charge waits for a bank, which takes seconds. Where nothing is ever answered, three attempts take 25.2 seconds with
/// their pauses, and a request of ours, which asks many things (an order at least six), has 25 in all: it is cut off then,
/// and the next one begins by looking how far it got. A hundred subscriptions have less than a megabyte.
const LIMITS: Limits =
    Limits { connecting: Duration::from_secs(2), total: Duration::from_secs(8), answer: 2 * 1024 * 1024 };
/// How often something is asked.
const ATTEMPTS: u32 = 3;
/// How many answers that are remembered under a key are passed over.
const MOST_REMEMBERED: u32 = 20;
/// Before the second attempt; twice as long before the third.
const FIRST_PAUSE: Duration = Duration::from_millis(400);
/// Who calls.
const USER_AGENT: &str = "purposepath-account";
/// Longest name of one of Stripe's objects.
const LONGEST_NAME: usize = 255;

/// A client of Stripe's API.
pub(super) struct Client {
    https: HttpsClient,
    keys: Arc<AccountKeys>,
    breaker: Breaker,
    ids: Arc<dyn IdGenerator>,
    first_pause: Duration,
}

/// A request, as often as it is sent.
struct Request<'a> {
    method: &'static str,
    path: &'a str,
    query: Option<String>,
    body: String,
    idempotency_key: Option<&'a str>,
}

/// What came of one attempt.
enum Outcome {
    /// An answer that would be the same again.
    Final(Answer),
    /// Asking again may help.
    Transient(Failure),
    /// It would not.
    Lost(Failure),
    /// It broke down at Stripe, which gives this answer to whoever asks with the same key.
    BrokeDown(u16),
}

impl Client {
    pub(super) fn new(url: Url, keys: Arc<AccountKeys>, clock: Arc<dyn Clock>, ids: Arc<dyn IdGenerator>) -> Self {
        let https = HttpsClient::new(url, Trust::Machine, LIMITS);
        Self { https, keys, breaker: Breaker::new(clock), ids, first_pause: FIRST_PAUSE }
    }

    /// For tests, in which nobody has to be spared.
    #[cfg(test)]
    pub(super) fn without_pauses(self) -> Self {
        Self { first_pause: Duration::ZERO, ..self }
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str, query: &Form) -> Result<T, Failure> {
        let query = Some(query.encode());
        self.ask(&Request { method: "GET", path, query, body: String::new(), idempotency_key: None }).await
    }

    /// Has something made or changed. Of all requests with one key, in a day at least, Stripe fulfils one, and gives its
    /// answer to the others (security rule 31).
    ///
    /// It also remembers that it refused one, a card that was declined for example, although another card may have come
    /// since. What was refused was not done: it is asked for again, with the next key. So is what broke down at Stripe
    /// before this call, and of which nothing came: whoever calls has looked since whether it is there. Where that look
    /// and somebody else's break-down met, it may be done twice, which must do no harm, nor charge anything twice.
    pub(super) async fn post<T: DeserializeOwned>(&self, path: &str, form: &Form, key: &str) -> Result<T, Failure> {
        let mut tried = 0;
        loop {
            let key = format!("{key}-{tried}");
            match self.post_with(path, form, &key).await {
                Err(failure) if failure.is_remembered() && tried < MOST_REMEMBERED => tried += 1,
                answered => return answered,
            }
        }
    }

    async fn post_with<T: DeserializeOwned>(&self, path: &str, form: &Form, key: &str) -> Result<T, Failure> {
        let idempotency_key = Some(key);
        self.ask(&Request { method: "POST", path, query: None, body: form.encode(), idempotency_key }).await
    }

    /// Has something set to what it may be already. Doing so twice does no harm; the key is for the attempts of this
    /// one time, because what was set may have been set otherwise since.
    pub(super) async fn set<T: DeserializeOwned>(&self, path: &str, form: &Form) -> Result<T, Failure> {
        self.post_with(path, form, &format!("set-{}", self.ids.uuid())).await
    }

    /// Ends something. Doing so twice does no harm: what is over is not found.
    pub(super) async fn delete<T: DeserializeOwned>(&self, path: &str, query: &Form) -> Result<T, Failure> {
        let query = Some(query.encode());
        self.ask(&Request { method: "DELETE", path, query, body: String::new(), idempotency_key: None }).await
    }

    async fn ask<T: DeserializeOwned>(&self, request: &Request<'_>) -> Result<T, Failure> {
        let secrets = self.keys.current().await.map_err(Failure::Unavailable)?;
        let mut answer = self.insist(request, &secrets.key).await?;
        // The key may have been replaced.
        if answer.status == 401
            && let Some(newer) = self.keys.newer_than(&secrets).await
        {
            answer = self.insist(request, &newer.key).await?;
        }
        read(&answer, about(request.path))
    }

    /// Asks until there is an answer that is worth having.
    async fn insist(&self, request: &Request<'_>, key: &SecretString) -> Result<Answer, Failure> {
        let mut attempt = 1;
        loop {
            let failure = match self.attempt(request, key).await {
                Outcome::Final(answer) => return Ok(answer),
                Outcome::Lost(failure) => return Err(failure),
                // It was somebody else's request that broke down.
                Outcome::BrokeDown(status) if attempt == 1 => return Err(Failure::BrokeDown(status)),
                // It was this one: only a new look shows what came of it.
                Outcome::BrokeDown(status) => return Err(Failure::answered(status)),
                Outcome::Transient(failure) => failure,
            };
            if attempt == ATTEMPTS {
                return Err(failure);
            }
            tokio::time::sleep(self.pause(attempt)).await;
            attempt += 1;
        }
    }

    async fn attempt(&self, request: &Request<'_>, key: &SecretString) -> Outcome {
        if self.breaker.admit().is_err() {
            return Outcome::Lost(Failure::Unavailable("it did not answer lately, and is given a rest".to_owned()));
        }
        let about = about(request.path);
        let answer = match self.send(request, key).await {
            Ok(answer) => answer,
            Err(HttpsError::Unusable(why)) => return Outcome::Lost(Failure::Unusable(why)),
            Err(error) => {
                tracing::warn!(%error, about, "Stripe cannot be asked");
                self.breaker.failed();
                return Outcome::Transient(Failure::Unavailable(error.to_string()));
            }
        };
        let is_replayed = is_replayed(&answer);
        let is_down = !is_replayed && (answer.status >= 500 || answer.status == 429 && !is_locked(&answer, about));
        if is_down {
            self.breaker.failed();
        } else {
            self.breaker.succeeded();
        }
        log(&answer, about);
        if is_replayed {
            return if answer.status >= 500 { Outcome::BrokeDown(answer.status) } else { Outcome::Final(answer) };
        }
        let again = match answer.headers.get("stripe-should-retry") {
            Some("true") => true,
            Some("false") => false,
            _ => matches!(answer.status, 409 | 429 | 500..),
        };
        match answer.status {
            status if again => Outcome::Transient(Failure::answered(status)),
            status @ (429 | 500..) => Outcome::Lost(Failure::answered(status)),
            _ => Outcome::Final(answer),
        }
    }

    async fn send(&self, request: &Request<'_>, key: &SecretString) -> Result<Answer, HttpsError> {
        let authorization = Zeroizing::new(format!("Bearer {}", key.expose_secret()));
        let mut headers = vec![
            ("authorization", authorization.as_str()),
            ("stripe-version", API_VERSION),
            ("user-agent", USER_AGENT),
            ("accept", "application/json"),
        ];
        if let Some(key) = request.idempotency_key {
            headers.push(("content-type", "application/x-www-form-urlencoded"));
            headers.push(("idempotency-key", key));
        }
        let query = request.query.as_deref().filter(|query| !query.is_empty());
        let body = request.body.clone();
        self.https.send(self.https.request_to(request.method, request.path, query, &headers, body)?).await
    }

    /// Between a half and all of what doubles with each attempt, so that those who failed together do not come back
    /// together.
    fn pause(&self, attempt: u32) -> Duration {
        let [byte, ..] = self.ids.secret();
        let half = self.first_pause * 2_u32.pow(attempt - 1) / 2;
        half + half * u32::from(byte) / u32::from(u8::MAX)
    }
}

/// The path of one of Stripe's objects. A name that could not be one's, such as one that a client made up, is none of
/// Stripe's.
pub(super) fn path_of(collection: &str, name: &str) -> Result<String, Failure> {
    let path = format!("/v1/{collection}");
    let is_name = (1..=LONGEST_NAME).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if is_name { Ok(format!("{path}/{name}")) } else { Err(Failure::missing(about(&path))) }
}

/// What a request is about, for people.
fn about(path: &str) -> &'static str {
    match path.split('/').nth(2).unwrap_or_default() {
        "customers" => "the customer",
        "payment_methods" => "the payment method",
        "subscriptions" => "the subscription",
        "subscription_schedules" => "the change at the end of the period",
        "invoices" => "the invoice",
        "products" | "prices" => "the price",
        "coupons" => "the discount",
        "billing_portal" => "the portal",
        _ => "that",
    }
}

fn read<T: DeserializeOwned>(answer: &Answer, about: &'static str) -> Result<T, Failure> {
    let unreadable = || Failure::Unreadable(about);
    if !answer.is_whole {
        return Err(unreadable());
    }
    match answer.status {
        200..=299 => serde_json::from_slice(&answer.body).map_err(|error| {
            // The text of the error may quote the answer.
            tracing::error!(
                line = error.line(),
                column = error.column(),
                about,
                "an answer of Stripe's is not as expected"
            );
            unreadable()
        }),
        _ => Err(Refusal::read(answer, about).map_or_else(unreadable, |refusal| Failure::Refused(Box::new(refusal)))),
    }
}

/// Whether somebody else works on the very object that was asked about, which says nothing about Stripe as a whole.
fn is_locked(answer: &Answer, about: &'static str) -> bool {
    Refusal::read(answer, about).is_some_and(|refusal| refusal.has_code("lock_timeout"))
}

fn log(answer: &Answer, about: &'static str) {
    if answer.status >= 400 {
        let request_id = answer.headers.get("request-id");
        tracing::warn!(status = answer.status, request_id, about, "Stripe did not do what it was asked");
    }
}
