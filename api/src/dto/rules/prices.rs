//! The rules of what people choose and pay.

use std::{collections::BTreeSet, num::NonZeroU32};

use domain::{
    DiscountCode, Frequency, PromoCode, Tier,
    discount::{DiscountDuration, InvalidDuration},
    subscription::CancellationReason,
};

use super::{Verdict, judge};

pub(crate) fn paid_tier(text: &str) -> Verdict {
    judge(read_paid_tier(text))
}

pub(crate) fn paid_tiers(texts: &[String]) -> Verdict {
    judge(read_paid_tiers(texts))
}

pub(crate) fn frequency(text: &str) -> Verdict {
    judge(read_frequency(text))
}

pub(crate) fn frequencies(texts: &[String]) -> Verdict {
    judge(read_frequencies(texts))
}

pub(crate) fn promo_code(text: &str) -> Verdict {
    judge(PromoCode::parse(text))
}

pub(crate) fn duration_in_cycles(cycles: i64) -> Verdict {
    judge(read_duration_in_cycles(Some(cycles)))
}

pub(crate) fn max_redemptions(number: i64) -> Verdict {
    judge(read_max_redemptions(number))
}

pub(in crate::dto) fn read_paid_tier(text: &str) -> Result<Tier, String> {
    Tier::from_name(text)
        .filter(|tier| tier.is_paid())
        .ok_or_else(|| "must be starter, professional or enterprise".to_owned())
}

pub(in crate::dto) fn read_paid_tiers(texts: &[String]) -> Result<BTreeSet<Tier>, String> {
    at_most(Tier::ALL.iter().filter(|tier| tier.is_paid()).count(), texts)?;
    texts.iter().map(|text| read_paid_tier(text)).collect()
}

pub(in crate::dto) fn read_frequency(text: &str) -> Result<Frequency, String> {
    Frequency::from_name(text).ok_or_else(|| "must be monthly or yearly".to_owned())
}

pub(in crate::dto) fn read_frequencies(texts: &[String]) -> Result<BTreeSet<Frequency>, String> {
    at_most(Frequency::ALL.len(), texts)?;
    texts.iter().map(|text| read_frequency(text)).collect()
}

/// A number of payments; `None` is all of them.
pub(in crate::dto) fn read_duration_in_cycles(cycles: Option<i64>) -> Result<DiscountDuration, InvalidDuration> {
    // Less than none is as wrong as none.
    DiscountDuration::from_cycles(cycles.map(|cycles| cycles.try_into().unwrap_or_default()))
}

pub(in crate::dto) fn read_max_redemptions(number: i64) -> Result<NonZeroU32, String> {
    let max = u32::try_from(number).ok().filter(|max| *max <= DiscountCode::MOST_REDEMPTIONS).and_then(NonZeroU32::new);
    max.ok_or_else(|| format!("must be 1 to {}", DiscountCode::MOST_REDEMPTIONS))
}

pub(crate) fn cancellation_reason(text: &str) -> Verdict {
    judge(CancellationReason::parse(text))
}

fn at_most(longest: usize, texts: &[String]) -> Result<(), String> {
    if texts.len() > longest { Err(format!("must have at most {longest} entries")) } else { Ok(()) }
}
