//! Creating the tables that are not there: on a machine of one's own, and in tests. In AWS the
//! tables belong to `CloudFormation`.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata};
use aws_sdk_dynamodb::types::{TableDescription, TableStatus, TimeToLiveSpecification, TimeToLiveStatus};
use futures::future::try_join_all;

use super::{Difference, Layout, Table, TableDefinition};

/// Time between two looks at a table that is being created. DynamoDB takes some ten seconds; the
/// local stores are done at once and never wait.
const POLL_INTERVAL: Duration = Duration::from_millis(500);
/// Looks at a table before giving up: a minute in all.
const POLLS: u32 = 120;

/// A table that [`create_missing`] created, and not another process beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// Which table.
    pub table: Table,
    /// Its full name.
    pub name: String,
}

/// Why the tables are not all there.
#[derive(Debug, thiserror::Error)]
pub enum CreateTablesError {
    /// DynamoDB refused or did not answer.
    #[error("{operation} of the table {name} failed")]
    Request {
        /// The operation.
        operation: &'static str,
        /// The table's name.
        name: String,
        /// What DynamoDB or the connection said.
        source: Box<aws_sdk_dynamodb::Error>,
    },
    /// The request could not be built.
    #[error("the definition of the table {name} is incomplete")]
    Definition {
        /// The table's name.
        name: String,
        /// The member that is missing.
        source: BuildError,
    },
    /// A table of that name exists, and the service cannot work with it.
    #[error("the table {name} exists, but {}", join(differences))]
    Different {
        /// The table's name.
        name: String,
        /// What it lacks.
        differences: Vec<Difference>,
    },
    /// The table was still not active after a minute.
    #[error("the table {name} did not become active within {} s", (POLL_INTERVAL * POLLS).as_secs())]
    NotActive {
        /// The table's name.
        name: String,
    },
}

fn join(differences: &[Difference]) -> String {
    differences.iter().map(ToString::to_string).collect::<Vec<_>>().join(", and ")
}

/// Creates the tables of `layout` that do not exist, waits until all are active, and switches time
/// to live on where it is off. Tables that exist are otherwise left as they are. Any number of
/// processes may do this at the same time; each table is reported by the one that created it.
///
/// # Errors
/// When DynamoDB refuses, when an existing table has another key or lacks an index, or when a
/// table is not active after a minute. What was created until then stays.
pub async fn create_missing(client: &Client, layout: &Layout) -> Result<Vec<Created>, CreateTablesError> {
    let ensured = layout.definitions().map(|definition| async move {
        let created = ensure_table(client, &definition).await?;
        ensure_ttl(client, &definition).await?;
        Ok(created.then(|| Created { table: definition.table, name: definition.name.to_owned() }))
    });
    Ok(try_join_all(ensured).await?.into_iter().flatten().collect())
}

/// Makes sure that the table is there and active; `true` when this call created it.
async fn ensure_table(client: &Client, definition: &TableDefinition<'_>) -> Result<bool, CreateTablesError> {
    let mut asked = false;
    let mut created = false;
    for _ in 0..POLLS {
        match describe(client, definition.name).await? {
            Some(found) if found.table_status() == Some(&TableStatus::Active) => {
                let differences = definition.differences(&found);
                if differences.is_empty() {
                    return Ok(created);
                }
                let name = definition.name.to_owned();
                return Err(CreateTablesError::Different { name, differences });
            }
            None if !asked => {
                asked = true;
                created = create(client, definition).await?;
            }
            // Being created, or just created and not yet known to DescribeTable, which is
            // eventually consistent.
            Some(_) | None => tokio::time::sleep(POLL_INTERVAL).await,
        }
    }
    Err(CreateTablesError::NotActive { name: definition.name.to_owned() })
}

async fn describe(client: &Client, name: &str) -> Result<Option<TableDescription>, CreateTablesError> {
    match client.describe_table().table_name(name).send().await {
        Ok(described) => Ok(described.table),
        Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(None),
        Err(error) => Err(request_error("DescribeTable", name, error)),
    }
}

/// Asks for the table; `false` when another process was first.
async fn create(client: &Client, definition: &TableDefinition<'_>) -> Result<bool, CreateTablesError> {
    let request = definition
        .create_request()
        .map_err(|source| CreateTablesError::Definition { name: definition.name.to_owned(), source })?;
    match request.send_with(client).await {
        Ok(_) => Ok(true),
        Err(error) if error.code() == Some("ResourceInUseException") => Ok(false),
        Err(error) => Err(request_error("CreateTable", definition.name, error)),
    }
}

async fn ensure_ttl(client: &Client, definition: &TableDefinition<'_>) -> Result<(), CreateTablesError> {
    let Some(attribute) = definition.ttl_attribute else {
        return Ok(());
    };
    let name = definition.name;
    if has_ttl(client, name).await? {
        return Ok(());
    }
    let specification = TimeToLiveSpecification::builder()
        .attribute_name(attribute)
        .enabled(true)
        .build()
        .map_err(|source| CreateTablesError::Definition { name: name.to_owned(), source })?;
    let updated = client.update_time_to_live().table_name(name).time_to_live_specification(specification).send().await;
    match updated {
        Ok(_) => Ok(()),
        // DynamoDB refuses to enable it twice, so losing the race looks like any other refusal.
        Err(_) if has_ttl(client, name).await? => Ok(()),
        Err(error) => Err(request_error("UpdateTimeToLive", name, error)),
    }
}

async fn has_ttl(client: &Client, name: &str) -> Result<bool, CreateTablesError> {
    let described = client
        .describe_time_to_live()
        .table_name(name)
        .send()
        .await
        .map_err(|error| request_error("DescribeTimeToLive", name, error))?;
    let status = described.time_to_live_description.and_then(|description| description.time_to_live_status);
    Ok(matches!(status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling)))
}

fn request_error(operation: &'static str, name: &str, error: impl Into<aws_sdk_dynamodb::Error>) -> CreateTablesError {
    CreateTablesError::Request { operation, name: name.to_owned(), source: Box::new(error.into()) }
}
