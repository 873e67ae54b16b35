//! Whether the tables answer.

use std::{error::Error, time::Duration};

use application::ports::{Component, HealthCheck};
use async_trait::async_trait;
use aws_sdk_dynamodb::Client;

use super::{
    errors::store_error,
    expression::{Item, text},
    tables::{Layout, Table},
};

/// Longest wait for an answer; the SDK's own retries would take longer than who asks for health waits.
const PATIENCE: Duration = Duration::from_secs(2);
/// Not an e-mail address, so never claimed.
const NOBODY: &str = "health-check";

/// Asks DynamoDB for an item that is not there: the cheapest request that needs the network, the credentials
/// and a table.
#[derive(Clone, Debug)]
pub struct DynamoHealthCheck {
    client: Client,
    table: String,
    key: Item,
}

impl DynamoHealthCheck {
    /// A check of the tables of `layout`.
    #[must_use]
    pub fn new(client: Client, layout: &Layout) -> Self {
        let table = layout.definition(Table::AccountEmailClaims);
        let key = Item::from([(table.key.to_owned(), text(NOBODY))]);
        Self { client, table: table.name.to_owned(), key }
    }
}

#[async_trait]
impl HealthCheck for DynamoHealthCheck {
    fn component(&self) -> Component {
        Component::Store
    }

    async fn check(&self) -> Result<(), String> {
        let request = self.client.get_item().table_name(&self.table).set_key(Some(self.key.clone()));
        match tokio::time::timeout(PATIENCE, request.send()).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(format!("{}: {}", self.table, with_causes(&store_error(error)))),
            Err(_) => Err(format!("the store did not answer within {} s", PATIENCE.as_secs())),
        }
    }
}

fn with_causes(error: &(dyn Error + 'static)) -> String {
    let chain = std::iter::successors(Some(error), |error| (*error).source());
    chain.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
