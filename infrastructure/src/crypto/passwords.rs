//! The [`PasswordHasher`] port on the [`HashPool`].

use std::sync::Arc;

use application::ports::{IdGenerator, PasswordHasher, PasswordHashingError, PasswordVerification};
use async_trait::async_trait;
use domain::user::{Password, PasswordHash};

use super::{
    Verification,
    argon2id::SALT_LENGTH,
    hash_pool::{HashPool, HashPoolError},
};

/// Hashes with Argon2id; verifies Argon2id, and bcrypt of the Python service.
pub struct PoolPasswordHasher {
    pool: HashPool,
    ids: Arc<dyn IdGenerator>,
}

impl PoolPasswordHasher {
    /// Hashes on `pool`, with salts from `ids`.
    #[must_use]
    pub fn new(pool: HashPool, ids: Arc<dyn IdGenerator>) -> Self {
        Self { pool, ids }
    }
}

#[async_trait]
impl PasswordHasher for PoolPasswordHasher {
    async fn hash(&self, password: &Password) -> Result<PasswordHash, PasswordHashingError> {
        let mut salt = [0; SALT_LENGTH];
        for (byte, random) in salt.iter_mut().zip(self.ids.secret()) {
            *byte = random;
        }
        Ok(PasswordHash::restore(self.pool.hash(password.normalized().clone(), salt).await?))
    }

    async fn verify(
        &self,
        password: &Password,
        stored: Option<&PasswordHash>,
    ) -> Result<PasswordVerification, PasswordHashingError> {
        let Some(stored) = stored else {
            self.pool.verify_dummy(password.normalized().clone()).await?;
            return Ok(PasswordVerification::Mismatch);
        };
        // The Python service hashed what was typed; normalising it first would lock people out.
        let is_legacy = stored.as_str().starts_with("$2");
        let text = if is_legacy { password.as_typed() } else { password.normalized() };
        match self.pool.verify(text.clone(), stored.as_str().to_owned()).await? {
            Verification::NoMatch => Ok(PasswordVerification::Mismatch),
            Verification::Match => Ok(PasswordVerification::Match),
            Verification::MatchOutdated => Ok(PasswordVerification::MatchOutdated),
            Verification::Unreadable => {
                tracing::warn!("a stored password hash cannot be read; its owner must reset the password");
                Ok(PasswordVerification::Mismatch)
            }
        }
    }
}

impl From<HashPoolError> for PasswordHashingError {
    fn from(error: HashPoolError) -> Self {
        match error {
            HashPoolError::Busy => Self::Busy,
            HashPoolError::Interrupted | HashPoolError::Refused(_) => Self::Broken(error.to_string()),
        }
    }
}
