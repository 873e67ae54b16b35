//! The provider's page where a customer looks after cards and receipts.

use super::BillingService;
use crate::{
    actor::{Actor, Denied, TenantScope},
    error::{Classified, ErrorKind, Failure, from_port_errors},
    ports::{BillingError, PortalSession},
};

/// An owner who wants to see what they pay, and with what.
#[derive(Clone, Debug, Default)]
pub struct OpenPortal {
    /// The page to come back to, if the client asks for one.
    pub return_url: Option<String>,
    /// The site to come back to, if the client asks for one.
    pub link_base: Option<String>,
}

/// Why the page was not opened.
#[derive(Debug, thiserror::Error)]
pub enum PortalError {
    /// The role does not allow it.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The tenant never ordered anything.
    #[error("this organisation has never subscribed to anything")]
    NoCustomer,
    /// The provider did not open it.
    #[error(transparent)]
    Provider(#[from] BillingError),
    /// Something else.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl Classified for PortalError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Denied(denied) => denied.kind(),
            Self::NoCustomer => ErrorKind::SubscriptionNotFound,
            Self::Provider(_) => ErrorKind::BillingPortal,
            Self::Failed(failure) => failure.kind(),
        }
    }
}

from_port_errors!(PortalError);

impl BillingService {
    /// Opens the provider's page for the actor's tenant. It leads back to a page of a site that mails may link to, and
    /// nowhere else.
    ///
    /// # Errors
    ///
    /// [`PortalError`] says why not.
    pub async fn open_portal(&self, actor: &Actor, command: OpenPortal) -> Result<PortalSession, PortalError> {
        actor.require_owner()?;
        let billing = self.billing.find(&TenantScope::from(actor)).await?;
        let customer = billing.account.as_ref().and_then(|account| account.snapshot().customer_id.as_ref());
        let customer = customer.ok_or(PortalError::NoCustomer)?;
        let OpenPortal { return_url, link_base } = command;
        let return_url = self.links.back_from_billing(return_url.as_deref(), link_base.as_deref());
        Ok(self.provider.open_portal(customer, &return_url).await?)
    }
}
