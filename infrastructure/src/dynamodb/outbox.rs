//! The messages that committed change sets queued.

use std::error::Error;

use application::ports::{Outbox, OutboxMessage, StoreError};
use async_trait::async_trait;
use aws_sdk_dynamodb::{operation::update_item::UpdateItemError, types::AttributeValue};
use chrono::Duration;
use domain::Timestamp;

use super::{
    DynamoStore,
    errors::store_error,
    expression::{Changes, Condition, Item, Parts, number, text},
    items::{
        message::{self, Envelope, Undeliverable},
        time,
    },
    tables::{Table, index},
};
use crate::crypto::SealError;

/// How long a message rests whose key is not known here: the signing secret may have been rotated, and is
/// fetched again within minutes.
const UNTIL_KEYS_ARE_FETCHED: Duration = Duration::minutes(10);
/// How often such a message is looked at before it is given up.
const KEY_ATTEMPTS: u32 = 12;

/// The outbox table. Messages that are due are found through an index, which may lag behind; that is harmless,
/// because only the lease, a conditional write to the message itself, gives anybody the right to deliver it.
#[derive(Clone, Debug)]
pub struct DynamoOutbox {
    store: DynamoStore,
}

impl DynamoOutbox {
    pub(super) const fn new(store: DynamoStore) -> Self {
        Self { store }
    }

    /// Changes a message if it is as `condition` says; `false` when it is not.
    async fn update(&self, id: &str, changes: Changes, condition: Condition) -> Result<bool, StoreError> {
        let Parts { update, condition, names, values } = Parts::new(changes, condition);
        let updated = self
            .store
            .client
            .update_item()
            .table_name(self.store.name(Table::AccountOutbox))
            .set_key(Some(self.store.key(Table::AccountOutbox, id)))
            .update_expression(update)
            .set_condition_expression(condition)
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(values)
            .send()
            .await;
        match updated {
            Ok(_) => Ok(true),
            Err(error)
                if error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Ok(false)
            }
            Err(error) => Err(store_error(error)),
        }
    }

    /// Reads a message. One that cannot be read is put off or taken out of the queue, so that it does not stand
    /// in the way of the others.
    async fn read(&self, item: &Item, now: Timestamp) -> Result<Option<OutboxMessage>, StoreError> {
        let error = match message::read(item, &*self.store.sealer) {
            Ok(message) => return Ok(Some(message)),
            Err(error) => error,
        };
        let Some(Envelope { id, due_at, attempts }) = message::read_envelope(item) else { return Ok(None) };
        if matches!(error, Undeliverable::Sealed(SealError::UnknownKey)) && attempts < KEY_ATTEMPTS {
            tracing::warn!(message_id = id, attempts, "no known key opens a message; it will be tried again");
            self.lease_until(id, due_at, now + UNTIL_KEYS_ARE_FETCHED).await?;
        } else {
            tracing::error!(
                message_id = id,
                attempts,
                error = &error as &dyn Error,
                "an unreadable message is given up"
            );
            self.bury(id).await?;
        }
        Ok(None)
    }

    async fn lease_until(&self, id: &str, due_at: Timestamp, until: Timestamp) -> Result<bool, StoreError> {
        let changes = Changes::default().set("due_at", sortable(until)).increment("attempts");
        let unclaimed = Condition::new("#queue = :pending AND #due_at = :seen")
            .with("pending", text(message::QUEUE))
            .with("seen", sortable(due_at));
        self.update(id, changes, unclaimed).await
    }
}

#[async_trait]
impl Outbox for DynamoOutbox {
    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<OutboxMessage>, StoreError> {
        let condition = Condition::new("#queue = :pending AND #due_at <= :now")
            .with("pending", text(message::QUEUE))
            .with("now", text(time::to_sortable_text(now)));
        let Parts { condition, names, values, .. } = Parts::new(Changes::default(), condition);
        let found = self
            .store
            .client
            .query()
            .table_name(self.store.name(Table::AccountOutbox))
            .index_name(index::OUTBOX_BY_DUE)
            .set_key_condition_expression(condition)
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(values)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(store_error)?;
        let mut messages = Vec::new();
        for item in found.items() {
            messages.extend(self.read(item, now).await?);
        }
        Ok(messages)
    }

    async fn find(&self, id: &str) -> Result<Option<OutboxMessage>, StoreError> {
        let item = self.store.get(Table::AccountOutbox, id).await?;
        match item.filter(|item| item.contains_key("queue")) {
            Some(item) => self.read(&item, self.store.clock.now()).await,
            None => Ok(None),
        }
    }

    async fn lease(&self, message: &OutboxMessage, until: Timestamp) -> Result<bool, StoreError> {
        self.lease_until(&message.id, message.due_at, until).await
    }

    async fn delivered(&self, id: &str) -> Result<(), StoreError> {
        let key = self.store.key(Table::AccountOutbox, id);
        let name = self.store.name(Table::AccountOutbox);
        self.store.client.delete_item().table_name(name).set_key(Some(key)).send().await.map_err(store_error)?;
        Ok(())
    }

    async fn postpone(&self, id: &str, at: Timestamp) -> Result<(), StoreError> {
        let queued = Condition::new("#queue = :pending").with("pending", text(message::QUEUE));
        self.update(id, Changes::default().set("due_at", sortable(at)), queued).await?;
        Ok(())
    }

    async fn bury(&self, id: &str) -> Result<(), StoreError> {
        let now = self.store.clock.now();
        let changes = Changes::default()
            .remove("queue")
            .remove("due_at")
            .set("buried_at", text(time::to_text(now)))
            .set("ttl", number(&(now + message::KEPT_FOR).timestamp()));
        self.update(id, changes, Condition::new("attribute_exists(#message_id)")).await?;
        Ok(())
    }
}

fn sortable(at: Timestamp) -> AttributeValue {
    text(time::to_sortable_text(at))
}
