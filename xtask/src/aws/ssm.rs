//! Small facts that outlive a command, in Parameter Store: every operator and every pipeline sees the same.

use serde::Deserialize;

use super::{Refusal, ask_for, change};
use crate::{context::Context, failure::Failure};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    parameter: Parameter,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Parameter {
    value: String,
}

/// Reads a fact, if there is one.
pub(crate) fn read(context: &Context<'_>, name: &str) -> Result<Option<String>, Failure> {
    let absent = |refusal: &Refusal<'_>| refusal.code == "ParameterNotFound";
    let answer = ask_for::<Answer>(context, &["ssm", "get-parameter", "--name", name], absent)?;
    Ok(answer.map(|answer| answer.parameter.value))
}

/// Writes a fact over the one before, which its history keeps.
pub(crate) fn write(context: &Context<'_>, name: &str, value: &str) -> Result<(), Failure> {
    let arguments = ["ssm", "put-parameter", "--name", name, "--type", "String", "--overwrite", "--value", value];
    change(context, &arguments).map(drop)
}
