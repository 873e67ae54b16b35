//! The messages that committed change sets queued.

mod dead_letters;

use std::error::Error;

use application::ports::{Outbox, OutboxMessage, StoreError, Stream};
use async_trait::async_trait;
use aws_sdk_dynamodb::{
    operation::{
        query::builders::QueryFluentBuilder, transact_write_items::TransactWriteItemsError,
        update_item::UpdateItemError,
    },
    types::{AttributeValue, TransactWriteItem},
};
use chrono::Duration;
use domain::Timestamp;

pub use dead_letters::DynamoDeadLetters;

use super::{
    DynamoStore,
    errors::store_error,
    expression::{Changes, Condition, Item, Parts, delete, number, put, text},
    items::{
        message::{self, Envelope, Undeliverable, WAITING},
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

/// The outbox table: a partition is a stream, and the order of its sort keys is the order of delivery. It is read
/// strongly consistently. Streams with something due are found through an index, which may lag behind and shows
/// messages that are not the first; that is harmless, because only a conditional write to the first message gives
/// anybody the right to deliver it.
#[derive(Clone, Debug)]
pub struct DynamoOutbox {
    store: DynamoStore,
}

/// A message as somebody has seen it.
#[derive(Clone, Copy)]
struct Seen<'a> {
    id: &'a str,
    stream: &'a Stream,
    position: &'a str,
    attempts: u32,
}

impl<'a> From<&'a OutboxMessage> for Seen<'a> {
    fn from(message: &'a OutboxMessage) -> Self {
        let OutboxMessage { id, stream, position, attempts, queued_at: _, payload: _ } = message;
        Self { id, stream, position, attempts: *attempts }
    }
}

impl Seen<'_> {
    fn key(&self) -> Item {
        key(self.stream.as_str(), self.position)
    }

    /// That nobody has reserved it since.
    fn unchanged(&self) -> Condition {
        Condition::new("#attempts = :seen").with("seen", number(&self.attempts))
    }
}

impl DynamoOutbox {
    pub(super) const fn new(store: DynamoStore) -> Self {
        Self { store }
    }

    fn name(&self) -> &str {
        self.store.name(Table::AccountOutbox)
    }

    fn query(&self, condition: Condition) -> QueryFluentBuilder {
        let Parts { condition, names, values, .. } = Parts::new(Changes::default(), condition);
        let query = self.store.client.query().table_name(self.name()).set_key_condition_expression(condition);
        query.set_expression_attribute_names(names).set_expression_attribute_values(values)
    }

    /// What stands in a stream, in order.
    fn messages(&self, stream: &Stream) -> QueryFluentBuilder {
        let condition = Condition::new("#stream = :wanted").with("wanted", text(stream.as_str()));
        self.query(condition).consistent_read(true)
    }

