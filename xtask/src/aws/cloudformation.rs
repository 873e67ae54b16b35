//! Stacks, exports and change sets.

use serde::Deserialize;
use serde_json::Value;

use super::{Refusal, ask, ask_for};
use crate::{
    context::Context,
    failure::{Code, Failure},
};

/// A stack.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Stack {
    pub(crate) stack_id: String,
    pub(crate) stack_name: String,
    pub(crate) stack_status: String,
    pub(crate) stack_status_reason: Option<String>,
    #[serde(default)]
    pub(crate) enable_termination_protection: bool,
    #[serde(default)]
    outputs: Vec<Output>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Output {
    output_key: String,
    output_value: String,
}

impl Stack {
    /// The value of an output.
    pub(crate) fn output(&self, key: &str) -> Option<&str> {
        self.outputs.iter().find(|output| output.output_key == key).map(|output| output.output_value.as_str())
    }

    /// Whether something is being done to it now.
    pub(crate) fn is_busy(&self) -> bool {
        is_busy(&self.stack_status)
    }

    /// Why it cannot be deployed now, with what to do about it, if it cannot.
    pub(crate) fn obstacle(&self) -> Option<Failure> {
        let advice = obstacle(&self.stack_name, &self.stack_status)?;
        let what = format!("the stack {} is {}", self.stack_name, self.stack_status);
        Some(Failure::new(Code::StackFailed, what).advise(advice))
    }
}

/// What has to happen before a stack with this status can be deployed, if anything has to.
pub(crate) fn obstacle(name: &str, status: &str) -> Option<String> {
    match status {
        // Nothing but a deletion is possible. The templates retain what keeps data.
        "CREATE_FAILED" | "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED" | "DELETE_FAILED" => Some(format!(
            "delete it with `aws cloudformation delete-stack --stack-name {name}`, which leaves its tables, and run \
             `cargo xtask preflight` again"
        )),
        "UPDATE_ROLLBACK_FAILED" => Some(format!(
            "see in its events what could not go back, and when that is mended: `aws cloudformation \
             continue-update-rollback --stack-name {name}`"
        )),
        status if is_busy(status) => Some("wait until what is being done to it has come to an end".to_owned()),
        _ => None,
    }
}

/// Whether a status says that something is being done. (A stack that is there only for its first change set is under
/// review until somebody carries that out.)
pub(crate) fn is_busy(status: &str) -> bool {
    status.ends_with("_IN_PROGRESS") && status != "REVIEW_IN_PROGRESS"
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Stacks {
    stacks: Vec<Stack>,
}

/// Every stack that is there.
pub(crate) fn stacks(context: &Context<'_>) -> Result<Vec<Stack>, Failure> {
    ask::<Stacks>(context, &["cloudformation", "describe-stacks"]).map(|answer| answer.stacks)
}

/// One stack, by its name, or by its id when it may have been deleted.
pub(crate) fn stack(context: &Context<'_>, name: &str) -> Result<Option<Stack>, Failure> {
    let arguments = ["cloudformation", "describe-stacks", "--stack-name", name];
    let answer = ask_for::<Stacks>(context, &arguments, does_not_exist)?;
    Ok(answer.and_then(|answer| answer.stacks.into_iter().next()))
}

fn does_not_exist(refusal: &Refusal<'_>) -> bool {
    refusal.code == "ValidationError" && refusal.message.contains("does not exist")
}

/// Something that a stack gives to others.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Export {
    pub(crate) exporting_stack_id: String,
    pub(crate) name: String,
    pub(crate) value: String,
}

impl Export {
    /// The name of the stack.
    pub(crate) fn stack(&self) -> &str {
        stack_name(&self.exporting_stack_id)
    }
}

