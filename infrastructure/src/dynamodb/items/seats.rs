//! The record of a tenant's seats, which is ours alone.

use application::ports::StoreError;
use domain::{Seats, TenantId, Timestamp};

use super::{ItemBuilder, Reader};
use crate::dynamodb::{expression::Item, tables::Table};

/// The item of a tenant whose seats were not on record.
pub(in crate::dynamodb) fn to_item(tenant_id: &TenantId, seats: Seats, now: Timestamp) -> Item {
    let Seats { members, taken } = seats;
    ItemBuilder::default()
        .text("tenant_id", tenant_id.as_str())
        .number("members", &members)
        .number("taken", &taken)
        .time("updated_at", now)
        .build()
}

/// Reads the seats.
pub(in crate::dynamodb) fn read(item: &Item) -> Result<Seats, StoreError> {
    let row = Reader::new(Table::AccountSeats, item);
    let number = |attribute| row.number_if(attribute)?.ok_or_else(|| row.unreadable(attribute, "is missing"));
    Ok(Seats { members: number("members")?, taken: number("taken")? })
}
