//! Publishing of domain events.

use application::ports::{EventEnvelope, EventPublisher, PublishError};
use async_trait::async_trait;

/// Writes each event as one structured line of the log, for whoever subscribes to the log.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogEventPublisher;

#[async_trait]
impl EventPublisher for LogEventPublisher {
    async fn publish(&self, event: &EventEnvelope) -> Result<(), PublishError> {
        let EventEnvelope { id, name, occurred_at, stream, sequence, data, .. } = event;
        let (occurred_at, stream) = (occurred_at.to_rfc3339(), stream.as_str());
        tracing::info!(
            target: "domain_event", event_id = id, event = name, occurred_at, stream, sequence, %data, "domain event"
        );
        Ok(())
    }
}
