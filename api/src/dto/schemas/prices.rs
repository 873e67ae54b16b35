//! Schemas of what people choose and pay.

use domain::{
    DiscountCode, Frequency, PromoCode, SubscriptionStatus, Tier, discount::DiscountDuration,
    subscription::CancellationReason,
};
use utoipa::openapi::{
    Array, ArrayBuilder, Object, ObjectBuilder,
    schema::{SchemaType, Type},
};

use super::{choice, nullable, nullable_choice, nullable_list, string, text};

pub(crate) fn nullable_tier() -> Object {
    nullable_choice(Tier::ALL.iter().map(|tier| tier.as_str())).into()
}

pub(crate) fn tier() -> Object {
    choice(Tier::ALL.iter().map(|tier| tier.as_str())).into()
}

fn paid() -> impl Iterator<Item = &'static str> {
    Tier::ALL.into_iter().filter(|tier| tier.is_paid()).map(Tier::as_str)
}

/// The tiers that can be chosen: one that is paid for.
pub(crate) fn paid_tier() -> Object {
    choice(paid()).into()
}

pub(crate) fn nullable_paid_tier() -> Object {
    nullable_choice(paid()).into()
}

pub(crate) fn paid_tiers() -> Array {
    ArrayBuilder::new().items(choice(paid())).max_items(Some(paid().count())).into()
}

pub(crate) fn nullable_paid_tiers() -> Array {
    nullable_list(choice(paid()), paid().count())
}

pub(crate) fn frequency() -> Object {
    choice(Frequency::ALL.iter().map(|frequency| frequency.as_str())).into()
}

pub(crate) fn nullable_frequency() -> Object {
    nullable_choice(Frequency::ALL.iter().map(|frequency| frequency.as_str())).into()
}

pub(crate) fn frequencies() -> Array {
    ArrayBuilder::new().items(frequency()).max_items(Some(Frequency::ALL.len())).into()
}

pub(crate) fn nullable_frequencies() -> Array {
    nullable_list(choice(Frequency::ALL.iter().map(|frequency| frequency.as_str())), Frequency::ALL.len())
}

pub(crate) fn subscription_status() -> Object {
    choice(SubscriptionStatus::ALL.iter().map(|status| status.as_str())).into()
}

pub(crate) fn nullable_subscription_status() -> Object {
    nullable_choice(SubscriptionStatus::ALL.iter().map(|status| status.as_str())).into()
}

pub(crate) fn billing_provider() -> Object {
    choice(["stripe", "local", "none"].into_iter()).into()
}

pub(crate) fn promo_code() -> Object {
    let object = string().min_length(Some(PromoCode::MIN_LENGTH)).max_length(Some(PromoCode::MAX_LENGTH));
    object.pattern(Some("^[A-Za-z0-9]+$")).description(Some("In any case; answers show it in capitals.")).into()
}

pub(crate) fn nullable_promo_code() -> Object {
    nullable(text(PromoCode::MAX_LENGTH)).into()
}

pub(crate) fn nullable_payment_method() -> Object {
    nullable(text(crate::dto::billing::MAX_PAYMENT_METHOD)).into()
}

pub(crate) fn nullable_reason() -> Object {
    nullable(text(CancellationReason::MAX_LENGTH)).into()
}

pub(crate) fn nullable_url() -> Object {
    nullable(text(crate::dto::billing::MAX_RETURN_URL)).into()
}

fn currency_code() -> ObjectBuilder {
    string().min_length(Some(3)).max_length(Some(3))
}

pub(crate) fn currency() -> Object {
    currency_code().description(Some("ISO 4217.")).into()
}

pub(crate) fn nullable_currency() -> Object {
    nullable(currency_code()).into()
}

const DISCOUNT_TYPES: [&str; 2] = ["percentage", "fixed"];

pub(crate) fn discount_type() -> Object {
    choice(DISCOUNT_TYPES.into_iter()).into()
}

pub(crate) fn nullable_discount_type() -> Object {
    nullable_choice(DISCOUNT_TYPES.into_iter()).into()
}

fn number() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Number).exclusive_minimum(Some(0))
}

pub(crate) fn discount_value() -> Object {
    number().description(Some("So many per cent (1 to 100), or so much in major units of the currency.")).into()
}

pub(crate) fn nullable_discount_value() -> Object {
    number().schema_type(SchemaType::from_iter([Type::Number, Type::Null])).into()
}

pub(crate) fn discount_duration() -> Object {
    choice(["once", "repeating", "forever"].into_iter()).into()
}

fn nullable_integer(greatest: u32) -> Object {
    let types = SchemaType::from_iter([Type::Integer, Type::Null]);
    ObjectBuilder::new().schema_type(types).minimum(Some(1)).maximum(Some(greatest)).into()
}

pub(crate) fn nullable_duration_in_cycles() -> Object {
    nullable_integer(DiscountDuration::MAX_CYCLES.into())
}

pub(crate) fn nullable_max_redemptions() -> Object {
    nullable_integer(DiscountCode::MOST_REDEMPTIONS)
}
