use async_trait::async_trait;
use domain::user::{Password, PasswordHash};

/// Turns passwords into what may be stored, off the async runtime and behind a bounded queue (security rules 4
/// and 5).
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    /// Hashes a new password with the current parameters and a fresh salt.
    ///
    /// # Errors
    ///
    /// [`PasswordHashingError::Busy`] at once when the queue is full.
    async fn hash(&self, password: &Password) -> Result<PasswordHash, PasswordHashingError>;

    /// Whether the password is the one that was hashed. With `None` it does the work of a real verification and
    /// answers [`PasswordVerification::Mismatch`], so that an unknown address takes as long as a known one
    /// (security rule 6). A hash that cannot be read is a mismatch as well.
    ///
    /// # Errors
    ///
    /// [`PasswordHashingError::Busy`] at once when the queue is full.
    async fn verify(
        &self,
        password: &Password,
        stored: Option<&PasswordHash>,
    ) -> Result<PasswordVerification, PasswordHashingError>;
}

/// What a verification found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordVerification {
    /// It is another password.
    Mismatch,
    /// It is the password.
    Match,
    /// It is the password, and its hash is of an older kind: hash it again.
    MatchOutdated,
}

/// Why a password could not be hashed or verified.
#[derive(Debug, thiserror::Error)]
pub enum PasswordHashingError {
    /// The queue is full.
    #[error("too many passwords are waiting to be hashed")]
    Busy,
    /// The hasher failed.
    #[error("password hashing failed: {0}")]
    Broken(String),
}
