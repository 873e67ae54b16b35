//! Events to an event bus of Amazon EventBridge.

use std::sync::Arc;

use application::ports::{Clock, EventEnvelope, EventPublisher, PublishError};
use async_trait::async_trait;
use aws_sdk_dynamodb::config::SharedCredentialsProvider;
use serde::Deserialize;
use serde_json::json;

use super::{
    CloudEvents,
    aws::{AwsDestination, AwsService, presentable},
};

/// What rules of the bus know our events by.
const SOURCE: &str = "purposepath.account";

/// Puts events on a bus. EventBridge keeps no order: readers go by `sequence`.
pub struct EventBridgePublisher {
    service: AwsService,
    bus: String,
    format: CloudEvents,
}

impl EventBridgePublisher {
    /// A publisher to this bus.
    #[must_use]
    pub fn new(
        bus: AwsDestination,
        credentials: SharedCredentialsProvider,
        format: CloudEvents,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { service: AwsService::new(("EventBridge", "events"), &bus, credentials, clock), bus: bus.name, format }
    }
}

/// What became of the entries of a request.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Put {
    failed_entry_count: u32,
    #[serde(default)]
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    error_code: Option<String>,
}

#[async_trait]
impl EventPublisher for EventBridgePublisher {
    async fn publish(&self, event: &EventEnvelope) -> Result<(), PublishError> {
        let entry = json!({
            "EventBusName": self.bus,
            "Source": SOURCE,
            "DetailType": event.name,
            "Time": event.occurred_at.timestamp(),
            "Detail": self.format.text(event)?,
        });
        let put: Put = self.service.call_json("1.1", "AWSEvents.PutEvents", &json!({ "Entries": [entry] })).await?;
        // That an entry was refused is no error of the request.
        if put.failed_entry_count == 0 {
            return Ok(());
        }
        let code = put.entries.into_iter().find_map(|entry| entry.error_code).unwrap_or_default();
        Err(self.service.failed(&format!("refused the entry: {}", presentable(&code))))
    }
}
