//! Counting failures.

use application::ports::{FailureCounter, StoreError};
use async_trait::async_trait;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use domain::{ThrottleSubject, Timestamp, throttle::Failures};

use super::{
    DynamoStore,
    errors::store_error,
    expression::{Changes, Condition, Parts, number, text},
    items::{failures, time},
    tables::Table,
};

const TABLE: Table = Table::AccountThrottles;

/// Counts failures, each with one call: transactions on one row would turn each other away when many people come at once.
#[derive(Clone, Debug)]
pub struct DynamoFailureCounter {
    store: DynamoStore,
}

impl DynamoFailureCounter {
    pub(super) const fn new(store: DynamoStore) -> Self {
        Self { store }
    }
}

#[async_trait]
impl FailureCounter for DynamoFailureCounter {
    async fn find(&self, subject: &ThrottleSubject) -> Result<Option<Failures>, StoreError> {
        let item = self.store.get(TABLE, subject.as_str()).await?;
        item.as_ref().map(failures::read).transpose()
    }

    async fn count(
        &self,
        subject: &ThrottleSubject,
        seen: Option<&Failures>,
        attempt: &Failures,
        forgotten_at: Option<Timestamp>,
    ) -> Result<bool, StoreError> {
        let as_seen = match seen {
            None => Condition::new("attribute_not_exists(#subject)"),
            // The date as well: whoever succeeded and failed again meanwhile may be at the same number.
            Some(seen) => Condition::new("#count = :seen")
                .and("#last_at = :seen_at")
                .and("attribute_not_exists(#disabled_at)")
                .with("seen", number(&seen.count))
                .with("seen_at", text(time::to_text(seen.last_at))),
        };
        let Parts { update: _, condition, names, values } = Parts::new(Changes::default(), as_seen);
        let put = self
            .store
            .client
            .put_item()
            .table_name(self.store.name(TABLE))
            .set_item(Some(failures::to_item(subject, attempt, forgotten_at)))
            .set_condition_expression(condition)
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(values);
        let Err(error) = put.send().await else { return Ok(true) };
        let is_outdated = matches!(
            error.as_service_error(),
            // A sign-in or a reset is about to forget the row.
            Some(PutItemError::ConditionalCheckFailedException(_) | PutItemError::TransactionConflictException(_))
        );
        if is_outdated { Ok(false) } else { Err(store_error(error)) }
    }

    async fn add(&self, subject: &ThrottleSubject, at: Timestamp, forgotten_at: Timestamp) -> Result<(), StoreError> {
        let changes = Changes::default()
            .add_or_begin(failures::COUNT, 1)
            .set("last_at", text(time::to_text(at)))
            .set("ttl", number(&forgotten_at.timestamp()));
        let Parts { update, condition: _, names, values } = Parts::new(changes, Condition::default());
        let update = self
            .store
            .client
            .update_item()
            .table_name(self.store.name(TABLE))
            .set_key(Some(self.store.key(TABLE, subject.as_str())))
            .update_expression(update)
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(values);
        update.send().await.map_err(store_error)?;
        Ok(())
    }
}
