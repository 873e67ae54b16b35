//! A store under test, with tables of its own and a clock that stands still.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
};

use application::{
    TenantScope,
    ports::{
        Account, AccountRepository, AddressHolder, AuditTrail, BilledTenants, BillingRepository, BusinessRepository,
        ChangeSet, Clock, CommitError, DeadLetters, DiscountRepository, EntitlementRepository, FailureCounter,
        HealthCheck, IdentityClaimRepository, InvitationRepository, MemberRepository, Outbox, PlatformDirectory,
        SessionRepository, TenantRepository, TierCatalogue, UnitOfWork, UsageRepository,
    },
};
use aws_sdk_dynamodb::{Client, types::AttributeValue};
use chrono::{DateTime, Duration};
use domain::{TenantId, Timestamp, User, UserId};
use infrastructure::{
    crypto::{PayloadSealer, SealError},
    dynamodb::{
        DynamoStore,
        tables::{Layout, Table, UsersKey, create_missing},
    },
    system::SystemIds,
};
use tokio::sync::Notify;

/// An item as DynamoDB has it.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// The ports of one store, and a way around them.
pub(crate) struct Store {
    pub(crate) accounts: Arc<dyn AccountRepository>,
    pub(crate) invitations: Arc<dyn InvitationRepository>,
    pub(crate) entitlements: Arc<dyn EntitlementRepository>,
    pub(crate) usage: Arc<dyn UsageRepository>,
    pub(crate) failures: Arc<dyn FailureCounter>,
    pub(crate) discounts: Arc<dyn DiscountRepository>,
    pub(crate) billing: Arc<dyn BillingRepository>,
    pub(crate) billed_tenants: Arc<dyn BilledTenants>,
    pub(crate) tiers: Arc<dyn TierCatalogue>,
    pub(crate) tenants: Arc<dyn TenantRepository>,
    pub(crate) business: Arc<dyn BusinessRepository>,
    pub(crate) members: Arc<dyn MemberRepository>,
    pub(crate) sessions: Arc<dyn SessionRepository>,
    pub(crate) identity_claims: Arc<dyn IdentityClaimRepository>,
    pub(crate) unit_of_work: Arc<dyn UnitOfWork>,
    pub(crate) outbox: Arc<dyn Outbox>,
    pub(crate) directory: Arc<dyn PlatformDirectory>,
    pub(crate) audit_trail: Arc<dyn AuditTrail>,
    pub(crate) dead_letters: Arc<dyn DeadLetters>,
    pub(crate) health: Arc<dyn HealthCheck>,
    pub(crate) clock: Arc<PinnedClock>,
    pub(crate) sealer: Arc<ToySealer>,
    pub(crate) relay: Arc<Notify>,
    pub(crate) client: Client,
    pub(crate) layout: Arc<Layout>,
}

impl Store {
    /// Creates the tables of `stage` in one of the layouts.
    pub(crate) async fn create(client: Client, users_key: UsersKey, stage: &str) -> Self {
        let lookup = |variable: &str| match (users_key, variable) {
            (UsersKey::UserId, "USERS_KEY") => Some("user_id".to_owned()),
            (UsersKey::UserId, "USERS_TENANT_INDEX" | "SUBSCRIPTIONS_TENANT_INDEX") => Some("tenant-index".to_owned()),
            _ => None,
        };
        let layout = Arc::new(Layout::new(stage, lookup).unwrap());
        create_missing(&client, &layout).await.unwrap();
        let clock = Arc::new(PinnedClock(AtomicI64::new(1_800_000_000_123_456)));
        let sealer = Arc::new(ToySealer::default());
        let relay = Arc::new(Notify::new());
        let store = DynamoStore::new(
            client.clone(),
            Arc::clone(&layout),
            // Not numbers of our own: a store knows the requests of all tests by their identifiers.
            Arc::new(SystemIds),
            Arc::clone(&clock) as Arc<dyn Clock>,
            Arc::clone(&sealer) as Arc<dyn PayloadSealer>,
            Some(Arc::clone(&relay)),
        );
        Self {
            accounts: Arc::new(store.accounts()),
            invitations: Arc::new(store.invitations(true)),
            entitlements: Arc::new(store.entitlements()),
            usage: Arc::new(store.usage()),
            failures: Arc::new(store.failures()),
            discounts: Arc::new(store.discounts()),
            billing: Arc::new(store.billing()),
            billed_tenants: Arc::new(store.billed_tenants()),
            tiers: Arc::new(store.tiers()),
            tenants: Arc::new(store.tenants()),
            business: Arc::new(store.business()),
            members: Arc::new(store.members()),
            sessions: Arc::new(store.sessions()),
            identity_claims: Arc::new(store.identity_claims()),
            unit_of_work: Arc::new(store.unit_of_work()),
            outbox: Arc::new(store.outbox()),
            directory: Arc::new(store.directory()),
            audit_trail: Arc::new(store.audit_trail()),
            dead_letters: Arc::new(store.dead_letters()),
            health: Arc::new(store.health()),
            clock,
            sealer,
            relay,
            client,
            layout,
        }
    }

