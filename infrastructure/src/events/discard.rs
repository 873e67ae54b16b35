//! Events that nobody wants.

use application::ports::{EventEnvelope, EventPublisher, PublishError};
use async_trait::async_trait;

/// Publishes nothing: every event counts as delivered, and is gone.
#[derive(Clone, Copy, Debug, Default)]
pub struct DiscardEvents;

#[async_trait]
impl EventPublisher for DiscardEvents {
    async fn publish(&self, _: &EventEnvelope) -> Result<(), PublishError> {
        Ok(())
    }
}
