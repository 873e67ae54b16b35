//! Passwords and tokens.

use async_trait::async_trait;
use domain::user::{Password, PasswordHash};
use secrecy::SecretString;
use serde_json::Value;

use super::Unreached;
use crate::ports::{
    AccessTokenClaims, IssuedAccessToken, PasswordHasher, PasswordHashingError, PasswordVerification,
    RefreshTokenClaims, TokenRejected, TokenSigningError, Tokens, VerifiedAccessToken, VerifiedRefreshToken,
};

#[async_trait]
impl PasswordHasher for Unreached {
    async fn hash(&self, _: &Password) -> Result<PasswordHash, PasswordHashingError> {
        Err(PasswordHashingError::Busy)
    }

    async fn verify(
        &self,
        _: &Password,
        _: Option<&PasswordHash>,
    ) -> Result<PasswordVerification, PasswordHashingError> {
        Err(PasswordHashingError::Busy)
    }
}

fn unsigned<T>() -> Result<T, TokenSigningError> {
    Err(TokenSigningError::Unavailable("this test does not reach that far".into()))
}

#[async_trait]
impl Tokens for Unreached {
    async fn issue_access(&self, _: &AccessTokenClaims<'_>) -> Result<IssuedAccessToken, TokenSigningError> {
        unsigned()
    }

    async fn issue_refresh(&self, _: &RefreshTokenClaims<'_>) -> Result<SecretString, TokenSigningError> {
        unsigned()
    }

    async fn verify_access(&self, _: &str) -> Result<VerifiedAccessToken, TokenRejected> {
        Err(TokenRejected::Invalid)
    }

    async fn verify_refresh(&self, _: &str) -> Result<VerifiedRefreshToken, TokenRejected> {
        Err(TokenRejected::Invalid)
    }

    async fn public_keys(&self) -> Result<Value, TokenSigningError> {
        unsigned()
    }
}
