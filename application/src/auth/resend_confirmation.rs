//! Another confirmation mail.

use domain::{EmailAddress, verification::Purpose};

use super::AuthService;
use crate::{
    error::Failure,
    ports::{Account, ChangeSet},
    retry::{Setback, settle},
    security_log,
};

/// Somebody who did not get the confirmation mail.
pub struct ResendConfirmation {
    /// Their address.
    pub email: EmailAddress,
    /// The site to link to, if the client asks for one.
    pub link_base: Option<String>,
}

impl AuthService {
    /// Sends another confirmation link, which voids the earlier ones, if there is anything to confirm. The
    /// answer and the work are the same if not (security rule 6).
    ///
    /// # Errors
    ///
    /// [`Failure`] when the service cannot answer.
    pub async fn resend_confirmation(&self, command: ResendConfirmation) -> Result<(), Failure> {
        settle(|| self.try_resend_confirmation(&command)).await
    }

    async fn try_resend_confirmation(&self, command: &ResendConfirmation) -> Result<(), Setback<Failure>> {
        let accounts = self.accounts_with(&command.email).await?;
        let unconfirmed = |account: &Account| !account.user.snapshot().email_verified;
        self.mail_links(Purpose::ConfirmEmail, &command.email, accounts, unconfirmed, command.link_base.as_deref())
            .await
    }

    /// Mails a link to each of the accounts that is `eligible`, or does as much work for nobody.
    pub(super) async fn mail_links(
        &self,
        purpose: Purpose,
        email: &EmailAddress,
        accounts: Vec<Account>,
        eligible: impl Fn(&Account) -> bool,
        link_base: Option<&str>,
    ) -> Result<(), Setback<Failure>> {
        let action = match purpose {
            Purpose::ConfirmEmail => "resend_confirmation",
            Purpose::ResetPassword => "forgot_password",
        };
        let (mut changes, mut recipients) = (ChangeSet::default(), Vec::new());
        for Account { user, .. } in accounts.into_iter().filter(eligible) {
            let before = user.clone();
            let mut user = user;
            recipients.push((user.snapshot().id.clone(), user.snapshot().tenant_id.clone()));
            changes = self.send_link(changes, &mut user, purpose, link_base).save_user(before, user);
        }
        if recipients.is_empty() {
            changes = self.send_nothing(email, purpose);
        }
        self.commit(changes).await?;
        if recipients.is_empty() {
            security_log::refused_address(action, "nobody_to_mail", email);
        }
        for (user_id, tenant_id) in &recipients {
            security_log::success(action, user_id, tenant_id);
        }
        Ok(())
    }
}
