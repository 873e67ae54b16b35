//! Where the adapters on DynamoDB come from.

use std::{fmt, sync::Arc};

use application::ports::{Clock, IdGenerator};
use aws_sdk_dynamodb::Client;
use tokio::sync::Notify;

use super::{
    DynamoAccountRepository, DynamoHealthCheck, DynamoOutbox, DynamoUnitOfWork,
    expression::{Item, text},
    tables::{Layout, Table},
};
use crate::crypto::PayloadSealer;

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
        Self { client, layout, ids, clock, sealer, wake_relay }
    }

    /// Reads accounts.
    #[must_use]
    pub fn accounts(&self) -> DynamoAccountRepository {
        DynamoAccountRepository::new(self.clone())
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
}
