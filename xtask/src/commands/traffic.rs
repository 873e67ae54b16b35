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

/// What came of leading a mapping elsewhere.
pub(crate) enum Led {
    /// It leads there.
    There,
    /// The update was taken, but the mapping was not seen to lead there.
    Unseen(Failure),
    /// A dry run leads nothing.
    LeftOut,
}

/// Leads a mapping elsewhere, and looks whether it does.
pub(crate) fn lead(context: &Context<'_>, domain: &str, mapping: &Mapping, target: &Target) -> Result<Led, Failure> {
    context.tell(&format!("leading {domain}/{MAPPING_KEY} to {target}"));
    let arguments: [&[&str]; 3] = [
        &["apigatewayv2", "update-api-mapping", "--domain-name", domain],
        &["--api-mapping-id", &mapping.id, "--api-mapping-key", MAPPING_KEY],
        &["--api-id", &target.api_id, "--stage", &target.api_stage],
    ];
    if aws::change(context, &arguments.concat())?.is_none() {
        return Ok(Led::LeftOut);
    }
    let found = match self::mapping(context, domain) {
        Ok(now) if now.id == mapping.id && Target::of(&now) == *target => return Ok(Led::There),
        Ok(now) => format!("the mapping {} leads to {}", now.id, Target::of(&now)),
        Err(error) => format!("where it leads now cannot be read: {error}"),
    };
    let unseen = format!("the update of {} was taken, but {found}", mapping.id);
    Ok(Led::Unseen(Failure::new(Code::ToolFailed, unseen)))
}

/// Where traffic is, for the message about something that went wrong.
pub(crate) fn whereabouts(context: &Context<'_>, domain: &str) -> String {
    match mapping(context, domain) {
        Ok(mapping) => format!("traffic is at {}", Target::of(&mapping)),
        Err(error) => format!("where traffic is cannot be read: {error}"),
    }
}
