//! Reading invitations.

mod legacy;

use std::sync::Arc;

use application::{
    TenantScope,
    page::{Page, PageError, PageRequest},
    ports::{HeldInvitation, InvitationRepository, StoreError},
};
use async_trait::async_trait;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use domain::{
    EmailAddress, Invitation, InvitationId, InvitationToken, Timestamp,
    invitation::{InvitationStatus, InvitationStatus::Pending},
};
use futures::future::try_join3;

use super::{
    DynamoStore, cursor,
    errors::store_error,
    expression::{Changes, Condition, Item, Parts, text},
    items::{invitation, tenant},
    tables::{Table, index},
};
use legacy::LegacyTokens;

/// How often the index is asked for one page, when most of what it finds has another status by now.
const QUERIES: usize = 10;

/// Reads invitations by their id, strongly consistently, and lists them through the indexes of their table, which
/// may lag by a moment.
#[derive(Clone, Debug)]
pub struct DynamoInvitationRepository {
    store: DynamoStore,
    /// `None`: tokens of the Python service are not taken.
    legacy: Option<Arc<LegacyTokens>>,
}

impl DynamoInvitationRepository {
    pub(super) fn new(store: DynamoStore, accept_legacy: bool) -> Self {
        Self { store, legacy: accept_legacy.then(Arc::default) }
    }

    /// A query of an index of the table.
    fn query(&self, index: &str, condition: Condition) -> QueryFluentBuilder {
        let Parts { condition, names, values, .. } = Parts::new(Changes::default(), condition);
        self.store
            .client
            .query()
            .table_name(self.store.name(Table::Invitations))
            .index_name(index)
            .set_key_condition_expression(condition)
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(values)
    }

    /// The key at which a page of the tenant's index ended.
    fn start(scope: &TenantScope, page: &PageRequest) -> Result<Option<Item>, PageError> {
        let Some(cursor) = &page.after else { return Ok(None) };
        let [status, id] = cursor::keys(cursor)?;
        let key = [("tenant_id", scope.tenant_id().as_str()), ("status", &status), ("invitation_id", &id)];
        Ok(Some(key.map(|(name, value)| (name.to_owned(), text(value))).into()))
    }
}

fn of_tenant(scope: &TenantScope) -> Condition {
    Condition::new("#tenant_id = :tenant").with("tenant", text(scope.tenant_id().as_str()))
}

/// The invitations whose rows may have this status at some time. The rows of those that have expired still say
/// `pending`, which is next to `expired` in the order of the index.
fn with_status(condition: Condition, status: InvitationStatus) -> Condition {
    match status {
        InvitationStatus::Expired => condition
            .and("#status BETWEEN :expired AND :pending")
            .with("expired", text(InvitationStatus::Expired.as_str()))
            .with("pending", text(Pending.as_str())),
        status => condition.and("#status = :wanted").with("wanted", text(status.as_str())),
    }
}

#[async_trait]
impl InvitationRepository for DynamoInvitationRepository {
    async fn find(&self, scope: &TenantScope, id: &InvitationId) -> Result<Option<Invitation>, StoreError> {
        let item = self.store.get(Table::Invitations, id.as_str()).await?;
        let found = item.as_ref().map(invitation::read).transpose()?;
        Ok(found.filter(|invitation| invitation.snapshot().tenant_id == *scope.tenant_id()))
    }

    async fn find_by_token(&self, token: &InvitationToken) -> Result<Option<HeldInvitation>, StoreError> {
        let hash = token.hash();
        let id = match (token.invitation_id(), &self.legacy) {
            (Some(id), _) => Some(id.clone()),
            (None, Some(legacy)) => legacy.find(&self.store, &hash).await?,
            (None, None) => None,
        };
        let Some(id) = id else { return Ok(None) };
        let Some(item) = self.store.get(Table::Invitations, id.as_str()).await? else { return Ok(None) };
        let invitation = invitation::read(&item)?;
        if !invitation.recognises(&hash) {
            return Ok(None);
        }
        let tenant_id = invitation.snapshot().tenant_id.as_str();
        let scope = TenantScope::from(&invitation);
        let (tenant, account, indexed) = Box::pin(try_join3(
            self.store.get(Table::Tenants, tenant_id),
            self.store.get(Table::AccountBilling, tenant_id),
            self.store.indexed_subscriptions(&scope),
        ))
        .await?;
        let Some(tenant) = tenant.as_ref().map(tenant::read).transpose()? else { return Ok(None) };
        let plan = self.store.live_plan(&scope, account.as_ref(), indexed).await?;
        Ok(Some(HeldInvitation { invitation, tenant, plan }))
    }

    async fn list(
        &self,
        scope: &TenantScope,
        status: Option<InvitationStatus>,
        now: Timestamp,
        page: &PageRequest,
    ) -> Result<Page<Invitation>, PageError> {
        let condition = status.into_iter().fold(of_tenant(scope), with_status);
        let query = self.query(index::INVITATIONS_BY_TENANT, condition);
        let is_wanted = |found: &Invitation| status.is_none_or(|status| found.status(now) == status);
        let size = usize::from(page.size.get());
        let (mut items, mut start) = (Vec::new(), Self::start(scope, page)?);
        for _ in 0..QUERIES {
            let room = i32::try_from(size - items.len()).unwrap_or(i32::MAX);
            let found = query.clone().limit(room).set_exclusive_start_key(start).send().await.map_err(store_error)?;
            for item in found.items() {
                items.extend(Some(invitation::read(item)?).filter(is_wanted));
            }
            start = found.last_evaluated_key;
            if start.is_none() || items.len() >= size {
                break;
            }
        }
        let key = |name| start.as_ref()?.get(name)?.as_s().ok();
        let next = key("status").zip(key("invitation_id")).map(|(status, id)| cursor::after([status, id]));
        Ok(Page { items, next })
    }

    async fn is_open_to(&self, scope: &TenantScope, email: &EmailAddress, now: Timestamp) -> Result<bool, StoreError> {
        let condition = Condition::new("#email = :address").with("address", text(email.as_str()));
        let query = self.query(index::INVITATIONS_BY_EMAIL, with_status(condition, Pending));
        let found = query.send().await.map_err(store_error)?;
        for item in found.items() {
            let invitation = invitation::read(item)?;
            if invitation.snapshot().tenant_id == *scope.tenant_id() && invitation.status(now) == Pending {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn count_open(&self, scope: &TenantScope, now: Timestamp, enough: usize) -> Result<usize, StoreError> {
        let query = self.query(index::INVITATIONS_BY_TENANT, with_status(of_tenant(scope), Pending));
        let (mut open, mut start) = (0, None);
        loop {
            let found = query.clone().set_exclusive_start_key(start).send().await.map_err(store_error)?;
            for item in found.items() {
                open += usize::from(invitation::read(item)?.status(now) == Pending);
            }
            start = found.last_evaluated_key;
            if start.is_none() || open >= enough {
                return Ok(open.min(enough));
            }
        }
    }
}
