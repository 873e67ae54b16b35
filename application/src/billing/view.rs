//! One's own subscription.

use domain::{Subscription, TierOffer};

use super::BillingService;
use crate::{
    actor::{Actor, TenantScope},
    error::Failure,
    ports::{BillingProviderName, StoreError},
};

/// A subscription, with everything that is shown of it.
#[derive(Clone, Debug)]
pub struct ShownSubscription {
    /// The subscription.
    pub subscription: Subscription,
    /// What it is for.
    pub offer: TierOffer,
    /// Whether the tenant gets that now.
    pub is_live: bool,
    /// Who takes the money.
    pub provider: BillingProviderName,
}

impl BillingService {
    /// The subscription of the actor's tenant that counts: the live one, or what is left of the latest; `None` for who
    /// never had any.
    ///
    /// # Errors
    ///
    /// [`Failure`] when it cannot be found out.
    pub async fn current(&self, actor: &Actor) -> Result<Option<ShownSubscription>, Failure> {
        let billing = self.billing.find(&TenantScope::from(actor)).await?;
        match billing.current(self.clock.now()).cloned() {
            Some(subscription) => Ok(Some(self.shown(subscription).await?)),
            None => Ok(None),
        }
    }

    /// Everything that is shown of a subscription.
    pub(crate) async fn shown(&self, subscription: Subscription) -> Result<ShownSubscription, StoreError> {
        let offer = self.tiers.find(subscription.snapshot().choice.tier).await?;
        let is_live = subscription.is_live(self.clock.now());
        Ok(ShownSubscription { subscription, offer, is_live, provider: self.provider.name() })
    }
}
