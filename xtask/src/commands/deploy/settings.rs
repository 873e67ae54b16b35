//! What a template is told: what is fixed for the stage (`samconfig.toml`), what was found (`preflight`), what was built
//! (`package`), and what the operator says (`--set`); the later of two wins.

use std::{collections::BTreeMap, path::Path};

use serde::Deserialize;

use super::super::{
    build::sha256,
    package,
    preflight::{self, Parameters},
};
use crate::{
    cli::{DeployOptions, Deployable},
    context::{Context, read_file},
    failure::{Code, Failure},
    template::Template,
};

/// Digits of a digest in a name.
const DIGITS: usize = 12;

/// What a deployment is told.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) stack_name: String,
    pub(super) parameters: Parameters,
}

/// What `samconfig.toml` says of a stage, as far as it is of interest.
#[derive(Deserialize)]
struct StageConfig {
    deploy: DeployConfig,
}

#[derive(Deserialize)]
struct DeployConfig {
    parameters: DeployParameters,
}

#[derive(Deserialize)]
struct DeployParameters {
    stack_name: String,
    #[serde(default)]
    parameter_overrides: Parameters,
}

impl Settings {
    /// The parameters as `sam` reads them from a file: it takes no JSON, but YAML, which JSON is.
    pub(super) fn parameters_yaml(&self) -> String {
        serde_json::to_string_pretty(&self.parameters).unwrap_or_default() + "\n"
    }
}

/// Gathers what the template is told.
pub(super) fn gather(context: &Context<'_>, options: &DeployOptions) -> Result<Settings, Failure> {
    let folder = context.path("deployment").join(options.what.folder());
    let text = read(&folder.join("template.yaml"))?;
    let template = Template::parse(options.what.folder(), &text)?;
    let fixed = fixed(context, &read(&folder.join("samconfig.toml"))?)?;
    let mut parameters = fixed.parameter_overrides;
    if options.what.follows_preflight() {
        parameters.extend(found(context)?);
    } else if options.what == Deployable::Observability {
        // Where alarms go, if somebody has looked.
        parameters.extend(from_file(&preflight::parameter_file(context))?.unwrap_or_default());
    }
    if options.what == Deployable::Account {
        parameters.extend(code(context, options.base)?);
    }
    parameters.retain(|name, _| template.takes(name));
    if let Some((unknown, _)) = options.parameters.iter().find(|(name, _)| !template.takes(name)) {
        let what = format!("{} takes no parameter {unknown}", options.what.folder());
        return Err(Failure::new(Code::ParameterUnknown, what));
    }
    parameters.extend(options.parameters.iter().cloned());
    // A base publishes nothing: what answers goes on answering.
    if template.takes("Release") && !options.base {
        // A version of the function is published whenever its code, its settings or its template change, and only then.
        parameters.insert("Release".to_owned(), release(&parameters, &text));
    }
    Ok(Settings { stack_name: fixed.stack_name, parameters })
}

/// The name of what is deployed. Git may end the lines of a template otherwise on another machine.
fn release(parameters: &Parameters, template: &str) -> String {
    let parameters = serde_json::to_string(parameters).unwrap_or_default();
    let all = format!("{parameters}\n{}", template.replace("\r\n", "\n"));
    sha256(all.as_bytes()).chars().take(DIGITS).collect()
}

/// What is fixed for the account service of the stage; nothing where no file says so.
pub(in crate::commands) fn fixed_for_account(context: &Context<'_>) -> Result<Parameters, Failure> {
    let file = context.path("deployment").join(Deployable::Account.folder()).join("samconfig.toml");
    match read_file(&file)? {
        Some(text) => Ok(fixed(context, &text)?.parameter_overrides),
        None => Ok(Parameters::new()),
    }
}

/// What the preflight decided.
fn found(context: &Context<'_>) -> Result<Parameters, Failure> {
    let found = from_file(&preflight::parameter_file(context))?.ok_or_else(|| {
        Failure::new(Code::ParametersMissing, "nobody has looked at what is there yet")
            .advise("run `cargo xtask preflight`")
    })?;
    if found.get("Stage").map(String::as_str) != Some(context.stage.as_str()) {
        return Err(Failure::new(Code::ParametersMissing, "the decisions of the preflight are for another stage"));
    }
    Ok(found)
}

fn fixed(context: &Context<'_>, text: &str) -> Result<DeployParameters, Failure> {
    let unreadable = |why: String| Failure::new(Code::FileFailed, format!("samconfig.toml: {why}"));
    let config: Result<BTreeMap<String, toml::Value>, _> = toml::from_str(text);
    let mut stages = config.map_err(|error| unreadable(error.message().to_owned()))?;
    let stage = stages.remove(context.stage.as_str());
    let stage = stage.ok_or_else(|| unreadable(format!("there is no [{}.deploy.parameters]", context.stage)))?;
    let stage: StageConfig =
        stage.try_into().map_err(|error: toml::de::Error| unreadable(error.message().to_owned()))?;
    Ok(stage.deploy.parameters)
}

/// What of the code is deployed.
fn code(context: &Context<'_>, is_base: bool) -> Result<Parameters, Failure> {
    if is_base {
        // No word of the code: a new stack has none, and one that is there keeps what it was given.
        return Ok([("CreateImageRepository".to_owned(), "true".to_owned())].into());
    }
    let packaged = from_file(&package::parameter_file(context))?;
    packaged.ok_or_else(|| {
        Failure::new(Code::ParametersMissing, "there is nothing to deploy yet")
            .advise("run `cargo xtask build` and `cargo xtask package`, or deploy --base")
    })
}

fn from_file(path: &Path) -> Result<Option<Parameters>, Failure> {
    let Some(text) = read_file(path)? else { return Ok(None) };
    let parameters = serde_json::from_str(&text);
    parameters.map(Some).map_err(|error| Failure::new(Code::FileFailed, format!("{}: {error}", path.display())))
}

fn read(path: &Path) -> Result<String, Failure> {
    read_file(path)?.ok_or_else(|| Failure::new(Code::FileFailed, format!("{} is not there", path.display())))
}
