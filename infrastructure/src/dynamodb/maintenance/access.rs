//! Reading and writing whole tables: a page at a time, at a pace, with patience.

use std::time::Duration;

use application::ports::StoreError;
use aws_sdk_dynamodb::{
    Client,
    error::SdkError,
    operation::{describe_table::DescribeTableError, transact_write_items::TransactWriteItemsError},
    types::{ConsumedCapacity, ReturnConsumedCapacity, TableDescription, TransactWriteItem},
};

use super::{MaintenanceError, Settings, Tables};
use crate::{
    dynamodb::{
        errors::store_error,
        expression::{Item, text},
        tables::{Layout, Table},
    },
    pace::Pace,
};

/// Before a call is repeated for the first time; doubled for each further time. The SDK has then tried by itself.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// A transaction met something that a moment later may be gone.
#[derive(Debug, thiserror::Error)]
#[error("a transaction was cancelled: {0}")]
struct Cancelled(String);

/// How a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// It is in the tables.
    Done,
    /// A condition was not met, and nothing was written.
    Refused,
}

/// A page of a table.
pub(super) struct Page {
    pub(super) items: Vec<Item>,
    /// The key of the last row that was looked at, if there are more.
    pub(super) last: Option<Item>,
}

/// The tables, at a pace.
pub(super) struct Access<'a> {
    pub(super) tables: Tables<'a>,
    reads: Pace,
    writes: Pace,
    settings: Settings,
}

impl<'a> Access<'a> {
    pub(super) fn new(tables: Tables<'a>, settings: Settings) -> Self {
        let (reads, writes) = (Pace::new(settings.read_units), Pace::new(settings.write_units));
        Self { tables, reads, writes, settings }
    }

    pub(super) fn layout(&self) -> &'a Layout {
        self.tables.layout
    }

    fn name(&self, table: Table) -> &'a str {
        self.layout().name(table)
    }

    fn failed(&self, table: Table) -> impl Fn(StoreError) -> MaintenanceError {
        let name = self.name(table).to_owned();
        move |source| MaintenanceError::Table { name: name.clone(), source }
    }

    /// The key of one row of a table without a sort key.
    pub(super) fn key(&self, table: Table, id: &str) -> Item {
        Item::from([(self.layout().definition(table).key.to_owned(), text(id))])
    }

    /// What DynamoDB says of a table; `None` when it is not there.
    pub(super) async fn describe(&self, table: Table) -> Result<Option<TableDescription>, MaintenanceError> {
        describe(self.tables.client, self.name(table)).await
    }

    /// The rows after this one, strongly consistently.
    pub(super) async fn page(&self, table: Table, after: Option<&Item>) -> Result<Page, MaintenanceError> {
        let limit = i32::try_from(self.settings.page_size.get()).unwrap_or(i32::MAX);
        let page = self.patiently(async || {
            self.reads.wait().await;
            let scan = self.tables.client.scan().table_name(self.name(table)).consistent_read(true).limit(limit);
            let scan = scan.return_consumed_capacity(ReturnConsumedCapacity::Total);
            let found = scan.set_exclusive_start_key(after.cloned()).send().await.map_err(store_error)?;
            self.reads.consumed(units(found.consumed_capacity.as_slice()));
            Ok(Page { items: found.items.unwrap_or_default(), last: found.last_evaluated_key })
        });
        page.await.map_err(self.failed(table))
    }

    /// One row by its key, strongly consistently.
    pub(super) async fn get(&self, table: Table, id: &str) -> Result<Option<Item>, MaintenanceError> {
        let row = self.patiently(async || {
            self.reads.wait().await;
            let get = self.tables.client.get_item().table_name(self.name(table)).consistent_read(true);
            let get = get.return_consumed_capacity(ReturnConsumedCapacity::Total);
            let found = get.set_key(Some(self.key(table, id))).send().await.map_err(store_error)?;
            self.reads.consumed(units(found.consumed_capacity.as_slice()));
            Ok(found.item)
        });
        row.await.map_err(self.failed(table))
    }

    /// Writes all of these or nothing. `table` is the one that they are about.
    pub(super) async fn write(&self, table: Table, writes: &[TransactWriteItem]) -> Result<Written, MaintenanceError> {
        let written = self.patiently(async || {
            self.writes.wait().await;
            let request = self.tables.client.transact_write_items().set_transact_items(Some(writes.to_vec()));
            match request.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await {
                Ok(written) => {
                    self.writes.consumed(units(written.consumed_capacity()));
                    Ok(Written::Done)
                }
                Err(error) => {
                    // A refused write costs what it would have cost, and is not told how much.
                    self.writes.consumed(2.0 * of_count(writes.len()));
                    refused(error)
                }
            }
        });
        written.await.map_err(self.failed(table))
    }

    /// Repeats a call while the store is overloaded or cannot be reached, which is no reason to give up hours of work.
    /// Calls are boxed: the SDK's futures are large, and everything above would carry them along.
    async fn patiently<T>(&self, call: impl AsyncFn() -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut pause = FIRST_PAUSE;
        for _ in 1..self.settings.attempts.get() {
            match Box::pin(call()).await {
                Err(StoreError::Unavailable(_)) => {}
                decided => return decided,
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        Box::pin(call()).await
    }
}

fn of_count(count: usize) -> f64 {
    u32::try_from(count).unwrap_or(u32::MAX).into()
}

/// What a call consumed; a unit where the store does not say.
fn units(consumed: &[ConsumedCapacity]) -> f64 {
    let said = consumed.iter().filter_map(|capacity| capacity.capacity_units).reduce(|sum, units| sum + units);
    said.unwrap_or(1.0)
}

/// A transaction that was cancelled by a condition is an answer; by anything else, it can be sent again.
fn refused(
    error: SdkError<TransactWriteItemsError, aws_smithy_runtime_api::client::orchestrator::HttpResponse>,
) -> Result<Written, StoreError> {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error() else {
        return Err(store_error(error));
    };
    let codes: Vec<_> = cancelled.cancellation_reasons().iter().filter_map(|reason| reason.code()).collect();
    if codes.contains(&"ConditionalCheckFailed") {
        return Ok(Written::Refused);
    }
    let passing = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];
    if codes.iter().any(|code| passing.contains(code)) {
        return Err(StoreError::Unavailable(Box::new(Cancelled(codes.join(", ")))));
    }
    Err(store_error(error))
}

/// What DynamoDB says of the table of this name; `None` when there is none.
pub(super) async fn describe(client: &Client, name: &str) -> Result<Option<TableDescription>, MaintenanceError> {
    match Box::pin(client.describe_table().table_name(name).send()).await {
        Ok(described) => Ok(described.table),
        Err(error) if error.as_service_error().is_some_and(DescribeTableError::is_resource_not_found_exception) => {
            Ok(None)
        }
        Err(error) => Err(MaintenanceError::Table { name: name.to_owned(), source: store_error(error) }),
    }
}
