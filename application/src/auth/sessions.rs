//! Seeing and ending one's own sessions (security rule 17).

use domain::{Session, SessionId, session::SessionSnapshot};

use super::AuthService;
use crate::{
    actor::{Actor, TenantScope},
    error::{Classified, ErrorKind, Failure, from_port_errors},
    members::off_the_list,
    ports::{ChangeSet, SignedInAccount, StoreError, Write},
    retry::{Setback, settle},
    security_log,
};

/// How many sessions are shown: those that were used last.
const SHOWN: usize = 100;

/// Why a session was not ended.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The actor has no such session.
    #[error("you have no such session")]
    NotFound,
    /// Something else.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl Classified for SessionError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::NotFound,
            Self::Failed(failure) => failure.kind(),
        }
    }
}

from_port_errors!(SessionError);

impl AuthService {
    /// The actor's sessions that are not over, the last used first. One that began or ended a moment ago may be missing
    /// or still there.
    ///
    /// # Errors
    ///
    /// [`Failure`] when they are not shown.
    pub async fn sessions(&self, actor: &Actor) -> Result<Vec<SessionSnapshot>, Failure> {
        let mut sessions = self.ports.sessions.of_user(&TenantScope::from(actor), actor.user_id()).await?;
        let (generation, now) = (actor.user.snapshot().sessions, self.ports.clock.now());
        sessions.retain(|session| {
            session.is_live(generation, &self.settings.sessions, now)
                && !actor.tenant.has_signed_out(session.snapshot().started_at)
        });
        sessions.truncate(SHOWN);
        Ok(sessions.into_iter().map(|session| session.snapshot().clone()).collect())
    }

    /// Ends one of the actor's sessions, be it the one that they use. Nothing changes when it is over already.
    ///
    /// # Errors
    ///
    /// [`SessionError`] when it is not known to be over.
    pub async fn end_session(&self, actor: &Actor, id: &SessionId) -> Result<(), SessionError> {
        let result = settle(|| self.try_end_session(actor, id)).await;
        match &result {
            Ok(()) => security_log::success("end_session", actor.user_id(), actor.tenant_id()),
            Err(SessionError::NotFound) => {
                security_log::refused("end_session", "unknown_session", actor.user_id(), actor.tenant_id());
            }
            Err(SessionError::Failed(_)) => {}
        }
        result
    }

    async fn try_end_session(&self, actor: &Actor, id: &SessionId) -> Result<(), Setback<SessionError>> {
        let found = self.as_they_are_now(actor, Some(id)).await?;
        let mut session = found.and_then(|account| account.session).ok_or(SessionError::NotFound)?;
        let token = off_the_list([&session]);
        let Some(event) = session.end_remotely(self.ports.clock.now()) else { return Ok(()) };
        let mut changes = ChangeSet::default().write(Write::SaveSession(session)).write_all(token).by(actor.user_id());
        changes.events.push(event.into());
        self.commit(changes).await
    }

    /// Ends all of the actor's sessions but the one that they use. A token of the Python service, which has none, ends
    /// with the others.
    ///
    /// # Errors
    ///
    /// [`SessionError`] when they were not ended.
    pub async fn end_other_sessions(&self, actor: &Actor) -> Result<(), SessionError> {
        settle(|| self.try_end_other_sessions(actor)).await?;
        security_log::success("end_other_sessions", actor.user_id(), actor.tenant_id());
        Ok(())
    }

    async fn try_end_other_sessions(&self, actor: &Actor) -> Result<(), Setback<SessionError>> {
        let scope = TenantScope::from(actor);
        let listed = self.ports.sessions.of_user(&scope, actor.user_id());
        let (found, listed) =
            futures::future::try_join(self.as_they_are_now(actor, actor.session_id()), listed).await?;
        let SignedInAccount { user: before, session: current, .. } = found.ok_or(SessionError::NotFound)?;
        let (mut user, now) = (before.clone(), self.ports.clock.now());
        let current = current.filter(|current| current.is_live(user.snapshot().sessions, &self.settings.sessions, now));
        let outcome = user.sign_out_everywhere(now);
        let is_current = |session: &&Session| Some(&session.snapshot().id) == actor.session_id();
        let others = off_the_list(listed.iter().filter(|session| !is_current(session)));
        let kept = current.map(|mut current| {
            current.outlive(user.snapshot().sessions);
            Write::SaveSession(current)
        });
        let changes = ChangeSet::default()
            .save_user(before, user)
            .write_if(kept)
            .write_all(others)
            .record(outcome)
            .by(actor.user_id());
        self.commit(changes).await
    }

    pub(super) async fn as_they_are_now(
        &self,
        actor: &Actor,
        session_id: Option<&SessionId>,
    ) -> Result<Option<SignedInAccount>, StoreError> {
        self.ports.accounts.find_signed_in(&TenantScope::from(actor), actor.user_id(), session_id).await
    }
}
