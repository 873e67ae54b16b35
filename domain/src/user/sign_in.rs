//! Who may sign in, and what a sign-in leaves behind.

use super::{PasswordHash, User, UserEvent, UserEventKind, UserStatus};
use crate::{Outcome, Timestamp};

/// Whether the address must be proved before the first sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailVerification {
    /// It must.
    Required,
    /// It need not; the account works at once.
    Optional,
}

/// Why somebody with the right password may not sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignInRefused {
    /// The address is not proved yet.
    #[error("the email address has not been confirmed")]
    EmailNotVerified,
    /// The account is switched off.
    #[error("the account is not active")]
    Inactive,
}

impl User {
    /// Notes that the password is disabled, because somebody failed too often to guess it. Nothing happens to who has
    /// none, or may not sign in anyway.
    pub fn note_password_disabled(&mut self, now: Timestamp) -> Outcome<UserEvent> {
        let is_in_use = matches!(self.state.status, UserStatus::Active | UserStatus::Pending);
        if self.state.password_hash.is_none() || !is_in_use {
            return Outcome::nothing();
        }
        self.happened(UserEventKind::PasswordDisabled, now)
    }

    /// Whether the person, whose password was right, may sign in now.
    ///
    /// # Errors
    ///
    /// [`SignInRefused`] says why not.
    pub fn may_sign_in(&self, verification: EmailVerification) -> Result<(), SignInRefused> {
        match self.state.status {
            UserStatus::Inactive | UserStatus::Suspended => Err(SignInRefused::Inactive),
            UserStatus::Pending | UserStatus::Active => {
                if verification == EmailVerification::Required && !self.state.email_verified {
                    return Err(SignInRefused::EmailNotVerified);
                }
                Ok(())
            }
        }
    }

    /// Notes a sign-in, and keeps the password in its current encoding when the hasher made a new one.
    ///
    /// # Errors
    ///
    /// [`SignInRefused`] as [`Self::may_sign_in`] says.
    pub fn sign_in(
        &mut self,
        verification: EmailVerification,
        rehashed: Option<PasswordHash>,
        now: Timestamp,
    ) -> Result<Outcome<UserEvent>, SignInRefused> {
        self.may_sign_in(verification)?;
        self.state.status = UserStatus::Active;
        if rehashed.is_some() {
            self.state.password_hash = rehashed;
        }
        Ok(self.note_sign_in(now))
    }

    /// Notes the sign-in that comes with being registered.
    pub fn note_sign_in(&mut self, now: Timestamp) -> Outcome<UserEvent> {
        self.state.last_login = Some(now);
        self.happened(UserEventKind::SignedIn, now)
    }
}
