//! Handing events over to whoever wants to know of them.

use std::{collections::HashSet, time::Duration};

use application::ports::BillingError;
use tokio::time::{self, MissedTickBehavior};

use super::{
    LocalBilling,
    events::{LocalEvent, SignedEvent},
};

/// How often time-driven changes happen, and events that were not taken are sent again.
const ROUND: Duration = Duration::from_mins(1);

impl LocalBilling {
    /// The events that nobody has taken yet, oldest first, at most 2,000: older ones are given up.
    ///
    /// # Errors
    ///
    /// [`BillingError::Unavailable`] when what time brought cannot be written down.
    pub async fn events(&self) -> Result<Vec<LocalEvent>, BillingError> {
        self.work(|desk| Ok(desk.books.events.iter().cloned().collect())).await
    }

    /// The same, and takes them.
    ///
    /// # Errors
    ///
    /// As [`Self::events`].
    pub async fn take_events(&self) -> Result<Vec<LocalEvent>, BillingError> {
        self.work(|desk| Ok(desk.books.events.drain(..).collect())).await
    }

    /// An event as it is sent now.
    #[must_use]
    pub fn sign(&self, event: &LocalEvent) -> SignedEvent {
        let body = event.body();
        let signature = self.shared.secrets.sign(body.as_bytes(), self.shared.clock.now());
        SignedEvent { id: event.id.clone(), body, signature }
    }

    /// Sends events whenever there are some, those that were not taken again once a minute, and lets time bring what it
    /// brings. Never returns.
    pub async fn send_forever<Sent>(&self, send: impl Fn(SignedEvent) -> Sent)
    where
        Sent: Future<Output = Result<(), String>>,
    {
        let mut round = time::interval(ROUND);
        round.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.shared.told.notified() => {}
                _ = round.tick() => {}
            }
            if let Err(error) = self.send_pending(&send).await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the local billing provider is stuck; trying again"
                );
            }
        }
    }

    /// Sends every event once, and forgets those that were taken.
    ///
    /// # Errors
    ///
    /// [`BillingError::Unavailable`] when the books cannot be written.
    pub async fn send_pending<Sent>(&self, send: impl Fn(SignedEvent) -> Sent) -> Result<(), BillingError>
    where
        Sent: Future<Output = Result<(), String>>,
    {
        let mut taken = HashSet::new();
        for event in self.events().await? {
            match send(self.sign(&event)).await {
                Ok(()) => {
                    taken.insert(event.id);
                }
                Err(reason) => tracing::warn!(event = event.id, kind = event.kind, reason, "an event was not taken"),
            }
        }
        self.work(move |desk| {
            desk.books.events.retain(|event| !taken.contains(&event.id));
            Ok(())
        })
        .await
    }
}
