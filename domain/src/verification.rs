//! Proof of an address: one-time tokens sent by mail (security rule 8).

use std::fmt;

use chrono::Duration;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::{EmailAddress, TenantId, Timestamp, UserId};

/// The secret in a mailed link: 256 random bits, written in hexadecimal.
#[derive(Clone, Debug)]
pub struct TokenSecret(SecretString);

impl TokenSecret {
    /// Makes the secret of these random bytes.
    #[must_use]
    pub fn from_random(bytes: [u8; 32]) -> Self {
        Self(hex::encode(bytes).into())
    }

    /// What is stored in its place.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(self.0.expose_secret())
    }

    /// The text that goes into the link.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// The SHA-256 of a token, in lower-case hexadecimal: all that the store ever sees of one.
///
/// A fast hash is enough, because what it hides has 256 random bits. The Python service stores the same.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TokenHash(String);

impl TokenHash {
    /// Longest token that is worth hashing, in bytes.
    pub const MAX_TOKEN_LENGTH: usize = 4096;

    /// Hashes a token that somebody presents.
    #[must_use]
    pub fn of(token: &str) -> Self {
        Self(hex::encode(Sha256::digest(token.as_bytes())))
    }

    /// Takes a hash from the store as it is.
    #[must_use]
    pub fn restore(stored: impl Into<String>) -> Self {
        Self(stored.into())
    }

    /// The hash in hexadecimal.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether two hashes are equal, in a time that does not tell how far they agree.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        subtle::ConstantTimeEq::ct_eq(self.0.as_bytes(), other.0.as_bytes()).into()
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(hidden)")
    }
}

/// What a one-time token lets its holder do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Confirm the address of an account.
    ConfirmEmail,
    /// Choose a new password.
    ResetPassword,
}

/// Everything a one-time token consists of, as read from or written to the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneTimeTokenSnapshot {
    /// What it is for.
    pub purpose: Purpose,
    /// The hash of its secret; its identity.
    pub hash: TokenHash,
    /// Whose account it is about.
    pub user_id: UserId,
    /// Their tenant.
    pub tenant_id: TenantId,
    /// The address that it was sent to.
    pub email: EmailAddress,
    /// When it stops working.
    pub expires_at: Timestamp,
    /// When it was used, if it was.
    pub used_at: Option<Timestamp>,
}

/// A token that works once, for a while, for the one address that it was mailed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneTimeToken {
    state: OneTimeTokenSnapshot,
}

/// Why a token no longer works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefused {
    /// It worked once already.
    #[error("this link has already been used")]
    Used,
    /// Its time is over.
    #[error("this link has expired")]
    Expired,
    /// A newer one was sent, or the account has another address by now.
    #[error("this link is no longer valid")]
    Superseded,
}

impl OneTimeToken {
    /// Issues a token. The owner's aggregate must note its hash ([`User`](crate::User) does), which voids all
    /// earlier ones.
    #[must_use]
    pub fn issue(
        purpose: Purpose,
        secret: &TokenSecret,
        owner: &crate::user::UserSnapshot,
        lifetime: Duration,
        now: Timestamp,
    ) -> Self {
        Self {
            state: OneTimeTokenSnapshot {
                purpose,
                hash: secret.hash(),
                user_id: owner.id.clone(),
                tenant_id: owner.tenant_id.clone(),
                email: owner.email.clone(),
                expires_at: now + lifetime,
                used_at: None,
            },
        }
    }

    /// Takes a token from the store as it is.
    #[must_use]
    pub const fn restore(state: OneTimeTokenSnapshot) -> Self {
        Self { state }
    }

    /// What the token consists of.
    #[must_use]
    pub const fn snapshot(&self) -> &OneTimeTokenSnapshot {
        &self.state
    }

    /// Whether the token would be taken now, as far as it knows itself. Whether it is still the newest is for
    /// its owner to say.
    ///
    /// # Errors
    ///
    /// [`TokenRefused`] says why not.
    pub fn check(&self, now: Timestamp) -> Result<(), TokenRefused> {
        if self.state.used_at.is_some() {
            return Err(TokenRefused::Used);
        }
        if now >= self.state.expires_at {
            return Err(TokenRefused::Expired);
        }
        Ok(())
    }

    /// Uses the token up.
    ///
    /// # Errors
    ///
    /// [`TokenRefused`] as [`Self::check`] says.
    pub fn redeem(&mut self, now: Timestamp) -> Result<(), TokenRefused> {
        self.check(now)?;
        self.state.used_at = Some(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::user::tests::{at, registered_user};

    fn token() -> (OneTimeToken, TokenSecret) {
        let secret = TokenSecret::from_random([7; 32]);
        let user = registered_user();
        (OneTimeToken::issue(Purpose::ConfirmEmail, &secret, user.snapshot(), Duration::days(7), at(0)), secret)
    }

    #[test]
    fn rule_8_a_token_works_once() {
        let (mut token, _) = token();
        assert_eq!(token.redeem(at(60)), Ok(()));
        assert_eq!(token.redeem(at(61)), Err(TokenRefused::Used));
    }

    #[test]
    fn rule_8_a_token_expires() {
        let (mut token, _) = token();
        let end = Duration::days(7).num_seconds();
        assert_eq!(token.check(at(end - 1)), Ok(()));
        assert_eq!(token.redeem(at(end)), Err(TokenRefused::Expired));
    }

    #[test]
    fn rule_8_only_the_sha_256_of_a_token_is_kept() {
        let (token, secret) = token();
        assert_eq!(secret.expose().len(), 64);
        assert_ne!(token.snapshot().hash.as_str(), secret.expose());
        assert!(token.snapshot().hash.matches(&TokenHash::of(secret.expose())));
        assert!(!format!("{token:?}{secret:?}").contains(secret.expose()));
    }

    #[test]
    fn the_hash_is_the_one_that_the_python_service_computes() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(TokenHash::of("abc").as_str(), expected);
    }
}
