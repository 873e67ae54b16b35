//! What the function's role allows.

use std::{collections::BTreeSet, sync::LazyLock};

use infrastructure::dynamodb::tables::Layout;
use serde_json::Value;

use super::{Template, required};
use crate::Access;

/// The actions on tables that the function's role allows. Of an index, nothing but a query is ever asked.
pub fn allowed() -> &'static BTreeSet<Access> {
    static ALLOWED: LazyLock<BTreeSet<Access>> = LazyLock::new(|| {
        let stack = Template::read("account-service").stack(&required("account-service"));
        let policies = stack.resources["FunctionRole"]["Properties"]["Policies"].as_array().expect("policies");
        let tables = policies.iter().find(|policy| policy["PolicyName"] == "tables").expect("a policy for tables");
        let statements = tables["PolicyDocument"]["Statement"].as_array().expect("statements");
        statements.iter().flat_map(accesses_of).collect()
    });
    &ALLOWED
}

fn accesses_of(statement: &Value) -> Vec<Access> {
    assert_eq!(statement["Effect"], "Allow");
    let layout = Layout::new("dev", |_| None).expect("a layout");
    let mut accesses = Vec::new();
    for resource in texts(&statement["Resource"]) {
        let path = resource.strip_prefix("arn:aws:dynamodb:us-east-1:123456789012:table/").expect("a table");
        let (table, is_of_index) = match path.strip_suffix("/index/*") {
            Some(table) => (table, true),
            None => (path, false),
        };
        for action in texts(&statement["Action"]) {
            let action = action.strip_prefix("dynamodb:").expect("an action on a table");
            if !is_of_index || action == "Query" {
                let access = Access { table: table.to_owned(), action: action.to_owned(), is_of_index };
                accesses.push(access.in_layout(&layout));
            }
        }
    }
    accesses
}

/// A text or a list of texts, which policies take for the same.
pub fn texts(value: &Value) -> Vec<&str> {
    let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    values.iter().map(|value| value.as_str().unwrap_or_else(|| panic!("{value} is no text"))).collect()
}
