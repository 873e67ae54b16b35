//! Reads every row of every table, as this service and as the Python services would.

use std::error::Error;

use application::ports::StoreError;

use super::{
    Defect, MaintenanceError, Phase, ReadTable, Reader, Reading, Settings, Tables,
    access::Access,
    models, shape, shapes,
    survey::{each_row, text_of},
};
use crate::dynamodb::{
    expression::Item,
    tables::{Layout, Table, TableDefinition},
};

/// How many defects of a table are described; the rest is counted.
pub const SHOWN_DEFECTS: usize = 1000;

/// Reads every row of every table. It changes nothing, and a table that is not there is no mistake.
///
/// # Errors
/// When a table fails for long.
pub async fn verify(tables: Tables<'_>, settings: Settings) -> Result<Reading, MaintenanceError> {
    let access = Access::new(tables, settings);
    let mut reading = Reading { tables: Vec::new() };
    for definition in tables.layout.definitions() {
        let table = definition.table;
        let exists = access.describe(table).await?.is_some();
        let mut read = ReadTable { table: table.base_name(), exists, rows: 0, unreadable: 0, defects: Vec::new() };
        each_row(&access, Phase::Verify, table, |item| {
            read.rows += 1;
            let defects = defects(tables.layout, &definition, item);
            read.unreadable += u64::from(!defects.is_empty());
            let room = SHOWN_DEFECTS.saturating_sub(read.defects.len());
            read.defects.extend(defects.into_iter().take(room));
        })
        .await?;
        reading.tables.push(read);
    }
    Ok(reading)
}

/// Why somebody cannot read this row.
fn defects(layout: &Layout, definition: &TableDefinition<'_>, item: &Item) -> Vec<Defect> {
    let row = id_of(definition, item);
    let ours = models::read(layout, definition.table, item).err().map(|error| (Reader::Account, reason(&error)));
    let shape = shapes::of(definition.table, layout.users_key()).unwrap_or_default();
    let theirs = shape::problems(shape, item).into_iter().map(|problem| (Reader::Python, problem));
    ours.into_iter().chain(theirs).map(|(reader, problem)| Defect { row: row.clone(), reader, problem }).collect()
}

/// The row's id. The key of a claim is an address, so that it is called by its holder.
fn id_of(definition: &TableDefinition<'_>, item: &Item) -> String {
    let parts = match definition.table {
        Table::AccountEmailClaims => [Some("user_id"), None],
        _ => [Some(definition.key), definition.sort_key],
    };
    let parts = parts.into_iter().flatten().map(|attribute| text_of(item, attribute).unwrap_or("(unnamed)"));
    parts.collect::<Vec<_>>().join(" + ")
}

/// What is wrong with a row, without the table, which the report names anyway.
fn reason(error: &StoreError) -> String {
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}
