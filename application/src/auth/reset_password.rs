//! Choosing a new password with a mailed link.

use domain::{
    ThrottleSubject, TokenHash,
    user::{Password, PasswordHash, WeakPassword},
    verification::{Purpose, TokenRefused},
};

use super::{AuthService, mail_to};
use crate::{
    error::{Classified, ErrorKind, Failure, from_port_errors},
    ports::{ChangeSet, MailKind, Write},
    retry::{Setback, settle},
    security_log,
};

/// Somebody who holds a reset link.
pub struct ResetPassword {
    /// The hash of the link's token.
    pub token: TokenHash,
    /// The password that they choose.
    pub new_password: Password,
    /// The site to link to, if the client asks for one.
    pub link_base: Option<String>,
}

/// Why the password was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ResetPasswordError {
    /// No such link.
    #[error("this link is not valid")]
    UnknownToken,
    /// The link does not work any more.
    #[error(transparent)]
    Refused(#[from] TokenRefused),
    /// The password breaks a rule.
    #[error("the password {0}")]
    WeakPassword(#[from] WeakPassword),
    /// Something else.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl Classified for ResetPasswordError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Refused(TokenRefused::Expired) => ErrorKind::TokenExpired,
            Self::UnknownToken | Self::Refused(_) => ErrorKind::TokenInvalid,
            Self::WeakPassword(_) => ErrorKind::WeakPassword,
            Self::Failed(failure) => failure.kind(),
        }
    }

    fn field(&self) -> Option<(&'static str, String)> {
        match self {
            Self::WeakPassword(why) => Some(("new_password", why.to_string())),
            _ => None,
        }
    }
}

from_port_errors!(ResetPasswordError);

impl AuthService {
    /// Sets a new password, which works however often the one before was guessed at, ends every session, and tells the
    /// person by mail.
    ///
    /// # Errors
    ///
    /// [`ResetPasswordError`] says why not; the link still works then, unless it is what was refused.
    pub async fn reset_password(&self, command: ResetPassword) -> Result<(), ResetPasswordError> {
        // Judged before hashing: only the holder of a good link may keep the hashing threads busy.
        let Some((token, account)) = self.find_token_and_account(Purpose::ResetPassword, &command.token).await? else {
            security_log::refused_token("reset_password", "unknown_token");
            return Err(ResetPasswordError::UnknownToken);
        };
        let user = account.user.snapshot();
        token
            .check(self.ports.clock.now())
            .and_then(|()| account.user.recognises(&token, Purpose::ResetPassword))
            .inspect_err(|why| security_log::refused_link("reset_password", *why, &user.id, &user.tenant_id))?;
        self.settings.passwords.check(&command.new_password, account.user.personal_context())?;
        let hash = self.ports.passwords.hash(&command.new_password).await?;
        settle(|| self.try_reset_password(&command, &hash)).await
    }

    async fn try_reset_password(
        &self,
        command: &ResetPassword,
        hash: &PasswordHash,
    ) -> Result<(), Setback<ResetPasswordError>> {
        let found = self.find_token_and_account(Purpose::ResetPassword, &command.token).await?;
        let (mut token, account) = found.ok_or(ResetPasswordError::UnknownToken)?;
        let (before, mut user) = (account.user.clone(), account.user);
        let (user_id, tenant_id) = (user.snapshot().id.clone(), user.snapshot().tenant_id.clone());
        let outcome = user.reset_password(&mut token, hash.clone(), self.ports.clock.now());
        let outcome = outcome
            .inspect_err(|why| security_log::refused_link("reset_password", *why, &user_id, &tenant_id))
            .map_err(ResetPasswordError::from)?;
        let link = self.settings.links.forgot_password(command.link_base.as_deref());
        // What was counted was about the password before.
        let counted = [ThrottleSubject::of_address(&user.snapshot().email), ThrottleSubject::of_user(&user_id)];
        let changes = ChangeSet::default()
            .by(&user_id)
            .write(Write::RedeemToken(token))
            .write_all(counted.map(Write::ForgetFailures))
            .record(outcome)
            .mail(mail_to(&user, MailKind::PasswordChanged, link))
            .save_user(before, user);
        self.commit(changes).await?;
        security_log::success("reset_password", &user_id, &tenant_id);
        Ok(())
    }
}
