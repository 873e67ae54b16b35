//! One's own profile and preferences.

use domain::{
    Outcome, Timestamp, User,
    user::{Preferences, PreferencesChange, ProfileChange, UserEvent},
};

use super::UserService;
use crate::{
    actor::{Actor, TenantScope},
    error::{Classified, ErrorKind, Failure, from_port_errors},
    ports::ChangeSet,
    retry::{Setback, look_again, settle},
};

/// Why a profile was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// The user is gone.
    #[error("the user does not exist any more")]
    NotFound,
    /// Something else.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl Classified for ProfileError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::NotFound,
            Self::Failed(failure) => failure.kind(),
        }
    }
}

from_port_errors!(ProfileError);

impl UserService {
    /// The actor's own profile, as it was loaded for this request.
    #[must_use]
    pub fn profile<'a>(&self, actor: &'a Actor) -> &'a User {
        &actor.user
    }

    /// Changes the actor's own profile.
    ///
    /// # Errors
    ///
    /// [`ProfileError`] when it was not changed.
    pub async fn change_profile(&self, actor: &Actor, change: ProfileChange) -> Result<User, ProfileError> {
        self.change(actor, |user, now| user.change_profile(change.clone(), now)).await
    }

    /// Changes the actor's own preferences.
    ///
    /// # Errors
    ///
    /// [`ProfileError`] when they were not changed.
    pub async fn change_preferences(
        &self,
        actor: &Actor,
        change: PreferencesChange,
    ) -> Result<Preferences, ProfileError> {
        let user = self.change(actor, |user, now| user.change_preferences(change.clone(), now)).await?;
        Ok(user.snapshot().preferences.clone())
    }

    async fn change(
        &self,
        actor: &Actor,
        command: impl Fn(&mut User, Timestamp) -> Outcome<UserEvent>,
    ) -> Result<User, ProfileError> {
        settle(|| self.try_change(actor, &command)).await
    }

    async fn try_change(
        &self,
        actor: &Actor,
        command: &impl Fn(&mut User, Timestamp) -> Outcome<UserEvent>,
    ) -> Result<User, Setback<ProfileError>> {
        let account = self.accounts.find(&TenantScope::from(actor), actor.user_id()).await?;
        let before = account.ok_or(ProfileError::NotFound)?.user;
        let mut user = before.clone();
        let outcome = command(&mut user, self.clock.now());
        if !outcome.is_nothing() {
            let changes = ChangeSet::default().save_user(before, user.clone()).record(outcome);
            self.unit_of_work.commit(changes).await.map_err(look_again::<ProfileError>)?;
        }
        Ok(user)
    }
}
