//! Who stays outside although they have proved who they are.

use domain::user::SignInRefused;

use super::AuthService;
use crate::{
    error::{Classified, ErrorKind},
    ports::Account,
};

/// Why somebody who has proved who they are may not come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeptOut {
    /// The address is not confirmed yet.
    #[error("confirm your email address before signing in")]
    EmailNotVerified,
    /// The account is switched off.
    #[error("this account is not active")]
    AccountInactive,
    /// The tenant is switched off.
    #[error("this organisation is not active")]
    TenantInactive,
}

impl Classified for KeptOut {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::EmailNotVerified => ErrorKind::EmailNotVerified,
            Self::AccountInactive => ErrorKind::AccountInactive,
            Self::TenantInactive => ErrorKind::TenantInactive,
        }
    }
}

impl KeptOut {
    /// The reason as the security log has it.
    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::EmailNotVerified => "email_not_verified",
            Self::AccountInactive => "account_inactive",
            Self::TenantInactive => "tenant_inactive",
        }
    }
}

impl From<SignInRefused> for KeptOut {
    fn from(refused: SignInRefused) -> Self {
        match refused {
            SignInRefused::EmailNotVerified => Self::EmailNotVerified,
            SignInRefused::Inactive => Self::AccountInactive,
        }
    }
}

impl AuthService {
    /// Whether whoever proved that the account is theirs may sign in to it now.
    pub(super) fn admits(&self, account: &Account) -> Result<(), KeptOut> {
        if !account.tenant.is_usable() {
            return Err(KeptOut::TenantInactive);
        }
        Ok(account.user.may_sign_in(self.settings.email_verification)?)
    }
}
