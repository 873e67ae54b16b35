//! Removing a member for good.

use domain::{SeatChange, User, UserId, user::UserStatus};
use futures::{TryFutureExt, future::try_join3};

use super::{MemberError, MemberService, authority, log, off_the_list, sessions::SESSIONS_AT_ONCE};
use crate::{
    actor::{Actor, TenantScope},
    ports::{ChangeSet, Write},
    retry::{Setback, settle},
};

impl MemberService {
    /// Removes a member with their preferences and their sessions; the seat and the address are free.
    ///
    /// # Errors
    ///
    /// [`MemberError`] when they are left where they are.
    pub async fn remove(&self, actor: &Actor, user_id: &UserId) -> Result<(), MemberError> {
        actor.require_owner()?;
        log("remove_member", actor, user_id, settle(|| self.try_remove(actor, user_id)).await)
    }

    async fn try_remove(&self, actor: &Actor, user_id: &UserId) -> Result<(), Setback<MemberError>> {
        let scope = TenantScope::from(actor);
        let ((user, tenant), record, sessions) = try_join3(
            self.load(actor, user_id),
            self.members.seats(&scope).err_into(),
            self.sessions.of_user(&scope, user_id).err_into(),
        )
        .await?;
        let outcome = user.remove(&authority(actor, &tenant)).map_err(MemberError::from)?;
        let address = self.claim_of(&user).await?;
        let change = match user.snapshot().status {
            UserStatus::Inactive => SeatChange::LeaveSwitchedOff,
            UserStatus::Pending | UserStatus::Active | UserStatus::Suspended => SeatChange::Leave,
        };
        let after = record.seats.after(change, None).map_err(MemberError::from)?;
        let seats = Write::SaveSeats { tenant_id: actor.tenant_id().clone(), before: record, after, limit: None };
        // Without their user the sessions are over, however many there are; those that are left here, DynamoDB removes
        // when their time to live is over.
        let rows = sessions.iter().take(SESSIONS_AT_ONCE).map(|session| session.snapshot().id.clone());
        let changes = ChangeSet::default()
            .write(Write::RemoveUser(Box::new(user)))
            .write(seats)
            .write_if(address)
            .write_all(off_the_list(&sessions))
            .write_all(rows.map(Write::RemoveSession))
            .record(outcome);
        self.commit(actor, tenant, changes).await
    }

    /// What frees the user's address, if it is reserved for them. A user of the Python service has no claim until they
    /// sign in here, and then is not the one who was loaded.
    async fn claim_of(&self, user: &User) -> Result<Option<Write>, MemberError> {
        let user = user.snapshot();
        let holders = self.accounts.holders_of(&user.email).await?;
        let is_claimed = holders.iter().any(|holder| holder.claimed && holder.user_id == user.id);
        Ok(is_claimed.then(|| Write::ReleaseEmail { email: user.email.clone(), user_id: user.id.clone() }))
    }
}
