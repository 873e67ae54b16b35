//! What a role must allow for a call to DynamoDB.

use std::fmt;

use infrastructure::dynamodb::tables::{Layout, Table};
use serde_json::Value;

/// An action of IAM on a table or its indexes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Access {
    /// The table's name.
    pub table: String,
    /// The action, without `dynamodb:`.
    pub action: String,
    /// Whether an index is read and not the table itself.
    pub is_of_index: bool,
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, action, is_of_index } = self;
        write!(f, "{action} on {}{table}", if *is_of_index { "an index of " } else { "" })
    }
}

impl Access {
    /// The same under the table's name that does not depend on the stage.
    #[must_use]
    pub fn in_layout(self, layout: &Layout) -> Self {
        let table = Table::ALL.into_iter().find(|table| layout.name(*table) == self.table);
        Self { table: table.map_or(self.table, |table| table.base_name().to_owned()), ..self }
    }

    /// What a call needs. Transactions have no action of their own: each of their items needs its own.
    pub(crate) fn of(operation: &str, body: &[u8]) -> Vec<Self> {
        let request: Value = serde_json::from_slice(body).unwrap_or_default();
        let to = |action: &str, item: &Value| Self {
            table: item["TableName"].as_str().unwrap_or_default().to_owned(),
            action: action.to_owned(),
            is_of_index: item["IndexName"].is_string(),
        };
        match operation {
            "BatchGetItem" | "BatchWriteItem" => {
                let tables = request["RequestItems"].as_object().into_iter().flat_map(|tables| tables.keys());
                let access =
                    |table: &String| Self { table: table.clone(), action: operation.to_owned(), is_of_index: false };
                tables.map(access).collect()
            }
            "TransactWriteItems" | "TransactGetItems" => {
                let items = request["TransactItems"].as_array().into_iter().flatten();
                let kinds = items.filter_map(Value::as_object).flatten();
                kinds
                    .map(|(kind, item)| match kind.as_str() {
                        "ConditionCheck" => to("ConditionCheckItem", item),
                        kind => to(&format!("{kind}Item"), item),
                    })
                    .collect()
            }
            _ => vec![to(operation, &request)],
        }
    }
}
