//! Comparing what the provider and the store know, tenant by tenant, and putting right what differs.
//!
//! It rests on the same order as everything that follows the provider: load, then ask, then commit under the versions that
//! were loaded (docs/adr/0016-the-provider-is-right.md). So it may run beside live traffic, beside itself, and be stopped
//! anywhere: each repair is one commit or one command that does nothing twice, and the next run looks at everything anew.

mod decide;
mod drift;
mod look;

use std::{collections::BTreeSet, sync::Arc};

use domain::TenantId;
use futures::stream::{self, StreamExt};

pub use drift::{Done, Drift, Finding, Side, TenantFailure, TenantReport};

use super::{price::release, renewal::end};
use crate::{
    actor::TenantScope,
    error::Failure,
    page::{Page, PageError, PageRequest},
    ports::{
        BilledTenants, BillingError, BillingProvider, BillingProviderName, BillingRepository, ChangeSet, Clock,
        DiscountRepository, IdGenerator, TenantBilling, TenantRepository, UnitOfWork,
    },
    retry::{Setback, look_again},
};
use decide::{Decider, Decision, Remedy};
use look::Look;

/// How many tenants are looked at at the same time.
const AT_ONCE: usize = 4;
/// How often one tenant is looked at: once for each repair, and once for each time that somebody else was faster.
const LOOKS: u32 = 20;

/// The right to reach every tenant that is billed. Nobody has it but a [`Reconciliation`], to which no route leads: it is
/// put together by whoever has the keys of the store and of the provider in their hands.
#[derive(Debug)]
pub struct Reconciler(());

impl Reconciler {
    /// Somebody who need not prove it: for tests of what the reconciliation reaches.
    #[cfg(any(test, feature = "fixtures"))]
    #[must_use]
    pub const fn unproved() -> Self {
        Self(())
    }
}

/// Whether anything is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// Nothing is, here or at the provider.
    Rehearsal,
    /// What can be repaired is.
    Repair,
}

/// What the reconciliation needs of the world.
#[derive(Clone)]
pub struct ReconciliationPorts {
    /// Knows which tenants are billed.
    pub billed_tenants: Arc<dyn BilledTenants>,
    /// Reads what tenants pay for.
    pub billing: Arc<dyn BillingRepository>,
    /// Reads tenants.
    pub tenants: Arc<dyn TenantRepository>,
    /// Reads discount codes.
    pub discounts: Arc<dyn DiscountRepository>,
    /// Takes the money. Its adapter decides how fast it is asked.
    pub provider: Arc<dyn BillingProvider>,
    /// Writes.
    pub unit_of_work: Arc<dyn UnitOfWork>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes identifiers.
    pub ids: Arc<dyn IdGenerator>,
}

/// Compares what the provider and the store know, and puts right what differs.
pub struct Reconciliation {
    ports: ReconciliationPorts,
    reconciler: Reconciler,
}

impl Reconciliation {
    /// The reconciliation on these ports.
    #[must_use]
    pub const fn new(ports: ReconciliationPorts) -> Self {
        Self { ports, reconciler: Reconciler(()) }
    }

    /// Who is compared with.
    #[must_use]
    pub fn provider(&self) -> BillingProviderName {
        self.ports.provider.name()
    }

    /// Reconciles a page of the tenants that are billed, some of them at a time. What fails for one tenant is in its
    /// report, and stops nobody else's.
    ///
    /// # Errors
    ///
    /// [`PageError`] when the cursor is none of this list, or the tenants cannot be listed.
    pub async fn page(&self, run: Run, page: &PageRequest) -> Result<Page<TenantReport>, PageError> {
        let Page { items, next } = self.ports.billed_tenants.page(&self.reconciler, page).await?;
        let reports = stream::iter(items).map(|tenant_id| self.tenant(run, tenant_id)).buffered(AT_ONCE);
        Ok(Page { items: reports.collect().await, next })
    }

    /// Reconciles one tenant.
    pub async fn tenant(&self, run: Run, tenant_id: TenantId) -> TenantReport {
        let mut findings = Vec::new();
        let failure = self.try_tenant(run, &tenant_id, &mut findings).await.err();
        TenantReport { tenant_id, findings, failure }
    }

    /// Puts one thing right and looks again, until nothing is left that can be put right.
    async fn try_tenant(
        &self,
        run: Run,
        tenant_id: &TenantId,
        findings: &mut Vec<Finding>,
    ) -> Result<(), TenantFailure> {
        let scope = TenantScope::from((&self.reconciler, tenant_id));
        let mut commanded = BTreeSet::new();
        for _ in 0..LOOKS {
            let look = self.look(&scope).await?;
            if look.tenant.is_none() && look.billing == TenantBilling::default() {
                return Err(TenantFailure::NoTenant);
            }
            let now = self.ports.clock.now();
            let new_id = || self.ports.ids.uuid().into();
            let mut decisions = Decider { tenant_id, look: &look, now, new_id: &new_id }.decide();
            let first = decisions.iter().position(Decision::is_repairable).filter(|_| run == Run::Repair);
            let Some(first) = first else {
                findings.extend(decisions.into_iter().map(|decision| Finding {
                    done: if decision.is_repairable() { Done::Repairable } else { Done::Left },
                    drift: decision.drift,
                }));
                return Ok(());
            };
            let Decision { drift, remedy } = decisions.swap_remove(first);
            // What follows from a command of ours is no finding of its own.
            let is_consequence = drift.provider_id().is_some_and(|id| commanded.contains(id));
            if let Remedy::Cancel(id) | Remedy::StopRenewal(id) = &remedy
                && !commanded.insert(id.clone())
            {
                findings.push(Finding { drift, done: Done::Failed });
                let why = "it said yes, and everything is as it was".to_owned();
                return Err(BillingError::Refused(why).into());
            }
            match self.repair(&scope, look, remedy).await {
                Ok(()) if is_consequence => {}
                Ok(()) => {
                    tracing::info!(%tenant_id, finding = drift.code(), "repaired");
                    findings.push(Finding { drift, done: Done::Repaired });
                }
                // Somebody else was faster; what is left to do, the next look finds.
                Err(Setback::Outdated) => {}
                Err(Setback::Final(error)) => {
                    findings.push(Finding { drift, done: Done::Failed });
                    return Err(error);
                }
            }
        }
        Err(Failure::Contention(LOOKS).into())
    }

    async fn repair(&self, scope: &TenantScope, look: Look, remedy: Remedy) -> Result<(), Setback<TenantFailure>> {
        let ReconciliationPorts { discounts, provider, unit_of_work, clock, .. } = &self.ports;
        let changes = match remedy {
            Remedy::Person => return Ok(()),
            Remedy::Cancel(id) => return Ok(provider.cancel(&id).await.map(drop).map_err(TenantFailure::from)?),
            Remedy::StopRenewal(id) => {
                return Ok(provider.set_renewal(&id, false).await.map(drop).map_err(TenantFailure::from)?);
            }
            Remedy::Commit(followed) => release(&**discounts, scope, followed.changes).await?,
            Remedy::GiveUp(order) => {
                let mut ended = (*order).clone();
                let changes = ChangeSet::default().record(ended.end(clock.now()));
                end(&**discounts, scope, look.billing.account, *order, ended, changes, clock.now()).await?
            }
        };
        unit_of_work.commit(changes).await.map_err(look_again)
    }
}
