//! The one door through which anything is written.

mod billing;
mod business;
mod discounts;
mod failures;
mod identities;
mod plan;
mod usage;
mod verdict;
mod writes;

use std::time::Duration;

use application::ports::{ChangeSet, CommitError, StoreError, UnitOfWork};
use async_trait::async_trait;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;

use super::{
    DynamoStore,
    errors::store_error,
    items::{audit_record, message},
};
use plan::Plan;
use verdict::NotCommitted;

/// Most items that DynamoDB writes in one transaction.
const MAX_ITEMS: usize = 100;

/// How often a transaction is sent that met another one at the same items. Nothing was done then, so that it may
/// be sent again as it is; what is wrong with it by now, its conditions find out.
const ATTEMPTS: u32 = 5;
/// Before the first repetition, on average; doubled for each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(10);

/// A change set that no transaction can hold.
#[derive(Debug, thiserror::Error)]
#[error("{0} items are more than the {MAX_ITEMS} of a transaction")]
struct TooManyItems(usize);

/// Commits a change set as one transaction: the aggregates; beside them, in the outbox, the mails and events; and what
/// the audit trail keeps of the events.
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
        for (ordinal, event) in changes.events.iter().enumerate() {
            let id = self.new_message_id();
            plan.queue(&self.store, message::new_event(&id, event, ordinal, changes.by.as_ref(), now)?)?;
            if event.is_security_relevant() {
                writes::audit(&mut plan, &self.store, &id, &audit_record::of_event(event, changes.actor()))?;
            }
        }
        for event in &changes.deferred {
            plan.queue(&self.store, message::new_provider_event(&self.new_message_id(), event, now)?)?;
        }
        for closed in &changes.closed {
            plan.queue(&self.store, message::new_closed_tenant(&self.new_message_id(), closed, now)?)?;
        }
        match plan.len() {
            0..=MAX_ITEMS => Ok(plan),
            too_many => Err(StoreError::Refused(Box::new(TooManyItems(too_many)))),
        }
    }

    /// Waits for between half and one and a half of a time that doubles, so that those who met do not meet again.
    async fn pause(&self, attempt: u32) {
        let [jitter, ..] = self.store.ids.secret();
        let average = FIRST_PAUSE * 2_u32.pow(attempt - 1);
        tokio::time::sleep(average / 2 + average * u32::from(jitter) / u32::from(u8::MAX)).await;
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
        let mut attempt = 1;
        loop {
            let Err(not_committed) = self.send(&plan).await else { break };
            let spelt_anew =
                matches!(&not_committed, NotCommitted::Cancelled { reasons, .. } if plan.adopt_spellings(reasons));
            match not_committed.verdict(plan.refusals()) {
                _ if spelt_anew && attempt == 1 => {}
                CommitError::Conflict if attempt < ATTEMPTS => self.pause(attempt).await,
                error => return Err(error),
            }
            attempt += 1;
        }
        let queued = [changes.mails.len(), changes.events.len(), changes.deferred.len(), changes.closed.len()];
        let queued_something = queued.into_iter().any(|number| number > 0);
        if let Some(relay) = self.store.wake_relay.as_ref().filter(|_| queued_something) {
            relay.notify_one();
        }
        Ok(())
    }
}
