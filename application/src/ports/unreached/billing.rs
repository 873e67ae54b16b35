use async_trait::async_trait;
use domain::{
    DiscountCode, PromoCode, Tier, TierOffer, Timestamp,
    discount::Redemption,
    subscription::{BilledSubscription, CustomerId, ProviderSubscriptionId},
};

use super::{Unreached, unreached};
use crate::{
    actor::{PlatformAdmin, TenantScope},
    page::{Page, PageError, PageRequest},
    ports::{
        BilledTenant, BillingError, BillingProvider, BillingProviderName, BillingRepository, ClosedTenant,
        DeferredBilling, DiscountRepository, NewCustomer, NotSettled, Ordered, PortalSession, PricedPlan,
        ProviderEvent, StoreError, SubscriptionOrder, TenantBilling, TierCatalogue, WebhookRejected,
    },
};

#[async_trait]
impl BillingRepository for Unreached {
    async fn find(&self, _: &TenantScope) -> Result<TenantBilling, StoreError> {
        unreached()
    }

    async fn tenant_of(&self, _: &CustomerId) -> Result<Option<BilledTenant>, StoreError> {
        unreached()
    }

    async fn has_received(&self, _: &str) -> Result<bool, StoreError> {
        unreached()
    }
}

#[async_trait]
impl DiscountRepository for Unreached {
    async fn find(&self, _: &PromoCode) -> Result<Option<DiscountCode>, StoreError> {
        unreached()
    }

    async fn redemption(&self, _: &TenantScope, _: &PromoCode) -> Result<Option<Redemption>, StoreError> {
        unreached()
    }

    async fn list(&self, _: &PlatformAdmin, _: &PageRequest) -> Result<Page<DiscountCode>, PageError> {
        Ok(unreached()?)
    }

    async fn redemptions(
        &self,
        _: &PlatformAdmin,
        _: &PromoCode,
        _: &PageRequest,
    ) -> Result<Page<Redemption>, PageError> {
        Ok(unreached()?)
    }
}

#[async_trait]
impl TierCatalogue for Unreached {
    async fn find(&self, _: Tier) -> Result<TierOffer, StoreError> {
        unreached()
    }

    async fn all(&self) -> Result<Vec<TierOffer>, StoreError> {
        unreached()
    }
}

#[async_trait]
impl DeferredBilling for Unreached {
    async fn look_again(&self, _: &ProviderEvent) -> Result<(), NotSettled> {
        unreached().map_err(|error| NotSettled(error.to_string()))
    }

    async fn stop_renewal(&self, _: &ClosedTenant) -> Result<(), NotSettled> {
        unreached().map_err(|error| NotSettled(error.to_string()))
    }
}

fn silent<T>() -> Result<T, BillingError> {
    Err(BillingError::Unavailable("this test does not reach that far".to_owned()))
}

#[async_trait]
impl BillingProvider for Unreached {
    fn name(&self) -> BillingProviderName {
        BillingProviderName::None
    }

    async fn create_customer(&self, _: &NewCustomer) -> Result<CustomerId, BillingError> {
        silent()
    }

    async fn subscription(&self, _: &ProviderSubscriptionId) -> Result<Option<BilledSubscription>, BillingError> {
        silent()
    }

    async fn subscriptions_of(&self, _: &CustomerId) -> Result<Vec<BilledSubscription>, BillingError> {
        silent()
    }

    async fn subscribe(&self, _: &SubscriptionOrder) -> Result<Ordered, BillingError> {
        silent()
    }

    async fn change_now(
        &self,
        _: &ProviderSubscriptionId,
        _: &PricedPlan,
        _: &str,
    ) -> Result<BilledSubscription, BillingError> {
        silent()
    }

    async fn change_at_period_end(
        &self,
        _: &ProviderSubscriptionId,
        _: &PricedPlan,
        _: &str,
    ) -> Result<BilledSubscription, BillingError> {
        silent()
    }

    async fn set_renewal(&self, _: &ProviderSubscriptionId, _: bool) -> Result<BilledSubscription, BillingError> {
        silent()
    }

    async fn cancel(&self, _: &ProviderSubscriptionId) -> Result<BilledSubscription, BillingError> {
        silent()
    }

    async fn extend_trial(&self, _: &ProviderSubscriptionId, _: Timestamp) -> Result<BilledSubscription, BillingError> {
        silent()
    }

    async fn open_portal(&self, _: &CustomerId, _: &str) -> Result<PortalSession, BillingError> {
        silent()
    }

    async fn read_event(&self, _: &[u8], _: &str, _: Timestamp) -> Result<ProviderEvent, WebhookRejected> {
        Err(WebhookRejected::Unreadable)
    }
}
