//! The tenants table, shared with the Python services.

use application::ports::StoreError;
use domain::{
    Tenant, TenantId, UserId,
    tenant::{TenantName, TenantSnapshot, TenantStatus},
};

use super::{ItemBuilder, Reader};
use crate::dynamodb::{expression::Item, tables::Table};

/// The item of a tenant that is not stored yet.
pub(in crate::dynamodb) fn to_new_item(tenant: &TenantSnapshot) -> Item {
    let TenantSnapshot { id, name, owner_user_id, status, created_at, updated_at, version } = tenant;
    ItemBuilder::default()
        .text("tenant_id", id.as_str())
        .text("name", name.as_str())
        .text("owner_user_id", owner_user_id.as_str())
        .text("status", status.as_str())
        .time("created_at", *created_at)
        .time("updated_at", *updated_at)
        .version_after(*version)
        .build()
}

/// Reads a tenant.
pub(in crate::dynamodb) fn read(item: &Item) -> Result<Tenant, StoreError> {
    let row = Reader::new(Table::Tenants, item);
    let (created_at, updated_at) = row.created_and_updated()?;
    let state = TenantSnapshot {
        id: TenantId::restore(row.text("tenant_id")?),
        name: TenantName::restore(row.text_if("name")?.unwrap_or_default()),
        owner_user_id: UserId::restore(row.text("owner_user_id")?),
        status: row.choice_if("status", TenantStatus::from_name)?.unwrap_or(TenantStatus::Active),
        created_at,
        updated_at,
        version: row.version()?,
    };
    Ok(Tenant::restore(state))
}
