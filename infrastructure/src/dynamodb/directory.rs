//! Reading the users, tenants and subscriptions of the whole platform.

use std::error::Error;

use application::{
    actor::PlatformAdmin,
    page::{InvalidCursor, Page, PageError, PageRequest},
    ports::{PlatformDirectory, StoreError, SubscriptionFilter, TenantFilter, UserFilter},
};
use async_trait::async_trait;
use domain::{EmailAddress, Subscription, Tenant, TenantId, User, UserId};
use futures::future::try_join;

use super::{
    DynamoStore, cursor,
    errors::store_error,
    expression::{Item, text},
    items::{email_claim, subscription, tenant, user},
    tables::{Table, index},
};

/// How often DynamoDB is asked for one page.
const MAX_CALLS: u32 = 8;
/// How many rows one call looks at when not all of them may be wanted.
const LOOKED_AT: usize = 250;

/// The users, tenants and subscriptions tables: as a whole, in the order in which DynamoDB keeps them; users of one tenant through the
/// tenant's index; users of one address through the claim and the index of addresses.
#[derive(Clone, Debug)]
pub struct DynamoPlatformDirectory {
    store: DynamoStore,
}

/// Some rows, and the key of the last one that was looked at when there are more.
struct Rows {
    items: Vec<Item>,
    last: Option<Item>,
}

impl DynamoPlatformDirectory {
    pub(super) const fn new(store: DynamoStore) -> Self {
        Self { store }
    }

    async fn rows(
        &self,
        table: Table,
        of_tenant: Option<&TenantId>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Rows, StoreError> {
        let (name, limit) = (self.store.name(table), i32::try_from(limit).unwrap_or(i32::MAX));
        let mut start = after.map(|key| self.store.key(table, key));
        let Some(tenant_id) = of_tenant else {
            let scan = self.store.client.scan().table_name(name).limit(limit).set_exclusive_start_key(start);
            let found = scan.send().await.map_err(store_error)?;
            return Ok(Rows { items: found.items.unwrap_or_default(), last: found.last_evaluated_key });
        };
        if let Some(start) = &mut start {
            start.insert("tenant_id".to_owned(), text(tenant_id.as_str()));
        }
        let found = self
            .store
            .client
            .query()
            .table_name(name)
            .index_name(self.store.layout.users_tenant_index())
            .key_condition_expression("#tenant_id = :tenant_id")
            .expression_attribute_names("#tenant_id", "tenant_id")
            .expression_attribute_values(":tenant_id", text(tenant_id.as_str()))
            .limit(limit)
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(store_error)?;
        Ok(Rows { items: found.items.unwrap_or_default(), last: found.last_evaluated_key })
    }

    /// A page of what `wanted` makes of the rows of a table; it may make nothing of some when `is_picky`.
    pub(super) async fn gather<T>(
        &self,
        table: Table,
        of_tenant: Option<&TenantId>,
        page: &PageRequest,
        is_picky: bool,
        wanted: impl Fn(&Item) -> Result<Option<T>, StoreError>,
    ) -> Result<Page<T>, PageError> {
        let key = self.store.layout.definition(table).key;
        let key_of = |item: &Item| item.get(key).and_then(|value| value.as_s().ok()).cloned();
        let mut after = page.after.as_ref().map(cursor::keys).transpose()?.map(|[key]| key);
        let size = usize::from(page.size.get());
        let mut items = Vec::new();
        let next = |after: Option<String>| after.map(|key| cursor::after([&key]));
        for _ in 0..MAX_CALLS {
            // One more than the page shows whether there is a next one.
            let limit = if is_picky { LOOKED_AT } else { size + 1 - items.len() };
            let rows = self.rows(table, of_tenant, after.as_deref(), limit).await?;
            for row in &rows.items {
                let id = key_of(row);
                match wanted(row) {
                    Ok(Some(_)) if items.len() == size => return Ok(Page { items, next: next(after) }),
                    Ok(Some(item)) => items.push(item),
                    Ok(None) => {}
                    Err(error) => log_left_out(table, id.as_deref(), &error),
                }
                after = id;
            }
            match rows.last {
                Some(last) => after = key_of(&last),
                None => return Ok(Page { items, next: None }),
            }
        }
        Ok(Page { items, next: next(after) })
    }

    /// Everybody who holds an address. It is never more than a page.
    async fn of_address(&self, email: &EmailAddress) -> Result<Vec<Item>, StoreError> {
        let (claim, mut found) = try_join(
            self.store.get(Table::AccountEmailClaims, email.as_str()),
            self.store.query(Table::Users, Some(index::USERS_BY_EMAIL), "email", email.as_str()),
        )
        .await?;
        if let Some(claim) = &claim {
            let holder = email_claim::read(claim)?.user_id;
            let key = self.store.layout.users_key().attribute();
            let is_holder = |item: &Item| {
                item.get(key).and_then(|value| value.as_s().ok()).map(String::as_str) == Some(holder.as_str())
            };
            // The index may not know of them yet.
            if !found.iter().any(is_holder) {
                found.extend(self.store.get(Table::Users, holder.as_str()).await?);
            }
        }
        Ok(found)
    }
}

fn log_left_out(table: Table, id: Option<&str>, error: &StoreError) {
    let table = table.base_name();
    tracing::error!(table, id, error = error as &dyn Error, "an unreadable row is left out of a list");
}

#[async_trait]
impl PlatformDirectory for DynamoPlatformDirectory {
    async fn users(
        &self,
        _admin: &PlatformAdmin,
        filter: &UserFilter,
        page: &PageRequest,
    ) -> Result<Page<User>, PageError> {
        let key = self.store.layout.users_key();
        let wanted = |row: &Item| user::read(row, None, key).map(|user| Some(user).filter(|user| filter.admits(user)));
        let Some(email) = &filter.email else {
            let tenant_id = filter.tenant_id.as_ref();
            return self.gather(Table::Users, tenant_id, page, filter.status.is_some(), wanted).await;
        };
        if page.after.is_some() {
            return Err(InvalidCursor.into());
        }
        let mut items = Vec::new();
        for row in &self.of_address(email).await? {
            match wanted(row) {
                Ok(user) => items.extend(user),
                Err(error) => log_left_out(Table::Users, None, &error),
            }
        }
        items.truncate(usize::from(page.size.get()));
        Ok(Page { items, next: None })
    }

    async fn user(&self, _admin: &PlatformAdmin, id: &UserId) -> Result<Option<User>, StoreError> {
        let row = self.store.get(Table::Users, id.as_str()).await?;
        row.as_ref().map(|row| user::read(row, None, self.store.layout.users_key())).transpose()
    }

    async fn tenants(
        &self,
        _admin: &PlatformAdmin,
        filter: &TenantFilter,
        page: &PageRequest,
    ) -> Result<Page<Tenant>, PageError> {
        let wanted = |row: &Item| tenant::read(row).map(|tenant| Some(tenant).filter(|tenant| filter.admits(tenant)));
        self.gather(Table::Tenants, None, page, *filter != TenantFilter::default(), wanted).await
    }

    async fn subscriptions(
        &self,
        _admin: &PlatformAdmin,
        filter: &SubscriptionFilter,
        page: &PageRequest,
    ) -> Result<Page<Subscription>, PageError> {
        let wanted = |row: &Item| {
            subscription::read(row).map(|subscription| Some(subscription).filter(|found| filter.admits(found)))
        };
        let is_picky = *filter != SubscriptionFilter::default();
        self.gather(Table::Subscriptions, None, page, is_picky, wanted).await
    }
}
