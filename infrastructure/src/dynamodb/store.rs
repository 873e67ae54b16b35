//! Where the adapters on DynamoDB come from.

use std::{fmt, sync::Arc};

use application::ports::{Clock, IdGenerator, StoreError};
use aws_sdk_dynamodb::Client;
use chrono::Duration;
use tokio::sync::Notify;

use super::{
    DynamoAccountRepository, DynamoAuditTrail, DynamoBilledTenants, DynamoBillingRepository, DynamoBusinessRepository,
    DynamoDeadLetters, DynamoDiscountRepository, DynamoEntitlementRepository, DynamoFailureCounter, DynamoHealthCheck,
    DynamoIdentityClaimRepository, DynamoInvitationRepository, DynamoMemberRepository, DynamoOutbox,
    DynamoPlatformDirectory, DynamoSessionRepository, DynamoTenantRepository, DynamoUnitOfWork, DynamoUsageRepository,
    errors::store_error,
    expression::{Changes, Condition, Item, Parts, text},
    tables::{Layout, Table},
    tiers::{DynamoTierCatalogue, TierCache},
};
use crate::crypto::PayloadSealer;

/// How long audit records are kept unless the settings say otherwise: a year, and time to ask about its last days.
pub const AUDIT_KEPT_FOR: Duration = Duration::days(400);

/// The tables of one deployment, and what is needed to work on them. Hands out one adapter for each port; they
/// and their clones share the client's connections.
#[derive(Clone)]
pub struct DynamoStore {
    pub(super) client: Client,
    pub(super) layout: Arc<Layout>,
    pub(super) ids: Arc<dyn IdGenerator>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) sealer: Arc<dyn PayloadSealer>,
    pub(super) wake_relay: Option<Arc<Notify>>,
    pub(super) audit_kept_for: Duration,
    pub(super) tier_cache: Arc<TierCache>,
}

impl fmt::Debug for DynamoStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynamoStore").field("layout", &self.layout).finish_non_exhaustive()
    }
}

impl DynamoStore {
    /// A store on the tables of `layout`, which must exist. `wake_relay` is notified after every commit that
    /// queued something, for a relay in the same process.
    #[must_use]
    pub fn new(
        client: Client,
        layout: Arc<Layout>,
        ids: Arc<dyn IdGenerator>,
        clock: Arc<dyn Clock>,
        sealer: Arc<dyn PayloadSealer>,
        wake_relay: Option<Arc<Notify>>,
    ) -> Self {
        Self {
            client,
            layout,
            ids,
            clock,
            sealer,
            wake_relay,
            audit_kept_for: AUDIT_KEPT_FOR,
            tier_cache: Arc::default(),
        }
    }

    /// Keeps audit records for another time than [`AUDIT_KEPT_FOR`].
    #[must_use]
    pub fn keeping_audit_for(self, audit_kept_for: Duration) -> Self {
        Self { audit_kept_for, ..self }
    }

    /// Reads accounts.
    #[must_use]
    pub fn accounts(&self) -> DynamoAccountRepository {
        DynamoAccountRepository::new(self.clone())
    }

    /// Reads the users and tenants of the whole platform.
    #[must_use]
    pub fn directory(&self) -> DynamoPlatformDirectory {
        DynamoPlatformDirectory::new(self.clone())
    }

    /// Knows what the tiers are.
    #[must_use]
    pub fn tiers(&self) -> DynamoTierCatalogue {
        DynamoTierCatalogue::new(self.clone())
    }

    /// Reads discount codes and who has redeemed them.
    #[must_use]
    pub fn discounts(&self) -> DynamoDiscountRepository {
        DynamoDiscountRepository::new(self.clone())
    }

    /// Reads the audit trail.
    #[must_use]
    pub fn audit_trail(&self) -> DynamoAuditTrail {
        DynamoAuditTrail::new(self.clone())
    }

    /// Reads tenants.
    #[must_use]
    pub fn tenants(&self) -> DynamoTenantRepository {
        DynamoTenantRepository::new(self.clone())
    }

    /// Reads the people of a tenant.
    #[must_use]
    pub fn members(&self) -> DynamoMemberRepository {
        DynamoMemberRepository::new(self.clone())
    }

    /// Reads sessions.
    #[must_use]
    pub fn sessions(&self) -> DynamoSessionRepository {
        DynamoSessionRepository::new(self.clone())
    }

    /// Knows what tenants may use.
    #[must_use]
    pub fn entitlements(&self) -> DynamoEntitlementRepository {
        DynamoEntitlementRepository::new(self.clone())
    }

    /// Knows how much tenants have used.
    #[must_use]
    pub fn usage(&self) -> DynamoUsageRepository {
        DynamoUsageRepository::new(self.clone())
    }

    /// Reads invitations. `accept_legacy`: whether tokens of the Python service are taken.
    #[must_use]
    pub fn invitations(&self, accept_legacy: bool) -> DynamoInvitationRepository {
        DynamoInvitationRepository::new(self.clone(), accept_legacy)
    }

