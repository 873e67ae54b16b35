//! What signs messages to a webhook (Standard Webhooks, "Signature scheme": `v1`).

use std::{fmt, ops::RangeInclusive};

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

/// What the text of a secret begins with.
const PREFIX: &str = "whsec_";
/// How long a secret is, in bytes.
const LENGTHS: RangeInclusive<usize> = 24..=64;
/// Most secrets at once: each makes the header of signatures longer.
const MOST: usize = 5;

/// The secrets of a webhook: several, so that one can be replaced. Each signs every message, and its reader takes one of
/// the signatures.
#[derive(Clone)]
pub struct WebhookSecrets(Vec<hmac::Key>);

/// Why something is no secret of a webhook. Holds nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be {PREFIX} and {} to {} bytes in Base64, or at most {MOST} of these with spaces between them",
    LENGTHS.start(),
    LENGTHS.end()
)]
pub struct InvalidWebhookSecret;

impl WebhookSecrets {
    /// Reads secrets with white space between them.
    ///
    /// # Errors
    ///
    /// [`InvalidWebhookSecret`] when there is none, or too many, or one that cannot be one.
    pub fn parse(text: &SecretString) -> Result<Self, InvalidWebhookSecret> {
        let keys = text.expose_secret().split_whitespace().map(parse_one).collect::<Result<Vec<_>, _>>()?;
        if (1..=MOST).contains(&keys.len()) { Ok(Self(keys)) } else { Err(InvalidWebhookSecret) }
    }

    /// The signatures of a message, as its header `webhook-signature` has them.
    pub(crate) fn sign(&self, id: &str, timestamp: i64, body: &str) -> String {
        let message = format!("{id}.{timestamp}.{body}");
        let sign = |key| format!("v1,{}", STANDARD.encode(hmac::sign(key, message.as_bytes())));
        self.0.iter().map(sign).collect::<Vec<_>>().join(" ")
    }
}

fn parse_one(text: &str) -> Result<hmac::Key, InvalidWebhookSecret> {
    let encoded = text.strip_prefix(PREFIX).ok_or(InvalidWebhookSecret)?;
    let secret = Zeroizing::new(STANDARD.decode(encoded).map_err(|_| InvalidWebhookSecret)?);
    LENGTHS.contains(&secret.len()).then(|| hmac::Key::new(hmac::HMAC_SHA256, &secret)).ok_or(InvalidWebhookSecret)
}

impl fmt::Debug for WebhookSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebhookSecrets({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's libraries.
    const PUBLISHED: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn parse(text: &str) -> Result<WebhookSecrets, InvalidWebhookSecret> {
        WebhookSecrets::parse(&text.into())
    }

    fn secret_of(length: usize) -> String {
        format!("whsec_{}", STANDARD.encode(vec![7; length]))
    }

    fn sign(text: &str) -> String {
        parse(text).unwrap().sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#)
    }

    #[test]
    fn the_published_example_is_signed_as_published() {
        assert_eq!(sign(PUBLISHED), SIGNATURE);
    }

    #[test]
    fn while_a_secret_is_replaced_both_sign() {
        let another = secret_of(32);
        assert_eq!(sign(&format!("{another} {PUBLISHED}\n")), format!("{} {SIGNATURE}", sign(&another)));
    }

    #[test]
    fn a_secret_that_could_be_guessed_or_is_none_is_refused() {
        for fine in [secret_of(24), secret_of(64), [PUBLISHED; 5].join(" ")] {
            assert!(parse(&fine).is_ok(), "{fine}");
        }
        let (short, long, many) = (secret_of(23), secret_of(65), [PUBLISHED; 6].join(" "));
        let bare = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let cut = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwA";
        let both = format!("{PUBLISHED} {bare}");
        for wrong in
            ["", "  ", &short, &long, &many, bare, cut, &both, "whsec_", "whsec_MfKQ9r8G KYqrTwjUPD8ILPZIo2LaLaSw"]
        {
            assert_eq!(parse(wrong).unwrap_err(), InvalidWebhookSecret, "{wrong}");
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        assert_eq!(format!("{:?}", parse(PUBLISHED).unwrap()), "WebhookSecrets(1)");
        assert_eq!(
            InvalidWebhookSecret.to_string(),
            "must be whsec_ and 24 to 64 bytes in Base64, or at most 5 of these with spaces between them"
        );
    }
}
