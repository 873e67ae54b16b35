//! Signing up, signing in, staying in, and getting back in.

mod accept_invitation;
mod activate;
mod authenticate;
mod confirm_email;
mod confirm_password;
mod forgot_password;
mod identities;
mod kept_out;
mod login;
mod logout;
mod outside_identity;
mod outside_sign_in;
mod refresh;
mod register;
mod resend_confirmation;
mod reset_password;
mod sessions;
mod sign_in;
#[cfg(test)]
mod tests;
mod throttle;

use std::sync::Arc;

use chrono::Duration;
use domain::{
    EmailAddress, OneTimeToken, TenantId, TokenSecret, User, UserId,
    session::SessionPolicy,
    user::{EmailVerification, PasswordPolicy},
    verification::{OneTimeTokenSnapshot, Purpose},
};
use secrecy::SecretString;

pub use accept_invitation::{AcceptInvitation, AcceptInvitationError};
pub use activate::{Activate, Credential};
pub use authenticate::AuthenticationError;
pub use confirm_email::{ConfirmEmailError, LinkStatus};
pub(crate) use confirm_password::ConfirmPasswordError;
pub use forgot_password::ForgotPassword;
pub use identities::{LinkIdentity, LinkIdentityError, UnlinkIdentityError};
pub use kept_out::KeptOut;
pub use login::{Login, LoginError};
pub use outside_identity::IdToken;
pub use outside_sign_in::{OutsideSignIn, OutsideSignInError};
pub use refresh::{Refresh, RefreshError, Refreshed};
pub use register::{Register, RegisterError, Registered};
pub use resend_confirmation::ResendConfirmation;
pub use reset_password::{ResetPassword, ResetPasswordError};
pub use sessions::SessionError;
pub use sign_in::SignedIn;
pub use throttle::{Throttled, Throttling};

use crate::{
    actor::TenantScope,
    error::Failure,
    links::LinkPolicy,
    ports::{Account, AddressHolder, ChangeSet, Mail, MailKind, StoreError, Write},
    retry::{Setback, look_again},
    use_cases::Ports,
};

/// Rules that differ between installations.
#[derive(Clone, Debug)]
pub struct AuthSettings {
    /// Whether an address must be confirmed before the first sign-in.
    pub email_verification: EmailVerification,
    /// What a new password must satisfy.
    pub passwords: PasswordPolicy,
    /// Whether attempts at passwords are throttled.
    pub throttling: Throttling,
    /// How long sessions live.
    pub sessions: SessionPolicy,
    /// How long a confirmation link works.
    pub confirmation_lifetime: Duration,
    /// How long a reset link works.
    pub reset_lifetime: Duration,
    /// How long a link works that opens a closed tenant again.
    pub reopening_lifetime: Duration,
    /// Which sites mails link to.
    pub links: LinkPolicy,
}

/// The use cases of authentication.
#[derive(Clone)]
pub struct AuthService {
    ports: Ports,
    settings: Arc<AuthSettings>,
}

impl AuthService {
    /// The service on these ports.
    #[must_use]
    pub fn new(ports: &Ports, settings: AuthSettings) -> Self {
        Self { ports: ports.clone(), settings: Arc::new(settings) }
    }

    /// The public keys of the tokens, as a JWK set.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the keys cannot be had.
    pub async fn public_keys(&self) -> Result<serde_json::Value, Failure> {
        Ok(self.ports.tokens.public_keys().await?)
    }

    /// The accounts that hold an address; exactly one lookup of an account happens even when nobody does, so
    /// that the work tells nothing (security rule 6).
    async fn accounts_with(&self, email: &EmailAddress) -> Result<Vec<Account>, StoreError> {
        let mut holders = self.ports.accounts.holders_of(email).await?;
        if holders.is_empty() {
            holders.push(self.nobody());
        }
        let mut accounts = Vec::with_capacity(holders.len());
        for holder in &holders {
            accounts.extend(self.ports.accounts.find(&TenantScope::from(holder), &holder.user_id).await?);
        }
        Ok(accounts)
    }

    /// A holder that does not exist, to look for in place of one.
    fn nobody(&self) -> AddressHolder {
        AddressHolder {
            user_id: UserId::from(self.ports.ids.uuid()),
            tenant_id: TenantId::from(self.ports.ids.uuid()),
            claimed: true,
        }
    }

    /// Issues a one-time token to a user and orders the mail with its link.
    fn send_link(&self, changes: ChangeSet, user: &mut User, purpose: Purpose, base: Option<&str>) -> ChangeSet {
        let now = self.ports.clock.now();
        let (lifetime, kind) = match purpose {
            Purpose::ConfirmEmail => (self.settings.confirmation_lifetime, MailKind::ConfirmEmail),
            Purpose::ResetPassword => (self.settings.reset_lifetime, MailKind::ResetPassword),
        };
        let secret = TokenSecret::from_random(self.ports.ids.secret());
        let token = OneTimeToken::issue(purpose, &secret, user.snapshot(), lifetime, now);
        let outcome = user.expect_token(&token, now);
        let link = match purpose {
            Purpose::ConfirmEmail => self.settings.links.confirm_email(base, &secret),
            Purpose::ResetPassword => self.settings.links.reset_password(base, &secret),
        };
        changes.write(Write::IssueToken(token)).record(outcome).mail(mail_to(user, kind, link))
    }

    /// What to commit in place of a link when there is nobody to send one to: a token that nobody holds, for
    /// somebody who does not exist. It costs what the real thing costs, and expires (security rule 6).
    fn send_nothing(&self, email: &EmailAddress, purpose: Purpose) -> ChangeSet {
        let nobody = self.nobody();
        let snapshot = OneTimeTokenSnapshot {
            purpose,
            hash: TokenSecret::from_random(self.ports.ids.secret()).hash(),
            user_id: nobody.user_id,
            tenant_id: nobody.tenant_id,
            email: email.clone(),
            expires_at: self.ports.clock.now() + self.settings.reset_lifetime,
            used_at: None,
        };
        ChangeSet::default().write(Write::IssueToken(OneTimeToken::restore(snapshot)))
    }

    /// Commits, and has the use case look again when something changed meanwhile.
    async fn commit<E: From<Failure>>(&self, changes: ChangeSet) -> Result<(), Setback<E>> {
        self.ports.unit_of_work.commit(changes).await.map_err(look_again)
    }
}

/// A mail to a user.
fn mail_to(user: &User, kind: MailKind, link: SecretString) -> Mail {
    let user = user.snapshot();
    Mail {
        to: user.email.clone(),
        first_name: Some(user.first_name.as_str().to_owned()),
        language: user.language.clone(),
        kind,
        link,
    }
}
