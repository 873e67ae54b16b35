//! Reaching the tables, for whoever knows no SDK.

#[cfg(feature = "embedded")]
use std::path::Path;

use aws_sdk_dynamodb::{Client, types::KeyType};
use url::Url;

use super::{MaintenanceError, Observer, Tables, access::describe};
#[cfg(feature = "embedded")]
use crate::dynamodb::embedded::EmbeddedDynamoDb;
use crate::{
    aws,
    dynamodb::tables::{Layout, Table, UsersKey},
};

/// Tables that can be worked on.
pub struct OpenTables {
    client: Client,
    layout: Layout,
}

impl OpenTables {
    /// The tables of `stage` in a region, or in the store at `endpoint` that speaks DynamoDB's protocol. Names come from
    /// `lookup`, as for [`Layout::new`], and the key of the users table from what is there.
    ///
    /// # Errors
    /// When a name is wrong, the store cannot be reached, or there is no users table that the service could use.
    pub async fn in_region(
        region: &str,
        endpoint: Option<&Url>,
        stage: &str,
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, MaintenanceError> {
        let sdk = aws::load(region.to_owned()).await?;
        Self::of(aws::dynamodb_client(&sdk, endpoint), stage, lookup).await
    }

    /// The tables of `stage` in the data folder of a local service, which must not be running.
    ///
    /// # Errors
    /// As for [`Self::in_region`], and when the folder is in use.
    #[cfg(feature = "embedded")]
    pub async fn in_folder(
        folder: &Path,
        stage: &str,
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, MaintenanceError> {
        Self::of(EmbeddedDynamoDb::open(folder)?.client(), stage, lookup).await
    }

    async fn of(
        client: Client,
        stage: &str,
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, MaintenanceError> {
        let layout = find_layout(&client, stage, lookup).await?;
        Ok(Self { client, layout })
    }

    /// The tables, watched.
    #[must_use]
    pub const fn watched_by<'a>(&'a self, observer: &'a dyn Observer) -> Tables<'a> {
        Tables { client: &self.client, layout: &self.layout, observer }
    }
}

/// The layout of the tables of `stage`, with what they are called in `lookup`, as for [`Layout::new`], and the key that the
/// users table really has.
///
/// # Errors
/// When there is no users table, when it has a key of its own, and when a name is wrong.
pub async fn find_layout(
    client: &Client,
    stage: &str,
    lookup: impl Fn(&str) -> Option<String>,
) -> Result<Layout, MaintenanceError> {
    let usual = Layout::new(stage, &lookup)?;
    let name = usual.name(Table::Users);
    let users = describe(client, name).await?.ok_or_else(|| MaintenanceError::NoTable(name.to_owned()))?;
    let known = [UsersKey::Id, UsersKey::UserId].map(UsersKey::attribute);
    let key = match users.key_schema() {
        [key] if *key.key_type() == KeyType::Hash => known.into_iter().find(|known| key.attribute_name() == *known),
        _ => None,
    };
    let key = key.ok_or_else(|| MaintenanceError::UnknownLayout(name.to_owned()))?;
    Ok(Layout::new(stage, |variable| if variable == "USERS_KEY" { Some(key.to_owned()) } else { lookup(variable) })?)
}
