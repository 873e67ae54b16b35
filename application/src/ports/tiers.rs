use async_trait::async_trait;
use domain::{Tier, TierOffer};

use super::StoreError;

/// Knows what the tiers are: what the store says of each, and as in the seed where it says nothing. An answer may be a
/// minute old.
#[async_trait]
pub trait TierCatalogue: Send + Sync {
    /// One tier.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails or holds something unreadable.
    async fn find(&self, tier: Tier) -> Result<TierOffer, StoreError>;

    /// Every tier, smallest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails or holds something unreadable.
    async fn all(&self) -> Result<Vec<TierOffer>, StoreError>;
}
