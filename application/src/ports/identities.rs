use async_trait::async_trait;
use domain::{EmailAddress, IdentityProvider, OutsideIdentity, PersonName};

use crate::error::{Classified, ErrorKind};

/// Longest ID token that is looked at, in bytes. Microsoft lists up to 200 groups in one.
pub const MAX_ID_TOKEN_LENGTH: usize = 16 * 1024;

/// Verifies what identity providers say about people (security rule 11).
#[async_trait]
pub trait IdentityTokens: Send + Sync {
    /// Checks an ID token (OpenID Connect Core §2): signed by the provider, issued for this service, in its time,
    /// and with this `nonce` if there is one. A good answer says who somebody is, not that they have an account.
    ///
    /// # Errors
    ///
    /// [`IdentityRejected`] says why it proves nothing.
    async fn verify(
        &self,
        provider: IdentityProvider,
        token: &str,
        nonce: Option<&str>,
    ) -> Result<VerifiedIdentity, IdentityRejected>;
}

/// Somebody for whom a provider vouches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedIdentity {
    /// Which provider.
    pub provider: IdentityProvider,
    /// Who they are to it.
    pub identity: OutsideIdentity,
    /// Their address, as the provider has it; it may be anybody's unless the provider vouches for it too.
    pub email: Option<EmailAddress>,
    /// Whether the provider vouches for the address.
    pub email_verified: bool,
    /// First name, if the provider has one that can be used.
    pub first_name: Option<PersonName>,
    /// Last name, if the provider has one that can be used.
    pub last_name: Option<PersonName>,
}

impl VerifiedIdentity {
    /// The address, if the provider says that it is the person's.
    #[must_use]
    pub fn vouched_email(&self) -> Option<&EmailAddress> {
        self.email.as_ref().filter(|_| self.email_verified)
    }
}

/// Why an ID token proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum IdentityRejected {
    /// Nobody has set up signing in with this provider.
    #[error("signing in with {0} is not available here")]
    NotOffered(IdentityProvider),
    /// Its time is over.
    #[error("the {0} token has expired; please sign in with {0} again")]
    Expired(IdentityProvider),
    /// Not a token of the provider's, not for this service, or tampered with.
    #[error("the {0} token is not valid")]
    Invalid(IdentityProvider),
    /// It could not be checked, because the provider's keys cannot be had.
    #[error("the keys of {0} cannot be had: {1}")]
    Unavailable(IdentityProvider, String),
}

impl Classified for IdentityRejected {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotOffered(_) => ErrorKind::ProviderNotOffered,
            Self::Expired(provider) | Self::Invalid(provider) => ErrorKind::OutsideIdentity(*provider),
            Self::Unavailable(..) => ErrorKind::Unavailable,
        }
    }
}

impl IdentityRejected {
    /// The reason as the security log has it.
    pub(crate) const fn reason(&self) -> &'static str {
        match self {
            Self::NotOffered(_) => "provider_not_offered",
            Self::Expired(_) => "expired_token",
            Self::Invalid(_) => "invalid_token",
            Self::Unavailable(..) => "provider_unavailable",
        }
    }
}
