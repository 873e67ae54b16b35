//! What tenants pay for: trials, orders, changes, and what the billing provider says about them.
//!
//! The provider is right about everything that is paid for. Each use case that changes a paid subscription asks the
//! provider to do it, and then asks what has become of it and takes that over (`follow`); so do the provider's
//! webhooks and the reconciliation. Whatever is lost on the way, the next of these finds it
//! (docs/adr/0016-the-provider-is-right.md).

mod change;
mod closing;
mod extension;
mod follow;
mod portal;
mod price;
mod reconcile;
mod renewal;
mod subscribe;
mod trial;
mod view;
mod webhook;

use std::sync::Arc;

pub use change::{ChangePlan, ChangePlanError, PlanChanged};
pub use extension::{ExtendTrial, ExtendTrialError};
pub use portal::{OpenPortal, PortalError};
pub use price::NotPriced;
pub use reconcile::{
    Done, Drift, Finding, Reconciler, Reconciliation, ReconciliationPorts, Run, Side, TenantFailure, TenantReport,
};
pub use renewal::{CancelSubscription, RenewalError};
pub use subscribe::{Subscribe, SubscribeError, Subscribed};
pub use trial::StartTrialError;
pub use view::ShownSubscription;
pub use webhook::WebhookError;

use crate::{
    links::LinkPolicy,
    ports::{
        AccountRepository, BillingProvider, BillingRepository, Clock, DiscountRepository, IdGenerator,
        TenantRepository, TierCatalogue, UnitOfWork,
    },
    use_cases::Ports,
};

/// The use cases of billing.
#[derive(Clone)]
pub struct BillingService {
    accounts: Arc<dyn AccountRepository>,
    tenants: Arc<dyn TenantRepository>,
    billing: Arc<dyn BillingRepository>,
    discounts: Arc<dyn DiscountRepository>,
    tiers: Arc<dyn TierCatalogue>,
    provider: Arc<dyn BillingProvider>,
    unit_of_work: Arc<dyn UnitOfWork>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGenerator>,
    links: LinkPolicy,
}

impl BillingService {
    /// The service on these ports.
    #[must_use]
    pub fn new(ports: &Ports, links: LinkPolicy) -> Self {
        let Ports {
            accounts,
            tenants,
            billing,
            discounts,
            tiers,
            billing_provider: provider,
            unit_of_work,
            clock,
            ids,
            ..
        } = ports.clone();
        Self { accounts, tenants, billing, discounts, tiers, provider, unit_of_work, clock, ids, links }
    }
}
