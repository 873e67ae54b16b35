//! Reading the tiers, and giving those a row that have none.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use application::ports::{StoreError, TierCatalogue};
use async_trait::async_trait;
use aws_sdk_dynamodb::{Client, operation::put_item::PutItemError};
use chrono::Duration;
use domain::{Tier, TierOffer, Timestamp, entitlement::TierTerms};
use futures::future::try_join_all;

use super::{
    DynamoStore,
    errors::store_error,
    expression::Item,
    items::{entitlement, tier},
    tables::{Layout, Table},
};

/// How long the row of a tier is remembered. It changes when the product does, and is asked for with every seat and
/// every price; what is a tenant's own is never remembered.
const REMEMBERED_FOR: Duration = Duration::seconds(60);

/// The row of each tier, empty where it has none, and when it was read: as many as there are tiers, and no more. Shared by
/// everything that reads tiers from one store.
#[derive(Debug, Default)]
pub(super) struct TierCache(Mutex<HashMap<Tier, (Timestamp, Arc<Item>)>>);

impl TierCache {
    fn get(&self, tier: Tier, now: Timestamp) -> Option<Arc<Item>> {
        let rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rows.get(&tier).filter(|(read_at, _)| now - *read_at < REMEMBERED_FOR).map(|(_, row)| Arc::clone(row))
    }

    fn put(&self, tier: Tier, now: Timestamp, row: Arc<Item>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(tier, (now, row));
    }
}

/// Reads the tiers table.
#[derive(Clone, Debug)]
pub struct DynamoTierCatalogue {
    store: DynamoStore,
}

impl DynamoTierCatalogue {
    pub(super) const fn new(store: DynamoStore) -> Self {
        Self { store }
    }

    /// What a tier includes. Whatever else its row says need not be readable for that.
    pub(super) async fn terms_of(&self, tier: Tier) -> Result<TierTerms, StoreError> {
        entitlement::read_terms(&*self.row(tier).await?, TierTerms::seed(tier))
    }

    /// The row of a tier, empty where it has none: either way, what it does not say is as in the seed.
    async fn row(&self, tier: Tier) -> Result<Arc<Item>, StoreError> {
        let now = self.store.clock.now();
        if let Some(row) = self.store.tier_cache.get(tier, now) {
            return Ok(row);
        }
        let row = Arc::new(self.store.get(Table::Tiers, tier.as_str()).await?.unwrap_or_default());
        self.store.tier_cache.put(tier, now, Arc::clone(&row));
        Ok(row)
    }
}

#[async_trait]
impl TierCatalogue for DynamoTierCatalogue {
    async fn find(&self, tier: Tier) -> Result<TierOffer, StoreError> {
        tier::read(&*self.row(tier).await?, TierOffer::seed(tier))
    }

    async fn all(&self) -> Result<Vec<TierOffer>, StoreError> {
        try_join_all(Tier::ALL.map(|tier| self.find(tier))).await
    }
}

/// Gives every tier that has no row the one that its seed is. A row that is there stays as it is. Any number of processes
/// may do this at the same time.
///
/// # Errors
///
/// [`StoreError`] when the store fails. What was written until then stays.
pub async fn seed_missing_tiers(client: &Client, layout: &Layout) -> Result<(), StoreError> {
    let definition = layout.definition(Table::Tiers);
    for tier in Tier::ALL {
        let put = client.put_item().table_name(definition.name).set_item(Some(tier::to_item(&TierOffer::seed(tier))));
        let put =
            put.condition_expression("attribute_not_exists(#key)").expression_attribute_names("#key", definition.key);
        match put.send().await {
            Err(error)
                if !error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception) =>
            {
                return Err(store_error(error));
            }
            _ => {}
        }
    }
    Ok(())
}
