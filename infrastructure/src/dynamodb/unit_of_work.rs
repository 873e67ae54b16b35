//! The one door through which anything is written.

mod plan;
mod verdict;
mod writes;

use application::ports::{ChangeSet, CommitError, StoreError, UnitOfWork};
use async_trait::async_trait;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;

use super::{DynamoStore, errors::store_error, items::message};
use plan::Plan;
use verdict::NotCommitted;

/// Most items that DynamoDB writes in one transaction.
const MAX_ITEMS: usize = 100;

/// A change set that no transaction can hold.
#[derive(Debug, thiserror::Error)]
#[error("{0} items are more than the {MAX_ITEMS} of a transaction")]
struct TooManyItems(usize);

/// Commits a change set as one transaction: the aggregates, and beside them, in the outbox, the mails and events.
#[derive(Clone, Debug)]
pub struct DynamoUnitOfWork {
    store: DynamoStore,
}

impl DynamoUnitOfWork {
    pub(super) const fn new(store: DynamoStore) -> Self {
        Self { store }
    }

    async fn plan(&self, changes: &ChangeSet) -> Result<Plan, StoreError> {
        let mut plan = Plan::default();
        for write in &changes.writes {
            writes::add(&mut plan, &self.store, write).await?;
        }
        let now = self.store.clock.now();
        for mail in &changes.mails {
            let item = message::new_mail(&self.new_message_id(), mail, &*self.store.sealer, now);
            plan.queue(&self.store, item.map_err(|error| StoreError::Refused(Box::new(error)))?)?;
        }
        for event in &changes.events {
            plan.queue(&self.store, message::new_event(&self.new_message_id(), event, now))?;
        }
        match plan.len() {
            0..=MAX_ITEMS => Ok(plan),
            too_many => Err(StoreError::Refused(Box::new(TooManyItems(too_many)))),
        }
    }

    fn new_message_id(&self) -> String {
        self.store.ids.uuid().hyphenated().to_string()
    }

    /// Sends the transaction. Its token makes the SDK's retries harmless: a transaction that was carried out
    /// although its answer got lost is not carried out again, and not refused by its own effects.
    async fn send(&self, plan: &Plan) -> Result<(), NotCommitted> {
        let sent = self
            .store
            .client
            .transact_write_items()
            .client_request_token(self.store.ids.uuid().hyphenated().to_string())
            .set_transact_items(Some(plan.items()))
            .send()
            .await;
        match sent {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                    let reasons = cancelled.cancellation_reasons().to_vec();
                    Err(NotCommitted::Cancelled { reasons, error: store_error(error) })
                }
                _ => Err(NotCommitted::Failed(store_error(error))),
            },
        }
    }
}

#[async_trait]
impl UnitOfWork for DynamoUnitOfWork {
    async fn commit(&self, changes: ChangeSet) -> Result<(), CommitError> {
        let mut plan = self.plan(&changes).await?;
        if plan.len() == 0 {
            return Ok(());
        }
        let mut sent = self.send(&plan).await;
        if let Err(NotCommitted::Cancelled { reasons, .. }) = &sent
            && plan.adopt_spellings(reasons)
        {
            sent = self.send(&plan).await;
        }
        sent.map_err(|not_committed| not_committed.verdict(plan.refusals()))?;
        let queued_something = !(changes.mails.is_empty() && changes.events.is_empty());
        if let Some(relay) = self.store.wake_relay.as_ref().filter(|_| queued_something) {
            relay.notify_one();
        }
        Ok(())
    }
}
