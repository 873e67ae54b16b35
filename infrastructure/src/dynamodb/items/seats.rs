//! The record of a tenant's seats, which is ours alone.

use application::ports::StoreError;
use domain::{Seats, TenantId, Timestamp, Version};

use super::{ItemBuilder, Reader};
use crate::dynamodb::{expression::Item, tables::Table};

/// What is on record about the seats of a tenant.
#[derive(Clone, Copy, Debug)]
pub(in crate::dynamodb) struct StoredSeats {
    pub(in crate::dynamodb) seats: Seats,
    /// When they were counted; since then only what this service did was added and taken off.
    pub(in crate::dynamodb) counted_at: Timestamp,
    /// When this service did something last.
    pub(in crate::dynamodb) updated_at: Timestamp,
    pub(in crate::dynamodb) version: Version,
}

/// The item of a tenant whose seats were counted while its record, if there was one, had the version `before`.
pub(in crate::dynamodb) fn to_item(tenant_id: &TenantId, seats: Seats, before: Version, now: Timestamp) -> Item {
    let Seats { members, taken } = seats;
    ItemBuilder::default()
        .text("tenant_id", tenant_id.as_str())
        .number("members", &members)
        .number("taken", &taken)
        .time("counted_at", now)
        .time("updated_at", now)
        .version_after(before)
        .build()
}

/// Reads the seats. What the Python services removed may be taken off a second time here, which leaves less than none
/// until the next count.
pub(in crate::dynamodb) fn read(item: &Item) -> Result<StoredSeats, StoreError> {
    let row = Reader::new(Table::AccountSeats, item);
    let number = |attribute| {
        let number: Option<i64> = row.number_if(attribute)?;
        let number = number.ok_or_else(|| row.unreadable(attribute, "is missing"))?;
        u32::try_from(number.max(0)).map_err(|_| row.unreadable(attribute, "is out of range"))
    };
    Ok(StoredSeats {
        seats: Seats { members: number("members")?, taken: number("taken")? },
        counted_at: row.time("counted_at")?,
        updated_at: row.time("updated_at")?,
        version: row.version()?,
    })
}
