//! What a tenant may use: the features and limits of its tier, with the exceptions made for it.

use std::collections::{BTreeMap, BTreeSet};

use crate::Tier;

/// The limit on how many members may take a seat.
pub const SEATS: &str = "seats";

/// What a tier includes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TierTerms {
    /// The names of its features.
    pub features: BTreeSet<String>,
    /// Its limits by name; `None` is unlimited.
    pub limits: BTreeMap<String, Option<u64>>,
}

/// An exception made for one tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// The feature or limit that it is about.
    pub name: String,
    /// What holds instead.
    pub terms: OverriddenTerms,
}

/// What holds instead of a tier's terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverriddenTerms {
    /// The feature is included, or is not.
    Feature {
        /// Whether it is.
        included: bool,
    },
    /// The limit is another; `None` is unlimited.
    Limit(Option<u64>),
}

impl TierTerms {
    /// What a tier includes where the tiers table says nothing about it.
    #[must_use]
    pub fn seed(tier: Tier) -> Self {
        const STARTER: [&str; 5] = ["goals", "operations", "kpis", "strategies", "goalCreate"];
        const PROFESSIONAL: [&str; 3] = ["reports", "realtime", "attachments"];
        const ENTERPRISE: [&str; 2] = ["bulkPlanner", "strategyCompare"];
        const LIMITS: [&str; 7] = ["goals", "kpis", "actions", "strategies", "attachments", "reports", SEATS];

        let (features, limits): (Vec<&str>, [Option<u64>; 7]) = match tier {
            // A trial shows everything, to few people.
            Tier::Trial => (
                [&STARTER[..], &PROFESSIONAL, &ENTERPRISE].concat(),
                [Some(10), Some(50), None, Some(10), Some(100), Some(10), Some(5)],
            ),
            Tier::Starter => (STARTER.into(), [Some(10), Some(50), None, Some(5), Some(0), Some(0), Some(5)]),
            Tier::Professional => (
                [&STARTER[..], &PROFESSIONAL].concat(),
                [Some(100), Some(500), None, Some(50), Some(1000), Some(100), Some(25)],
            ),
            Tier::Enterprise => ([&STARTER[..], &PROFESSIONAL, &ENTERPRISE].concat(), [None; 7]),
        };
        Self {
            features: features.into_iter().map(str::to_owned).collect(),
            limits: LIMITS.into_iter().map(str::to_owned).zip(limits).collect(),
        }
    }
}

/// What a tenant may use now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entitlements {
    terms: TierTerms,
}

impl Entitlements {
    /// Decides: what the tier includes, unless an exception says otherwise. The one place where this is decided.
    #[must_use]
    pub fn of(mut terms: TierTerms, overrides: impl IntoIterator<Item = Override>) -> Self {
        for Override { name, terms: instead } in overrides {
            match instead {
                OverriddenTerms::Feature { included: true } => {
                    terms.features.insert(name);
                }
                OverriddenTerms::Feature { included: false } => {
                    terms.features.remove(&name);
                }
                OverriddenTerms::Limit(limit) => {
                    terms.limits.insert(name, limit);
                }
            }
        }
        Self { terms }
    }

    /// The names of the features.
    pub fn features(&self) -> impl Iterator<Item = &str> {
        self.terms.features.iter().map(String::as_str)
    }

    /// The limits by name; `None` is unlimited.
    #[must_use]
    pub const fn limits(&self) -> &BTreeMap<String, Option<u64>> {
        &self.terms.limits
    }

    /// How many members may take a seat; `None` is unlimited. A tier that says nothing about seats does not
    /// limit them.
    #[must_use]
    pub fn seats(&self) -> Option<u32> {
        let limit = self.terms.limits.get(SEATS).copied().flatten();
        limit.map(|limit| u32::try_from(limit).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(name: &str, limit: Option<u64>) -> Override {
        Override { name: name.to_owned(), terms: OverriddenTerms::Limit(limit) }
    }

    fn feature(name: &str, included: bool) -> Override {
        Override { name: name.to_owned(), terms: OverriddenTerms::Feature { included } }
    }

    #[test]
    fn an_exception_goes_before_the_tier() {
        let plain = Entitlements::of(TierTerms::seed(Tier::Starter), []);
        assert_eq!((plain.seats(), plain.limits()["goals"]), (Some(5), Some(10)));
        assert!(plain.features().any(|name| name == "kpis") && !plain.features().any(|name| name == "reports"));

        let exceptions =
            [feature("reports", true), feature("kpis", false), limit(SEATS, Some(7)), limit("goals", None)];
        let special = Entitlements::of(TierTerms::seed(Tier::Starter), exceptions);
        assert_eq!((special.seats(), special.limits()["goals"]), (Some(7), None));
        assert!(special.features().any(|name| name == "reports") && !special.features().any(|name| name == "kpis"));
    }

    /// The tier's terms as the document shows them: features by name, limits by name.
    fn documented(column: usize) -> TierTerms {
        let mut terms = TierTerms::default();
        let document = include_str!("../../docs/entitlements.md");
        let table = document.lines().skip_while(|line| *line != "## Seeds").skip(4);
        for line in table.take_while(|line| line.starts_with('|')) {
            let cells: Vec<_> = line.split('|').map(str::trim).collect();
            let (name, value) = (cells[1].replace('`', ""), cells[column + 2]);
            match (name.strip_prefix("limit "), value) {
                (Some(limit), value) => {
                    terms.limits.insert(limit.to_owned(), (value != "null").then(|| value.parse().unwrap()));
                }
                (None, "✓") => {
                    terms.features.insert(name);
                }
                (None, value) => assert_eq!(value, "", "{name}"),
            }
        }
        terms
    }

    #[test]
    fn the_document_shows_the_seeds() {
        for (column, tier) in Tier::ALL.into_iter().enumerate() {
            assert_eq!(documented(column), TierTerms::seed(tier), "{tier:?}");
        }
    }

    #[test]
    fn the_largest_tier_is_unlimited() {
        let enterprise = Entitlements::of(TierTerms::seed(Tier::Enterprise), []);
        assert_eq!(enterprise.seats(), None);
        assert!(enterprise.limits().values().all(Option::is_none));
    }

    #[test]
    fn a_larger_paid_tier_includes_what_a_smaller_one_does() {
        for (smaller, larger) in [(Tier::Starter, Tier::Professional), (Tier::Professional, Tier::Enterprise)] {
            assert!(TierTerms::seed(smaller).features.is_subset(&TierTerms::seed(larger).features));
        }
    }
}
