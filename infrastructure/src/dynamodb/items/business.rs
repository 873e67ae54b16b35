//! The business-data table, shared with the Python services: one row for each tenant.
//!
//! `core_values`, `purpose`, `vision` and `change_history` are theirs as well, under these names. `goals`, `mission`,
//! `culture_attributes` and `strategic_priorities` are theirs alone, and so is `version`, a text that is part of an
//! index: ours is `revision`. The rest is ours.

mod lists;

use application::ports::StoreError;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    BusinessFoundation, HttpsUrl, TenantId, UserId, Version,
    business::{Address, BusinessSnapshot, Line, Positioning, Prose, StepStatus, Text},
};

use super::{ItemBuilder, Reader, time};
use crate::dynamodb::{
    expression::{Changes, Condition, Item, number, text},
    tables::Table,
};

/// What Python rows say of themselves in `version`.
const SCHEMA_VERSION: &str = "1.0";
/// Lists that Python readers look for in every row, and that only they fill.
const LISTS_OF_PYTHON: [&str; 3] = ["goals", "culture_attributes", "strategic_priorities"];
const PARTS_OF_ADDRESS: [&str; 5] = ["street", "city", "state", "zip", "country"];

/// The foundation as attributes of its row, but for the key and what every write sets anew.
fn to_item(business: &BusinessSnapshot) -> Item {
    let BusinessSnapshot {
        tenant_id: _,
        business_name,
        website,
        industry,
        business_type,
        employee_count,
        address,
        products,
        positioning: Positioning { niche, ideal_customer, value_proposition },
        core_values,
        core_values_status,
        purpose,
        purpose_status,
        vision,
        vision_status,
        completed_steps,
        completed_at,
        history,
        last_updated_by,
        created_at: _,
        updated_at: _,
        version: _,
    } = business;
    ItemBuilder::default()
        .text_if("business_name", str_of(business_name.as_ref()))
        .text_if("website", website.as_ref().map(HttpsUrl::as_str))
        .text_if("industry", str_of(industry.as_ref()))
        .text_if("business_type", str_of(business_type.as_ref()))
        .text_if("employee_count", str_of(employee_count.as_ref()))
        .map("address", address_of(address))
        .set("products", lists::of_products(products))
        .text_if("niche", str_of(niche.as_ref()))
        .text_if("ica", str_of(ideal_customer.as_ref()))
        .text_if("value_proposition", str_of(value_proposition.as_ref()))
        .set("core_values", lists::of_core_values(core_values))
        .text("core_values_status", core_values_status.as_str())
        .text_if("purpose", str_of(purpose.as_ref()))
        .text("purpose_status", purpose_status.as_str())
        .text_if("vision", str_of(vision.as_ref()))
        .text("vision_status", vision_status.as_str())
        .set("completed_steps", lists::of_steps(completed_steps))
        .time_if("onboarding_completed_at", *completed_at)
        .set("change_history", lists::of_history(history))
        .text_if("last_updated_by", last_updated_by.as_ref().map(UserId::as_str))
        .build()
}

fn str_of<const MAX: usize, const LINES: bool>(text: Option<&Text<MAX, LINES>>) -> Option<&str> {
    text.map(Text::as_str)
}

fn address_of(Address { street, city, state, zip, country }: &Address) -> ItemBuilder {
    let parts = [street, city, state, zip, country];
    let named = PARTS_OF_ADDRESS.into_iter().zip(parts);
    named.fold(ItemBuilder::default(), |address, (name, part)| address.text_if(name, str_of(part.as_ref())))
}

/// Reads the row of a tenant.
pub(in crate::dynamodb) fn read(item: &Item, tenant_id: &TenantId) -> Result<BusinessFoundation, StoreError> {
    let row = Reader::new(Table::BusinessData, item);
    if row.text_if("tenant_id")?.is_some_and(|stored| stored != tenant_id.as_str()) {
        return Err(row.unreadable("tenant_id", "is not the key of its row"));
    }
    let line = |attribute| Ok::<_, StoreError>(row.text_if(attribute)?.map(Line::restore));
    let prose = |attribute| Ok::<_, StoreError>(row.text_if(attribute)?.map(Prose::restore));
    let status = |attribute| Ok::<_, StoreError>(row.choice_if(attribute, StepStatus::from_name)?.unwrap_or_default());
    let list = |attribute| Ok::<_, StoreError>(row.list_if(attribute)?.unwrap_or_default());
    let (created_at, updated_at) = row.created_and_updated()?;
    let state = BusinessSnapshot {
        tenant_id: tenant_id.clone(),
        business_name: line("business_name")?,
        website: row.text_if("website")?.map(HttpsUrl::restore),
        industry: line("industry")?,
        business_type: line("business_type")?,
        employee_count: line("employee_count")?,
        address: row.map_if("address")?.map(read_address).unwrap_or_default(),
        products: lists::read_products(list("products")?),
        positioning: Positioning {
            niche: prose("niche")?,
            ideal_customer: prose("ica")?,
            value_proposition: prose("value_proposition")?,
        },
        core_values: lists::read_core_values(list("core_values")?),
        core_values_status: status("core_values_status")?,
        purpose: prose("purpose")?,
        purpose_status: status("purpose_status")?,
        vision: prose("vision")?,
        vision_status: status("vision_status")?,
        completed_steps: lists::read_steps(list("completed_steps")?),
        completed_at: row.time_if("onboarding_completed_at")?,
        history: lists::read_history(list("change_history")?),
        last_updated_by: row.text_if("last_updated_by")?.map(UserId::restore),
        created_at,
        updated_at,
        version: row.number_if("revision")?.map_or(Version::UNWRITTEN, Version::restore),
    };
    Ok(BusinessFoundation::restore(state))
}

