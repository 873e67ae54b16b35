//! Tables, as they are.

use serde::Deserialize;

use super::{Refusal, ask, ask_for};
use crate::{context::Context, failure::Failure};

/// A table, by `DescribeTable`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Table {
    pub(crate) table_status: String,
    pub(crate) key_schema: Vec<Key>,
    #[serde(default)]
    pub(crate) attribute_definitions: Vec<Attribute>,
    #[serde(default)]
    pub(crate) global_secondary_indexes: Vec<Index>,
    pub(crate) stream_specification: Option<Stream>,
    pub(crate) latest_stream_arn: Option<String>,
    #[serde(default)]
    pub(crate) deletion_protection_enabled: bool,
}

/// A part of a key.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Key {
    attribute_name: String,
    key_type: String,
}

/// An attribute that some key uses.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Attribute {
    pub(crate) attribute_name: String,
    pub(crate) attribute_type: String,
}

/// A global secondary index.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Index {
    pub(crate) index_name: String,
    pub(crate) key_schema: Vec<Key>,
    pub(crate) projection: Projection,
    pub(crate) index_status: Option<String>,
}

/// What an index carries.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Projection {
    pub(crate) projection_type: Option<String>,
}

/// What a stream carries.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Stream {
    #[serde(default)]
    pub(crate) stream_enabled: bool,
    pub(crate) stream_view_type: Option<String>,
}

/// The attributes of a key: partition, then sort.
pub(crate) fn key(schema: &[Key]) -> Vec<&str> {
    let of_kind = |kind: &'static str| schema.iter().filter(move |key| key.key_type == kind);
    of_kind("HASH").chain(of_kind("RANGE")).map(|key| key.attribute_name.as_str()).collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Described {
    table: Table,
}

/// A table, if it is there.
pub(crate) fn table(context: &Context<'_>, name: &str) -> Result<Option<Table>, Failure> {
    let arguments = ["dynamodb", "describe-table", "--table-name", name];
    let absent = |refusal: &Refusal<'_>| refusal.code == "ResourceNotFoundException";
    Ok(ask_for::<Described>(context, &arguments, absent)?.map(|answer| answer.table))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TtlDescribed {
    time_to_live_description: Ttl,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Ttl {
    time_to_live_status: String,
    attribute_name: Option<String>,
}

/// The attribute that time to live watches, if it does.
pub(crate) fn ttl_attribute(context: &Context<'_>, name: &str) -> Result<Option<String>, Failure> {
    let arguments = ["dynamodb", "describe-time-to-live", "--table-name", name];
    let ttl = ask::<TtlDescribed>(context, &arguments)?.time_to_live_description;
    let is_on = matches!(ttl.time_to_live_status.as_str(), "ENABLED" | "ENABLING");
    Ok(ttl.attribute_name.filter(|_| is_on))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BackupsDescribed {
    continuous_backups_description: Backups,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Backups {
    point_in_time_recovery_description: Option<Recovery>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Recovery {
    point_in_time_recovery_status: String,
}

/// Whether the table can be put back to a moment of the past.
pub(crate) fn can_be_restored(context: &Context<'_>, name: &str) -> Result<bool, Failure> {
    let arguments = ["dynamodb", "describe-continuous-backups", "--table-name", name];
    let backups = ask::<BackupsDescribed>(context, &arguments)?.continuous_backups_description;
    let recovery = backups.point_in_time_recovery_description;
    Ok(recovery.is_some_and(|recovery| recovery.point_in_time_recovery_status == "ENABLED"))
}
