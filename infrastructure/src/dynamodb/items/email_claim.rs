//! The table that makes addresses unique: one item for each, with the user it is reserved for.

use application::ports::{AddressHolder, StoreError};
use domain::{EmailAddress, TenantId, Timestamp, UserId};

use super::{ItemBuilder, Reader};
use crate::dynamodb::{expression::Item, tables::Table};

/// The claim of one address for one user.
pub(in crate::dynamodb) fn to_item(
    email: &EmailAddress,
    user_id: &UserId,
    tenant_id: &TenantId,
    now: Timestamp,
) -> Item {
    ItemBuilder::default()
        .text("email", email.as_str())
        .text("user_id", user_id.as_str())
        .text("tenant_id", tenant_id.as_str())
        .time("claimed_at", now)
        .build()
}

/// For whom an address is claimed.
pub(in crate::dynamodb) fn read(item: &Item) -> Result<AddressHolder, StoreError> {
    let row = Reader::new(Table::AccountEmailClaims, item);
    Ok(AddressHolder {
        user_id: UserId::restore(row.text("user_id")?),
        tenant_id: TenantId::restore(row.text("tenant_id")?),
        claimed: true,
    })
}
