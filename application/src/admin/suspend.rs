//! Switching tenants off and on again.

use domain::{Tenant, TenantId, tenant::SuspensionReason};

use super::{AdminService, Use};
use crate::{
    actor::PlatformAdmin,
    error::{Classified, ErrorKind, Failure},
    tenants::SuspensionError,
};

/// Why a tenant was not switched off or on.
#[derive(Debug, thiserror::Error)]
pub enum AdminSuspensionError {
    /// It is the administrator's own, and they would be shut out with it.
    #[error("you cannot suspend the organisation that you belong to")]
    OwnTenant,
    /// The tenant's own reasons.
    #[error(transparent)]
    Refused(#[from] SuspensionError),
    /// Something else.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl Classified for AdminSuspensionError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::OwnTenant => ErrorKind::InvalidRequest,
            Self::Refused(error) => error.kind(),
            Self::Failed(failure) => failure.kind(),
        }
    }
}

impl AdminService {
    /// Switches a tenant off and ends every session of its people. One that is switched off stays as it is.
    ///
    /// # Errors
    ///
    /// [`AdminSuspensionError`] when it was not done.
    pub async fn suspend_tenant(
        &self,
        admin: &PlatformAdmin,
        tenant_id: &TenantId,
        reason: SuspensionReason,
    ) -> Result<Tenant, AdminSuspensionError> {
        self.record(admin, Use::of_tenant("AdminSuspensionRequested", tenant_id)).await?;
        if tenant_id == admin.own_tenant_id() {
            return Err(AdminSuspensionError::OwnTenant);
        }
        Ok(self.tenants.suspend(admin, tenant_id, reason).await?)
    }

    /// Puts a tenant back into use. One that is in use stays as it is.
    ///
    /// # Errors
    ///
    /// [`AdminSuspensionError`] when it was not done.
    pub async fn reactivate_tenant(
        &self,
        admin: &PlatformAdmin,
        tenant_id: &TenantId,
    ) -> Result<Tenant, AdminSuspensionError> {
        self.record(admin, Use::of_tenant("AdminReactivationRequested", tenant_id)).await?;
        Ok(self.tenants.reactivate(admin, tenant_id).await?)
    }
}
