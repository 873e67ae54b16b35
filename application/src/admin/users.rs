//! The people of all tenants.

use domain::User;

use super::{AdminService, Use, names};
use crate::{
    actor::PlatformAdmin,
    page::{Page, PageError, PageRequest},
    ports::UserFilter,
};

impl AdminService {
    /// The people of all tenants, or of one, in no order.
    ///
    /// # Errors
    ///
    /// [`PageError`] when they cannot be shown.
    pub async fn users(
        &self,
        admin: &PlatformAdmin,
        filter: &UserFilter,
        page: &PageRequest,
    ) -> Result<Page<User>, PageError> {
        let UserFilter { tenant_id, email, status } = filter;
        let filters =
            names([("tenant_id", tenant_id.is_some()), ("email", email.is_some()), ("status", status.is_some())]);
        self.record(admin, Use { action: "AdminListedUsers", tenant_id: tenant_id.as_ref(), filters }).await?;
        self.directory.users(admin, filter, page).await
    }
}
