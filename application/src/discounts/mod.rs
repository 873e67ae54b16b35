//! What tiers cost, and what codes take off: for everybody, signed in or not.

mod check;

use std::sync::Arc;

pub use check::{CheckedCode, PromoCheck};
use domain::TierOffer;

use crate::{
    error::Failure,
    ports::{Clock, DiscountRepository, TierCatalogue},
    use_cases::Ports,
};

/// The use cases of prices.
#[derive(Clone)]
pub struct DiscountService {
    discounts: Arc<dyn DiscountRepository>,
    tiers: Arc<dyn TierCatalogue>,
    clock: Arc<dyn Clock>,
}

impl DiscountService {
    /// The service on these ports.
    #[must_use]
    pub fn new(ports: &Ports) -> Self {
        let Ports { discounts, tiers, clock, .. } = ports.clone();
        Self { discounts, tiers, clock }
    }

    /// Every tier, smallest first.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn tiers(&self) -> Result<Vec<TierOffer>, Failure> {
        Ok(self.tiers.all().await?)
    }
}
