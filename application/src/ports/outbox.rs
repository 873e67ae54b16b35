use std::fmt;

use async_trait::async_trait;
use domain::{Aggregate, TenantId, Timestamp, UserId, subscription::ProviderSubscriptionId};

use super::{ClosedTenant, Mail, ProviderEvent, StoreError};

/// Messages that are delivered one after the other: the events of one aggregate, or one mail.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stream(String);

impl Stream {
    const MAIL: &'static str = "mail";
    const PROVIDER: &'static str = "billing_provider";
    const CLOSED_TENANT: &'static str = "closed_tenant";
    const SEPARATOR: char = '#';

    /// The stream of an aggregate's events.
    #[must_use]
    pub fn of(aggregate: Aggregate<'_>) -> Self {
        Self(format!("{}{}{}", aggregate.kind(), Self::SEPARATOR, aggregate.id()))
    }

    /// A mail's own stream: mails wait for nothing.
    #[must_use]
    pub fn of_mail(id: &str) -> Self {
        Self(format!("{}{}{id}", Self::MAIL, Self::SEPARATOR))
    }

    /// The stream of what the billing provider said about one subscription.
    #[must_use]
    pub fn of_provider_event(event: &ProviderEvent) -> Self {
        let about = event.subscription_id.as_ref().map_or(event.id.as_str(), ProviderSubscriptionId::as_str);
        Self(format!("{}{}{about}", Self::PROVIDER, Self::SEPARATOR))
    }

    /// The stream of what is still to be done for a closed tenant.
    #[must_use]
    pub fn of_closed_tenant(closed: &ClosedTenant) -> Self {
        Self(format!("{}{}{}", Self::CLOSED_TENANT, Self::SEPARATOR, closed.tenant_id))
    }

    /// Takes a stream's name from the store as it is.
    #[must_use]
    pub fn restore(stored: impl Into<String>) -> Self {
        Self(stored.into())
    }

    /// Whether it is a mail.
    #[must_use]
    pub fn is_mail(&self) -> bool {
        self.kind() == Self::MAIL
    }

    /// What kind of aggregate its events are about.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.0.split_once(Self::SEPARATOR).map_or(self.as_str(), |(kind, _)| kind)
    }

    /// The identifier of that aggregate.
    #[must_use]
    pub fn id(&self) -> &str {
        self.0.split_once(Self::SEPARATOR).map_or("", |(_, id)| id)
    }

    /// The stream's name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A domain event on its way to others.
#[derive(Clone, Debug, PartialEq)]
pub struct EventEnvelope {
    /// Unique; the same over retries and replays.
    pub id: String,
    /// What happened, as [`domain::DomainEvent::name`] says it.
    pub name: String,
    /// The version of the shape of `data`.
    pub version: u32,
    /// When.
    pub occurred_at: Timestamp,
    /// To what.
    pub stream: Stream,
    /// Its place among the events of that: as texts, later ones are greater.
    pub sequence: String,
    /// In which tenant; `None` when it is about the platform as a whole.
    pub tenant_id: Option<TenantId>,
    /// Who did it, where it was somebody who is known.
    pub actor_id: Option<UserId>,
    /// To whom and how, by id only.
    pub data: serde_json::Value,
}

/// The first message of a stream, in the hands of whoever reserved it.
#[derive(Clone, Debug)]
pub struct OutboxMessage {
    /// Unique; the same over retries.
    pub id: String,
    /// The stream.
    pub stream: Stream,
    /// Its place in the stream.
    pub position: String,
    /// How often it was reserved for a delivery, this time included. Of two who have reserved it, only the later one
    /// may postpone or bury it.
    pub attempts: u32,
    /// When it was committed.
    pub queued_at: Timestamp,
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
    /// An event of the billing provider about somebody who was not known when it came.
    ProviderEvent(ProviderEvent),
    /// A tenant that was closed, and whose subscription must not renew.
    ClosedTenant(ClosedTenant),
}

/// The messages that committed change sets queued, in streams. At least once: a message stays until
/// [`Outbox::delivered`]. In order: of a stream, only the first message can be had.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Outbox: Send + Sync {
    /// At most `limit` streams in which something may be due, those first that have waited longest. May miss one that
    /// was committed to a moment ago, and may name one whose first message is reserved or postponed.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails.
    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<Stream>, StoreError>;

    /// Reserves the first message of a stream until `until`, counting the attempt. `None` when the stream is empty, or
    /// its first message is reserved or postponed beyond `now`; of several callers one gets it. Sees what was
    /// committed a moment ago.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails.
    async fn take(
        &self,
        stream: &Stream,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<OutboxMessage>, StoreError>;

    /// Removes a message, which makes the next one the first of its stream.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails.
    async fn delivered(&self, message: &OutboxMessage) -> Result<(), StoreError>;

    /// Lets a message, and with it its stream, rest until `at`, unless somebody else has reserved it meanwhile.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails.
    async fn postpone(&self, message: &OutboxMessage, at: Timestamp) -> Result<(), StoreError>;

    /// Moves a message from its stream to the dead letters, unless somebody else has reserved it meanwhile. `reason`
    /// says why, without personal data.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails.
    async fn bury(&self, message: &OutboxMessage, reason: &str) -> Result<(), StoreError>;
}

/// A message that was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// The message's id.
    pub id: String,
    /// The stream that it was in.
    pub stream: Stream,
    /// The event's name, or `mail`.
    pub what: String,
    /// How often its delivery was tried.
    pub attempts: u32,
    /// Why it was given up.
    pub reason: String,
    /// When it was queued.
    pub queued_at: Timestamp,
    /// When it was given up.
    pub buried_at: Timestamp,
}

/// The messages that were given up. They are kept for thirty days.
#[async_trait]
pub trait DeadLetters: Send + Sync {
    /// At most `limit` of them, those first that were given up first. May miss what happened a moment ago.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails.
    async fn list(&self, limit: u32) -> Result<Vec<DeadLetter>, StoreError>;

    /// Puts one back to its old place in its stream, where it is due at once, as if its delivery had never been tried.
    /// `false` when there is none of that id.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails.
    async fn replay(&self, id: &str) -> Result<bool, StoreError>;
}

/// Tells others what happened.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait EventPublisher: Send + Sync {
    /// Publishes one event. An event whose publishing broke off anywhere is published again, with the same id.
    ///
    /// # Errors
    ///
    /// [`PublishError`] when it was not taken.
    async fn publish(&self, event: &EventEnvelope) -> Result<(), PublishError>;
}

/// Why an event was not taken. Holds no secret: it is logged and kept with dead letters.
#[derive(Debug, thiserror::Error)]
#[error("event was not taken: {0}")]
pub struct PublishError(pub String);
