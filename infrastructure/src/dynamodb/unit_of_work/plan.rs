//! A transaction in the making.

use application::ports::{Refusal, StoreError};
use aws_sdk_dynamodb::types::{CancellationReason, TransactWriteItem};
use domain::{Timestamp, Version};

use crate::dynamodb::{
    DynamoStore,
    expression::{Condition, Item, put, text},
    items::text_of_update,
    tables::Table,
};

/// The value in a condition on a shared row that stands for the loaded `updated_at`.
pub(super) const LOADED_UPDATED_AT: &str = ":loaded_updated_at";

/// The writes of a transaction, each with what its refusal means.
#[derive(Default)]
pub(super) struct Plan {
    planned: Vec<Planned>,
}

struct Planned {
    item: TransactWriteItem,
    refusal: Option<Refusal>,
    /// What a row was loaded with, when this write is conditional on it.
    loaded: Option<Loaded>,
}

/// Where and as what a row was loaded that the Python services change, too.
#[derive(Clone, Copy)]
pub(super) struct Loaded {
    pub(super) table: Table,
    pub(super) version: Version,
    pub(super) updated_at: Timestamp,
}

impl Plan {
    /// Adds a write that cannot be refused.
    pub(super) fn always(&mut self, item: TransactWriteItem) {
        self.planned.push(Planned { item, refusal: None, loaded: None });
    }

    /// Adds a write and what it means when its condition is not met.
    pub(super) fn unless(&mut self, refusal: Refusal, item: TransactWriteItem) {
        self.planned.push(Planned { item, refusal: Some(refusal), loaded: None });
    }

    /// Adds a change of a row that must be as it was loaded.
    pub(super) fn unless_changed(&mut self, loaded: Loaded, item: TransactWriteItem) {
        self.planned.push(Planned { item, refusal: Some(Refusal::Stale), loaded: Some(loaded) });
    }

    /// Adds a message to the outbox.
    pub(super) fn queue(&mut self, store: &DynamoStore, message: Item) -> Result<(), StoreError> {
        self.always(put(store.name(Table::AccountOutbox), message, Condition::default())?);
        Ok(())
    }

    pub(super) const fn len(&self) -> usize {
        self.planned.len()
    }

    pub(super) fn items(&self) -> Vec<TransactWriteItem> {
        self.planned.iter().map(|planned| planned.item.clone()).collect()
    }

    /// What the refusal of each item means, in their order.
    pub(super) fn refusals(&self) -> impl Iterator<Item = Option<Refusal>> {
        self.planned.iter().map(|planned| planned.refusal)
    }

    /// Takes over how `updated_at` is spelt in rows that were refused and are, by version and date, as they
    /// were loaded. `true` when there were some and the transaction is worth sending again.
    ///
    /// DynamoDB compares texts, and one instant has many. The plan knows the spellings of every known writer;
    /// this is for a row that somebody edited by hand, which could otherwise never be changed again.
    pub(super) fn adopt_spellings(&mut self, reasons: &[CancellationReason]) -> bool {
        let mut adopted = false;
        for (planned, reason) in self.planned.iter_mut().zip(reasons) {
            let spelling = planned.loaded.zip(reason.item()).and_then(|(loaded, item)| {
                let Loaded { table, version, updated_at } = loaded;
                text_of_update(table, item, version, updated_at)
            });
            let TransactWriteItem { update, delete, .. } = &mut planned.item;
            let values = update.as_mut().map(|update| &mut update.expression_attribute_values);
            let values = values.or(delete.as_mut().map(|delete| &mut delete.expression_attribute_values));
            if let Some((spelling, values)) = spelling.zip(values.and_then(Option::as_mut)) {
                values.insert(LOADED_UPDATED_AT.to_owned(), text(spelling));
                adopted = true;
            }
        }
        adopted
    }
}
