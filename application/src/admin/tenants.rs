//! All tenants.

use domain::Tenant;

use super::{AdminService, Use, names};
use crate::{
    actor::PlatformAdmin,
    page::{Page, PageError, PageRequest},
    ports::TenantFilter,
};

impl AdminService {
    /// All tenants, in no order.
    ///
    /// # Errors
    ///
    /// [`PageError`] when they cannot be shown.
    pub async fn tenants(
        &self,
        admin: &PlatformAdmin,
        filter: &TenantFilter,
        page: &PageRequest,
    ) -> Result<Page<Tenant>, PageError> {
        let TenantFilter { status, name_prefix } = filter;
        let filters = names([("status", status.is_some()), ("name", name_prefix.is_some())]);
        self.record(admin, Use { action: "AdminListedTenants", tenant_id: None, filters }).await?;
        self.directory.tenants(admin, filter, page).await
    }
}
