//! The messages that were given up.

use std::sync::Arc;

use application::ports::{Clock, DeadLetter, DeadLetters, StoreError};
use async_trait::async_trait;
use aws_sdk_dynamodb::Client;

use super::{key, transact};
use crate::dynamodb::{
    errors::store_error,
    expression::{Changes, Condition, Parts, delete, put, text},
    items::message,
    tables::{Layout, Table, index},
};

/// The dead letters: rows of the outbox table, each in a partition of its own, where no stream is. They are found by
/// the index over queues.
#[derive(Clone)]
pub struct DynamoDeadLetters {
    client: Client,
    table: String,
    clock: Arc<dyn Clock>,
}

impl DynamoDeadLetters {
    /// The dead letters in the tables of `layout`.
    #[must_use]
    pub fn new(client: Client, layout: &Layout, clock: Arc<dyn Clock>) -> Self {
        Self { client, table: layout.name(Table::AccountOutbox).to_owned(), clock }
    }
}

#[async_trait]
impl DeadLetters for DynamoDeadLetters {
    async fn list(&self, limit: u32) -> Result<Vec<DeadLetter>, StoreError> {
        let condition = Condition::new("#queue = :dead").with("dead", text(message::DEAD));
        let Parts { condition, names, values, .. } = Parts::new(Changes::default(), condition);
        let query = self.client.query().table_name(&self.table).index_name(index::OUTBOX_BY_DUE);
        let query = query.set_key_condition_expression(condition).set_expression_attribute_names(names);
        let mut pages = query.set_expression_attribute_values(values).into_paginator().send();
        let (mut letters, limit) = (Vec::new(), usize::try_from(limit).unwrap_or(usize::MAX));
        while let Some(page) = pages.next().await {
            for item in page.map_err(store_error)?.items() {
                if letters.len() == limit {
                    return Ok(letters);
                }
                letters.push(message::read_dead_letter(item)?);
            }
        }
        Ok(letters)
    }

    async fn replay(&self, id: &str) -> Result<bool, StoreError> {
        let grave = message::grave(id);
        let condition = Condition::new("#stream = :grave").with("grave", text(&grave));
        let Parts { condition, names, values, .. } = Parts::new(Changes::default(), condition);
        let query = self.client.query().table_name(&self.table).consistent_read(true);
        let query = query.set_key_condition_expression(condition).set_expression_attribute_names(names);
        let found = query.set_expression_attribute_values(values).send().await.map_err(store_error)?;
        let Some(item) = found.items.unwrap_or_default().into_iter().next() else { return Ok(false) };
        let position = message::read_envelope(&item)?.position.to_owned();
        let writes = [
            delete(&self.table, key(&grave, &position), Condition::new("attribute_exists(#stream)"))?,
            put(&self.table, message::revive(item, self.clock.now())?, Condition::default())?,
        ];
        transact(&self.client, writes).await
    }
}
