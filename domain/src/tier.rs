//! The levels of service, and what each is offered for.

use std::collections::BTreeSet;

use crate::{Currency, Frequency, Money, entitlement::TierTerms};

/// A level of service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tier {
    /// The free trial of a tenant that has not said which tier it tries.
    Trial,
    /// The smallest paid tier, and what a tenant without a subscription is treated as.
    Starter,
    /// The middle tier.
    Professional,
    /// The unlimited tier.
    Enterprise,
}

impl Tier {
    /// Every tier, smallest first.
    pub const ALL: [Self; 4] = [Self::Trial, Self::Starter, Self::Professional, Self::Enterprise];

    /// The tier's name in tables and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trial => "trial",
            Self::Starter => "starter",
            Self::Professional => "professional",
            Self::Enterprise => "enterprise",
        }
    }

    /// The tier of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tier| tier.as_str() == name)
    }

    /// Whether it is one that somebody pays for.
    #[must_use]
    pub const fn is_paid(self) -> bool {
        !matches!(self, Self::Trial)
    }
}

/// What a tier costs, in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prices {
    /// A month of it.
    pub monthly: Money,
    /// A year of it.
    pub yearly: Money,
}

impl Prices {
    /// What one payment is.
    #[must_use]
    pub const fn of(&self, frequency: Frequency) -> &Money {
        match frequency {
            Frequency::Monthly => &self.monthly,
            Frequency::Yearly => &self.yearly,
        }
    }
}

/// A tier as it is offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TierOffer {
    /// Which one.
    pub tier: Tier,
    /// What people call it.
    pub name: String,
    /// What it is for, in a sentence.
    pub description: String,
    /// What it includes.
    pub terms: TierTerms,
    /// What it costs.
    pub prices: Prices,
    /// How often it can be paid.
    pub frequencies: BTreeSet<Frequency>,
    /// Whether it can be chosen. Who has it keeps it.
    pub is_active: bool,
}

impl TierOffer {
    /// The offer where the tiers table says nothing else.
    #[must_use]
    pub fn seed(tier: Tier) -> Self {
        let (name, description, monthly, yearly) = match tier {
            // In cents.
            Tier::Trial => ("Trial", "Everything, for a small team that wants to try it.", 0, 0),
            Tier::Starter => ("Starter", "Goals, strategies and measures for a small team.", 2_900, 29_000),
            Tier::Professional => ("Professional", "Reports and attachments for a growing team.", 9_900, 99_000),
            Tier::Enterprise => ("Enterprise", "Everything, without limits.", 24_900, 249_000),
        };
        let price = |minor_units| Money::new(minor_units, Currency::default());
        Self {
            tier,
            name: name.to_owned(),
            description: description.to_owned(),
            terms: TierTerms::seed(tier),
            prices: Prices { monthly: price(monthly), yearly: price(yearly) },
            frequencies: Frequency::ALL.into(),
            is_active: true,
        }
    }

    /// What one payment is, for whoever chooses it now; `None` where it cannot be chosen like that. A trial is not
    /// bought.
    #[must_use]
    pub fn price(&self, frequency: Frequency) -> Option<&Money> {
        let on_sale = self.is_active && self.tier.is_paid() && self.frequencies.contains(&frequency);
        on_sale.then(|| self.prices.of(frequency))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case(Tier::Trial, "0.00", "0.00")]
    #[case(Tier::Starter, "29.00", "290.00")]
    #[case(Tier::Professional, "99.00", "990.00")]
    #[case(Tier::Enterprise, "249.00", "2490.00")]
    fn the_seeds_cost_what_the_contract_says(#[case] tier: Tier, #[case] monthly: &str, #[case] yearly: &str) {
        let prices = TierOffer::seed(tier).prices;
        assert_eq!((prices.monthly.to_major().as_str(), prices.yearly.to_major().as_str()), (monthly, yearly));
        assert_eq!(prices.of(Frequency::Yearly).currency().as_str(), "USD");
    }

    #[test]
    fn a_price_is_for_what_can_be_chosen() {
        let mut offer = TierOffer::seed(Tier::Starter);
        assert_eq!(offer.price(Frequency::Monthly), Some(&offer.prices.monthly));
        offer.frequencies.remove(&Frequency::Monthly);
        assert_eq!(offer.price(Frequency::Monthly), None);
        assert_eq!(offer.price(Frequency::Yearly), Some(&offer.prices.yearly));
        offer.is_active = false;
        assert_eq!(offer.price(Frequency::Yearly), None);
        assert_eq!(TierOffer::seed(Tier::Trial).price(Frequency::Monthly), None);
    }

    #[test]
    fn every_tier_is_found_by_its_name() {
        for tier in Tier::ALL {
            assert_eq!(Tier::from_name(tier.as_str()), Some(tier));
        }
        assert_eq!(Tier::from_name("gold"), None);
    }
}
