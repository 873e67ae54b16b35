//! Delivers what committed change sets queued: mail to the mailer, events to the publisher, at least once.

use std::sync::Arc;

use chrono::Duration;

use crate::ports::{Clock, EventPublisher, Mailer, Outbox, OutboxMessage, OutboxPayload, StoreError};

/// How often a delivery is tried before the message is taken out of the queue for people to look at.
const MAX_ATTEMPTS: u32 = 12;
/// How many messages one round takes.
const BATCH: u32 = 25;
/// How long one delivery may take before another relay tries it too.
const LEASE: Duration = Duration::seconds(60);

/// Moves messages from the outbox to where they belong.
#[derive(Clone)]
pub struct Relay {
    outbox: Arc<dyn Outbox>,
    mailer: Arc<dyn Mailer>,
    events: Arc<dyn EventPublisher>,
    clock: Arc<dyn Clock>,
}

/// What one round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Messages that were delivered.
    pub delivered: u32,
    /// Messages whose delivery failed and will be tried again.
    pub postponed: u32,
    /// Messages that were given up.
    pub buried: u32,
}

impl Relay {
    /// A relay between these ports.
    #[must_use]
    pub fn new(
        outbox: Arc<dyn Outbox>,
        mailer: Arc<dyn Mailer>,
        events: Arc<dyn EventPublisher>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { outbox, mailer, events, clock }
    }

    /// Delivers everything that is due now.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the outbox cannot be read or written. What was in hand stays in the outbox and is
    /// tried again when its lease is over.
    pub async fn run(&self) -> Result<Round, StoreError> {
        let mut total = Round::default();
        loop {
            let messages = self.outbox.due(self.clock.now(), BATCH).await?;
            let full = messages.len() >= BATCH as usize;
            for message in &messages {
                self.deliver(message, &mut total).await?;
            }
            if !full {
                return Ok(total);
            }
        }
    }

    /// Delivers the messages with these ids that still wait, whether the queue shows them yet or not: for
    /// whoever is told of each message as it is committed.
    ///
    /// # Errors
    ///
    /// [`StoreError`] as for [`Self::run`].
    pub async fn run_for(&self, ids: &[String]) -> Result<Round, StoreError> {
        let mut total = Round::default();
        for id in ids {
            if let Some(message) = self.outbox.find(id).await? {
                self.deliver(&message, &mut total).await?;
            }
        }
        Ok(total)
    }

    /// Delivers one message, unless another relay has it.
    async fn deliver(&self, message: &OutboxMessage, round: &mut Round) -> Result<(), StoreError> {
        if !self.outbox.lease(message, self.clock.now() + LEASE).await? {
            return Ok(());
        }
        let (kind, delivery) = match &message.payload {
            OutboxPayload::Mail(mail) => {
                (mail.kind.as_str(), self.mailer.send(&message.id, mail).await.map_err(|error| error.to_string()))
            }
            OutboxPayload::Event(event) => {
                (event.name.as_str(), self.events.publish(event).await.map_err(|error| error.to_string()))
            }
        };
        let attempt = message.attempts.saturating_add(1);
        match delivery {
            Ok(()) => {
                self.outbox.delivered(&message.id).await?;
                round.delivered += 1;
                tracing::debug!(message_id = message.id, kind, attempt, "delivered");
            }
            Err(error) if attempt >= MAX_ATTEMPTS => {
                self.outbox.bury(&message.id).await?;
                round.buried += 1;
                tracing::error!(message_id = message.id, kind, attempt, error, "delivery given up");
            }
            Err(error) => {
                self.outbox.postpone(&message.id, self.clock.now() + backoff(attempt)).await?;
                round.postponed += 1;
                tracing::warn!(message_id = message.id, kind, attempt, error, "delivery failed; will be tried again");
            }
        }
        Ok(())
    }
}

/// 2, 4, 8 … seconds, at most an hour: twelve attempts span about three hours.
fn backoff(attempt: u32) -> Duration {
    Duration::seconds(2_i64.saturating_pow(attempt.min(12)).min(3600))
}

#[cfg(test)]
mod tests;
