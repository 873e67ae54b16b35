//! The lists in the row of a business. Their elements may be what a Python service made of them: what makes no sense
//! is skipped in reading, and what is known only to others stays with the element that it belongs to.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    ProductId, UserId,
    business::{ChangeHistory, HistoryEntry, Line, Problem, Product, Products, Steps},
};

use super::super::{ItemBuilder, time};
use crate::dynamodb::expression::{Item, number, text};

/// The keys under which a core value that is a map may have its text.
const TEXT_OF_CORE_VALUE: [&str; 4] = ["value", "name", "title", "text"];

pub(super) fn as_text(value: &AttributeValue) -> Option<&str> {
    value.as_s().ok().map(String::as_str).filter(|text| !text.is_empty())
}

fn as_map(value: &AttributeValue) -> Option<&Item> {
    value.as_m().ok()
}

fn map(fields: ItemBuilder) -> AttributeValue {
    AttributeValue::M(fields.build())
}

pub(super) fn of_products(products: &Products) -> AttributeValue {
    let product = |Product { id, name, problem }: &Product| {
        let fields = ItemBuilder::default().text("id", id.as_str()).text("name", name.as_str());
        map(fields.text("problem", problem.as_str()))
    };
    AttributeValue::L(products.as_slice().iter().map(product).collect())
}

pub(super) fn read_products(list: &[AttributeValue]) -> Products {
    let product = |value| {
        let part = |name| as_map(value)?.get(name).and_then(as_text);
        Some(Product {
            id: ProductId::restore(part("id")?),
            name: Line::restore(part("name").unwrap_or_default()),
            problem: Problem::restore(part("problem").unwrap_or_default()),
        })
    };
    Products::restore(list.iter().filter_map(product).collect())
}

pub(super) fn of_core_values(core_values: &[Line]) -> AttributeValue {
    AttributeValue::L(core_values.iter().map(|value| text(value.as_str())).collect())
}

pub(super) fn read_core_values(list: &[AttributeValue]) -> Vec<Line> {
    list.iter().filter_map(text_of_core_value).map(Line::restore).collect()
}

fn text_of_core_value(value: &AttributeValue) -> Option<&str> {
    match value {
        AttributeValue::M(map) => TEXT_OF_CORE_VALUE.iter().find_map(|key| map.get(*key).and_then(as_text)),
        value => as_text(value),
    }
}

pub(super) fn of_steps(steps: &Steps) -> AttributeValue {
    AttributeValue::L(steps.iter().map(|step| number(&step)).collect())
}

pub(super) fn read_steps(list: &[AttributeValue]) -> Steps {
    let number = |value: &AttributeValue| value.as_n().ok()?.parse().ok();
    // One by one, so that one that is none does not take the others with it.
    let numbers: Vec<i64> = list.iter().filter_map(number).filter(|step| Steps::parse(&[*step]).is_ok()).collect();
    Steps::parse(&numbers).unwrap_or_default()
}

pub(super) fn of_history(history: &ChangeHistory) -> AttributeValue {
    AttributeValue::L(history.entries().iter().map(of_entry).collect())
}

fn of_entry(HistoryEntry { at, by, fields }: &HistoryEntry) -> AttributeValue {
    let entry =
        ItemBuilder::default().time_if("changed_at", *at).text_if("changed_by", by.as_ref().map(UserId::as_str));
    let fields = fields.iter().map(text).collect();
    map(entry.set("fields", AttributeValue::L(fields)))
}

pub(super) fn read_history(list: &[AttributeValue]) -> ChangeHistory {
    ChangeHistory::restore(list.iter().map(read_entry).collect())
}

fn read_entry(value: &AttributeValue) -> HistoryEntry {
    let part = |name| as_map(value).and_then(|map| map.get(name));
    let fields = part("fields").and_then(|fields| fields.as_l().ok()).into_iter().flatten();
    HistoryEntry {
        at: part("changed_at").and_then(as_text).and_then(time::parse),
        by: part("changed_by").and_then(as_text).map(UserId::restore),
        fields: fields.filter_map(as_text).map(str::to_owned).collect(),
    }
}

/// The wanted list, each element of which keeps what somebody else wrote beside it in the stored one.
pub(super) fn with_unknown_keys(name: &str, stored: &[AttributeValue], wanted: AttributeValue) -> AttributeValue {
    let AttributeValue::L(wanted) = wanted else { return wanted };
    let is_same: fn(&AttributeValue, &AttributeValue) -> bool = match name {
        "products" => |stored, wanted| id_of(stored).is_some() && id_of(stored) == id_of(wanted),
        "core_values" => |stored, wanted| text_of_core_value(stored) == text_of_core_value(wanted),
        "change_history" => |stored, wanted| read_entry(stored) == read_entry(wanted),
        _ => PartialEq::eq,
    };
    let mut stored = stored.to_vec();
    let kept = wanted.into_iter().map(|wanted| match stored.iter().position(|stored| is_same(stored, &wanted)) {
        Some(place) => merged(stored.remove(place), wanted, name),
        None => wanted,
    });
    AttributeValue::L(kept.collect())
}

fn id_of(product: &AttributeValue) -> Option<&str> {
    as_map(product)?.get("id").and_then(as_text)
}

/// Only products change under their identity; the others are the same to the letter, or not the same.
fn merged(stored: AttributeValue, wanted: AttributeValue, name: &str) -> AttributeValue {
    match (stored, wanted) {
        (AttributeValue::M(mut stored), AttributeValue::M(wanted)) if name == "products" => {
            stored.extend(wanted);
            AttributeValue::M(stored)
        }
        (stored, _) => stored,
    }
}
