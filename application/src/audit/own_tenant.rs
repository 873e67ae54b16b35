//! What happened in one's own tenant.

use domain::Permission;

use super::{AuditRecord, AuditService};
use crate::{
    actor::{Actor, TenantScope},
    page::{ListError, Page, PageRequest},
    ports::AuditFilter,
};

impl AuditService {
    /// What happened in the actor's own tenant, newest first. For who may use its administration.
    ///
    /// # Errors
    ///
    /// [`ListError`] says why it is not shown.
    pub async fn of_own_tenant(
        &self,
        actor: &Actor,
        filter: &AuditFilter,
        page: &PageRequest,
    ) -> Result<Page<AuditRecord>, ListError> {
        actor.require(Permission::AdminAccess)?;
        Ok(self.trail.of_tenant(&TenantScope::from(actor), filter, page).await?)
    }
}
