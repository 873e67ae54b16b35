//! Everything that both sides know about one tenant.

use domain::{
    Subscription, Tenant, TenantId,
    subscription::{BilledSubscription, CustomerId, ProviderSubscriptionId},
};

use super::{Reconciliation, TenantFailure};
use crate::{
    actor::TenantScope,
    ports::{BillingError, TenantBilling},
};

/// What was loaded of a tenant, and what the provider said afterwards.
pub(super) struct Look {
    /// As it was loaded, before the provider was asked: whoever commits on it has asked later.
    pub(super) billing: TenantBilling,
    /// The tenant, as it was when the provider had been asked; `None` when it is gone.
    pub(super) tenant: Option<Tenant>,
    /// What the provider has of it.
    pub(super) billed: Vec<BilledSubscription>,
    /// What is alive here and unknown there.
    pub(super) missing: Vec<Subscription>,
    /// Who pays, if the provider does not know them.
    pub(super) missing_customer: Option<CustomerId>,
    /// Who pays, if they are on another tenant's account.
    pub(super) customer_of_other: Option<(CustomerId, TenantId)>,
}

impl Look {
    fn has(&self, id: &ProviderSubscriptionId) -> bool {
        self.billed.iter().any(|billed| billed.id == *id)
    }

    /// Who pays, as the tenant's account has it.
    pub(super) fn customer(&self) -> Option<&CustomerId> {
        self.billing.account.as_ref()?.snapshot().customer_id.as_ref()
    }
}

impl Reconciliation {
    /// Loads what is known of a tenant, and asks the provider for all that it has of it: what belongs to its customer, and
    /// each subscription that is alive here. Where no customer is known, a subscription that the provider knows names it.
    pub(super) async fn look(&self, scope: &TenantScope) -> Result<Look, TenantFailure> {
        let mut look = Look {
            billing: self.ports.billing.find(scope).await?,
            tenant: None,
            billed: Vec::new(),
            missing: Vec::new(),
            missing_customer: None,
            customer_of_other: None,
        };
        let mut customer = look.customer().cloned();
        if let Some(customer) = &customer {
            self.list(&mut look, customer).await?;
        }
        let mut ours = look.billing.subscriptions.clone();
        ours.sort_by_key(|one| std::cmp::Reverse(one.snapshot().created_at));
        for one in ours {
            let Some(id) = &one.snapshot().provider_id else { continue };
            if look.has(id) || (one.is_over() && customer.is_some()) {
                continue;
            }
            match self.ports.provider.subscription(id).await? {
                Some(billed) if customer.is_none() => {
                    self.list(&mut look, customer.insert(billed.customer_id.clone())).await?;
                    if !look.has(id) {
                        look.billed.push(billed);
                    }
                }
                Some(billed) => look.billed.push(billed),
                None if one.is_over() => {}
                None => look.missing.push(one),
            }
        }
        look.customer_of_other = self.customer_of_other(scope, &look).await?;
        // Last: one that was closed may have been opened again while the provider was asked.
        look.tenant = self.ports.tenants.find(scope).await?;
        Ok(look)
    }

    async fn list(&self, look: &mut Look, customer: &CustomerId) -> Result<(), TenantFailure> {
        match self.ports.provider.subscriptions_of(customer).await {
            Ok(billed) => look.billed.extend(billed),
            Err(BillingError::Unknown(_)) => look.missing_customer = Some(customer.clone()),
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// A customer who would be put on this tenant's account, and is on another one's.
    async fn customer_of_other(
        &self,
        scope: &TenantScope,
        look: &Look,
    ) -> Result<Option<(CustomerId, TenantId)>, TenantFailure> {
        let mut others: Vec<_> = look.billed.iter().map(|billed| &billed.customer_id).collect();
        others.retain(|customer| Some(*customer) != look.customer());
        others.sort_unstable();
        others.dedup();
        for customer in others {
            let holder = self.ports.billing.tenant_of(customer).await?;
            if let Some(other) = holder.filter(|holder| holder.tenant_id != *scope.tenant_id()) {
                return Ok(Some((customer.clone(), other.tenant_id)));
            }
        }
        Ok(None)
    }
}
