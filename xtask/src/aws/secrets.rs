//! The text of a secret, which never leaves this process.

use secrecy::SecretString;
use serde::Deserialize;

use super::{Refusal, ask_for};
use crate::{context::Context, failure::Failure};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Value {
    secret_string: Option<String>,
}

/// What is under a label of a secret.
pub(crate) enum Labelled {
    /// No version carries the label.
    Nothing,
    /// Bytes instead of text.
    NotText,
    /// The text.
    Text(SecretString),
}

/// Reads a version of a secret.
pub(crate) fn version(context: &Context<'_>, id: &str, label: &str) -> Result<Labelled, Failure> {
    let arguments = ["secretsmanager", "get-secret-value", "--secret-id", id, "--version-stage", label];
    let absent = |refusal: &Refusal<'_>| refusal.code == "ResourceNotFoundException";
    Ok(match ask_for::<Value>(context, &arguments, absent)? {
        None => Labelled::Nothing,
        Some(Value { secret_string: None }) => Labelled::NotText,
        Some(Value { secret_string: Some(text) }) => Labelled::Text(text.into()),
    })
}
