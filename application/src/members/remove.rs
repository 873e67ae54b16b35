//! Removing a member for good.

use domain::{
    SeatChange, ThrottleSubject, TokenHash, User, UserId,
    user::{UserSnapshot, UserStatus},
    verification::Purpose,
};
use futures::{TryFutureExt, future::try_join3};

use super::{MemberError, MemberService, authority, log, off_the_list, sessions::SESSIONS_AT_ONCE};
use crate::{
    actor::{Actor, TenantScope},
    ports::{ChangeSet, StoreError, Write},
    retry::{Setback, settle},
};

/// How many one-time tokens are removed in the same transaction, which has an end. Without their user the others are as
/// good as nothing, and DynamoDB removes them when their time to live is over.
const TOKENS_AT_ONCE: usize = 8;

impl MemberService {
    /// Removes a member with their preferences, their sessions and what was mailed to them; the seat, the address and the
    /// accounts elsewhere that they signed in with are free.
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
        // After the user, whose version each change of these counts.
        let left_behind = self.left_behind(&scope, &user).await?;
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
            .write_all(left_behind)
            .write_all(off_the_list(&sessions))
            .write_all(rows.map(Write::RemoveSession))
            .record(outcome);
        self.commit(actor, tenant, changes).await
    }

    /// What frees what is reserved for the user, and takes away what was mailed to them (security rule 27).
    async fn left_behind(&self, scope: &TenantScope, user: &User) -> Result<Vec<Write>, StoreError> {
        let owner = user.snapshot();
        let (holders, identities, tokens) = try_join3(
            self.accounts.holders_of(&owner.email),
            self.identity_claims.of_user(scope, &owner.id),
            self.accounts.one_time_tokens_of(user),
        )
        .await?;
        // A user of the Python service has no claim until they sign in here, and then is not the one who was loaded.
        let is_claimed = holders.iter().any(|holder| holder.claimed && holder.user_id == owner.id);
        let address = is_claimed.then(|| Write::ReleaseEmail { email: owner.email.clone(), user_id: owner.id.clone() });
        let identities = identities.into_iter().map(Write::ReleaseIdentity);
        let failures = [ThrottleSubject::of_address(&owner.email), ThrottleSubject::of_user(&owner.id)];
        let failures = failures.map(Write::ForgetFailures).into_iter();
        Ok(address.into_iter().chain(identities).chain(failures).chain(forgotten(owner, tokens)).collect())
    }
}

/// Removes the newest tokens, which the user's own row names, before those that an index names.
fn forgotten(user: &UserSnapshot, listed: Vec<(Purpose, TokenHash)>) -> impl Iterator<Item = Write> {
    let newest = [(Purpose::ConfirmEmail, &user.confirmation_token), (Purpose::ResetPassword, &user.reset_token)];
    let newest = newest.into_iter().filter_map(|(purpose, hash)| Some((purpose, hash.clone()?)));
    let mut tokens: Vec<_> = newest.collect();
    for token in listed {
        if !tokens.contains(&token) {
            tokens.push(token);
        }
    }
    tokens.into_iter().take(TOKENS_AT_ONCE).map(|(purpose, hash)| Write::ForgetToken { purpose, hash })
}
