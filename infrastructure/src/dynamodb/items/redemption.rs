//! The redemptions of discount codes, which are ours alone: one item for each code and tenant.

use application::ports::StoreError;
use domain::{PromoCode, RedemptionId, SubscriptionId, TenantId, discount::Redemption};

use super::{ItemBuilder, Reader};
use crate::dynamodb::{expression::Item, tables::Table};

/// The key of the redemption of a code by a tenant.
pub(in crate::dynamodb) fn key(code: &PromoCode, tenant_id: &TenantId) -> Item {
    ItemBuilder::default().text("code", code.as_str()).text("tenant_id", tenant_id.as_str()).build()
}

/// The redemption as an item.
pub(in crate::dynamodb) fn to_item(redemption: &Redemption) -> Item {
    let Redemption { id, code, tenant_id, subscription_id, redeemed_at } = redemption;
    let mut item = ItemBuilder::default()
        .text("redemption_id", id.as_str())
        .text("subscription_id", subscription_id.as_str())
        .time("redeemed_at", *redeemed_at)
        .build();
    item.extend(key(code, tenant_id));
    item
}

/// Reads a redemption.
pub(in crate::dynamodb) fn read(item: &Item) -> Result<Redemption, StoreError> {
    let row = Reader::new(Table::AccountRedemptions, item);
    Ok(Redemption {
        id: RedemptionId::restore(row.text("redemption_id")?),
        code: PromoCode::restore(row.text("code")?),
        tenant_id: TenantId::restore(row.text("tenant_id")?),
        subscription_id: SubscriptionId::restore(row.text("subscription_id")?),
        redeemed_at: row.time("redeemed_at")?,
    })
}