    /// Changes a message if it is as `condition` says; `false` when it is not.
    async fn update(&self, key: Item, changes: Changes, condition: Condition) -> Result<bool, StoreError> {
        let Parts { update, condition, names, values } = Parts::new(changes, condition);
        let updated = self
            .store
            .client
            .update_item()
            .table_name(self.name())
            .set_key(Some(key))
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

    /// Takes the messages behind the first one, which is held until `until`, out of the sight of those who look for
    /// what is due: each of them would lead them here in vain.
    async fn hide_followers(&self, stream: &Stream, until: Timestamp) -> Result<(), StoreError> {
        let mut pages = self.messages(stream).into_paginator().send();
        while let Some(page) = pages.next().await {
            for item in page.map_err(store_error)?.items() {
                let Envelope { position, due_at, held_until: None, .. } = message::read_envelope(item)? else {
                    continue;
                };
                if due_at >= until {
                    continue;
                }
                // Somebody may have delivered what was first, and reserved this one.
                let still_behind = Condition::new("attribute_exists(#stream) AND attribute_not_exists(#held_until)");
                let changes = Changes::default().set("due_at", sortable(until));
                self.update(key(stream.as_str(), position), changes, still_behind).await?;
            }
        }
        Ok(())
    }

    async fn hold(&self, seen: Seen<'_>, until: Timestamp, changes: Changes) -> Result<bool, StoreError> {
        let changes = changes.set("held_until", sortable(until)).set("due_at", sortable(until));
        self.update(seen.key(), changes, seen.unchanged()).await
    }

    async fn move_to_dead_letters(&self, seen: Seen<'_>, reason: &str) -> Result<(), StoreError> {
        let stored = self.store.client.get_item().table_name(self.name()).set_key(Some(seen.key()));
        let Some(item) = stored.consistent_read(true).send().await.map_err(store_error)?.item else { return Ok(()) };
        let buried = message::bury(seen.id, seen.stream, item, reason, self.store.clock.now());
        let writes =
            [delete(self.name(), seen.key(), seen.unchanged())?, put(self.name(), buried, Condition::default())?];
        // Whoever has reserved it meanwhile decides about it.
        transact(&self.store.client, writes).await.map(|_moved| ())
    }

    /// Puts a message off, or moves it to the dead letters, that cannot be read: it must not stand in the way for ever.
    async fn set_aside(&self, seen: Seen<'_>, error: &Undeliverable, now: Timestamp) -> Result<(), StoreError> {
        let (message_id, attempts) = (seen.id, seen.attempts);
        if matches!(error, Undeliverable::Sealed(SealError::UnknownKey)) && attempts <= KEY_ATTEMPTS {
            tracing::warn!(message_id, attempts, "no known key opens a message; it will be tried again");
            self.hold(seen, now + UNTIL_KEYS_ARE_FETCHED, Changes::default()).await?;
            return Ok(());
        }
        tracing::error!(message_id, attempts, error = error as &dyn Error, "an unreadable message is given up");
        self.move_to_dead_letters(seen, &error.to_string()).await
    }
}

#[async_trait]
impl Outbox for DynamoOutbox {
    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<Stream>, StoreError> {
        let condition = Condition::new("#queue = :waiting AND #due_at <= :now")
            .with("waiting", text(WAITING))
            .with("now", sortable(now));
        let mut pages = self.query(condition).index_name(index::OUTBOX_BY_DUE).into_paginator().send();
        let (mut streams, limit) = (Vec::new(), usize::try_from(limit).unwrap_or(usize::MAX));
        while let Some(page) = pages.next().await {
            for item in page.map_err(store_error)?.items() {
                let stream = message::read_stream(item)?;
                if !streams.contains(&stream) {
                    streams.push(stream);
                }
                if streams.len() == limit {
                    return Ok(streams);
                }
            }
        }
        Ok(streams)
    }

    async fn take(
        &self,
        stream: &Stream,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<OutboxMessage>, StoreError> {
        loop {
            let found = self.messages(stream).limit(1).send().await.map_err(store_error)?;
            let Some(item) = found.items().first().filter(|item| message::is_waiting(item)) else { return Ok(None) };
            let Envelope { id, position, attempts, queued_at, held_until, .. } = message::read_envelope(item)?;
            if let Some(held_until) = held_until.filter(|held_until| *held_until > now) {
                self.hide_followers(stream, held_until).await?;
                return Ok(None);
            }
            let seen = Seen { id, stream, position, attempts };
            if !self.hold(seen, until, Changes::default().increment("attempts")).await? {
                return Ok(None);
            }
            let seen = Seen { attempts: attempts.saturating_add(1), ..seen };
            match message::read_payload(item, &*self.store.sealer) {
                Ok(payload) => {
                    let Seen { id, position, attempts, .. } = seen;
                    let (id, stream, position) = (id.to_owned(), stream.clone(), position.to_owned());
                    return Ok(Some(OutboxMessage { id, stream, position, attempts, queued_at, payload }));
                }
                Err(error) => self.set_aside(seen, &error, now).await?,
            }
        }
    }

    async fn delivered(&self, message: &OutboxMessage) -> Result<(), StoreError> {
        let request = self.store.client.delete_item().table_name(self.name());
        request.set_key(Some(Seen::from(message).key())).send().await.map_err(store_error)?;
        Ok(())
    }

    async fn postpone(&self, message: &OutboxMessage, at: Timestamp) -> Result<(), StoreError> {
        self.hold(message.into(), at, Changes::default()).await?;
        Ok(())
    }

    async fn bury(&self, message: &OutboxMessage, reason: &str) -> Result<(), StoreError> {
        self.move_to_dead_letters(message.into(), reason).await
    }
}

fn key(stream: &str, position: &str) -> Item {
    Item::from([("stream".to_owned(), text(stream)), ("position".to_owned(), text(position))])
}

fn sortable(at: Timestamp) -> AttributeValue {
    text(time::to_sortable_text(at))
}

/// Writes both or neither; `false` when one's condition was not met.
async fn transact(client: &aws_sdk_dynamodb::Client, writes: [TransactWriteItem; 2]) -> Result<bool, StoreError> {
    let Err(error) = client.transact_write_items().set_transact_items(Some(writes.to_vec())).send().await else {
        return Ok(true);
    };
    let refused = match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            cancelled.cancellation_reasons().iter().any(|reason| reason.code() == Some("ConditionalCheckFailed"))
        }
        _ => false,
    };
    if refused { Ok(false) } else { Err(store_error(error)) }
}
