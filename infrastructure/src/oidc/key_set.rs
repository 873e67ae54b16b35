//! The keys that a provider publishes, as a JWK set (RFC 7517), and what may be verified with each.

use jsonwebtoken::{Algorithm, DecodingKey, decode_header};
use serde::Deserialize;
use serde_json::Value;

use super::claims::IdClaims;
use crate::crypto::keys::{Unverified, VerifyingKey};

/// Most keys that are looked at. Microsoft, who publishes most, has about ten.
const MAX_KEYS: usize = 64;

/// A document in which there is no key to verify with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer holds no usable key")]
pub(super) struct NoUsableKey;

/// The keys of one provider.
pub(super) struct ProviderKeys {
    keys: Vec<ProviderKey>,
}

struct ProviderKey {
    id: String,
    verifying: VerifyingKey,
    issuer: Option<String>,
}

/// One key as it is published.
#[derive(Deserialize)]
struct KeyText {
    kid: String,
    kty: String,
    r#use: Option<String>,
    alg: Option<String>,
    n: Option<String>,
    e: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    issuer: Option<String>,
}

impl ProviderKeys {
    /// Reads a key set. Keys of kinds that we do not verify with are left out.
    pub(super) fn parse(document: &[u8]) -> Result<Self, NoUsableKey> {
        #[derive(Deserialize)]
        struct Document {
            keys: Vec<Value>,
        }
        let document: Document = serde_json::from_slice(document).map_err(|_| NoUsableKey)?;
        let read = |key| ProviderKey::read(serde_json::from_value(key).ok()?);
        let keys: Vec<_> = document.keys.into_iter().take(MAX_KEYS).filter_map(read).collect();
        if keys.is_empty() { Err(NoUsableKey) } else { Ok(Self { keys }) }
    }

    /// Checks a token's signature, and reads its claims and, if its key is for one issuer only, for which.
    ///
    /// The key is chosen by `kid` and nothing else of the header, and decides the algorithm, RS256 or ES256: a
    /// `jku`, `x5u` or `jwk` is never looked at, and a token cannot choose how it is verified (RFC 8725 §3.1).
    pub(super) fn verify(&self, token: &str) -> Result<(IdClaims, Option<&str>), Unverified> {
        let header = decode_header(token).map_err(|_| Unverified::Malformed)?;
        // A token of another kind, such as `at+jwt`, says so (RFC 8725 §3.11).
        let is_another_kind = header.typ.as_ref().is_some_and(|kind| !kind.eq_ignore_ascii_case("JWT"));
        if header.crit.is_some() || is_another_kind {
            return Err(Unverified::Malformed);
        }
        let id = header.kid.ok_or(Unverified::Malformed)?;
        let key = self.keys.iter().find(|key| key.id == id).ok_or(Unverified::NoKeyFits)?;
        let claims = key.verifying.verify(token).map_err(|_| Unverified::Malformed)?;
        Ok((claims, key.issuer.as_deref()))
    }
}

impl ProviderKey {
    fn read(text: KeyText) -> Option<Self> {
        let KeyText { kid: id, kty, r#use, alg, n, e, crv, x, y, issuer } = text;
        if r#use.is_some_and(|purpose| purpose != "sig") {
            return None;
        }
        let (name, algorithm, key) = match kty.as_str() {
            "RSA" => ("RS256", Algorithm::RS256, DecodingKey::from_rsa_components(&n?, &e?)),
            "EC" if crv? == "P-256" => ("ES256", Algorithm::ES256, DecodingKey::from_ec_components(&x?, &y?)),
            _ => return None,
        };
        if alg.is_some_and(|alg| alg != name) {
            return None;
        }
        Some(Self { id, verifying: VerifyingKey::new(key.ok()?, algorithm), issuer })
    }
}
