//! Publishing of domain events.

use application::ports::{EventEnvelope, EventPublisher, PublishError};
use async_trait::async_trait;

/// Writes each event as one structured line of the log, for whoever subscribes to the log.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogEventPublisher;

#[async_trait]
impl EventPublisher for LogEventPublisher {
    async fn publish(&self, event: &EventEnvelope) -> Result<(), PublishError> {
        let EventEnvelope { id, name, occurred_at, data } = event;
        let occurred_at = occurred_at.to_rfc3339();
        tracing::info!(target: "domain_event", event_id = id, event = name, occurred_at, %data, "domain event");
        Ok(())
    }
}
