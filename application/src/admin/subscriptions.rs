//! All subscriptions.

use futures::future::try_join_all;

use super::{AdminService, Use, names};
use crate::{
    actor::PlatformAdmin,
    billing::ShownSubscription,
    page::{Page, PageError, PageRequest},
    ports::SubscriptionFilter,
};

impl AdminService {
    /// The subscriptions of all tenants, those that are over included, in no order.
    ///
    /// # Errors
    ///
    /// [`PageError`] when they cannot be shown.
    pub async fn subscriptions(
        &self,
        admin: &PlatformAdmin,
        filter: &SubscriptionFilter,
        page: &PageRequest,
    ) -> Result<Page<ShownSubscription>, PageError> {
        let SubscriptionFilter { status, tier } = filter;
        let filters = names([("status", status.is_some()), ("tier", tier.is_some())]);
        self.record(admin, Use { action: "AdminListedSubscriptions", tenant_id: None, filters }).await?;
        let Page { items, next } = self.directory.subscriptions(admin, filter, page).await?;
        // What there is to know about a tier is remembered.
        let items = try_join_all(items.into_iter().map(|subscription| self.billing.shown(subscription))).await?;
        Ok(Page { items, next })
    }
}
