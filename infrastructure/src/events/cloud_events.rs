//! Domain events as others read them: `CloudEvents` 1.0 in the JSON event format.

use application::ports::{EventEnvelope, PublishError};
use domain::{TenantId, UserId};
use serde::Serialize;
use serde_json::Value;

/// What the types of our events begin with.
const TYPE_PREFIX: &str = "app.purposepath.account";
/// What an event in the JSON format is, where it travels by HTTP.
pub(super) const MEDIA_TYPE: &str = "application/cloudevents+json; charset=UTF-8";
/// Longest event that is sent to others, in bytes. EventBridge, SNS and SQS take 256 KB, with what stands around it.
pub(super) const MAX_LENGTH: usize = 250 * 1024;
/// What the identifiers of the schemas begin with.
pub const SCHEMA_PREFIX: &str = "urn:purposepath:account:event";

/// Writes events down. Knows where they come from.
#[derive(Clone, Debug)]
pub struct CloudEvents {
    source: String,
}

/// Attribute names have no separators, because the specification allows none.
#[derive(Serialize)]
struct CloudEvent<'a> {
    specversion: &'static str,
    id: &'a str,
    source: &'a str,
    r#type: String,
    subject: String,
    time: String,
    datacontenttype: &'static str,
    dataschema: String,
    sequence: &'a str,
    partitionkey: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenantid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actorid: Option<&'a str>,
    data: &'a Value,
}

impl CloudEvents {
    /// Events of the service of this stage.
    #[must_use]
    pub fn of_stage(stage: &str) -> Self {
        Self { source: format!("urn:purposepath:account:{stage}") }
    }

    /// The event as JSON.
    #[must_use]
    pub fn json(&self, event: &EventEnvelope) -> Value {
        let EventEnvelope { id, name, version, occurred_at, stream, sequence, tenant_id, actor_id, data } = event;
        let event = CloudEvent {
            specversion: "1.0",
            id,
            source: &self.source,
            r#type: type_of(event),
            subject: format!("{}/{}", stream.kind(), stream.id()),
            time: occurred_at.to_rfc3339(),
            datacontenttype: "application/json",
            dataschema: format!("{SCHEMA_PREFIX}:{name}:v{version}"),
            sequence,
            partitionkey: stream.as_str(),
            tenantid: tenant_id.as_ref().map(TenantId::as_str),
            actorid: actor_id.as_ref().map(UserId::as_str),
            data,
        };
        // Nothing in it can fail: its keys are texts, and its values are JSON already.
        serde_json::to_value(event).unwrap_or_default()
    }

    /// The event as text.
    ///
    /// # Errors
    ///
    /// [`PublishError`] when it is longer than what others take.
    pub fn text(&self, event: &EventEnvelope) -> Result<String, PublishError> {
        let text = self.json(event).to_string();
        if text.len() <= MAX_LENGTH {
            Ok(text)
        } else {
            Err(PublishError(format!("it has {} bytes; at most {MAX_LENGTH} can be sent", text.len())))
        }
    }
}

/// The event's type: its name and the version of its data.
pub(super) fn type_of(event: &EventEnvelope) -> String {
    format!("{TYPE_PREFIX}.{}.v{}", event.name, event.version)
}
