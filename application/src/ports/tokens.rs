use std::time::Duration;

use async_trait::async_trait;
use domain::{EmailAddress, Role, SessionId, TenantId, Tier, Timestamp, TokenHash, TokenId, UserId, user::UserStatus};
use secrecy::SecretString;

/// Signs and verifies the tokens of `contract/tokens.md` (security rules 12 to 14).
#[async_trait]
pub trait Tokens: Send + Sync {
    /// Signs an access token.
    ///
    /// # Errors
    ///
    /// [`TokenSigningError`] when there is no usable key.
    async fn issue_access(&self, claims: &AccessTokenClaims<'_>) -> Result<IssuedAccessToken, TokenSigningError>;

    /// Signs a refresh token. The same claims give the same token as long as the key stays, so that a lost
    /// answer can be given again.
    ///
    /// # Errors
    ///
    /// [`TokenSigningError`] when there is no usable key.
    async fn issue_refresh(&self, claims: &RefreshTokenClaims<'_>) -> Result<SecretString, TokenSigningError>;

    /// Checks an access token: ours, or one that the Python service issued.
    ///
    /// # Errors
    ///
    /// [`TokenRejected`] says why it is not taken.
    async fn verify_access(&self, token: &str) -> Result<VerifiedAccessToken, TokenRejected>;

    /// Checks a refresh token: ours, or one that the Python service issued.
    ///
    /// # Errors
    ///
    /// [`TokenRejected`] says why it is not taken.
    async fn verify_refresh(&self, token: &str) -> Result<VerifiedRefreshToken, TokenRejected>;

    /// The public keys as a JWK set (RFC 7517); empty while only the shared secret signs.
    ///
    /// # Errors
    ///
    /// [`TokenSigningError`] when the keys cannot be had.
    async fn public_keys(&self) -> Result<serde_json::Value, TokenSigningError>;
}

/// What an access token says.
#[derive(Clone, Copy, Debug)]
pub struct AccessTokenClaims<'a> {
    /// `jti`.
    pub id: &'a TokenId,
    /// `sid`.
    pub session_id: &'a SessionId,
    /// `sub` and `user_id`.
    pub user_id: &'a UserId,
    /// `tenant_id`.
    pub tenant_id: &'a TenantId,
    /// `role`, and what follows from it.
    pub role: Role,
    /// `email`.
    pub email: &'a EmailAddress,
    /// `email_verified`.
    pub email_verified: bool,
    /// `user_status`.
    pub user_status: UserStatus,
    /// `subscription_tier`.
    pub tier: Tier,
    /// `iat` and `nbf`.
    pub issued_at: Timestamp,
}

/// What a refresh token says.
#[derive(Clone, Copy, Debug)]
pub struct RefreshTokenClaims<'a> {
    /// `jti`.
    pub id: &'a TokenId,
    /// `sid`.
    pub session_id: &'a SessionId,
    /// `sub`.
    pub user_id: &'a UserId,
    /// `tenant_id`.
    pub tenant_id: &'a TenantId,
    /// `iat` and `nbf`.
    pub issued_at: Timestamp,
    /// `exp`.
    pub expires_at: Timestamp,
}

/// A signed access token.
#[derive(Clone, Debug)]
pub struct IssuedAccessToken {
    /// The compact JWT.
    pub token: SecretString,
    /// For how long it works.
    pub expires_in: Duration,
}

/// An access token whose signature and times are good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedAccessToken {
    /// Who.
    pub user_id: UserId,
    /// For which tenant.
    pub tenant_id: TenantId,
    /// In which session; `None` for a token of the Python service.
    pub session_id: Option<SessionId>,
    /// Since when.
    pub issued_at: Timestamp,
}

/// A refresh token whose signature and times are good. Whether it is spent is for its session to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedRefreshToken {
    /// Which one.
    pub id: TokenId,
    /// Its hash.
    pub hash: TokenHash,
    /// Who.
    pub user_id: UserId,
    /// For which tenant.
    pub tenant_id: TenantId,
    /// In which session; `None` for a token of the Python service.
    pub session_id: Option<SessionId>,
    /// Since when.
    pub issued_at: Timestamp,
}

/// Why a token is not taken.
#[derive(Debug, thiserror::Error)]
pub enum TokenRejected {
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Not a token of ours, of another kind, or tampered with.
    #[error("the token is not valid")]
    Invalid,
    /// It could not be checked.
    #[error(transparent)]
    Failed(#[from] TokenSigningError),
}

/// Why there is no usable key.
#[derive(Debug, thiserror::Error)]
pub enum TokenSigningError {
    /// The keys cannot be fetched now.
    #[error("signing keys are unavailable: {0}")]
    Unavailable(String),
    /// The keys are there and cannot be used.
    #[error("signing failed: {0}")]
    Broken(String),
}
