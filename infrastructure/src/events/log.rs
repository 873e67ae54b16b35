//! Events in the log.

use application::ports::{EventEnvelope, EventPublisher, PublishError};
use async_trait::async_trait;

use super::CloudEvents;

/// Writes each event as one structured line of the log, for whoever subscribes to the log.
#[derive(Clone, Debug)]
pub struct LogEventPublisher {
    format: CloudEvents,
}

impl LogEventPublisher {
    /// A publisher of events in this format.
    #[must_use]
    pub const fn new(format: CloudEvents) -> Self {
        Self { format }
    }
}

#[async_trait]
impl EventPublisher for LogEventPublisher {
    async fn publish(&self, event: &EventEnvelope) -> Result<(), PublishError> {
        let (name, cloud_event) = (&event.name, self.format.json(event));
        tracing::info!(target: "domain_event", event = name, %cloud_event, "domain event");
        Ok(())
    }
}
