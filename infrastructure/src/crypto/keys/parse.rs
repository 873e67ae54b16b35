//! The text of the signing secret (`contract/tokens.md`, "The secret").

use std::collections::HashSet;

use jsonwebtoken::Algorithm;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::asymmetric::KeyPair;
use crate::crypto::webhook_secrets::{InvalidWebhookSecret, WebhookSecrets};

/// Shortest secret that signs, in bytes (RFC 7518 §3.2: as long as the hash).
const MIN_SECRET_LENGTH: usize = 32;
/// Longest `kid`, so that tokens stay short.
const MAX_KEY_ID_LENGTH: usize = 128;

/// Why a secret cannot be used. Holds nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKeys {
    /// The shared secret could be guessed.
    #[error("the signing secret has {0} bytes; it must have at least {MIN_SECRET_LENGTH}")]
    TooShort(usize),
    /// `signing_keys` has another shape.
    #[error(
        "signing_keys must be a list of {{\"kid\", \"alg\": \"ES256\" or \"EdDSA\", \"private_key\"}}, \
         each kid of 1 to {MAX_KEY_ID_LENGTH} characters and used once"
    )]
    SigningKeys,
    /// A private key does not fit its algorithm.
    #[error("the private key number {number} of signing_keys is not a PKCS#8 PEM key for {algorithm:?}")]
    SigningKey {
        /// Its place in the list, from 1.
        number: usize,
        /// What it should be for.
        algorithm: Algorithm,
    },
    /// The chosen signer has no key.
    #[error("access tokens are to be signed with {0:?}, but signing_keys has no such key")]
    NoSigningKey(Algorithm),
    /// A key could not be derived from the secret.
    #[error("no key can be derived from the signing secret")]
    Derivation,
    /// `webhook_secret` has another shape.
    #[error("webhook_secret {0}")]
    WebhookSecret(#[from] InvalidWebhookSecret),
}

/// What one text of the secret holds.
pub(super) struct SecretDocument {
    pub(super) secret: SecretString,
    pub(super) pairs: Vec<KeyPair>,
    pub(super) webhook_secrets: Option<WebhookSecrets>,
}

#[derive(Deserialize)]
struct SigningKeyText {
    kid: String,
    alg: String,
    private_key: String,
}

impl SecretDocument {
    /// The text is JSON with `jwt_secret` or `secret`, or else itself the key; in that order.
    pub(super) fn parse(text: &SecretString) -> Result<Self, InvalidKeys> {
        let text = text.expose_secret();
        let mut document: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
        let named = ["jwt_secret", "secret"].into_iter().find_map(|name| document.get(name)?.as_str());
        let secret = named.unwrap_or(text);
        if secret.len() < MIN_SECRET_LENGTH {
            return Err(InvalidKeys::TooShort(secret.len()));
        }
        let secret = SecretString::from(secret);
        let pairs = document.remove("signing_keys").map(parse_pairs).transpose()?.unwrap_or_default();
        let webhook_secrets = document.remove("webhook_secret").map(parse_webhook_secrets).transpose()?;
        Ok(Self { secret, pairs, webhook_secrets })
    }
}

fn parse_webhook_secrets(member: Value) -> Result<WebhookSecrets, InvalidWebhookSecret> {
    match member {
        Value::String(text) => WebhookSecrets::parse(&text.into()),
        _ => Err(InvalidWebhookSecret),
    }
}

fn parse_pairs(list: Value) -> Result<Vec<KeyPair>, InvalidKeys> {
    let texts: Vec<SigningKeyText> = serde_json::from_value(list).map_err(|_| InvalidKeys::SigningKeys)?;
    let mut ids = HashSet::new();
    let mut pairs = Vec::with_capacity(texts.len());
    for (number, text) in (1..).zip(texts) {
        let algorithm = match text.alg.as_str() {
            "ES256" => Algorithm::ES256,
            "EdDSA" => Algorithm::EdDSA,
            _ => return Err(InvalidKeys::SigningKeys),
        };
        if text.kid.is_empty() || text.kid.len() > MAX_KEY_ID_LENGTH || !ids.insert(text.kid.clone()) {
            return Err(InvalidKeys::SigningKeys);
        }
        let pair = KeyPair::from_pem(text.kid, algorithm, &text.private_key);
        pairs.push(pair.map_err(|_| InvalidKeys::SigningKey { number, algorithm })?);
    }
    Ok(pairs)
}
