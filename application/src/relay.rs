//! Delivers what committed change sets queued: mail to the mailer, events to the publisher, and what the billing provider
//! said too early, or has to do for closed tenants, to whoever sees to it; at least once, and the events of each aggregate in order (docs/adr/0013-events-in-order.md).

use std::{
    collections::BTreeSet,
    ops::{Add, AddAssign},
    sync::Arc,
};

use chrono::Duration;
use futures::{StreamExt, future, lock::Mutex, stream};

use crate::{
    ports::{Clock, DeferredBilling, EventPublisher, Mailer, Outbox, OutboxMessage, OutboxPayload, StoreError, Stream},
    telemetry::{self, Attempt},
};

/// How often a delivery is tried before the message goes to the dead letters: for about a day.
const MAX_ATTEMPTS: u32 = 34;
/// How many streams one look at the outbox finds.
const BATCH: u32 = 100;
/// How many streams of events are delivered from at once.
const CONCURRENCY: usize = 8;
/// How long one delivery may take before another relay tries it too.
const LEASE: Duration = Duration::seconds(60);

/// Moves messages from the outbox to where they belong.
#[derive(Clone)]
pub struct Relay {
    outbox: Arc<dyn Outbox>,
    mailer: Arc<dyn Mailer>,
    events: Arc<dyn EventPublisher>,
    billing: Arc<dyn DeferredBilling>,
    clock: Arc<dyn Clock>,
    turn: Arc<Mutex<()>>,
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

impl Add for Round {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            delivered: self.delivered + other.delivered,
            postponed: self.postponed + other.postponed,
            buried: self.buried + other.buried,
        }
    }
}

impl AddAssign for Round {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Relay {
    /// A relay between these ports.
    #[must_use]
    pub fn new(
        outbox: Arc<dyn Outbox>,
        mailer: Arc<dyn Mailer>,
        events: Arc<dyn EventPublisher>,
        billing: Arc<dyn DeferredBilling>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { outbox, mailer, events, billing, clock, turn: Arc::default() }
    }

    /// Delivers everything that is due now. The clones of a relay take turns, so that what was due when this was called
    /// is not in another one's hands when it returns.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the outbox cannot be read or written. What was in hand stays in the outbox and is
    /// tried again when its lease is over.
    pub async fn run(&self) -> Result<Round, StoreError> {
        let _turn = self.turn.lock().await;
        let (mut total, mut seen) = (Round::default(), BTreeSet::new());
        loop {
            let mut due = self.outbox.due(self.clock.now(), BATCH).await?;
            // The outbox may still name streams that are done. Each is looked at once, so that this ends.
            due.retain(|stream| seen.insert(stream.clone()));
            if due.is_empty() {
                return Ok(total);
            }
            total += self.deliver_all(&due).await?;
        }
    }

    /// Delivers what waits in these streams and is not postponed, whether the outbox shows it as due yet or not: for
    /// whoever is told of each message as it is committed.
    ///
    /// # Errors
    ///
    /// [`StoreError`] as for [`Self::run`].
    pub async fn run_for(&self, streams: &[Stream]) -> Result<Round, StoreError> {
        let distinct: BTreeSet<_> = streams.iter().cloned().collect();
        self.deliver_all(&distinct.into_iter().collect::<Vec<_>>()).await
    }

    /// Mails go out in the order in which they are due, and beside the events: a publisher that does not answer delays
    /// no mail.
    async fn deliver_all(&self, streams: &[Stream]) -> Result<Round, StoreError> {
        let (mails, events): (Vec<_>, Vec<_>) = streams.iter().cloned().partition(Stream::is_mail);
        let (mails, events) = future::join(self.deliver_from(mails, 1), self.deliver_from(events, CONCURRENCY)).await;
        Ok(mails? + events?)
    }

    /// A failure of the store at one stream does not break off the deliveries from others.
    async fn deliver_from(&self, streams: Vec<Stream>, at_once: usize) -> Result<Round, StoreError> {
        let rounds = stream::iter(streams).map(|stream| self.drain(stream)).buffer_unordered(at_once);
        rounds.collect::<Vec<_>>().await.into_iter().try_fold(Round::default(), |total, round| Ok(total + round?))
    }

    /// Delivers one message of a stream after the other, until there is none, or the first one has to wait.
    async fn drain(&self, stream: Stream) -> Result<Round, StoreError> {
        let mut total = Round::default();
        loop {
            let now = self.clock.now();
            let Some(message) = self.outbox.take(&stream, now, now + LEASE).await? else { return Ok(total) };
            let round = self.deliver(&message).await?;
            total += round;
            if round.postponed > 0 {
                return Ok(total);
            }
        }
    }

    async fn deliver(&self, message: &OutboxMessage) -> Result<Round, StoreError> {
        let OutboxMessage { id, stream, position: _, attempts: attempt, queued_at, payload } = message;
        let (kind, delivery) = match payload {
            OutboxPayload::Mail(mail) => {
                (mail.kind.as_str(), self.mailer.send(id, mail).await.map_err(|error| error.to_string()))
            }
            OutboxPayload::Event(event) => {
                (event.name.as_str(), self.events.publish(event).await.map_err(|error| error.to_string()))
            }
            OutboxPayload::ProviderEvent(event) => {
                (event.kind.as_str(), self.billing.look_again(event).await.map_err(|error| error.to_string()))
            }
            OutboxPayload::ClosedTenant(closed) => {
                ("closed_tenant", self.billing.stop_renewal(closed).await.map_err(|error| error.to_string()))
            }
        };
        let tried = |attempt| telemetry::attempted(payload, attempt, self.clock.now() - queued_at);
        match delivery {
            Ok(()) => {
                tried(Attempt::Delivered);
                self.outbox.delivered(message).await?;
                tracing::debug!(message_id = id, %stream, kind, attempt, "delivered");
                Ok(Round { delivered: 1, ..Round::default() })
            }
            Err(error) if *attempt >= MAX_ATTEMPTS => {
                tried(Attempt::GivenUp);
                self.outbox.bury(message, &error).await?;
                tracing::error!(message_id = id, %stream, kind, attempt, error, "delivery given up");
                Ok(Round { buried: 1, ..Round::default() })
            }
            Err(error) => {
                tried(Attempt::Postponed);
                self.outbox.postpone(message, self.clock.now() + backoff(*attempt)).await?;
                tracing::warn!(message_id = id, %stream, kind, attempt, error, "delivery failed; will be tried again");
                Ok(Round { postponed: 1, ..Round::default() })
            }
        }
    }
}

/// 2, 4, 8 … seconds, at most an hour.
fn backoff(attempt: u32) -> Duration {
    Duration::seconds(2_i64.saturating_pow(attempt.min(12)).min(3600))
}

#[cfg(test)]
mod tests;
