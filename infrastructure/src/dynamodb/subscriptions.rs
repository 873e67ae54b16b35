//! Subscriptions as they are now.
//!
//! Those of a tenant are found through an index, which lags by a moment, so that it may still show what somebody has just
//! paid for as an order, and what was given up as one that waits. What matters is read again by its key.

use std::collections::BTreeSet;

use application::{TenantScope, ports::StoreError};
use domain::Plan;
use futures::future::try_join_all;

use super::{
    DynamoStore,
    expression::Item,
    items::{billing_account, subscription},
    tables::Table,
};

/// Most subscriptions of a tenant that are read again at once. One has two that are not over: a trial, and an order.
const MOST: usize = 20;

impl DynamoStore {
    /// The tenant's subscriptions as their index has them.
    pub(super) async fn indexed_subscriptions(&self, scope: &TenantScope) -> Result<Vec<Item>, StoreError> {
        let index = Some(self.layout.subscriptions_tenant_index());
        self.query(Table::Subscriptions, index, "tenant_id", scope.tenant_id().as_str()).await
    }

    /// The same, with these as they are now, whether the index has them or not.
    pub(super) async fn read_again(
        &self,
        scope: &TenantScope,
        indexed: Vec<Item>,
        ids: impl IntoIterator<Item = String>,
    ) -> Result<Vec<Item>, StoreError> {
        let ids: BTreeSet<_> = ids.into_iter().take(MOST).collect();
        let now = try_join_all(ids.iter().map(|id| self.get(Table::Subscriptions, id))).await?;
        let is_read_again = |item: &Item| subscription::id_of(item).is_some_and(|id| ids.contains(id));
        let mut items: Vec<_> = indexed.into_iter().filter(|item| !is_read_again(item)).collect();
        let of_tenant = |item: &Item| subscription::tenant_of(item) == Some(scope.tenant_id().as_str());
        items.extend(now.into_iter().flatten().filter(of_tenant));
        Ok(items)
    }

    /// The live plan of a tenant. `account`: its billing account, read consistently beside the index. It says which
    /// subscription counts and when that changed last, so that the row itself is read only in the moment in which the
    /// index is behind.
    pub(super) async fn live_plan(
        &self,
        scope: &TenantScope,
        account: Option<&Item>,
        indexed: Vec<Item>,
    ) -> Result<Option<Plan>, StoreError> {
        let current = account.and_then(billing_account::read_current);
        let is_shown = |id: &str, changed_at| {
            let shown = indexed.iter().find(|item| subscription::id_of(item) == Some(id));
            shown.and_then(subscription::updated_at).is_some_and(|updated_at| changed_at <= updated_at)
        };
        let behind = current.filter(|(id, changed_at)| !is_shown(id, *changed_at)).map(|(id, _)| id.to_owned());
        let items = if behind.is_some() { self.read_again(scope, indexed, behind).await? } else { indexed };
        Ok(subscription::live_plan(&items, self.clock.now()))
    }
}
