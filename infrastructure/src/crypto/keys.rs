//! The keys in the text of the signing secret, and what may be done with each (rules 13 and 14).

mod asymmetric;
mod parse;

use std::collections::HashSet;

use aws_lc_rs::aead::{AES_256_GCM, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::webhook_secrets::WebhookSecrets;
use crate::config::AccessTokenSigner;
use crate::secrets::SecretTexts;

use asymmetric::KeyPair;
pub use parse::InvalidKeys;
use parse::SecretDocument;

/// Keeps the keys that seal payloads apart from the secret that signs, whoever holds one of them.
const SEALING_LABEL: &[u8] = b"purposepath account service: outbox payloads, AES-256-GCM";

/// Every key of the service: one signs access tokens, one signs refresh tokens, all verify.
pub struct KeySet {
    current: SharedSecret,
    previous: Option<SharedSecret>,
    pairs: Vec<KeyPair>,
    access: SigningKey,
    webhook_secrets: Option<WebhookSecrets>,
}

/// Which keys a token may be signed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AllowedKeys {
    /// Any.
    All,
    /// The shared secret only.
    SharedSecret,
}

/// Why a token is not ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unverified {
    /// No token at all, or one that no key may have signed.
    Malformed,
    /// No key of this set has signed it. A newer set may have.
    NoKeyFits,
}

impl KeySet {
    /// Reads the secret's texts.
    ///
    /// A previous secret that cannot be used is left out with a warning: a rotation may be the very remedy
    /// for it.
    ///
    /// # Errors
    ///
    /// [`InvalidKeys`] when the current secret cannot be used, or has no key for `signer`.
    pub fn parse(texts: &SecretTexts, signer: AccessTokenSigner) -> Result<Self, InvalidKeys> {
        let current = SecretDocument::parse(&texts.current)?;
        let previous = texts.previous.as_ref().and_then(|text| {
            let unusable = |error| tracing::warn!(%error, "the previous signing secret is left out");
            SecretDocument::parse(text).map_err(unusable).ok()
        });
        let signing = SharedSecret::new(&current.secret)?;
        let access = match signer {
            AccessTokenSigner::Hs256 => signing.signing.clone(),
            AccessTokenSigner::Es256 => first_pair(&current.pairs, Algorithm::ES256)?,
            AccessTokenSigner::EdDsa => first_pair(&current.pairs, Algorithm::EdDSA)?,
        };
        let mut pairs = current.pairs;
        let mut verifying = None;
        if let Some(previous) = previous {
            verifying = Some(SharedSecret::new(&previous.secret)?);
            let known: HashSet<_> = pairs.iter().map(|pair| pair.id().to_owned()).collect();
            pairs.extend(previous.pairs.into_iter().filter(|pair| !known.contains(pair.id())));
        }
        let webhook_secrets = current.webhook_secrets;
        Ok(Self { current: signing, previous: verifying, pairs, access, webhook_secrets })
    }

    /// Signs the claims of an access token.
    pub(super) fn sign_access(&self, claims: &impl Serialize) -> jsonwebtoken::errors::Result<SecretString> {
        self.access.sign(claims)
    }

    /// Signs claims with the shared secret: the same claims give the same token.
    pub(super) fn sign_with_shared_secret(
        &self,
        claims: &impl Serialize,
    ) -> jsonwebtoken::errors::Result<SecretString> {
        self.current.signing.sign(claims)
    }

    /// Checks a token's signature and reads its claims, whose meaning is for the caller to judge.
    ///
    /// The key is chosen by `kid` and nothing else of the header, and decides the algorithm: a `jku`, `x5u` or
    /// `jwk` is never looked at, and a token cannot choose how it is verified (rule 14).
    pub(super) fn verify<Claims: DeserializeOwned>(
        &self,
        token: &str,
        allowed: AllowedKeys,
    ) -> Result<Claims, Unverified> {
        let header = decode_header(token).map_err(|_| Unverified::Malformed)?;
        if header.crit.is_some() {
            // Whoever does not understand an extension that is marked as critical must refuse (RFC 7515 §4.1.11).
            return Err(Unverified::Malformed);
        }
        let named = header.kid.as_ref().and_then(|id| self.pairs.iter().find(|pair| pair.id() == id));
        match named {
            Some(pair) if allowed == AllowedKeys::All => pair.verify(token),
            Some(_) => Err(Unverified::Malformed),
            None => self
                .shared_secrets()
                .find_map(|secret| match secret.verifying.verify(token) {
                    Err(Unverified::NoKeyFits) => None,
                    verdict => Some(verdict),
                })
                .unwrap_or(Err(Unverified::NoKeyFits)),
        }
    }

