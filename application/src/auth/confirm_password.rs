//! Proving again who one is, with one's password, for what a session alone is not enough for (security rule 9).

use domain::user::Password;

use super::{
    AuthService,
    throttle::{Attempt, LOOKS, Throttled},
};
use crate::{
    actor::Actor,
    error::{Failure, from_port_errors},
    ports::PasswordVerification,
    retry::{Setback, settle, settle_within},
};

/// Why a password proves nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfirmPasswordError {
    /// It is another password, or the account has none.
    #[error("the password is wrong")]
    Wrong,
    /// It was not looked at.
    #[error(transparent)]
    Throttled(#[from] Throttled),
    /// Something else.
    #[error(transparent)]
    Failed(#[from] Failure),
}

from_port_errors!(ConfirmPasswordError);

impl AuthService {
    /// Whether it is the actor's password. Attempts are counted for the actor, apart from those of whoever signs in with
    /// their address: nobody who is not signed in can use them up (security rule 7).
    ///
    /// # Errors
    ///
    /// [`ConfirmPasswordError`] says why not.
    pub(crate) async fn confirm_password(
        &self,
        actor: &Actor,
        password: &Password,
    ) -> Result<(), ConfirmPasswordError> {
        let attempt = Attempt::to_confirm(actor);
        settle_within(LOOKS, || self.try_attempt(&attempt)).await?;
        let stored = actor.user.snapshot().password_hash.as_ref();
        if self.ports.passwords.verify(password, stored).await? == PasswordVerification::Mismatch {
            self.note_failure(&attempt).await?;
            return Err(ConfirmPasswordError::Wrong);
        }
        settle(|| self.commit_success(&attempt)).await
    }

    async fn try_attempt(&self, attempt: &Attempt<'_>) -> Result<(), Setback<ConfirmPasswordError>> {
        let judged = self.judge_attempt(attempt).await?;
        self.count_attempt(attempt, judged).await
    }
}
