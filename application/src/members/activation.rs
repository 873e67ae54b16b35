//! Switching accounts off and on again.

use domain::{Permission, SeatChange, UserId};
use futures::{TryFutureExt, future::try_join3};

use super::{MemberError, MemberService, authority, log, off_the_list};
use crate::{
    actor::{Actor, TenantScope},
    ports::{ChangeSet, Member, Write},
    retry::{Setback, settle},
};

impl MemberService {
    /// Switches a member's account off: all sessions end, and the seat is free. Nothing changes when it is off
    /// already.
    ///
    /// # Errors
    ///
    /// [`MemberError`] when it was left on.
    pub async fn deactivate(&self, actor: &Actor, user_id: &UserId) -> Result<Member, MemberError> {
        actor.require(Permission::ManageUsers)?;
        log("deactivate_member", actor, user_id, settle(|| self.try_deactivate(actor, user_id)).await)
    }

    /// Switches a member's account on again, which takes a seat. Nothing changes when it is on already.
    ///
    /// # Errors
    ///
    /// [`MemberError`] when it was left off.
    pub async fn activate(&self, actor: &Actor, user_id: &UserId) -> Result<Member, MemberError> {
        actor.require(Permission::ManageUsers)?;
        log("activate_member", actor, user_id, settle(|| self.try_activate(actor, user_id)).await)
    }

    async fn try_deactivate(&self, actor: &Actor, user_id: &UserId) -> Result<Member, Setback<MemberError>> {
        let scope = TenantScope::from(actor);
        let ((before, tenant), record, sessions) = try_join3(
            self.load(actor, user_id),
            self.members.seats(&scope).err_into(),
            self.sessions.of_user(&scope, user_id).err_into(),
        )
        .await?;
        let mut user = before.clone();
        let outcome = user.deactivate(&authority(actor, &tenant), self.clock.now()).map_err(MemberError::from)?;
        let member = Member::from(&user);
        if !outcome.is_nothing() {
            let after = record.seats.after(SeatChange::SwitchOff, None).map_err(MemberError::from)?;
            let seats = Write::SaveSeats { tenant_id: actor.tenant_id().clone(), before: record, after, limit: None };
            let changes = ChangeSet::default()
                .save_user(before, user)
                .write(seats)
                .write_all(off_the_list(&sessions))
                .record(outcome);
            self.commit(actor, tenant, changes).await?;
        }
        Ok(member)
    }

    async fn try_activate(&self, actor: &Actor, user_id: &UserId) -> Result<Member, Setback<MemberError>> {
        let scope = TenantScope::from(actor);
        let ((before, tenant), record, entitlements) = try_join3(
            self.load(actor, user_id),
            self.members.seats(&scope).err_into(),
            self.entitlements.find(&scope).err_into(),
        )
        .await?;
        let mut user = before.clone();
        let outcome = user.reactivate(&authority(actor, &tenant), self.clock.now()).map_err(MemberError::from)?;
        let member = Member::from(&user);
        if !outcome.is_nothing() {
            let limit = entitlements.seats();
            let after = record.seats.after(SeatChange::SwitchOn, limit).map_err(MemberError::from)?;
            let seats = Write::SaveSeats { tenant_id: actor.tenant_id().clone(), before: record, after, limit };
            let changes = ChangeSet::default().save_user(before, user).write(seats).record(outcome);
            self.commit(actor, tenant, changes).await?;
        }
        Ok(member)
    }
}
