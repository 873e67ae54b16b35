//! The tokens of `contract/tokens.md` as JWTs (rules 12 to 14).

mod claims;

use std::sync::Arc;

use application::ports::{
    AccessTokenClaims, Clock, IssuedAccessToken, RefreshTokenClaims, TokenRejected, TokenSigningError, Tokens,
    VerifiedAccessToken, VerifiedRefreshToken,
};
use async_trait::async_trait;
use chrono::TimeDelta;
use domain::{Role, SessionId, TenantId, Timestamp, TokenHash, TokenId, UserId};
use secrecy::SecretString;

use super::key_ring::KeyRing;
use super::keys::{AllowedKeys, Unverified};
use claims::{AccessClaims, Origin, PresentedClaims, RefreshClaims};
pub(crate) use claims::{Audience, numeric_date};

/// By how much the clocks of two machines may differ (rule 14).
pub(crate) const LEEWAY: TimeDelta = TimeDelta::seconds(30);

/// Whether tokens that the Python service issued are taken. They name no session and no `token_use`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegacyTokens {
    /// They are not.
    Refused,
    /// They are, from our issuer or from none: outside development the Python services enforce one.
    Accepted,
    /// They are, from our issuer.
    AcceptedFromIssuer,
}

/// What tokens say about their maker and reader, and how long they work.
#[derive(Clone, Debug)]
pub struct TokenSettings {
    /// `iss` of every token.
    pub issuer: String,
    /// `aud` of access tokens. `None`: they have none, and one that has is refused.
    pub audience: Option<String>,
    /// How long an access token works, in whole seconds (rule 12).
    pub access_lifetime: TimeDelta,
    /// Whether tokens of the Python service are taken.
    pub legacy: LegacyTokens,
}

/// Signs and verifies JWTs.
///
/// Access tokens are signed by the chosen signer. Refresh tokens are read by nobody but this service and the
/// Python one, and must come out the same when they are signed again: the shared secret always signs them,
/// because an ECDSA signature is random.
pub struct JwtTokens {
    keys: Arc<KeyRing>,
    clock: Arc<dyn Clock>,
    settings: TokenSettings,
}

impl JwtTokens {
    /// Tokens with these keys.
    #[must_use]
    pub fn new(keys: Arc<KeyRing>, clock: Arc<dyn Clock>, settings: TokenSettings) -> Self {
        Self { keys, clock, settings }
    }

    /// The claims of a token that a key of ours has signed and whose time is now. A token that no key fits may
    /// be newer than the keys.
    async fn read(&self, token: &str, allowed: AllowedKeys) -> Result<PresentedClaims, TokenRejected> {
        if token.len() > TokenHash::MAX_TOKEN_LENGTH {
            return Err(TokenRejected::Invalid);
        }
        let keys = self.keys.current().await;
        let mut verdict = keys.verify(token, allowed);
        if let Err(Unverified::NoKeyFits) = verdict
            && let Some(newer) = self.keys.newer_than(&keys).await
        {
            verdict = newer.verify(token, allowed);
        }
        let claims: PresentedClaims = verdict.map_err(|_| TokenRejected::Invalid)?;
        self.check_times(&claims)?;
        Ok(claims)
    }

    fn check_times(&self, claims: &PresentedClaims) -> Result<(), TokenRejected> {
        let now = self.clock.now();
        let expires_at = claims.exp.ok_or(TokenRejected::Invalid)?;
        if now - LEEWAY >= expires_at {
            return Err(TokenRejected::Expired);
        }
        // A token from the future is as wrong as one that is for the future.
        if [claims.nbf, claims.iat].into_iter().flatten().any(|begins| begins > now + LEEWAY) {
            return Err(TokenRejected::Invalid);
        }
        Ok(())
    }

    /// Whose token it is, by the claims that only ours have; and whether we take such tokens, from this issuer.
    fn origin(&self, claims: &PresentedClaims) -> Result<Origin, TokenRejected> {
        let ours = claims.iss.as_ref() == Some(&self.settings.issuer);
        match (&claims.token_use, &claims.sid, self.settings.legacy) {
            (Some(_), Some(_), _) if ours => Ok(Origin::Here),
            (_, None, LegacyTokens::Accepted) if ours || claims.iss.is_none() => Ok(Origin::Python),
            (_, None, LegacyTokens::AcceptedFromIssuer) if ours => Ok(Origin::Python),
            _ => Err(TokenRejected::Invalid),
        }
    }

