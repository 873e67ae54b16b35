//! Where the signing secret comes from (`contract/tokens.md`, "The secret"). What its text means is for
//! [`crate::crypto::keys`] to say.

mod file;
mod secrets_manager;

use async_trait::async_trait;
use secrecy::SecretString;

pub use file::SecretFile;
pub use secrets_manager::SecretsManagerSecret;

/// Something that keeps the signing secret.
#[async_trait]
pub trait SecretSource: Send + Sync {
    /// Reads the secret as it is now.
    ///
    /// # Errors
    ///
    /// [`SecretError`] when it cannot be read.
    async fn fetch(&self) -> Result<SecretTexts, SecretError>;
}

/// The secret, and the one that it replaced.
#[derive(Clone, Debug)]
pub struct SecretTexts {
    /// Signs and verifies.
    pub current: SecretString,
    /// Still verifies, so that a rotation signs nobody out.
    pub previous: Option<SecretString>,
}

/// Why the secret cannot be read. Holds nothing of it.
#[derive(Debug, thiserror::Error)]
#[error("the signing secret cannot be read: {0}")]
pub struct SecretError(pub String);

/// A secret that is given as text and never changes (`JWT_SECRET`).
#[derive(Clone, Debug)]
pub struct FixedSecret(SecretString);

impl FixedSecret {
    /// The secret of this text.
    #[must_use]
    pub fn new(text: SecretString) -> Self {
        Self(text)
    }
}

#[async_trait]
impl SecretSource for FixedSecret {
    async fn fetch(&self) -> Result<SecretTexts, SecretError> {
        Ok(SecretTexts { current: self.0.clone(), previous: None })
    }
}
