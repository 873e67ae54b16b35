//! Key pairs of the second signer (rule 13).

use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use serde::de::DeserializeOwned;

use super::{SigningKey, Unverified, VerifyingKey};

/// A private key, its public half, and the `kid` that both go by.
pub(super) struct KeyPair {
    id: String,
    signing: SigningKey,
    verifying: VerifyingKey,
    public: Jwk,
}

impl KeyPair {
    /// Reads a private key in PKCS#8 PEM.
    pub(super) fn from_pem(id: String, algorithm: Algorithm, pem: &str) -> jsonwebtoken::errors::Result<Self> {
        let private = match algorithm {
            Algorithm::EdDSA => EncodingKey::from_ed_pem(pem.as_bytes())?,
            _ => EncodingKey::from_ec_pem(pem.as_bytes())?,
        };
        // Fails for a key of another curve than the algorithm's.
        let mut public = Jwk::from_encoding_key(&private, algorithm)?;
        public.common.key_id = Some(id.clone());
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        let verifying = VerifyingKey::new(DecodingKey::from_jwk(&public)?, algorithm);
        let mut header = Header::new(algorithm);
        header.kid = Some(id.clone());
        Ok(Self { id, signing: SigningKey { header, key: private }, verifying, public })
    }

    /// The `kid`.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        self.signing.header.alg
    }

    pub(super) fn public_key(&self) -> &Jwk {
        &self.public
    }

    pub(super) fn signing_key(&self) -> &SigningKey {
        &self.signing
    }

    /// Checks a token that names this key. Nobody else's key has this name, so a token that does not verify
    /// will not do so with a newer key set either.
    pub(super) fn verify<Claims: DeserializeOwned>(&self, token: &str) -> Result<Claims, Unverified> {
        self.verifying.verify(token).map_err(|_| Unverified::Malformed)
    }
}
