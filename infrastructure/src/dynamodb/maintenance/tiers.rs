//! Gives every tier a row, so that operators have something to edit.

use domain::{Tier, TierOffer};

use super::{
    Change, MaintenanceError, Settings, Tables, What,
    access::{Access, Written},
};
use crate::dynamodb::{
    expression::{Condition, put},
    items::tier,
    tables::Table,
};

/// Gives every tier that has no row the one that its seed is, or says which tiers would get one. A row that is there
/// stays as it is.
///
/// # Errors
/// When the table fails for long, or is not there and something is to be written.
pub async fn seed_tiers(
    tables: Tables<'_>,
    settings: Settings,
    dry_run: bool,
) -> Result<Vec<Change>, MaintenanceError> {
    let access = Access::new(tables, settings);
    let definition = tables.layout.definition(Table::Tiers);
    let is_there = access.describe(Table::Tiers).await?.is_some();
    if !is_there && !dry_run {
        return Err(MaintenanceError::NoTable(definition.name.to_owned()));
    }
    let mut changes = Vec::new();
    for tier in Tier::ALL {
        if is_there && access.get(Table::Tiers, tier.as_str()).await?.is_some() {
            continue;
        }
        if !dry_run {
            let free = Condition::new(format!("attribute_not_exists(#{})", definition.key));
            let row = put(definition.name, tier::to_item(&TierOffer::seed(tier)), free);
            let row = row.map_err(|source| MaintenanceError::Table { name: definition.name.to_owned(), source })?;
            if access.write(Table::Tiers, &[row]).await? == Written::Refused {
                continue;
            }
        }
        changes.push(Change { table: Table::Tiers.base_name(), row: tier.as_str().to_owned(), what: What::Seed });
    }
    Ok(changes)
}
