//! Reading discount codes and who has redeemed them.

use application::{
    TenantScope,
    actor::PlatformAdmin,
    page::{Page, PageError, PageRequest},
    ports::{DiscountRepository, StoreError},
};
use async_trait::async_trait;
use domain::{DiscountCode, PromoCode, TenantId, discount::Redemption};

use super::{
    DynamoStore, cursor,
    errors::store_error,
    expression::Item,
    items::{discount_code, redemption},
    store::PageOf,
    tables::Table,
};

/// Reads the tables of discount codes and of redemptions.
#[derive(Clone, Debug)]
pub struct DynamoDiscountRepository {
    store: DynamoStore,
}

impl DynamoDiscountRepository {
    pub(super) const fn new(store: DynamoStore) -> Self {
        Self { store }
    }
}

#[async_trait]
impl DiscountRepository for DynamoDiscountRepository {
    async fn find(&self, code: &PromoCode) -> Result<Option<DiscountCode>, StoreError> {
        let item = self.store.get(Table::AccountDiscountCodes, code.as_str()).await?;
        item.as_ref().map(discount_code::read).transpose()
    }

    async fn redemption(&self, scope: &TenantScope, code: &PromoCode) -> Result<Option<Redemption>, StoreError> {
        let request = self.store.client.get_item().table_name(self.store.name(Table::AccountRedemptions));
        let request = request.set_key(Some(redemption::key(code, scope.tenant_id()))).consistent_read(true);
        let got = request.send().await.map_err(store_error)?;
        got.item.as_ref().map(redemption::read).transpose()
    }

    async fn list(&self, _admin: &PlatformAdmin, page: &PageRequest) -> Result<Page<DiscountCode>, PageError> {
        let read = |row: &Item| discount_code::read(row).map(Some);
        self.store.directory().gather(Table::AccountDiscountCodes, None, page, false, read).await
    }

    async fn redemptions(
        &self,
        _admin: &PlatformAdmin,
        code: &PromoCode,
        page: &PageRequest,
    ) -> Result<Page<Redemption>, PageError> {
        let after = page.after.as_ref().map(cursor::keys).transpose()?;
        let after = after.map(|[tenant_id]| redemption::key(code, &TenantId::restore(tenant_id)));
        let page = PageOf { after, limit: Some(page.size.get().into()), attributes: &[] };
        let found = self.store.query_page(Table::AccountRedemptions, None, ("code", code.as_str()), page).await?;
        let last = found.last.as_ref().and_then(|key| key.get("tenant_id")?.as_s().ok());
        Ok(Page {
            items: found.items.iter().map(redemption::read).collect::<Result<_, _>>()?,
            next: last.map(|tenant_id| cursor::after([tenant_id])),
        })
    }
}