    pub(crate) async fn commit(&self, changes: ChangeSet) -> Result<(), CommitError> {
        self.unit_of_work.commit(changes).await
    }

    /// The account of somebody who is known to exist.
    pub(crate) async fn account(&self, user: &User) -> Account {
        let user = user.snapshot();
        self.accounts.find(&scope(&user.tenant_id), &user.id).await.unwrap().unwrap()
    }

    /// Puts a row into a table as somebody else would.
    pub(crate) async fn plant(&self, table: Table, item: Item) {
        self.client.put_item().table_name(self.layout.name(table)).set_item(Some(item)).send().await.unwrap();
    }

    /// Changes one attribute of a row as somebody else would.
    pub(crate) async fn overwrite(&self, table: Table, id: &str, attribute: &str, value: AttributeValue) {
        let mut item = self.row(table, id).await.unwrap();
        item.insert(attribute.to_owned(), value);
        self.plant(table, item).await;
    }

    /// Removes a row as somebody else would.
    pub(crate) async fn remove(&self, table: Table, id: &str) {
        let request = self.client.delete_item().table_name(self.layout.name(table));
        request.key(self.layout.definition(table).key, text(id)).send().await.unwrap();
    }

    /// Removes a row of the outbox as somebody else would.
    pub(crate) async fn forget(&self, mut row: Item) {
        row.retain(|attribute, _| ["stream", "position"].contains(&attribute.as_str()));
        let request = self.client.delete_item().table_name(self.layout.name(Table::AccountOutbox));
        request.set_key(Some(row)).send().await.unwrap();
    }

    /// A row as it is stored.
    pub(crate) async fn row(&self, table: Table, id: &str) -> Option<Item> {
        let request = self.client.get_item().table_name(self.layout.name(table)).consistent_read(true);
        request.key(self.layout.definition(table).key, text(id)).send().await.unwrap().item
    }

    /// All rows of a table.
    pub(crate) async fn rows(&self, table: Table) -> Vec<Item> {
        let request = self.client.scan().table_name(self.layout.name(table)).consistent_read(true);
        request.send().await.unwrap().items.unwrap()
    }

    /// How many rows all tables have together.
    pub(crate) async fn size(&self) -> usize {
        let mut size = 0;
        for table in Table::ALL {
            size += self.rows(table).await.len();
        }
        size
    }
}

/// The right to reach a tenant's data.
pub(crate) fn scope(tenant_id: &TenantId) -> TenantScope {
    let (user_id, tenant_id) = (UserId::restore("whoever"), tenant_id.clone());
    TenantScope::from(&AddressHolder { user_id, tenant_id, claimed: true })
}

pub(crate) fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

pub(crate) fn number(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub(crate) fn item<const N: usize>(attributes: [(&str, AttributeValue); N]) -> Item {
    attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A clock that goes when it is told to; microseconds since 1970.
pub(crate) struct PinnedClock(AtomicI64);

impl PinnedClock {
    pub(crate) fn advance(&self, by: Duration) -> Timestamp {
        self.0.fetch_add(by.num_microseconds().unwrap(), Ordering::SeqCst);
        self.now()
    }
}

impl Clock for PinnedClock {
    fn now(&self) -> Timestamp {
        DateTime::from_timestamp_micros(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

/// Hides a payload from somebody who only looks for its text. Loses its key on demand.
#[derive(Default)]
pub(crate) struct ToySealer {
    pub(crate) without_key: AtomicBool,
}

impl PayloadSealer for ToySealer {
    fn seal(&self, plain: &[u8]) -> Result<String, SealError> {
        Ok(plain.iter().map(|byte| char::from(byte ^ 0x80)).collect())
    }

    fn open(&self, sealed: &str) -> Result<Vec<u8>, SealError> {
        if self.without_key.load(Ordering::SeqCst) {
            return Err(SealError::UnknownKey);
        }
        sealed.chars().map(|c| u8::try_from(c).map(|byte| byte ^ 0x80).map_err(|_| SealError::Malformed)).collect()
    }
}
