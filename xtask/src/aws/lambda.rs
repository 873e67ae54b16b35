//! The versions of a function, and the alias that says which of them answers.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{ask, change};
use crate::{context::Context, failure::Failure};

/// Which version answers under a name.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Alias {
    pub(crate) function_version: String,
    /// Changes with the alias.
    revision_id: String,
    #[serde(default)]
    routing_config: Routing,
}

impl Alias {
    /// Whether some other version answers as well.
    pub(crate) fn is_shared(&self) -> bool {
        !self.routing_config.additional_version_weights.is_empty()
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Routing {
    additional_version_weights: BTreeMap<String, f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Versions {
    versions: Vec<Version>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Version {
    version: String,
}

/// An alias of a function.
pub(crate) fn alias(context: &Context<'_>, function: &str, name: &str) -> Result<Alias, Failure> {
    ask(context, &["lambda", "get-alias", "--function-name", function, "--name", name])
}

/// The versions of a function, oldest first. What is not published has no number and is not among them.
pub(crate) fn versions(context: &Context<'_>, function: &str) -> Result<Vec<u64>, Failure> {
    let answer: Versions = ask(context, &["lambda", "list-versions-by-function", "--function-name", function])?;
    let mut versions: Vec<_> = answer.versions.iter().filter_map(|version| version.version.parse().ok()).collect();
    versions.sort_unstable();
    Ok(versions)
}

/// Has one version, and no other, answer under an alias that is still as it was seen; `false` in a dry run.
pub(crate) fn point(
    context: &Context<'_>,
    function: &str,
    name: &str,
    seen: &Alias,
    version: u64,
) -> Result<bool, Failure> {
    let version = version.to_string();
    let arguments: [&[&str]; 3] = [
        &["lambda", "update-alias", "--function-name", function, "--name", name],
        &["--function-version", &version, "--routing-config", "AdditionalVersionWeights={}"],
        &["--revision-id", &seen.revision_id],
    ];
    change(context, &arguments.concat()).map(|done| done.is_some())
}