fn read_address(map: &Item) -> Address {
    let part = |name| map.get(name).and_then(lists::as_text).map(Line::restore);
    Address {
        street: part("street"),
        city: part("city"),
        state: part("state"),
        zip: part("zip"),
        country: part("country"),
    }
}

/// The row of a tenant that had none.
pub(in crate::dynamodb) fn to_new_item(after: &BusinessSnapshot) -> Item {
    let mut item = to_item(after);
    item.extend(LISTS_OF_PYTHON.map(|name| (name.to_owned(), AttributeValue::L(Vec::new()))));
    let keys = ItemBuilder::default()
        .text("business_id", after.tenant_id.as_str())
        .text("tenant_id", after.tenant_id.as_str())
        .text("version", SCHEMA_VERSION)
        .number("revision", &after.version.get())
        .time("created_at", after.created_at)
        .time("updated_at", after.updated_at);
    item.extend(keys.build());
    item
}

/// What to change in the stored row for a foundation that was `before` to be `after`, and what must be as it was
/// seen for that. What we do not know stays: attributes, and keys in the maps of the row and of its lists.
///
/// The Python services count no revisions, so the date of the last change must be the loaded one, too, in whatever
/// spelling the row has it; and a list or map is only replaced if it still is what it was merged from.
pub(in crate::dynamodb) fn changes(
    stored: &Item,
    before: &BusinessSnapshot,
    after: &BusinessSnapshot,
) -> (Changes, Condition) {
    let (old, mut new) = (to_item(before), to_item(after));
    let mut condition = unchanged_since(stored, before);
    for (name, value) in &mut new {
        let is_compound = matches!(value, AttributeValue::L(_) | AttributeValue::M(_));
        if !is_compound || old.get(name) == Some(&*value) {
            continue;
        }
        let seen = stored.get(name);
        *value = match (name.as_str(), seen) {
            ("address", seen) => with_unknown_keys(seen, value.clone()),
            (_, Some(AttributeValue::L(seen))) => lists::with_unknown_keys(name, seen, value.clone()),
            _ => value.clone(),
        };
        condition = match seen {
            Some(seen) => condition.and(format!("#{name} = :seen_{name}")).with(&format!("seen_{name}"), seen.clone()),
            None => condition.and(format!("attribute_not_exists(#{name})")),
        };
    }
    let changes = Changes::between(&old, &new)
        .set("tenant_id", text(after.tenant_id.as_str()))
        .set_if_absent("version", text(SCHEMA_VERSION))
        .set_if_absent("created_at", text(time::to_text(after.created_at)))
        .set("updated_at", text(time::to_text(after.updated_at)))
        .set("revision", number(&after.version.get()));
    (changes, condition)
}

fn with_unknown_keys(seen: Option<&AttributeValue>, wanted: AttributeValue) -> AttributeValue {
    let (Some(AttributeValue::M(seen)), AttributeValue::M(wanted)) = (seen, &wanted) else { return wanted };
    let mut merged = seen.clone();
    merged.retain(|key, _| !PARTS_OF_ADDRESS.contains(&key.as_str()));
    merged.extend(wanted.clone());
    AttributeValue::M(merged)
}

fn unchanged_since(stored: &Item, loaded: &BusinessSnapshot) -> Condition {
    let condition = Condition::new("attribute_exists(#business_id)");
    let condition = match loaded.version {
        Version::UNWRITTEN => condition.and("attribute_not_exists(#revision)"),
        version => condition.and("#revision = :loaded_revision").with("loaded_revision", number(&version.get())),
    };
    let row = Reader::new(Table::BusinessData, stored);
    let is_loaded = row.created_and_updated().is_ok_and(|(_, updated_at)| updated_at == loaded.updated_at);
    match stored.get("updated_at") {
        None if is_loaded => condition.and("attribute_not_exists(#updated_at)"),
        Some(seen) if is_loaded => of_date(condition, seen.clone()),
        // Somebody else was here since, and this finds it out.
        _ => of_date(condition, text(time::to_text(loaded.updated_at))),
    }
}

fn of_date(condition: Condition, updated_at: AttributeValue) -> Condition {
    condition.and("#updated_at = :loaded_updated_at").with("loaded_updated_at", updated_at)
}
