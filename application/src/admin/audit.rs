//! What happened anywhere.

use domain::TenantId;

use super::{AdminService, Use, names};
use crate::{
    actor::{PlatformAdmin, TenantScope},
    audit::AuditRecord,
    page::{Page, PageError, PageRequest},
    ports::AuditFilter,
};

impl AdminService {
    /// What happened anywhere, or in one tenant, newest first.
    ///
    /// # Errors
    ///
    /// [`PageError`] when it cannot be shown.
    pub async fn audit(
        &self,
        admin: &PlatformAdmin,
        tenant_id: Option<&TenantId>,
        filter: &AuditFilter,
        page: &PageRequest,
    ) -> Result<Page<AuditRecord>, PageError> {
        let AuditFilter { actor, action, from, to } = filter;
        let filters = names([
            ("tenant_id", tenant_id.is_some()),
            ("actor", actor.is_some()),
            ("action", action.is_some()),
            ("from", from.is_some()),
            ("to", to.is_some()),
        ]);
        self.record(admin, Use { action: "AdminListedAudit", tenant_id, filters }).await?;
        match tenant_id {
            Some(tenant_id) => self.trail.of_tenant(&TenantScope::from((admin, tenant_id)), filter, page).await,
            None => self.trail.everywhere(admin, filter, page).await,
        }
    }
}
