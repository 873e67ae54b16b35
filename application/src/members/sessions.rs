//! Ending the sessions of a member.

use domain::{Permission, Session, UserId};
use futures::{TryFutureExt, future::try_join};

use super::{MemberError, MemberService, authority, log};
use crate::{
    actor::{Actor, TenantScope},
    ports::{ChangeSet, Write},
    retry::{Setback, settle},
};

/// Of how many sessions, the last used ones, something is written in one transaction.
pub(super) const SESSIONS_AT_ONCE: usize = 40;

impl MemberService {
    /// Ends all sessions of a member at once (security rule 17).
    ///
    /// # Errors
    ///
    /// [`MemberError`] when they were not ended.
    pub async fn end_sessions(&self, actor: &Actor, user_id: &UserId) -> Result<(), MemberError> {
        actor.require(Permission::ManageUsers)?;
        log("end_member_sessions", actor, user_id, settle(|| self.try_end_sessions(actor, user_id)).await)
    }

    async fn try_end_sessions(&self, actor: &Actor, user_id: &UserId) -> Result<(), Setback<MemberError>> {
        let scope = TenantScope::from(actor);
        let sessions = self.sessions.of_user(&scope, user_id).err_into();
        let ((before, tenant), sessions) = try_join(self.load(actor, user_id), sessions).await?;
        let mut user = before.clone();
        let outcome = user.sign_out_by(&authority(actor, &tenant), self.clock.now()).map_err(MemberError::from)?;
        let changes = ChangeSet::default().save_user(before, user).write_all(off_the_list(&sessions)).record(outcome);
        self.commit(actor, tenant, changes).await
    }
}

/// Takes the tokens of sessions that are over off the list where the Python services look for them. Here a session ends
/// with its generation or its user, whatever that list says; there it would go on.
pub(crate) fn off_the_list<'a>(sessions: impl IntoIterator<Item = &'a Session>) -> Vec<Write> {
    let tokens = sessions.into_iter().filter_map(Session::current_token).take(SESSIONS_AT_ONCE);
    tokens.map(|token| Write::ForgetRefreshToken(token.id.clone())).collect()
}
