//! Going over the tenants that are billed.

use application::{
    billing::Reconciler,
    page::{Cursor, InvalidCursor, Page, PageError, PageRequest},
    ports::{BilledTenants, StoreError},
};
use async_trait::async_trait;
use domain::TenantId;
use futures::future::try_join_all;

use super::{DynamoStore, cursor, errors::store_error, expression::Item, tables::Table};

/// What the provider calls a subscription.
const PROVIDER_ID: &str = "external_subscription_id";

/// The billing accounts, and then the subscriptions of tenants that have none: those of the Python service. In the order
/// in which DynamoDB keeps them.
#[derive(Clone, Debug)]
pub struct DynamoBilledTenants {
    store: DynamoStore,
}

/// A table of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Accounts,
    Subscriptions,
}

impl Part {
    const fn table(self) -> Table {
        match self {
            Self::Accounts => Table::AccountBilling,
            Self::Subscriptions => Table::Subscriptions,
        }
    }
}

/// Where a page begins: in one of the tables, after this key or at its beginning.
struct Position {
    part: Part,
    after: Option<String>,
}

impl Position {
    fn parse(cursor: Option<&Cursor>) -> Result<Self, InvalidCursor> {
        let Some(cursor) = cursor else { return Ok(Self { part: Part::Accounts, after: None }) };
        let [text] = cursor::keys(cursor)?;
        let (table, after) = text.split_once('/').ok_or(InvalidCursor)?;
        let part = [Part::Accounts, Part::Subscriptions].into_iter().find(|part| part.table().base_name() == table);
        let after = Some(after.to_owned()).filter(|after| !after.is_empty());
        Ok(Self { part: part.ok_or(InvalidCursor)?, after })
    }

    fn cursor(&self) -> Cursor {
        let after = self.after.as_deref().unwrap_or_default();
        cursor::after([&format!("{}/{after}", self.part.table().base_name())])
    }
}

impl DynamoBilledTenants {
    pub(super) const fn new(store: DynamoStore) -> Self {
        Self { store }
    }

    /// Whether a subscription is the one of its tenant's by which the tenant is found: the tenant has no account, and of
    /// several subscriptions, the one of the smallest id stands for all.
    async fn stands_for_its_tenant(&self, row: &Item) -> Result<Option<TenantId>, StoreError> {
        let (Some(id), Some(tenant_id)) = (text_of(row, "subscription_id"), text_of(row, "tenant_id")) else {
            return Ok(None);
        };
        if text_of(row, PROVIDER_ID).is_none() || self.store.get(Table::AccountBilling, tenant_id).await?.is_some() {
            return Ok(None);
        }
        let index = self.store.layout.subscriptions_tenant_index();
        let others = self.store.query(Table::Subscriptions, Some(index), "tenant_id", tenant_id).await?;
        let mut billed = others.iter().filter(|other| text_of(other, PROVIDER_ID).is_some());
        let is_smallest = billed.all(|other| text_of(other, "subscription_id").is_none_or(|other| id <= other));
        Ok(is_smallest.then(|| TenantId::restore(tenant_id)))
    }
}

fn text_of<'a>(row: &'a Item, attribute: &str) -> Option<&'a str> {
    row.get(attribute)?.as_s().ok().map(String::as_str).filter(|text| !text.is_empty())
}

#[async_trait]
impl BilledTenants for DynamoBilledTenants {
    async fn page(&self, _: &Reconciler, page: &PageRequest) -> Result<Page<TenantId>, PageError> {
        let Position { part, after } = Position::parse(page.after.as_ref())?;
        let table = part.table();
        let key = self.store.layout.definition(table).key;
        let mut scan = self.store.client.scan().table_name(self.store.name(table)).consistent_read(true);
        let mut wanted = vec![key];
        if part == Part::Subscriptions {
            wanted.extend(["tenant_id", PROVIDER_ID]);
        }
        for name in &wanted {
            scan = scan.expression_attribute_names(format!("#{name}"), *name);
        }
        let wanted: Vec<_> = wanted.iter().map(|name| format!("#{name}")).collect();
        let found = scan
            .projection_expression(wanted.join(", "))
            .limit(i32::from(page.size.get()))
            .set_exclusive_start_key(after.map(|after| self.store.key(table, &after)))
            .send()
            .await
            .map_err(store_error)?;
        let rows = found.items.unwrap_or_default();
        let items = match part {
            Part::Accounts => rows.iter().filter_map(|row| text_of(row, key)).map(TenantId::restore).collect(),
            Part::Subscriptions => {
                let tenants = try_join_all(rows.iter().map(|row| self.stands_for_its_tenant(row))).await?;
                tenants.into_iter().flatten().collect()
            }
        };
        let last = found.last_evaluated_key.as_ref().and_then(|last| text_of(last, key)).map(str::to_owned);
        let next = match (part, last) {
            (_, Some(last)) => Some(Position { part, after: Some(last) }),
            (Part::Accounts, None) => Some(Position { part: Part::Subscriptions, after: None }),
            (Part::Subscriptions, None) => None,
        };
        Ok(Page { items, next: next.map(|next| next.cursor()) })
    }
}