    fn is_for_us(&self, claims: &PresentedClaims) -> bool {
        match (&self.settings.audience, &claims.aud) {
            (Some(expected), Some(audience)) => audience.contains(expected),
            (None, None) => true,
            // RFC 7519 §4.1.3: who is not named in `aud` must refuse.
            (Some(_), None) | (None, Some(_)) => false,
        }
    }
}

#[async_trait]
impl Tokens for JwtTokens {
    async fn issue_access(&self, claims: &AccessTokenClaims<'_>) -> Result<IssuedAccessToken, TokenSigningError> {
        let settings = &self.settings;
        let token = self.keys.current().await.sign_access(&AccessClaims::new(claims, settings)).map_err(broken)?;
        let expires_in = settings.access_lifetime.to_std().unwrap_or_default();
        Ok(IssuedAccessToken { token, expires_in })
    }

    async fn issue_refresh(&self, claims: &RefreshTokenClaims<'_>) -> Result<SecretString, TokenSigningError> {
        let claims = RefreshClaims::new(claims, &self.settings);
        self.keys.current().await.sign_with_shared_secret(&claims).map_err(broken)
    }

    async fn verify_access(&self, token: &str) -> Result<VerifiedAccessToken, TokenRejected> {
        let claims = self.read(token, AllowedKeys::All).await?;
        let right_kind = match self.origin(&claims)? {
            Origin::Here => claims.token_use.as_deref() == Some("access") && claims.jti.is_some(),
            // Only an access token says what its bearer may do.
            Origin::Python => claims.token_use.is_none() && claims.role().is_some() && !claims.is_typed("refresh"),
        };
        if !right_kind || !self.is_for_us(&claims) {
            return Err(TokenRejected::Invalid);
        }
        Ok(VerifiedAccessToken {
            user_id: claims.user().and_then(|id| UserId::parse(id).ok()).ok_or(TokenRejected::Invalid)?,
            tenant_id: claims
                .tenant_id
                .as_ref()
                .and_then(|id| TenantId::parse(id).ok())
                .ok_or(TokenRejected::Invalid)?,
            session_id: claims.session()?,
            issued_at: claims.issued_at(),
        })
    }

    async fn verify_refresh(&self, token: &str) -> Result<VerifiedRefreshToken, TokenRejected> {
        let claims = self.read(token, AllowedKeys::SharedSecret).await?;
        let origin = self.origin(&claims)?;
        let right_kind = match origin {
            Origin::Here => claims.token_use.as_deref() == Some("refresh"),
            Origin::Python => {
                claims.token_use.as_deref().is_none_or(|kind| kind == "refresh") && !claims.is_typed("access")
            }
        };
        if !right_kind || claims.role.is_some() || (claims.aud.is_some() && !self.is_for_us(&claims)) {
            return Err(TokenRejected::Invalid);
        }
        let id = claims.jti.as_ref().and_then(|id| TokenId::parse(id).ok()).ok_or(TokenRejected::Invalid)?;
        let (user, tenant) = (claims.user(), claims.tenant_id.as_deref());
        let (user_id, tenant_id) = match origin {
            Origin::Here => (user.ok_or(TokenRejected::Invalid)?, tenant.ok_or(TokenRejected::Invalid)?),
            // Whose it is, the table says; what these tokens claim is not written down anywhere.
            Origin::Python => (user.unwrap_or_default(), tenant.unwrap_or_default()),
        };
        Ok(VerifiedRefreshToken {
            id,
            hash: TokenHash::of(token),
            user_id: UserId::restore(user_id),
            tenant_id: TenantId::restore(tenant_id),
            session_id: claims.session()?,
            issued_at: claims.issued_at(),
        })
    }

    async fn public_keys(&self) -> Result<serde_json::Value, TokenSigningError> {
        let keys = self.keys.current().await.public_keys();
        serde_json::to_value(keys).map_err(|error| TokenSigningError::Broken(error.to_string()))
    }
}

impl PresentedClaims {
    fn session(&self) -> Result<Option<SessionId>, TokenRejected> {
        self.sid.as_ref().map(SessionId::parse).transpose().map_err(|_| TokenRejected::Invalid)
    }

    /// When it was issued. A token of the Python service that does not say is as old as can be: it ends with
    /// the first "sign out everywhere".
    fn issued_at(&self) -> Timestamp {
        self.iat.unwrap_or(Timestamp::UNIX_EPOCH)
    }

    fn role(&self) -> Option<Role> {
        self.role.as_deref().and_then(Role::from_name)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn broken(error: jsonwebtoken::errors::Error) -> TokenSigningError {
    TokenSigningError::Broken(error.to_string())
}

#[cfg(test)]
mod tests;
