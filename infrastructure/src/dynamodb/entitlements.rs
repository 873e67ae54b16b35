//! What tenants may use, from what they subscribed to, the tiers, and the exceptions made for them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use application::{
    TenantScope,
    ports::{EntitlementRepository, StoreError, TierCatalogue},
};
use async_trait::async_trait;
use chrono::Duration;
use domain::{Entitlements, Tier, TierOffer, Timestamp, entitlement::TierTerms};
use futures::future::{try_join, try_join_all};

use super::{
    DynamoStore,
    items::{entitlement, subscription},
    tables::Table,
};

/// How long the terms of a tier are remembered. They change when the product does, and are asked for with every
/// seat; what is a tenant's own is never remembered.
const REMEMBERED_FOR: Duration = Duration::seconds(60);

/// Decides from the subscriptions, tiers and tenant-overrides tables.
#[derive(Clone, Debug)]
pub struct DynamoEntitlementRepository {
    store: DynamoStore,
    /// The terms of each tier, and when they were read: as many as there are tiers, and no more.
    tiers: Arc<Mutex<HashMap<Tier, (Timestamp, TierTerms)>>>,
}

impl DynamoEntitlementRepository {
    pub(super) fn new(store: DynamoStore) -> Self {
        Self { store, tiers: Arc::default() }
    }

    /// What a tier includes: what the tiers table says, or the seed where it says nothing.
    async fn terms_of(&self, tier: Tier, now: Timestamp) -> Result<TierTerms, StoreError> {
        if let Some(terms) = self.remembered(tier, now) {
            return Ok(terms);
        }
        let seed = TierTerms::seed(tier);
        let terms = match self.store.get(Table::Tiers, tier.as_str()).await? {
            Some(item) => entitlement::read_terms(&item, seed)?,
            None => seed,
        };
        self.tiers.lock().unwrap_or_else(PoisonError::into_inner).insert(tier, (now, terms.clone()));
        Ok(terms)
    }

    fn remembered(&self, tier: Tier, now: Timestamp) -> Option<TierTerms> {
        let tiers = self.tiers.lock().unwrap_or_else(PoisonError::into_inner);
        tiers.get(&tier).filter(|(read_at, _)| now - *read_at < REMEMBERED_FOR).map(|(_, terms)| terms.clone())
    }
}

#[async_trait]
impl EntitlementRepository for DynamoEntitlementRepository {
    async fn find(&self, scope: &TenantScope) -> Result<Entitlements, StoreError> {
        let tenant_id = scope.tenant_id().as_str();
        let index = Some(self.store.layout.subscriptions_tenant_index());
        let (subscriptions, overrides) = try_join(
            self.store.query(Table::Subscriptions, index, "tenant_id", tenant_id),
            self.store.query(Table::TenantOverrides, None, "tenant_id", tenant_id),
        )
        .await?;
        let now = self.store.clock.now();
        let tier = subscription::live_plan(&subscriptions, now).map_or(Tier::Starter, |plan| plan.tier);
        let overrides = overrides.iter().map(entitlement::read_override).collect::<Result<Vec<_>, _>>()?;
        Ok(Entitlements::of(self.terms_of(tier, now).await?, overrides.into_iter().flatten()))
    }
}

#[async_trait]
impl TierCatalogue for DynamoEntitlementRepository {
    async fn find(&self, tier: Tier) -> Result<TierOffer, StoreError> {
        let terms = self.terms_of(tier, self.store.clock.now()).await?;
        Ok(TierOffer { terms, ..TierOffer::seed(tier) })
    }

    async fn all(&self) -> Result<Vec<TierOffer>, StoreError> {
        try_join_all(Tier::ALL.map(|tier| TierCatalogue::find(self, tier))).await
    }
}
