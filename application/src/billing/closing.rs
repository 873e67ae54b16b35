//! That nobody goes on paying for a tenant that was closed.

use domain::tenant::TenantStatus;

use super::BillingService;
use crate::{
    actor::TenantScope,
    error::{Failure, from_port_errors},
    ports::{BillingError, ClosedTenant},
};

/// Why something may go on to be paid for a closed tenant.
#[derive(Debug, thiserror::Error)]
pub(super) enum StopRenewalError {
    /// The provider cannot be asked, or did not do it.
    #[error(transparent)]
    Provider(#[from] BillingError),
    /// Something else.
    #[error(transparent)]
    Failed(#[from] Failure),
}

from_port_errors!(StopRenewalError);

impl BillingService {
    /// Has what a closed tenant pays for end with what is paid. Doing so twice changes nothing, and neither does doing it
    /// for a tenant that was opened again.
    pub(super) async fn try_stop_renewal(&self, closed: &ClosedTenant) -> Result<(), StopRenewalError> {
        let scope = TenantScope::from(closed);
        let tenant = self.tenants.find(&scope).await?;
        if tenant.is_none_or(|tenant| tenant.snapshot().status() != TenantStatus::Cancelled) {
            return Ok(());
        }
        let billing = self.billing.find(&scope).await?;
        let open = billing.subscriptions.iter().filter(|one| !one.is_over());
        for id in open.filter_map(|one| one.snapshot().provider_id.as_ref()) {
            let Some(billed) = self.provider.subscription(id).await? else { continue };
            if billed.renews() {
                self.provider.set_renewal(id, false).await?;
            }
            self.follow_in::<StopRenewalError>(&scope, id, |changes| changes).await?;
        }
        Ok(())
    }
}
