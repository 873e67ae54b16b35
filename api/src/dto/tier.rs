//! What the tiers are, and what they cost.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Frequency, Tier, TierOffer};
use serde::Serialize;
use utoipa::ToSchema;

use super::{money::Amount, schemas};

/// A level of service, as it is offered.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tier)]
pub(crate) struct TierInfo {
    #[schema(schema_with = schemas::tier)]
    id: &'static str,
    name: String,
    description: String,
    /// The names of its features.
    features: BTreeSet<String>,
    /// Its limits by name; `null` is unlimited.
    limits: BTreeMap<String, Option<u64>>,
    pricing: Pricing,
    /// In which currency its prices are.
    #[schema(schema_with = schemas::currency)]
    currency: String,
    #[schema(schema_with = schemas::frequencies)]
    supported_frequencies: Vec<&'static str>,
    /// Whether it can be chosen. Who has it keeps it.
    is_active: bool,
}

/// What a tier costs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Pricing {
    /// A month of it.
    monthly: Amount,
    /// A year of it.
    yearly: Amount,
}

impl From<TierOffer> for TierInfo {
    fn from(offer: TierOffer) -> Self {
        let TierOffer { tier, name, description, terms, prices, frequencies, is_active } = offer;
        Self {
            id: tier.as_str(),
            name,
            description,
            features: terms.features,
            limits: terms.limits,
            currency: prices.monthly.currency().as_str().to_owned(),
            pricing: Pricing { monthly: prices.monthly.into(), yearly: prices.yearly.into() },
            supported_frequencies: frequencies.into_iter().map(Frequency::as_str).collect(),
            is_active,
        }
    }
}

impl TierInfo {
    pub(crate) fn example() -> Self {
        TierOffer::seed(Tier::Starter).into()
    }
}
