//! What the function's role allows.

use std::{collections::BTreeSet, sync::LazyLock};

use infrastructure::dynamodb::tables::Layout;
use serde_json::Value;

use super::{Stack, Template, required};
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

/// Whether a pattern of IAM means this resource: `*` stands for anything, `?` for one character.
pub fn covers(pattern: &str, resource: &str) -> bool {
    let mut rest = pattern.chars();
    let Some(first) = rest.next() else { return resource.is_empty() };
    let mut after = resource.chars();
    match (first, after.next()) {
        ('*', None) => covers(rest.as_str(), ""),
        ('*', Some(_)) => covers(rest.as_str(), resource) || covers(pattern, after.as_str()),
        (_, None) => false,
        (first, Some(next)) => (first == '?' || first == next) && covers(rest.as_str(), after.as_str()),
    }
}

/// What the inline policies of a role say.
pub fn statements_of_role<'a>(stack: &'a Stack, role: &str) -> Vec<&'a Value> {
    let policies = stack.resources[role]["Properties"]["Policies"].as_array().expect("policies");
    let statements = policies.iter().map(|policy| &policy["PolicyDocument"]["Statement"]);
    statements.flat_map(|statements| statements.as_array().expect("statements")).collect()
}
