//! The versions of a function, and the alias that says which of them answers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

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
    versions: Vec<FoundVersion>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct FoundVersion {
    version: String,
    #[serde(default)]
    last_modified: String,
    #[serde(default)]
    description: String,
}

/// A version that was published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Version {
    pub(crate) number: u64,
    /// When, as AWS writes it.
    pub(crate) published_at: String,
    /// What its template says of it.
    pub(crate) description: String,
}

/// An alias of a function.
pub(crate) fn alias(context: &Context<'_>, function: &str, name: &str) -> Result<Alias, Failure> {
    ask(context, &["lambda", "get-alias", "--function-name", function, "--name", name])
}

/// The versions of a function, oldest first. What is not published has no number and is not among them.
pub(crate) fn versions(context: &Context<'_>, function: &str) -> Result<Vec<Version>, Failure> {
    let answer: Versions = ask(context, &["lambda", "list-versions-by-function", "--function-name", function])?;
    let published = |FoundVersion { version, last_modified, description }| {
        Some(Version { number: version.parse().ok()?, published_at: last_modified, description })
    };
    let mut versions: Vec<_> = answer.versions.into_iter().filter_map(published).collect();
    versions.sort_by_key(|version| version.number);
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
