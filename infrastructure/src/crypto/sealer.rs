//! Encryption of what waits in the outbox: mails carry links that hold secrets.

use std::sync::Arc;

use aws_lc_rs::aead::{Aad, Nonce, RandomizedNonceKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::key_ring::KeyRing;

/// Encrypts texts that rest in the store, and reads them back.
pub trait PayloadSealer: Send + Sync {
    /// Encrypts `plain` into a text. The same input gives another text every time.
    ///
    /// # Errors
    ///
    /// [`SealError::Broken`] when encryption fails.
    fn seal(&self, plain: &[u8]) -> Result<String, SealError>;

    /// Decrypts a text of [`Self::seal`].
    ///
    /// # Errors
    ///
    /// [`SealError`] says why it cannot.
    fn open(&self, sealed: &str) -> Result<Vec<u8>, SealError>;
}

/// Why a text was not sealed or opened. Holds nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The text is not one that [`PayloadSealer::seal`] makes.
    #[error("the sealed text is malformed")]
    Malformed,
    /// No key at hand opens it: it was tampered with, or its key is not known here, or no longer.
    #[error("no known key opens the sealed text")]
    UnknownKey,
    /// Encryption failed.
    #[error("sealing failed")]
    Broken,
}

/// Names the format below, and is authenticated with the payload.
const VERSION: &str = "v1";
const NONCE_LENGTH: usize = 12;

/// Seals with AES-256-GCM under a key that is derived from the signing secret, and opens with the previous
/// secret's too. A sealed text is `v1.` and the nonce, the ciphertext and its tag in URL-safe Base64.
#[derive(Clone)]
pub struct AesGcmSealer {
    keys: Arc<KeyRing>,
}

impl AesGcmSealer {
    /// A sealer with these keys. It takes them as they are: keeping them up to date needs somebody who waits
    /// ([`KeyRing::current`]).
    #[must_use]
    pub fn new(keys: Arc<KeyRing>) -> Self {
        Self { keys }
    }
}

impl PayloadSealer for AesGcmSealer {
    fn seal(&self, plain: &[u8]) -> Result<String, SealError> {
        let mut payload = plain.to_vec();
        let keys = self.keys.at_hand();
        // The nonces are random: the outbox would need 2³² messages under one secret for them to be a risk
        // (NIST SP 800-38D §8.3).
        let nonce = keys
            .sealing_key()
            .seal_in_place_append_tag(Aad::from(VERSION), &mut payload)
            .map_err(|_| SealError::Broken)?;
        let text = URL_SAFE_NO_PAD.encode([nonce.as_ref().as_slice(), &payload].concat());
        Ok(format!("{VERSION}.{text}"))
    }

    fn open(&self, sealed: &str) -> Result<Vec<u8>, SealError> {
        let text = sealed.strip_prefix(VERSION).and_then(|rest| rest.strip_prefix('.')).ok_or(SealError::Malformed)?;
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| SealError::Malformed)?;
        let (nonce, payload) = bytes.split_at_checked(NONCE_LENGTH).ok_or(SealError::Malformed)?;
        let keys = self.keys.at_hand();
        keys.opening_keys().find_map(|key| open_with(key, nonce, payload)).ok_or(SealError::UnknownKey)
    }
}

fn open_with(key: &RandomizedNonceKey, nonce: &[u8], payload: &[u8]) -> Option<Vec<u8>> {
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut payload = payload.to_vec();
    let length = key.open_in_place(nonce, Aad::from(VERSION), &mut payload).ok()?.len();
    payload.truncate(length);
    Some(payload)
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;
    use crate::config::AccessTokenSigner;
    use crate::fixtures::{PinnedClock, Rotated};

    const OLD: &str = "the old secret, long enough to sign";
    const NEW: &str = "the new secret, long enough to sign";
    const LINK: &[u8] = b"https://app.example.com/auth/reset-password?token=d0d0";

    async fn sealer(current: &str, previous: Option<&str>) -> AesGcmSealer {
        let secret = Rotated { current: current.into(), previous: previous.map(SecretString::from) };
        let keys = KeyRing::load(Arc::new(secret), AccessTokenSigner::Hs256, PinnedClock::new()).await;
        AesGcmSealer::new(Arc::new(keys.unwrap()))
    }

    #[tokio::test]
    async fn what_was_sealed_is_opened_again_and_cannot_be_read_meanwhile() {
        let sealer = sealer(NEW, None).await;
        let text = sealer.seal(LINK).unwrap();
        assert_eq!(sealer.open(&text).as_deref(), Ok(LINK));
        assert_ne!(text, sealer.seal(LINK).unwrap());
        let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix("v1.").unwrap()).unwrap();
        assert_eq!(bytes.len(), NONCE_LENGTH + LINK.len() + 16);
        assert!(!bytes.windows(8).any(|window| window == &LINK[..8]));
        assert_eq!(sealer.open(&sealer.seal(b"").unwrap()), Ok(Vec::new()));
    }

    #[tokio::test]
    async fn a_rotation_leaves_what_waits_readable_for_one_more() {
        let text = sealer(OLD, None).await.seal(LINK).unwrap();
        assert_eq!(sealer(NEW, Some(OLD)).await.open(&text).as_deref(), Ok(LINK));
        assert_eq!(sealer(NEW, None).await.open(&text), Err(SealError::UnknownKey));
    }

    #[tokio::test]
    async fn a_text_that_was_tampered_with_is_not_opened() {
        let sealer = sealer(NEW, None).await;
        let text = sealer.seal(LINK).unwrap();
        let mut bytes = URL_SAFE_NO_PAD.decode(text.trim_start_matches("v1.")).unwrap();
        for position in [0, NONCE_LENGTH, bytes.len() - 1] {
            bytes[position] ^= 1;
            let changed = format!("v1.{}", URL_SAFE_NO_PAD.encode(&bytes));
            assert_eq!(sealer.open(&changed), Err(SealError::UnknownKey));
            bytes[position] ^= 1;
        }
        let short = format!("v1.{}", URL_SAFE_NO_PAD.encode([0; 11]));
        for malformed in ["", "v1.", "v1.=", "v2.AAAA", text.trim_start_matches("v1."), &short] {
            assert_eq!(sealer.open(malformed), Err(SealError::Malformed), "{malformed}");
        }
    }
}
