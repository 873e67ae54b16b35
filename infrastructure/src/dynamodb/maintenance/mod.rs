//! What an operator does to the tables as a whole: give Python's rows what ours have ([`migrate`]) and every tier a row
//! ([`seed_tiers`]), and read every row to see who could not ([`verify`]). Nothing here prints, and the service itself calls none of it.
//!
//! Both services may be at work all the while: every write has a condition, and a row that changed meanwhile is looked
//! at again.

mod access;
mod checkpoint;
mod migrate;
mod models;
mod open;
mod plan;
mod report;
mod shape;
mod shapes;
mod survey;
#[cfg(test)]
#[cfg(feature = "embedded")]
mod tests;
mod tiers;
mod verify;

use std::num::NonZeroU32;

use application::ports::StoreError;
use aws_sdk_dynamodb::Client;

pub use checkpoint::{Checkpoint, CheckpointError};
pub use migrate::{Run, migrate};
pub use open::{OpenTables, find_layout};
pub use report::{Change, Defect, Exception, MigratedTable, Migration, ReadTable, Reader, Reading, Verification, What};
pub use tiers::seed_tiers;
pub use verify::{SHOWN_DEFECTS, verify};

#[cfg(feature = "embedded")]
use super::embedded::EmbeddedError;
use super::tables::{Layout, LayoutError, Table};
use crate::aws::HttpClientError;

/// How gently to treat the tables.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Read capacity units that may be consumed in a second, on average.
    pub read_units: NonZeroU32,
    /// Write capacity units that may be consumed in a second, on average.
    pub write_units: NonZeroU32,
    /// Rows that are read at a time; after each such page the [`Checkpoint`] is written.
    pub page_size: NonZeroU32,
    /// How often a call is made in all while the store is overloaded or cannot be reached.
    pub attempts: NonZeroU32,
}

impl Default for Settings {
    /// Less than a table on demand takes from its first second on: 500 units of either kind.
    fn default() -> Self {
        let of = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        Self { read_units: of(500), write_units: of(500), page_size: of(200), attempts: of(8) }
    }
}

/// The tables to work on, and who watches.
#[derive(Clone, Copy)]
pub struct Tables<'a> {
    /// Where they are.
    pub client: &'a Client,
    /// What they are called.
    pub layout: &'a Layout,
    /// Told after every page.
    pub observer: &'a dyn Observer,
}

/// What is being done to a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Who holds which address is found out.
    Survey,
    /// What is missing is written, or would be.
    Migrate,
    /// The outcome is looked at.
    Check,
    /// Every row is read.
    Verify,
}

/// How far one table is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub phase: Phase,
    /// To which table.
    pub table: Table,
    /// Rows so far.
    pub rows: u64,
    /// About how many there are, as DynamoDB counted a few hours ago.
    pub of: u64,
}

/// Follows the work.
pub trait Observer: Sync {
    /// A page was done.
    fn advanced(&self, progress: Progress);
}

/// Why the work could not go on. It can be started again.
#[derive(Debug, thiserror::Error)]
pub enum MaintenanceError {
    /// A table failed.
    #[error("{name}")]
    Table {
        /// The table's name.
        name: String,
        /// What is wrong with it.
        #[source]
        source: StoreError,
    },
    /// A table is not there.
    #[error("there is no table {0}")]
    NoTable(String),
    /// The users table has a key that no layout has.
    #[error("the table {0} is keyed by neither id nor user_id")]
    UnknownLayout(String),
    /// The client for AWS.
    #[error("the AWS client cannot be set up: {0}")]
    Aws(#[from] HttpClientError),
    /// The database of a local service.
    #[cfg(feature = "embedded")]
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    /// The names of the tables are wrong.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// The checkpoint cannot be used.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}
