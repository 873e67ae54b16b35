//! Seeing the members of one's tenant.

use domain::{Permission, UserId};

use super::{MemberError, MemberFilter, MemberService};
use crate::{
    actor::{Actor, TenantScope},
    page::{ListError, Page, PageRequest},
    ports::Member,
};

impl MemberService {
    /// A page of the members of the actor's tenant, as
    /// [`MemberRepository::page`](crate::ports::MemberRepository::page) reads them.
    ///
    /// # Errors
    ///
    /// [`ListError`] when they are not shown.
    pub async fn list(
        &self,
        actor: &Actor,
        filter: &MemberFilter,
        request: &PageRequest,
    ) -> Result<Page<Member>, ListError> {
        actor.require(Permission::ManageUsers)?;
        Ok(self.members.page(&TenantScope::from(actor), filter, request).await?)
    }

    /// A member of the actor's tenant. Everybody who belongs to it may see the others.
    ///
    /// # Errors
    ///
    /// [`MemberError`] when they are not shown.
    pub async fn find(&self, actor: &Actor, user_id: &UserId) -> Result<Member, MemberError> {
        let (user, _) = self.load(actor, user_id).await?;
        Ok((&user).into())
    }
}
