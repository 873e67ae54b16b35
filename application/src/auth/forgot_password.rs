//! Asking for a link to choose a new password.

use domain::{EmailAddress, user::UserStatus, verification::Purpose};

use super::AuthService;
use crate::{
    error::Failure,
    ports::Account,
    retry::{Setback, settle},
};

/// Somebody who forgot their password.
pub struct ForgotPassword {
    /// Their address.
    pub email: EmailAddress,
    /// The site to link to, if the client asks for one.
    pub link_base: Option<String>,
}

impl AuthService {
    /// Mails a reset link, which voids the earlier ones, if the address has an account. The answer and the
    /// work are the same if not (security rule 6).
    ///
    /// # Errors
    ///
    /// [`Failure`] when the service cannot answer.
    pub async fn forgot_password(&self, command: ForgotPassword) -> Result<(), Failure> {
        settle(|| self.try_forgot_password(&command)).await
    }

    async fn try_forgot_password(&self, command: &ForgotPassword) -> Result<(), Setback<Failure>> {
        let accounts = self.accounts_with(&command.email).await?;
        let in_use =
            |account: &Account| matches!(account.user.snapshot().status, UserStatus::Active | UserStatus::Pending);
        self.mail_links(Purpose::ResetPassword, &command.email, accounts, in_use, command.link_base.as_deref()).await
    }
}
