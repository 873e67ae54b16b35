//! Holding a row against the shape that the Python services expect.

use aws_sdk_dynamodb::types::AttributeValue;

use crate::dynamodb::{expression::Item, items::time};

/// An attribute that the Python models name.
pub(super) struct Attribute {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) is_required: bool,
}

/// What an attribute holds.
pub(super) enum Kind {
    /// A text of at most so many characters.
    Text(usize),
    /// The same text as another attribute.
    SameAs(&'static str),
    /// A text out of a list.
    OneOf(&'static [&'static str]),
    /// A date in ISO 8601. One without an offset is in UTC.
    Date,
    /// An e-mail address in lower case.
    Email,
    /// A SHA-256, in hexadecimal.
    Sha256,
    /// Three letters.
    Currency,
    Flag,
    /// A number without a fraction.
    Whole,
    Map,
    MapOfNumbers,
    /// A map with these attributes among others.
    MapWith(&'static [Attribute]),
    ListOfTexts,
    ListOfMaps,
}

pub(super) const fn required(name: &'static str, kind: Kind) -> Attribute {
    Attribute { name, kind, is_required: true }
}

pub(super) const fn optional(name: &'static str, kind: Kind) -> Attribute {
    Attribute { name, kind, is_required: false }
}

/// What is wrong with a row, in the order of the shape: `attribute <name> <problem>`, without values. What a shape does
/// not name is somebody else's.
pub(super) fn problems(shape: &[Attribute], row: &Item) -> Vec<String> {
    let mut found = Vec::new();
    check(shape, row, "", &mut found);
    found
}

fn check(shape: &[Attribute], row: &Item, within: &str, found: &mut Vec<String>) {
    for Attribute { name, kind, is_required } in shape {
        // NULL and absent are the same to a Python reader.
        let problem = match (row.get(*name).filter(|value| !value.is_null()), kind) {
            (None, _) => is_required.then_some("is missing"),
            (Some(AttributeValue::M(map)), Kind::MapWith(shape)) => {
                check(shape, map, &format!("{within}{name}."), found);
                None
            }
            // A text that says nothing is left out by some and written by others.
            (Some(AttributeValue::S(text)), _) if text.is_empty() => is_required.then_some("is empty"),
            (Some(value), kind) => problem(kind, value, row),
        };
        found.extend(problem.map(|problem| format!("attribute {within}{name} {problem}")));
    }
}

fn problem(kind: &Kind, value: &AttributeValue, row: &Item) -> Option<&'static str> {
    match (kind, value) {
        (Kind::Text(most), AttributeValue::S(text)) => (text.chars().count() > *most).then_some("is too long"),
        (Kind::SameAs(other), AttributeValue::S(_)) => {
            let other = row.get(*other).filter(|other| !other.is_null());
            other.is_some_and(|other| other != value).then_some("is not the key of its row")
        }
        (Kind::OneOf(names), AttributeValue::S(text)) => {
            (!names.contains(&text.as_str())).then_some("is not one of its known values")
        }
        (Kind::Date, AttributeValue::S(text)) => time::parse(text).is_none().then_some("is not a date"),
        (Kind::Email, AttributeValue::S(text)) => problem_of_address(text),
        (Kind::Sha256, AttributeValue::S(text)) => {
            let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            (text.len() != 64 || !text.bytes().all(is_digit)).then_some("is not a SHA-256 in hexadecimal")
        }
        (Kind::Currency, AttributeValue::S(text)) => {
            (text.len() != 3 || !text.bytes().all(|byte| byte.is_ascii_alphabetic())).then_some("is not a currency")
        }
        (Kind::Whole, AttributeValue::N(digits)) => {
            (!is_number(digits).is_some_and(|number| number.fract() == 0.0)).then_some("is not a whole number")
        }
        (Kind::MapOfNumbers, AttributeValue::M(map)) => {
            let is_number = |value: &AttributeValue| value.is_null() || value.is_n();
            (!map.values().all(is_number)).then_some("holds what is not a number")
        }
        (Kind::ListOfTexts, AttributeValue::L(list)) => {
            (!list.iter().all(AttributeValue::is_s)).then_some("holds what is not a text")
        }
        (Kind::ListOfMaps, AttributeValue::L(list)) => {
            (!list.iter().all(AttributeValue::is_m)).then_some("holds what is not a map")
        }
        (Kind::Flag, AttributeValue::Bool(_)) | (Kind::Map, AttributeValue::M(_)) => None,
        (Kind::Whole, _) => Some("is not a number"),
        (Kind::Flag, _) => Some("is not a boolean"),
        (Kind::Map | Kind::MapOfNumbers | Kind::MapWith(_), _) => Some("is not a map"),
        (Kind::ListOfTexts | Kind::ListOfMaps, _) => Some("is not a list"),
        _ => Some("is not a text"),
    }
}

fn is_number(digits: &str) -> Option<f64> {
    digits.parse().ok()
}

fn problem_of_address(text: &str) -> Option<&'static str> {
    let is_part = |part: &str| !part.is_empty() && !part.contains(char::is_whitespace) && !part.contains('@');
    match text.split_once('@') {
        Some((local, host)) if is_part(local) && is_part(host) => {
            (text.to_lowercase() != text).then_some("is not in lower case")
        }
        _ => Some("is not an e-mail address"),
    }
}
