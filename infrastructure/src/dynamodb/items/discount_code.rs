//! The discount codes, which are ours alone.

use std::{collections::BTreeSet, num::NonZeroU32};

use application::ports::StoreError;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    Currency, DiscountCode, DiscountCodeId, Frequency, Money, Percentage, PromoCode, Tier,
    discount::{AmountOff, Discount, DiscountCodeSnapshot, DiscountDuration, DiscountTerms},
};

use super::{ItemBuilder, Reader};
use crate::dynamodb::{
    expression::{Item, text},
    tables::Table,
};

/// The code as an item, but for the version, which the write decides.
pub(in crate::dynamodb) fn to_item(code: &DiscountCodeSnapshot) -> Item {
    let DiscountCodeSnapshot { id, code, terms, redeemed, enabled, created_at, updated_at, version: _ } = code;
    let DiscountTerms { discount, duration, max_redemptions, tiers, frequencies, valid_until } = terms;
    let item = ItemBuilder::default()
        .text("code", code.as_str())
        .text("discount_code_id", id.as_str())
        .text("discount_type", discount.kind())
        .number_if("duration_in_cycles", duration.cycles())
        .number_if("max_redemptions", *max_redemptions)
        .number("redeemed", redeemed)
        .set("tiers", names(tiers.iter().map(|tier| tier.as_str())))
        .set("frequencies", names(frequencies.iter().map(|frequency| frequency.as_str())))
        .time_if("valid_until", *valid_until)
        .flag("enabled", *enabled)
        .time("created_at", *created_at)
        .time("updated_at", *updated_at);
    match discount {
        Discount::Percentage(percentage) => item.number("percent_off", &percentage.get()),
        Discount::Fixed(amount) => {
            let money = amount.money();
            item.number("amount_off", &money.minor_units()).text("currency", money.currency().as_str())
        }
    }
    .build()
}

/// The item of a code that is not stored yet.
pub(in crate::dynamodb) fn to_new_item(code: &DiscountCodeSnapshot) -> Item {
    let mut item = to_item(code);
    item.extend(ItemBuilder::default().version_after(code.version).build());
    item
}

fn names<'a>(names: impl Iterator<Item = &'a str>) -> AttributeValue {
    AttributeValue::L(names.map(text).collect())
}

/// Reads a code.
pub(in crate::dynamodb) fn read(item: &Item) -> Result<DiscountCode, StoreError> {
    let row = Reader::new(Table::AccountDiscountCodes, item);
    let duration = DiscountDuration::from_cycles(row.number_if("duration_in_cycles")?);
    let max_redemptions = row.number_if::<NonZeroU32>("max_redemptions")?;
    let (created_at, updated_at) = row.created_and_updated()?;
    let terms = DiscountTerms {
        discount: read_discount(row)?,
        duration: duration.map_err(|_| row.unreadable("duration_in_cycles", "is out of range"))?,
        max_redemptions,
        tiers: read_names(row, "tiers", Tier::from_name)?,
        frequencies: read_names(row, "frequencies", Frequency::from_name)?,
        valid_until: row.time_if("valid_until")?,
    };
    Ok(DiscountCode::restore(DiscountCodeSnapshot {
        id: DiscountCodeId::restore(row.text("discount_code_id")?),
        code: PromoCode::restore(row.text("code")?),
        terms,
        redeemed: row.number_if("redeemed")?.unwrap_or_default(),
        enabled: row.flag("enabled")?,
        created_at,
        updated_at,
        version: row.version()?,
    }))
}

fn read_discount(row: Reader<'_>) -> Result<Discount, StoreError> {
    match row.text("discount_type")? {
        "percentage" => {
            let percentage = row.number_if("percent_off")?.and_then(|percent| Percentage::new(percent).ok());
            percentage.map(Discount::Percentage).ok_or_else(|| row.unreadable("percent_off", "is no percentage"))
        }
        "fixed" => {
            let currency = Currency::restore(row.text("currency")?);
            let amount = row.number_if("amount_off")?.map(|units| AmountOff::new(Money::new(units, currency)));
            let amount = amount.and_then(Result::ok);
            amount.map(Discount::Fixed).ok_or_else(|| row.unreadable("amount_off", "is no amount"))
        }
        _ => Err(row.unreadable("discount_type", "is not one of its known values")),
    }
}

fn read_names<T: Ord>(
    row: Reader<'_>,
    attribute: &'static str,
    of_name: impl Fn(&str) -> Option<T>,
) -> Result<BTreeSet<T>, StoreError> {
    let values = row.list_if(attribute)?.unwrap_or_default();
    let named = values.iter().map(|value| value.as_s().ok().and_then(|name| of_name(name)));
    named.collect::<Option<_>>().ok_or_else(|| row.unreadable(attribute, "is not of its known values"))
}
