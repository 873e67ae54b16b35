//! What the stages give to the templates.

use std::collections::BTreeMap;

use tests::templates;

/// The stages in AWS.
pub(crate) const STAGES: [&str; 3] = ["dev", "staging", "prod"];

/// The parameters that a stage gives to a template.
pub(crate) fn parameters(folder: &str, stage: &str) -> BTreeMap<String, String> {
    let settings: toml::Table = templates::read(&format!("{folder}/samconfig.toml")).parse().unwrap();
    let overrides = settings[stage]["deploy"]["parameters"]["parameter_overrides"].as_table().unwrap();
    overrides.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect()
}
