//! Putting a member into another role.

use domain::{Permission, Role, UserId};

use super::{MemberError, MemberService, authority, log};
use crate::{
    actor::Actor,
    ports::{ChangeSet, Member},
    retry::{Setback, settle},
};

impl MemberService {
    /// Puts a member into another role. It counts with their next request.
    ///
    /// # Errors
    ///
    /// [`MemberError`] when they are left in theirs.
    pub async fn change_role(&self, actor: &Actor, user_id: &UserId, to: Role) -> Result<Member, MemberError> {
        actor.require(Permission::ManageUsers)?;
        log("change_role", actor, user_id, settle(|| self.try_change_role(actor, user_id, to)).await)
    }

    async fn try_change_role(&self, actor: &Actor, user_id: &UserId, to: Role) -> Result<Member, Setback<MemberError>> {
        let (before, tenant) = self.load(actor, user_id).await?;
        let mut user = before.clone();
        let outcome = user.change_role(to, &authority(actor, &tenant), self.clock.now()).map_err(MemberError::from)?;
        let member = Member::from(&user);
        if !outcome.is_nothing() {
            let changes = ChangeSet::default().save_user(before, user).record(outcome);
            self.commit(actor, tenant, changes).await?;
        }
        Ok(member)
    }
}
