//! Where the custom domain leads, and moving it: one update in place. A mapping that is deleted and created again
//! would leave the domain without an answer in between.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    aws::{
        self,
        apigateway::{self, Mapping},
        ssm,
    },
    context::Context,
    failure::{Code, Failure},
    stage::MAPPING_KEY,
};

/// An API, and which of its stages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Target {
    pub(crate) api_id: String,
    pub(crate) api_stage: String,
}

impl Target {
    /// Where a mapping leads.
    pub(crate) fn of(mapping: &Mapping) -> Self {
        Self { api_id: mapping.api_id.clone(), api_stage: mapping.api_stage.clone() }
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.api_id, self.api_stage)
    }
}

/// The last switch, as it is kept in Parameter Store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) domain: String,
    pub(crate) mapping_id: String,
    /// Where traffic went before.
    pub(crate) previous: Target,
    /// Where it was led.
    pub(crate) target: Target,
    pub(crate) switched_at: DateTime<Utc>,
    /// When it was led back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) returned_at: Option<DateTime<Utc>>,
}

/// Reads the record of the last switch.
pub(crate) fn record(context: &Context<'_>) -> Result<Option<Record>, Failure> {
    let name = record_name(context);
    let Some(text) = ssm::read(context, &name)? else { return Ok(None) };
    serde_json::from_str(&text).map(Some).map_err(|error| {
        Failure::new(Code::ToolAnswerUnreadable, format!("the record of the last switch in {name}: {error}"))
    })
}

/// Writes the record of a switch.
pub(crate) fn write_record(context: &Context<'_>, record: &Record) -> Result<(), Failure> {
    let text = serde_json::to_string(record).unwrap_or_default();
    ssm::write(context, &record_name(context), &text)
}

fn record_name(context: &Context<'_>) -> String {
    format!("/purposepath/account-rust/{}/switch", context.stage)
}

/// The mapping of the account service.
pub(crate) fn mapping(context: &Context<'_>, domain: &str) -> Result<Mapping, Failure> {
    let mappings = apigateway::mappings(context, domain)?.unwrap_or_default();
    mappings.into_iter().find(|mapping| mapping.key == MAPPING_KEY).ok_or_else(|| {
        Failure::new(Code::MappingMissing, format!("{domain} has no mapping `{MAPPING_KEY}`"))
            .advise("docs/deployment/domain.md says how the first one is made")
    })
}

/// Leads a mapping elsewhere, and looks whether it does; `false` in a dry run.
pub(crate) fn lead(context: &Context<'_>, domain: &str, mapping: &Mapping, target: &Target) -> Result<bool, Failure> {
    context.tell(&format!("leading {domain}/{MAPPING_KEY} to {target}"));
    let arguments: [&[&str]; 3] = [
        &["apigatewayv2", "update-api-mapping", "--domain-name", domain],
        &["--api-mapping-id", &mapping.id, "--api-mapping-key", MAPPING_KEY],
        &["--api-id", &target.api_id, "--stage", &target.api_stage],
    ];
    if aws::change(context, &arguments.concat())?.is_none() {
        return Ok(false);
    }
    let now = self::mapping(context, domain)?;
    if now.id == mapping.id && Target::of(&now) == *target {
        return Ok(true);
    }
    let found = format!("the mapping {} leads to {}", now.id, Target::of(&now));
    Err(Failure::new(Code::ToolFailed, format!("the update of {} was taken, but {found}", mapping.id)))
}
