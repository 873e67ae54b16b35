//! What can go wrong, in the words that clients know.

use std::{error::Error, time::Duration};

use domain::{IdentityProvider, Version};

use crate::ports::{PasswordHashingError, StoreError, TokenSigningError};

/// What an error means to a client. The HTTP layer turns each kind into one status and one code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// Wrong address or password, without saying which.
    InvalidCredentials,
    /// Too many failures lately: the same again is worth a try after a while.
    TooManyAttempts,
    /// Too many failures altogether: the password does not work until it is reset.
    PasswordDisabled,
    /// No token where one is needed.
    TokenMissing,
    /// A token that was good once.
    TokenExpired,
    /// A token that is not good.
    TokenInvalid,
    /// A token of another tenant than the request names.
    TenantMismatch,
    /// What an identity provider says about somebody is not good enough.
    OutsideIdentity(IdentityProvider),
    /// Nobody can sign in with that identity provider here.
    ProviderNotOffered,
    /// Whoever is signed in has to prove again who they are.
    ReauthenticationRequired,
    /// What was to be taken away is all that somebody can sign in with.
    LastWayIn,
    /// The address must be confirmed first.
    EmailNotVerified,
    /// The account is switched off.
    AccountInactive,
    /// The tenant is switched off.
    TenantInactive,
    /// The role does not allow it.
    InsufficientPermissions,
    /// The plan of the tenant does not allow more.
    TenantLimitExceeded,
    /// A payment was declined.
    PaymentFailed,
    /// A payment is outstanding, and has to come first.
    PaymentRequired,
    /// The billing provider cannot be asked, or does not do what it is asked.
    BillingProvider,
    /// The billing provider does not open its page for the customer.
    BillingPortal,
    /// The tenant has no subscription that this could be done with.
    SubscriptionNotFound,
    /// A promotion code that does not apply.
    PromoCodeInvalid,
    /// More was used than the plan of the tenant includes.
    QuotaExceeded,
    /// The request makes no sense, whoever sends it.
    InvalidRequest,
    /// Fields break rules.
    Validation,
    /// The password breaks a rule.
    WeakPassword,
    /// The address has an account already.
    EmailAlreadyExists,
    /// The request contradicts the state of things.
    Conflict,
    /// The key was used for another request.
    IdempotencyKeyReused,
    /// Nothing there.
    NotFound,
    /// No tenant there, or none of one's own.
    TenantNotFound,
    /// The service cannot answer now; trying again later may help.
    Unavailable,
    /// A fault of ours.
    Internal,
}

/// An error that knows what it means to a client.
pub trait Classified: Error + Send + Sync + 'static {
    /// What it means.
    fn kind(&self) -> ErrorKind;

    /// The request field at fault and what is wrong with it, if it is one. Never the value itself.
    fn field(&self) -> Option<(&'static str, String)> {
        None
    }

    /// The version that there is now, where the request was made for another one.
    fn current_version(&self) -> Option<Version> {
        None
    }

    /// How long to wait before trying again, where that helps.
    fn retry_after(&self) -> Option<Duration> {
        matches!(self.kind(), ErrorKind::Unavailable | ErrorKind::BillingProvider | ErrorKind::BillingPortal)
            .then_some(Duration::from_secs(1))
    }
}

/// A failure that has nothing to do with what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Too many passwords are being hashed, or hashing broke.
    #[error(transparent)]
    Hashing(#[from] PasswordHashingError),
    /// Tokens cannot be signed or verified.
    #[error(transparent)]
    Signing(#[from] TokenSigningError),
    /// Others kept changing the same thing.
    #[error("gave up after {0} conflicting writes")]
    Contention(u32),
}

impl Classified for Failure {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(StoreError::Unavailable(_))
            | Self::Hashing(PasswordHashingError::Busy)
            | Self::Signing(TokenSigningError::Unavailable(_))
            | Self::Contention(_) => ErrorKind::Unavailable,
            Self::Store(StoreError::Corrupt { .. } | StoreError::Refused(_))
            | Self::Hashing(PasswordHashingError::Broken(_))
            | Self::Signing(TokenSigningError::Broken(_)) => ErrorKind::Internal,
        }
    }
}

/// An error that a port's error can become part of, through [`Failure`].
pub(crate) trait UseCaseError: From<Failure> {}

impl UseCaseError for Failure {}

/// Lets `?` turn a port's error into a use case's.
macro_rules! from_port_errors {
    ($error:ty) => {
        impl $crate::error::UseCaseError for $error {}

        $crate::error::from_port_errors! {
            $error: $crate::ports::StoreError, $crate::ports::PasswordHashingError, $crate::ports::TokenSigningError
        }
    };
    ($error:ty: $($port_error:ty),+) => {
        $(impl From<$port_error> for $error {
            fn from(error: $port_error) -> Self {
                $crate::error::Failure::from(error).into()
            }
        })+
    };
}
pub(crate) use from_port_errors;
