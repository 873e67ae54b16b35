//! Passwords, how often they were tried, and tokens.

use async_trait::async_trait;
use domain::{
    ThrottleSubject, Timestamp,
    throttle::Failures,
    user::{Password, PasswordHash},
};
use secrecy::SecretString;
use serde_json::Value;

use super::{Unreached, unreached};
use crate::ports::{
    AccessTokenClaims, FailureCounter, IssuedAccessToken, PasswordHasher, PasswordHashingError, PasswordVerification,
    RefreshTokenClaims, StoreError, TokenRejected, TokenSigningError, Tokens, VerifiedAccessToken,
    VerifiedRefreshToken,
};

#[async_trait]
impl FailureCounter for Unreached {
    async fn find(&self, _: &ThrottleSubject) -> Result<Option<Failures>, StoreError> {
        unreached()
    }

    async fn count(
        &self,
        _: &ThrottleSubject,
        _: Option<&Failures>,
        _: &Failures,
        _: Option<Timestamp>,
    ) -> Result<bool, StoreError> {
        unreached()
    }

    async fn add(&self, _: &ThrottleSubject, _: Timestamp, _: Timestamp) -> Result<(), StoreError> {
        unreached()
    }
}

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