    /// Reads what tenants say about their business.
    #[must_use]
    pub fn business(&self) -> DynamoBusinessRepository {
        DynamoBusinessRepository::new(self.clone())
    }

    /// Reads what tenants pay for.
    #[must_use]
    pub fn billing(&self) -> DynamoBillingRepository {
        DynamoBillingRepository::new(self.clone())
    }

    /// Knows which tenants are billed.
    #[must_use]
    pub fn billed_tenants(&self) -> DynamoBilledTenants {
        DynamoBilledTenants::new(self.clone())
    }

    /// Reads which outside identities belong to whom.
    #[must_use]
    pub fn identity_claims(&self) -> DynamoIdentityClaimRepository {
        DynamoIdentityClaimRepository::new(self.clone())
    }

    /// Counts how often passwords were tried.
    #[must_use]
    pub fn failures(&self) -> DynamoFailureCounter {
        DynamoFailureCounter::new(self.clone())
    }

    /// Writes everything.
    #[must_use]
    pub fn unit_of_work(&self) -> DynamoUnitOfWork {
        DynamoUnitOfWork::new(self.clone())
    }

    /// Holds what committed change sets queued.
    #[must_use]
    pub fn outbox(&self) -> DynamoOutbox {
        DynamoOutbox::new(self.clone())
    }

    /// Holds what was given up.
    #[must_use]
    pub fn dead_letters(&self) -> DynamoDeadLetters {
        DynamoDeadLetters::new(self.client.clone(), &self.layout, Arc::clone(&self.clock))
    }

    /// Asks the store how it is.
    #[must_use]
    pub fn health(&self) -> DynamoHealthCheck {
        DynamoHealthCheck::new(self.client.clone(), &self.layout)
    }

    /// The table's full name.
    pub(super) fn name(&self, table: Table) -> &str {
        self.layout.name(table)
    }

    /// The key of one item.
    pub(super) fn key(&self, table: Table, id: &str) -> Item {
        Item::from([(self.layout.definition(table).key.to_owned(), text(id))])
    }

    /// One item by its key, strongly consistently.
    pub(super) async fn get(&self, table: Table, id: &str) -> Result<Option<Item>, StoreError> {
        let request = self.client.get_item().table_name(self.name(table)).set_key(Some(self.key(table, id)));
        let got = request.consistent_read(true).send().await.map_err(store_error)?;
        Ok(got.item)
    }

    /// The items with one partition key, of an index or, without one, of the table itself. One page, of 1 MB: this
    /// is for keys that never have more.
    pub(super) async fn query(
        &self,
        table: Table,
        index: Option<&str>,
        key: &str,
        value: &str,
    ) -> Result<Vec<Item>, StoreError> {
        Ok(self.query_page(table, index, (key, value), PageOf::default()).await?.items)
    }

    /// One page of the items with one partition key, of an index or, without one, of the table itself.
    pub(super) async fn query_page(
        &self,
        table: Table,
        index: Option<&str>,
        (key, value): (&str, &str),
        page: PageOf<'_>,
    ) -> Result<QueryPage, StoreError> {
        let condition = Condition::new(format!("#{key} = :value")).with("value", text(value));
        let Parts { condition, names, values, .. } = Parts::new(Changes::default(), condition);
        let mut names = names.unwrap_or_default();
        let wanted: Vec<_> = page.attributes.iter().map(|attribute| format!("#{attribute}")).collect();
        names.extend(page.attributes.iter().map(|attribute| (format!("#{attribute}"), (*attribute).to_owned())));
        let found = self
            .client
            .query()
            .table_name(self.name(table))
            .set_index_name(index.map(str::to_owned))
            // An index cannot be read consistently.
            .consistent_read(index.is_none())
            .set_key_condition_expression(condition)
            .set_projection_expression((!wanted.is_empty()).then(|| wanted.join(", ")))
            .set_expression_attribute_names(Some(names))
            .set_expression_attribute_values(values)
            .set_exclusive_start_key(page.after)
            .set_limit(page.limit)
            .send()
            .await
            .map_err(store_error)?;
        Ok(QueryPage { items: found.items.unwrap_or_default(), last: found.last_evaluated_key })
    }
}

/// Which page of a query to read, and what of its items; by default all of the first.
#[derive(Default)]
pub(super) struct PageOf<'a> {
    /// The key of the item after which it begins.
    pub(super) after: Option<Item>,
    /// How many items it has at most; in any case not more than 1 MB.
    pub(super) limit: Option<i32>,
    /// The attributes that are wanted; none for all.
    pub(super) attributes: &'a [&'a str],
}

/// A page of a query.
pub(super) struct QueryPage {
    /// Its items.
    pub(super) items: Vec<Item>,
    /// The key of the item after which the next page begins, if there is one.
    pub(super) last: Option<Item>,
}
