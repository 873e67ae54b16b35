//! How many people a tenant has.

use domain::Permission;

use super::{MemberError, MemberService};
use crate::{
    actor::{Actor, TenantScope},
    error::Failure,
    ports::{ChangeSet, CommitError, MemberRepository, SeatSource, UnitOfWork, Write},
};

impl MemberService {
    /// How many people belong to the actor's tenant, those who are switched off included.
    ///
    /// # Errors
    ///
    /// [`MemberError`] when it is not told.
    pub async fn count(&self, actor: &Actor) -> Result<u32, MemberError> {
        actor.require(Permission::ManageUsers)?;
        Ok(count(&*self.members, &*self.unit_of_work, &TenantScope::from(actor)).await?)
    }
}

/// How many people belong to a tenant. What had to be counted goes on record, so that the next answer is one read.
pub(crate) async fn count(
    members: &dyn MemberRepository,
    unit_of_work: &dyn UnitOfWork,
    scope: &TenantScope,
) -> Result<u32, Failure> {
    let before = members.seats(scope).await?;
    let after = before.seats;
    if matches!(before.source, SeatSource::Count { .. }) {
        let tenant_id = scope.tenant_id().clone();
        let recorded = Write::SaveSeats { tenant_id, before, after, limit: None };
        match unit_of_work.commit(ChangeSet::default().write(recorded)).await {
            // Somebody else put them on record, or changed them; theirs counts, and ours was right when it was made.
            Ok(()) | Err(CommitError::Refused(_) | CommitError::Conflict) => {}
            Err(CommitError::Store(error)) => return Err(error.into()),
        }
    }
    Ok(after.members)
}