/// The name in a stack's id, `arn:…:stack/<name>/<uuid>`.
fn stack_name(id: &str) -> &str {
    id.split('/').nth(1).unwrap_or(id)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Exports {
    exports: Vec<Export>,
}

/// Every export of the account in this region.
pub(crate) fn exports(context: &Context<'_>) -> Result<Vec<Export>, Failure> {
    ask::<Exports>(context, &["cloudformation", "list-exports"]).map(|answer| answer.exports)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Imports {
    imports: Vec<String>,
}

/// The stacks that import `export`.
pub(crate) fn importers(context: &Context<'_>, export: &str) -> Result<Vec<String>, Failure> {
    let arguments = ["cloudformation", "list-imports", "--export-name", export];
    let nobody = |refusal: &Refusal<'_>| refusal.message.contains("is not imported by any stack");
    Ok(ask_for::<Imports>(context, &arguments, nobody)?.map(|answer| answer.imports).unwrap_or_default())
}

/// A resource of a stack.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Resource {
    pub(crate) logical_resource_id: String,
    #[serde(default)]
    pub(crate) physical_resource_id: String,
    pub(crate) resource_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Resources {
    stack_resource_summaries: Vec<Resource>,
}

/// What a stack consists of.
pub(crate) fn resources(context: &Context<'_>, stack: &str) -> Result<Vec<Resource>, Failure> {
    let arguments = ["cloudformation", "list-stack-resources", "--stack-name", stack];
    ask::<Resources>(context, &arguments).map(|answer| answer.stack_resource_summaries)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Owned {
    stack_resources: Vec<OwnedResource>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OwnedResource {
    stack_name: String,
    physical_resource_id: Option<String>,
}

/// The stack that a resource belongs to, if any.
pub(crate) fn owner(context: &Context<'_>, physical_id: &str) -> Result<Option<String>, Failure> {
    let arguments = ["cloudformation", "describe-stack-resources", "--physical-resource-id", physical_id];
    let answer = ask_for::<Owned>(context, &arguments, does_not_exist)?;
    // The answer lists the whole stack; that the resource is in it is why it was found.
    let of_it = |resource: &&OwnedResource| resource.physical_resource_id.as_deref() == Some(physical_id);
    let resources = answer.map(|answer| answer.stack_resources).unwrap_or_default();
    Ok(resources.iter().find(of_it).map(|resource| resource.stack_name.clone()))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Template {
    template_body: Value,
}

/// The template that a stack was made of, after macros: text, or an object when it is JSON.
pub(crate) fn template(context: &Context<'_>, stack: &str) -> Result<Value, Failure> {
    let arguments = ["cloudformation", "get-template", "--stack-name", stack, "--template-stage", "Processed"];
    ask::<Template>(context, &arguments).map(|answer| answer.template_body)
}

/// A change set, as a list shows it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ChangeSetSummary {
    pub(crate) change_set_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ChangeSets {
    summaries: Vec<ChangeSetSummary>,
}

/// The change sets of a stack; none when there is no stack.
pub(crate) fn change_sets(context: &Context<'_>, stack: &str) -> Result<Vec<ChangeSetSummary>, Failure> {
    let arguments = ["cloudformation", "list-change-sets", "--stack-name", stack];
    Ok(ask_for::<ChangeSets>(context, &arguments, does_not_exist)?.map(|answer| answer.summaries).unwrap_or_default())
}

/// What a change set would do.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ChangeSet {
    pub(crate) status: String,
    pub(crate) status_reason: Option<String>,
    #[serde(default)]
    changes: Vec<Change>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Change {
    resource_change: Option<ResourceChange>,
}

/// What a change set would do to one resource.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ResourceChange {
    /// `Add`, `Modify`, `Remove`, `Import` or `Dynamic`.
    pub(crate) action: String,
    pub(crate) logical_resource_id: String,
    pub(crate) resource_type: String,
    /// `True`, `False` or `Conditional`; only of `Modify`.
    pub(crate) replacement: Option<String>,
}

impl ChangeSet {
    /// Each change of a resource.
    pub(crate) fn resources(&self) -> impl Iterator<Item = &ResourceChange> {
        self.changes.iter().filter_map(|change| change.resource_change.as_ref())
    }

    /// Whether it is there only to say that there is nothing to do.
    pub(crate) fn is_empty(&self) -> bool {
        const SIGNS: [&str; 2] = ["didn't contain changes", "No updates are to be performed"];
        let reason = self.status_reason.as_deref().unwrap_or_default();
        self.status == "FAILED" && SIGNS.iter().any(|sign| reason.contains(sign))
    }
}

/// One change set with all its changes.
pub(crate) fn change_set(context: &Context<'_>, id: &str) -> Result<ChangeSet, Failure> {
    ask(context, &["cloudformation", "describe-change-set", "--change-set-name", id])
}

/// Something that happened to a stack.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Event {
    pub(crate) event_id: String,
    pub(crate) logical_resource_id: String,
    pub(crate) resource_type: String,
    pub(crate) resource_status: String,
    pub(crate) resource_status_reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Events {
    stack_events: Vec<Event>,
}

/// The latest events of a stack, newest first.
pub(crate) fn events(context: &Context<'_>, stack: &str) -> Result<Vec<Event>, Failure> {
    let arguments = ["cloudformation", "describe-stack-events", "--stack-name", stack, "--max-items", "100"];
    ask::<Events>(context, &arguments).map(|answer| answer.stack_events)
}