    /// The public keys, for others to verify with.
    pub(super) fn public_keys(&self) -> JwkSet {
        JwkSet { keys: self.pairs.iter().map(|pair| pair.public_key().clone()).collect() }
    }

    /// The key that seals.
    pub(super) fn sealing_key(&self) -> &RandomizedNonceKey {
        &self.current.sealing
    }

    /// The keys that open, the likeliest first.
    pub(super) fn opening_keys(&self) -> impl Iterator<Item = &RandomizedNonceKey> {
        self.shared_secrets().map(|secret| &secret.sealing)
    }

    /// What signs messages to the webhook, where the secret says it.
    pub(crate) fn webhook_secrets(&self) -> Option<&WebhookSecrets> {
        self.webhook_secrets.as_ref()
    }

    fn shared_secrets(&self) -> impl Iterator<Item = &SharedSecret> {
        std::iter::once(&self.current).chain(&self.previous)
    }
}

fn first_pair(pairs: &[KeyPair], algorithm: Algorithm) -> Result<SigningKey, InvalidKeys> {
    let pair = pairs.iter().find(|pair| pair.algorithm() == algorithm);
    pair.map(|pair| pair.signing_key().clone()).ok_or(InvalidKeys::NoSigningKey(algorithm))
}

/// A secret that the Python services have too.
struct SharedSecret {
    signing: SigningKey,
    verifying: VerifyingKey,
    sealing: RandomizedNonceKey,
}

impl SharedSecret {
    fn new(secret: &SecretString) -> Result<Self, InvalidKeys> {
        let bytes = secret.expose_secret().as_bytes();
        Ok(Self {
            signing: SigningKey { header: Header::new(Algorithm::HS256), key: EncodingKey::from_secret(bytes) },
            verifying: VerifyingKey::new(DecodingKey::from_secret(bytes), Algorithm::HS256),
            sealing: derive_sealing_key(bytes).map_err(|_| InvalidKeys::Derivation)?,
        })
    }
}

fn derive_sealing_key(secret: &[u8]) -> Result<RandomizedNonceKey, aws_lc_rs::error::Unspecified> {
    struct Length;
    impl KeyType for Length {
        fn len(&self) -> usize {
            AES_256_GCM.key_len()
        }
    }
    let mut key = Zeroizing::new(vec![0; AES_256_GCM.key_len()]);
    Salt::new(HKDF_SHA256, &[]).extract(secret).expand(&[SEALING_LABEL], Length)?.fill(&mut key)?;
    RandomizedNonceKey::new(&AES_256_GCM, &key)
}

/// A key that signs, and the header of what it signs.
#[derive(Clone)]
struct SigningKey {
    header: Header,
    key: EncodingKey,
}

impl SigningKey {
    fn sign(&self, claims: &impl Serialize) -> jsonwebtoken::errors::Result<SecretString> {
        encode(&self.header, claims, &self.key).map(Into::into)
    }
}

/// A key that verifies, with the one algorithm that it is for.
pub(crate) struct VerifyingKey {
    key: DecodingKey,
    validation: Validation,
}

impl VerifyingKey {
    pub(crate) fn new(key: DecodingKey, algorithm: Algorithm) -> Self {
        let mut validation = Validation::new(algorithm);
        // The library would read the system's clock, and does not know which claims which token must have.
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        Self { key, validation }
    }

    pub(crate) fn verify<Claims: DeserializeOwned>(&self, token: &str) -> Result<Claims, Unverified> {
        decode(token, &self.key, &self.validation).map(|data| data.claims).map_err(|error| match error.kind() {
            ErrorKind::InvalidSignature | ErrorKind::InvalidAlgorithm => Unverified::NoKeyFits,
            _ => Unverified::Malformed,
        })
    }
}

#[cfg(test)]
mod tests;
