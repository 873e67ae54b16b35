//! What an organisation may use.

use std::collections::BTreeMap;

use domain::{Entitlements, Tier, entitlement::TierTerms};
use serde::Serialize;
use utoipa::ToSchema;

/// The names of features.
#[derive(Debug, Serialize, ToSchema)]
#[serde(transparent)]
pub(crate) struct Features(Vec<String>);

/// Limits by name; `null` is unlimited.
#[derive(Debug, Serialize, ToSchema)]
#[serde(transparent)]
pub(crate) struct Limits(BTreeMap<String, Option<u64>>);

impl From<&Entitlements> for Features {
    fn from(entitlements: &Entitlements) -> Self {
        Self(entitlements.features().map(str::to_owned).collect())
    }
}

impl From<&Entitlements> for Limits {
    fn from(entitlements: &Entitlements) -> Self {
        Self(entitlements.limits().clone())
    }
}

impl From<&TierTerms> for Features {
    fn from(terms: &TierTerms) -> Self {
        Self(terms.features.iter().cloned().collect())
    }
}

impl From<&TierTerms> for Limits {
    fn from(terms: &TierTerms) -> Self {
        Self(terms.limits.clone())
    }
}

fn example() -> Entitlements {
    Entitlements::of(TierTerms::seed(Tier::Starter), [])
}

impl Features {
    pub(crate) fn example() -> Self {
        (&example()).into()
    }
}

impl Limits {
    pub(crate) fn example() -> Self {
        (&example()).into()
    }
}
