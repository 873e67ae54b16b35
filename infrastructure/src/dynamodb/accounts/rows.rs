//! Several items by their keys, in one round trip.

use std::{collections::HashMap, time::Duration};

use application::ports::StoreError;
use aws_sdk_dynamodb::types::KeysAndAttributes;

use crate::dynamodb::{
    DynamoStore,
    errors::{incomplete, store_error},
    expression::Item,
    tables::Table,
};

/// How often DynamoDB is asked for what it left out of an answer.
const ATTEMPTS: u32 = 4;
/// Before the first repetition; doubled for each further one. DynamoDB leaves items out when a table is
/// throttled, so asking again at once gets the same answer.
const FIRST_PAUSE: Duration = Duration::from_millis(25);

/// DynamoDB kept leaving items out.
#[derive(Debug, thiserror::Error)]
#[error("items were left out of {ATTEMPTS} answers")]
struct LeftOut;

/// At most one item of each table, as they are now.
pub(super) struct Rows {
    items: HashMap<Table, Item>,
}

impl Rows {
    /// Reads the items of these keys, each of another table, strongly consistently.
    pub(super) async fn get(store: &DynamoStore, keys: &[(Table, &str)]) -> Result<Self, StoreError> {
        let mut wanted = HashMap::new();
        for (table, id) in keys {
            let keys = KeysAndAttributes::builder().keys(store.key(*table, id)).consistent_read(true).build();
            wanted.insert(store.name(*table).to_owned(), keys.map_err(incomplete)?);
        }
        let mut items = HashMap::new();
        let mut pause = FIRST_PAUSE;
        for attempt in 1..=ATTEMPTS {
            let answer =
                store.client.batch_get_item().set_request_items(Some(wanted)).send().await.map_err(store_error)?;
            for (name, found) in answer.responses.unwrap_or_default() {
                let table = keys.iter().map(|(table, _)| *table).find(|table| store.name(*table) == name);
                items.extend(table.zip(found.into_iter().next()));
            }
            wanted = answer.unprocessed_keys.unwrap_or_default();
            if wanted.is_empty() {
                return Ok(Self { items });
            }
            if attempt < ATTEMPTS {
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
        }
        Err(StoreError::Unavailable(Box::new(LeftOut)))
    }

    /// The table's item, if there is one.
    pub(super) fn item(&self, table: Table) -> Option<&Item> {
        self.items.get(&table)
    }
}
