//! What a change set would do, and what of it is refused.

use serde::Serialize;

use crate::{
    aws::cloudformation::{ChangeSet, ResourceChange},
    output::{Cell, Mark, Report},
    template::is_protected,
};

/// What would happen to one resource.
#[derive(Debug, Serialize)]
pub(super) struct Change {
    pub(super) resource: String,
    resource_type: String,
    action: String,
    /// It loses data or traffic, and nobody has said that it may.
    pub(super) refused: bool,
}

/// Every change; `allowed` are the logical ids of resources that may be lost.
pub(super) fn of(change_set: &ChangeSet, allowed: &[String]) -> Vec<Change> {
    let change = |change: &ResourceChange| {
        let loses = matches!(change.action.as_str(), "Remove" | "Dynamic") || is_replaced(change);
        let name = &change.logical_resource_id;
        Change {
            resource: name.clone(),
            resource_type: change.resource_type.clone(),
            action: describe(change),
            refused: loses && is_protected(&change.resource_type) && !allowed.contains(name),
        }
    };
    change_set.resources().map(change).collect()
}

/// `Conditional` is decided when it happens, which is too late.
fn is_replaced(change: &ResourceChange) -> bool {
    matches!(change.replacement.as_deref(), Some("True" | "Conditional"))
}

fn describe(change: &ResourceChange) -> String {
    match change.replacement.as_deref() {
        Some("True") => format!("{}, replaced", change.action),
        Some("Conditional") => format!("{}, perhaps replaced", change.action),
        _ => change.action.clone(),
    }
}

pub(super) fn show(changes: &[Change], report: Report) -> Report {
    let rows = changes.iter().map(|change| {
        let mark = match (change.refused, change.action.as_str()) {
            (true, _) => Mark::Bad,
            (false, "Add" | "Import" | "Modify") => Mark::Plain,
            (false, _) => Mark::Notice,
        };
        let action = Cell::marked(mark, change.action.as_str());
        vec![action, change.resource.as_str().into(), change.resource_type.as_str().into()]
    });
    report.table(&["change", "resource", "type"], rows.collect())
}
