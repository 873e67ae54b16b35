//! Seeing the members of one's tenant.

use domain::{Permission, UserId};

use super::{MemberError, MemberFilter, MemberService};
use crate::{
    actor::{Actor, Denied, TenantScope},
    error::{Classified, ErrorKind},
    page::{Page, PageError, PageRequest},
    ports::Member,
};

/// Why members are not shown.
#[derive(Debug, thiserror::Error)]
pub enum MemberListError {
    /// The role of who asks does not allow it.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The page cannot be shown.
    #[error(transparent)]
    Page(#[from] PageError),
}

impl Classified for MemberListError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Denied(denied) => denied.kind(),
            Self::Page(error) => error.kind(),
        }
    }

    fn field(&self) -> Option<(&'static str, String)> {
        match self {
            Self::Denied(_) => None,
            Self::Page(error) => error.field(),
        }
    }
}

impl MemberService {
    /// A page of the members of the actor's tenant, as
    /// [`MemberRepository::page`](crate::ports::MemberRepository::page) reads them.
    ///
    /// # Errors
    ///
    /// [`MemberListError`] when they are not shown.
    pub async fn list(
        &self,
        actor: &Actor,
        filter: &MemberFilter,
        request: &PageRequest,
    ) -> Result<Page<Member>, MemberListError> {
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
