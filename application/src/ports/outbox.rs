use async_trait::async_trait;
use domain::Timestamp;

use super::{Mail, StoreError};

/// A domain event on its way to others.
#[derive(Clone, Debug, PartialEq)]
pub struct EventEnvelope {
    /// Unique; the same over retries.
    pub id: String,
    /// What happened, as [`domain::DomainEvent::name`] says it.
    pub name: String,
    /// When.
    pub occurred_at: Timestamp,
    /// To whom and how, by id only.
    pub data: serde_json::Value,
}

/// Something that waits in the outbox.
#[derive(Clone, Debug)]
pub struct OutboxMessage {
    /// Unique; the same over retries.
    pub id: String,
    /// How often its delivery was tried before.
    pub attempts: u32,
    /// When it was due; the lease of whoever works on it is checked against this.
    pub due_at: Timestamp,
    /// What to deliver.
    pub payload: OutboxPayload,
}

/// What waits in the outbox.
#[derive(Clone, Debug)]
pub enum OutboxPayload {
    /// A mail.
    Mail(Mail),
    /// An event.
    Event(EventEnvelope),
}

/// The messages that committed change sets queued. At-least-once: a message stays until
/// [`Outbox::delivered`].
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Outbox: Send + Sync {
    /// At most `limit` messages that are due, oldest first. May miss one that was committed a moment ago.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails.
    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<OutboxMessage>, StoreError>;

    /// The message with this id, if it still waits. Unlike [`Self::due`] it sees what was committed a moment
    /// ago.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails.
    async fn find(&self, id: &str) -> Result<Option<OutboxMessage>, StoreError>;

    /// Reserves a message until `until`, counting the attempt. `false` when somebody else has it, or it is
    /// gone; of several callers one gets `true`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails.
    async fn lease(&self, message: &OutboxMessage, until: Timestamp) -> Result<bool, StoreError>;

    /// Removes a message.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails.
    async fn delivered(&self, id: &str) -> Result<(), StoreError>;

    /// Makes a reserved message due again at `at`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails.
    async fn postpone(&self, id: &str, at: Timestamp) -> Result<(), StoreError>;

    /// Takes a message out of the queue for good, keeping it for people to look at.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails.
    async fn bury(&self, id: &str) -> Result<(), StoreError>;
}

/// Tells others what happened.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait EventPublisher: Send + Sync {
    /// Publishes one event.
    ///
    /// # Errors
    ///
    /// [`PublishError`] when it was not taken.
    async fn publish(&self, event: &EventEnvelope) -> Result<(), PublishError>;
}

/// Why an event was not taken.
#[derive(Debug, thiserror::Error)]
#[error("event was not taken: {0}")]
pub struct PublishError(pub String);
