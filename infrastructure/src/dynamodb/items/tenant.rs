//! The tenants table, shared with the Python services.

use application::ports::StoreError;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    Tenant, TenantId, TokenHash, UserId,
    tenant::{
        Reopening, Standing, SuspensionReason, TargetLineMode, TenantName, TenantSettings, TenantSnapshot, TenantStatus,
    },
};

use super::{ItemBuilder, Reader};
use crate::dynamodb::{
    expression::{Condition, Item},
    tables::Table,
};

/// The attribute that holds the settings, ours and those of the Python services.
pub(in crate::dynamodb) const SETTINGS: &str = "settings";

/// The tenant as an item, but for the settings, which share their map with others, and the version, which the write
/// decides.
pub(in crate::dynamodb) fn to_item(tenant: &TenantSnapshot) -> Item {
    let TenantSnapshot {
        id,
        name,
        owner_user_id,
        on_trial,
        standing,
        signed_out_at,
        settings: _,
        created_at,
        updated_at,
        version: _,
    } = tenant;
    let item = ItemBuilder::default()
        .text("tenant_id", id.as_str())
        .text("name", name.as_str())
        .text("owner_user_id", owner_user_id.as_str())
        .text("status", tenant.status().as_str())
        .time_if("signed_out_at", *signed_out_at)
        .time("created_at", *created_at)
        .time("updated_at", *updated_at);
    let item = match standing {
        Standing::InUse => return item.build(),
        Standing::Suspended { since, reason } => {
            item.time("suspended_at", *since).text("suspension_reason", reason.as_str())
        }
        Standing::Closed { since, reopening: None } => item.time("closed_at", *since),
        Standing::Closed { since, reopening: Some(Reopening { until, token }) } => {
            item.time("closed_at", *since).time("reopen_until", *until).text("reopen_token_hash", token.as_str())
        }
    };
    // While the tenant is in use, its status says it.
    item.flag("on_trial", *on_trial).build()
}

/// The item of a tenant that is not stored yet.
pub(in crate::dynamodb) fn to_new_item(tenant: &TenantSnapshot) -> Item {
    let mut item = to_item(tenant);
    item.insert(SETTINGS.to_owned(), AttributeValue::M(to_map(tenant.settings)));
    item.extend(ItemBuilder::default().version_after(tenant.version).build());
    item
}

/// Reads a tenant.
pub(in crate::dynamodb) fn read(item: &Item) -> Result<Tenant, StoreError> {
    let row = Reader::new(Table::Tenants, item);
    let (created_at, updated_at) = row.created_and_updated()?;
    let status = row.choice_if("status", TenantStatus::from_name)?.unwrap_or(TenantStatus::Active);
    // What the Python services switched off says neither when nor why.
    let (on_trial, standing) = match status {
        TenantStatus::Active => (false, Standing::InUse),
        TenantStatus::Trial => (true, Standing::InUse),
        TenantStatus::Suspended => {
            let since = row.time_if("suspended_at")?.unwrap_or(updated_at);
            let reason = row.choice_if("suspension_reason", SuspensionReason::from_name)?;
            let reason = reason.unwrap_or(SuspensionReason::Other);
            (row.flag("on_trial")?, Standing::Suspended { since, reason })
        }
        TenantStatus::Cancelled => {
            let since = row.time_if("closed_at")?.unwrap_or(updated_at);
            let reopening = row.time_if("reopen_until")?.zip(row.text_if("reopen_token_hash")?);
            let reopening = reopening.map(|(until, token)| Reopening { until, token: TokenHash::restore(token) });
            (row.flag("on_trial")?, Standing::Closed { since, reopening })
        }
    };
    let state = TenantSnapshot {
        id: TenantId::restore(row.text("tenant_id")?),
        name: TenantName::restore(row.text_if("name")?.unwrap_or_default()),
        owner_user_id: UserId::restore(row.text("owner_user_id")?),
        on_trial,
        standing,
        signed_out_at: row.time_if("signed_out_at")?,
        settings: read_settings(item),
        created_at,
        updated_at,
        version: row.version()?,
    };
    Ok(Tenant::restore(state))
}

/// The settings to store in place of those in `stored`, and what must be as it was seen there for that. Keys that
/// we do not know stay.
pub(in crate::dynamodb) fn merged_settings(stored: &Item, settings: TenantSettings) -> (Item, Condition) {
    let seen = stored.get(SETTINGS);
    let mut merged = seen.and_then(|seen| seen.as_m().ok()).cloned().unwrap_or_default();
    merged.extend(to_map(settings));
    let condition = match seen {
        Some(seen) => Condition::new("#settings = :seen_settings").with("seen_settings", seen.clone()),
        None => Condition::new("attribute_not_exists(#settings)"),
    };
    (merged, condition)
}

fn to_map(TenantSettings { target_line_mode }: TenantSettings) -> Item {
    ItemBuilder::default().text("target_line_mode", target_line_mode.as_str()).build()
}

/// What cannot be read counts as never set: how charts look is no reason to keep people from signing in.
fn read_settings(item: &Item) -> TenantSettings {
    let map = item.get(SETTINGS).and_then(|value| value.as_m().ok());
    let text = |name| map.and_then(|map| map.get(name)).and_then(|value| value.as_s().ok());
    TenantSettings {
        target_line_mode: text("target_line_mode").and_then(|name| TargetLineMode::from_name(name)).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamodb::expression::{number, text};

    fn with_settings(settings: AttributeValue) -> Item {
        Item::from([(SETTINGS.to_owned(), settings)])
    }

    #[test]
    fn settings_that_cannot_be_read_count_as_never_set() {
        let unknown = Item::from([("target_line_mode".to_owned(), text("seven"))]);
        let number = Item::from([("target_line_mode".to_owned(), number(&3))]);
        for settings in [AttributeValue::Null(true), text("all"), AttributeValue::M(unknown), AttributeValue::M(number)]
        {
            assert_eq!(read_settings(&with_settings(settings)), TenantSettings::default());
        }
        assert_eq!(read_settings(&Item::new()), TenantSettings::default());
    }

    #[test]
    fn settings_that_we_do_not_know_stay() {
        let theirs = Item::from([("fiscal_year".to_owned(), text("april"))]);
        let settings = TenantSettings { target_line_mode: TargetLineMode::Three };
        let (merged, _) = merged_settings(&with_settings(AttributeValue::M(theirs)), settings);
        assert_eq!(merged["fiscal_year"], text("april"));
        assert_eq!(read_settings(&with_settings(AttributeValue::M(merged))), settings);
    }
}
