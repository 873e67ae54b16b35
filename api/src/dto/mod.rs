//! The shapes of requests and answers, as `docs/openapi.json` shows them.

use std::borrow::Borrow;

use domain::Change;
use serde::{Deserialize, Deserializer};

pub(crate) mod admin;
pub(crate) mod audit;
pub(crate) mod auth;
pub(crate) mod billing;
pub(crate) mod business;
pub(crate) mod discount;
pub(crate) mod discount_code;
pub(crate) mod entitlement;
pub(crate) mod envelope;
pub(crate) mod health;
pub(crate) mod identities;
pub(crate) mod invitation;
pub(crate) mod member;
pub(crate) mod money;
pub(crate) mod page;
pub(crate) mod preferences;
pub(crate) mod rules;
pub(crate) mod schemas;
pub(crate) mod secret;
pub(crate) mod session;
pub(crate) mod subscription;
pub(crate) mod tenant;
pub(crate) mod tier;
pub(crate) mod trial;
pub(crate) mod usage;
pub(crate) mod user;

/// An optional text. A form that leaves a field empty sends `""`, and means what `null` means.
pub(crate) fn text_or_blank<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.filter(|text| !text.trim().is_empty()))
}

/// An optional secret text, blank or not as [`text_or_blank`] has it.
pub(crate) fn secret_or_blank<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<secret::Secret>, D::Error> {
    let text = Option::<secret::Secret>::deserialize(deserializer)?;
    Ok(text.filter(|text| !text.expose().trim().is_empty()))
}

/// A field that is there, be it `null` or blank. Serde would read `null` as absent.
#[expect(clippy::option_option, reason = "absent, null and a value are three wishes")]
pub(crate) fn null_or_value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    text_or_blank(deserializer).map(Some)
}

/// A field that is there, be it `null`; what it is when it is not is for its type to say.
#[expect(clippy::option_option, reason = "absent, null and a value are three wishes")]
pub(crate) fn null_or<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

/// What a field that may be absent, `null` or a value wishes.
pub(crate) fn change<V: Borrow<B>, B: ?Sized, T, E>(
    wish: Option<&Option<V>>,
    parse: impl Fn(&B) -> Result<T, E>,
) -> Result<Change<T>, E> {
    match wish {
        None => Ok(Change::Keep),
        Some(None) => Ok(Change::Clear),
        Some(Some(value)) => parse(value.borrow()).map(Change::Set),
    }
}

/// When the examples in the document happen.
pub(crate) fn example_time() -> domain::Timestamp {
    domain::Timestamp::from_timestamp(1_795_000_000, 0).unwrap_or_default()
}
