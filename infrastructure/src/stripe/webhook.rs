//! Reading the events that Stripe signs
//! ([webhook signatures](https://docs.stripe.com/webhooks#verify-manually); security rules 28 and 31).

use std::{fmt, str};

use application::ports::{ProviderEvent, WebhookRejected};
use aws_lc_rs::{
    constant_time::verify_slices_are_equal,
    hmac::{self, HMAC_SHA256},
};
use chrono::DateTime;
use domain::{Timestamp, subscription::ProviderSubscriptionId};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;

/// How far the time of a signature may be from ours, in seconds.
const TOLERANCE: u64 = 300;
/// Longest header of signatures, in bytes: about fifty of them.
const LONGEST_HEADER: usize = 4 * 1024;
/// Longest event, in bytes: as much as the service takes from anybody.
const LONGEST_BODY: usize = 256 * 1024;
/// Longest name of an event, of its kind or of what it is about, in bytes.
const LONGEST_NAME: usize = 255;
/// Least and greatest length of a secret, in bytes. Stripe's have 38.
const SECRET_LENGTHS: std::ops::RangeInclusive<usize> = 16..=256;
/// Most secrets at once.
const MOST_SECRETS: usize = 5;

/// What Stripe signs events with: several secrets while one is replaced, or where several endpoints lead here. An event
/// is genuine when it is signed with any of them.
#[derive(Clone)]
pub struct EndpointSecrets(Vec<hmac::Key>);

/// Why something is no secret of an endpoint. Holds nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a signing secret of a Stripe webhook endpoint, which begins with whsec_, or at most {MOST_SECRETS}")]
pub struct InvalidEndpointSecret;

impl EndpointSecrets {
    /// Reads secrets, each as Stripe shows it.
    ///
    /// # Errors
    ///
    /// [`InvalidEndpointSecret`] when there is none, or too many, or one that cannot be one.
    pub fn parse<'a>(secrets: impl IntoIterator<Item = &'a SecretString>) -> Result<Self, InvalidEndpointSecret> {
        let keys = secrets.into_iter().map(|secret| parse_one(secret.expose_secret()));
        let keys = keys.collect::<Option<Vec<_>>>().ok_or(InvalidEndpointSecret)?;
        if (1..=MOST_SECRETS).contains(&keys.len()) { Ok(Self(keys)) } else { Err(InvalidEndpointSecret) }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// Reads an event: its signature first, so that nothing that it says is looked at before.
    ///
    /// # Errors
    ///
    /// [`WebhookRejected`] when it is not signed, or cannot be read.
    pub fn read(&self, body: &[u8], signature: &str, now: Timestamp) -> Result<ProviderEvent, WebhookRejected> {
        if body.len() > LONGEST_BODY {
            return Err(WebhookRejected::Unreadable);
        }
        if !self.have_signed(body, signature, now) {
            return Err(WebhookRejected::Signature);
        }
        read(body).ok_or(WebhookRejected::Unreadable)
    }

    /// The header `Stripe-Signature` of an event that is sent at this time, as Stripe writes it: for those who stand in
    /// for Stripe.
    #[must_use]
    pub fn sign(&self, body: &[u8], at: Timestamp) -> String {
        let time = at.timestamp().to_string();
        let signatures = self.0.iter().map(|key| format!("v1={}", hex::encode(signature_of(key, &time, body))));
        [format!("t={time}")].into_iter().chain(signatures).collect::<Vec<_>>().join(",")
    }

    fn have_signed(&self, body: &[u8], header: &str, now: Timestamp) -> bool {
        let Some(Signed { time, signatures }) = Signed::parse(header, now) else { return false };
        self.0.iter().any(|key| {
            let expected = signature_of(key, time, body);
            signatures.iter().any(|signature| verify_slices_are_equal(expected.as_ref(), signature).is_ok())
        })
    }
}

impl fmt::Debug for EndpointSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EndpointSecrets({})", self.0.len())
    }
}

/// The whole text is the key, with its prefix.
fn parse_one(secret: &str) -> Option<hmac::Key> {
    let is_one = secret.starts_with("whsec_")
        && SECRET_LENGTHS.contains(&secret.len())
        && secret.bytes().all(|byte| byte.is_ascii_graphic());
    is_one.then(|| hmac::Key::new(HMAC_SHA256, secret.as_bytes()))
}

fn signature_of(key: &hmac::Key, time: &str, body: &[u8]) -> hmac::Tag {
    let mut message = hmac::Context::with_key(key);
    for part in [time.as_bytes(), b".", body] {
        message.update(part);
    }
    message.sign()
}

/// A header of signatures, as far as it counts.
struct Signed<'a> {
    /// As it is written, because that is what is signed.
    time: &'a str,
    signatures: Vec<Vec<u8>>,
}

impl<'a> Signed<'a> {
    /// `None` when it is no such header, or not of now. Signatures of other schemes are passed over.
    fn parse(header: &'a str, now: Timestamp) -> Option<Self> {
        if header.len() > LONGEST_HEADER {
            return None;
        }
        let parts = || header.split(',').filter_map(|part| part.trim().split_once('='));
        let of = |name| parts().filter_map(move |(key, value)| (key == name).then_some(value));
        let time = of("t").next().filter(|_| of("t").count() == 1)?;
        let signed_at = time.parse::<u32>().ok().filter(|_| time.bytes().all(|byte| byte.is_ascii_digit()))?;
        let is_of_now = i64::from(signed_at).abs_diff(now.timestamp()) <= TOLERANCE;
        let signatures = of("v1").filter_map(|signature| hex::decode(signature).ok()).collect();
        is_of_now.then_some(Self { time, signatures })
    }
}

#[derive(Deserialize)]
struct Event {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    created: i64,
    #[serde(default)]
    data: Data,
}

#[derive(Default, Deserialize)]
struct Data {
    #[serde(default)]
    object: Value,
}

fn read(body: &[u8]) -> Option<ProviderEvent> {
    let Event { id, kind, created, data } = serde_json::from_slice(body).ok()?;
    if !(is_name(&id) && is_name(&kind)) {
        return None;
    }
    let subscription_id = subscription_of(&kind, &data.object);
    if subscription_id.is_none() && kind.starts_with(SUBSCRIPTION) {
        return None;
    }
    let occurred_at = DateTime::from_timestamp(created, 0)?;
    Some(ProviderEvent { id, kind, occurred_at, subscription_id })
}

const SUBSCRIPTION: &str = "customer.subscription.";

/// What an event of this kind is about.
fn subscription_of(kind: &str, object: &Value) -> Option<ProviderSubscriptionId> {
    let places: &[&str] = if kind.starts_with(SUBSCRIPTION) {
        &["/id"]
    } else if kind.starts_with("invoice.") {
        // Since API version 2025-03-31, and before.
        &["/parent/subscription_details/subscription", "/subscription"]
    } else if kind.starts_with("checkout.session.") {
        &["/subscription"]
    } else if kind.starts_with("subscription_schedule.") {
        // One that is released names its subscription elsewhere.
        &["/subscription", "/released_subscription"]
    } else {
        &[]
    };
    // Where an endpoint expands what it sends, there is an object in place of its name.
    let name = |found: &Value| found.as_str().or_else(|| found.get("id")?.as_str()).map(str::to_owned);
    let mut found = places.iter().filter_map(|place| object.pointer(place).and_then(name));
    found.find(|name| is_name(name)).map(ProviderSubscriptionId::restore)
}

fn is_name(text: &str) -> bool {
    (1..=LONGEST_NAME).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests;
