//! What happened in one's own tenant.

use domain::Permission;

use super::{AuditRecord, AuditService};
use crate::{
    actor::{Actor, Denied, TenantScope},
    error::{Classified, ErrorKind},
    page::{Page, PageError, PageRequest},
    ports::AuditFilter,
};

/// Why the trail is not shown.
#[derive(Debug, thiserror::Error)]
pub enum OwnAuditError {
    /// It is not for them to see.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// It cannot be read.
    #[error(transparent)]
    Page(#[from] PageError),
}

impl Classified for OwnAuditError {
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

impl AuditService {
    /// What happened in the actor's own tenant, newest first. For who may use its administration.
    ///
    /// # Errors
    ///
    /// [`OwnAuditError`] says why it is not shown.
    pub async fn of_own_tenant(
        &self,
        actor: &Actor,
        filter: &AuditFilter,
        page: &PageRequest,
    ) -> Result<Page<AuditRecord>, OwnAuditError> {
        actor.require(Permission::AdminAccess)?;
        Ok(self.trail.of_tenant(&TenantScope::from(actor), filter, page).await?)
    }
}
