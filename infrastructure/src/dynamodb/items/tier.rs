//! The tiers table, shared with the Python services, as far as offers read it.

use std::collections::BTreeSet;

use application::ports::StoreError;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::{Currency, Frequency, Money, TierOffer, entitlement::TierTerms, tier::Prices};

use super::{ItemBuilder, Reader, entitlement};
use crate::dynamodb::{
    expression::{Item, number, text},
    tables::Table,
};

/// The offer as a row of the table.
pub(in crate::dynamodb) fn to_item(offer: &TierOffer) -> Item {
    let TierOffer { tier, name, description, terms, prices, frequencies, is_active } = offer;
    let TierTerms { features, limits } = terms;
    let limit = |limit: &Option<u64>| limit.map_or(AttributeValue::Null(true), |limit| number(&limit));
    let pricing = Frequency::ALL.into_iter().fold(ItemBuilder::default(), |pricing, frequency| {
        pricing.number(frequency.as_str(), &prices.of(frequency).minor_units())
    });
    ItemBuilder::default()
        .text("tier_id", tier.as_str())
        .text("name", name)
        .text("description", description)
        .set("features", AttributeValue::L(features.iter().map(text).collect()))
        .set("limits", AttributeValue::M(limits.iter().map(|(name, value)| (name.clone(), limit(value))).collect()))
        .map("pricing", pricing)
        .text("currency", prices.monthly.currency().as_str())
        .set("supported_frequencies", AttributeValue::L(frequencies.iter().map(|one| text(one.as_str())).collect()))
        .flag("is_active", *is_active)
        .build()
}

/// The offer in a row. What the row says nothing about is as in `seed`.
pub(in crate::dynamodb) fn read(item: &Item, seed: TierOffer) -> Result<TierOffer, StoreError> {
    let row = Reader::new(Table::Tiers, item);
    let TierOffer { tier, name, description, terms, prices, frequencies, is_active } = seed;
    Ok(TierOffer {
        tier,
        name: row.text_if("name")?.map_or(name, str::to_owned),
        description: row.text_if("description")?.map_or(description, str::to_owned),
        terms: entitlement::read_terms(item, terms)?,
        prices: read_prices(row, &prices)?,
        frequencies: read_frequencies(row)?.unwrap_or(frequencies),
        is_active: if item.contains_key("is_active") { row.flag("is_active")? } else { is_active },
    })
}

/// The prices, in minor units. Those of the seed are good for its own currency only.
fn read_prices(row: Reader<'_>, seed: &Prices) -> Result<Prices, StoreError> {
    let currency = row.text_if("currency")?.map(Currency::parse).transpose();
    let currency = currency.map_err(|_| row.unreadable("currency", "is no currency"))?;
    let currency = currency.unwrap_or_else(|| seed.monthly.currency().clone());
    let pricing = row.map_if("pricing")?;
    let price = |frequency: Frequency| match pricing.and_then(|pricing| pricing.get(frequency.as_str())) {
        Some(AttributeValue::N(digits)) => {
            let units = digits.parse().map_err(|_| row.unreadable("pricing", "holds what is no price"))?;
            Ok(Money::new(units, currency.clone()))
        }
        None | Some(AttributeValue::Null(_)) if *seed.of(frequency).currency() == currency => {
            Ok(seed.of(frequency).clone())
        }
        None | Some(AttributeValue::Null(_)) => Err(row.unreadable("pricing", "lacks a price in the row's currency")),
        Some(_) => Err(row.unreadable("pricing", "holds what is no price")),
    };
    Ok(Prices { monthly: price(Frequency::Monthly)?, yearly: price(Frequency::Yearly)? })
}

fn read_frequencies(row: Reader<'_>) -> Result<Option<BTreeSet<Frequency>>, StoreError> {
    let Some(values) = row.list_if("supported_frequencies")? else { return Ok(None) };
    let named = values.iter().map(|value| value.as_s().ok().and_then(|name| Frequency::from_name(name)));
    let named = named.collect::<Option<_>>();
    named.map(Some).ok_or_else(|| row.unreadable("supported_frequencies", "is not of its known values"))
}

#[cfg(test)]
mod tests {
    use domain::Tier;

    use super::*;

    fn row<const N: usize>(attributes: [(&str, AttributeValue); N]) -> Item {
        attributes.map(|(name, value)| (name.to_owned(), value)).into()
    }

    fn pricing<const N: usize>(prices: [(&str, AttributeValue); N]) -> AttributeValue {
        AttributeValue::M(row(prices))
    }

    fn of_starter(item: &Item) -> Result<TierOffer, StoreError> {
        read(item, TierOffer::seed(Tier::Starter))
    }

    #[test]
    fn a_seed_is_read_as_it_was_written() {
        for tier in Tier::ALL {
            let seed = TierOffer::seed(tier);
            let other = TierOffer::seed(if tier == Tier::Starter { Tier::Enterprise } else { Tier::Starter });
            let written = to_item(&seed);
            assert_eq!(read(&written, TierOffer { tier, ..other }).unwrap(), seed);
        }
    }

    #[test]
    fn what_a_row_says_goes_before_the_seed() {
        let seed = TierOffer::seed(Tier::Starter);
        assert_eq!(of_starter(&row([("tier_id", text("starter"))])).unwrap(), seed);
        let offer = of_starter(&row([
            ("name", text("Solo")),
            ("pricing", pricing([("monthly", number(&1900)), ("yearly", AttributeValue::Null(true))])),
            ("supported_frequencies", AttributeValue::L(vec![text("yearly")])),
            ("is_active", AttributeValue::Bool(false)),
        ]));
        let offer = offer.unwrap();
        assert_eq!((offer.name.as_str(), &offer.description, offer.is_active), ("Solo", &seed.description, false));
        assert_eq!(offer.prices.monthly.to_major(), "19.00");
        assert_eq!(offer.prices.yearly, seed.prices.yearly);
        assert_eq!(offer.frequencies, [Frequency::Yearly].into());
    }

    #[test]
    fn a_price_of_the_seed_is_not_taken_for_one_in_another_currency() {
        assert!(of_starter(&row([("currency", text("EUR"))])).is_err());
        let half = pricing([("monthly", number(&2500))]);
        assert!(of_starter(&row([("currency", text("EUR")), ("pricing", half)])).is_err());
        let both = pricing([("monthly", number(&2500)), ("yearly", number(&25000))]);
        let offer = of_starter(&row([("currency", text("eur")), ("pricing", both)])).unwrap();
        assert_eq!(offer.prices.yearly.currency().as_str(), "EUR");
    }

    #[test]
    fn what_is_no_price_is_reported() {
        for bad in [text("29.00"), number(&-1), number(&29.5)] {
            assert!(of_starter(&row([("pricing", pricing([("monthly", bad)]))])).is_err());
        }
        assert!(of_starter(&row([("supported_frequencies", AttributeValue::L(vec![text("weekly")]))])).is_err());
        assert!(of_starter(&row([("currency", text("gold"))])).is_err());
    }
}
