//! Stops relays at every step that they take, so that a test decides who goes next and who never does.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard},
    task::{Context, Poll, Waker},
};

use application::{
    Relay,
    ports::{
        Clock, EventEnvelope, EventPublisher, Mail, MailError, Mailer, Outbox, OutboxMessage, PublishError, StoreError,
        Stream, Unreached,
    },
    relay::Round,
};
use async_trait::async_trait;
use domain::Timestamp;

use super::store::Store;

/// Who waits to be let through, and how many are on their way.
#[derive(Default)]
struct Gate {
    waiting: Vec<(u64, Waker)>,
    granted: Option<u64>,
    tickets: u64,
    on_their_way: usize,
}

/// Behind it is a port. Before each call of it, somebody has to let the caller through.
struct Gated<T> {
    gate: Arc<Mutex<Gate>>,
    port: T,
}

/// Counts a call as on its way for as long as it lives.
struct OnTheWay(Arc<Mutex<Gate>>);

impl Drop for OnTheWay {
    fn drop(&mut self) {
        locked(&self.0).on_their_way -= 1;
    }
}

fn locked(gate: &Mutex<Gate>) -> MutexGuard<'_, Gate> {
    gate.lock().unwrap()
}

impl<T> Gated<T> {
    async fn pass(&self) -> OnTheWay {
        let mut ticket = None;
        std::future::poll_fn(|context| {
            let mut gate = locked(&self.gate);
            let number = *ticket.get_or_insert_with(|| {
                gate.tickets += 1;
                gate.tickets
            });
            gate.waiting.retain(|(other, _)| *other != number);
            if gate.granted == Some(number) {
                gate.granted = None;
                gate.on_their_way += 1;
                return Poll::Ready(());
            }
            gate.waiting.push((number, context.waker().clone()));
            Poll::Pending
        })
        .await;
        OnTheWay(Arc::clone(&self.gate))
    }
}

/// A relay that stands still until it is told to go on.
pub(crate) struct SteppedRelay {
    gate: Arc<Mutex<Gate>>,
    running: Pin<Box<dyn Future<Output = Result<Round, StoreError>> + Send>>,
}

impl SteppedRelay {
    /// Starts a round of a relay between a store and whoever takes its events and mails.
    pub(crate) fn start<R>(store: &Store, recipient: &Arc<R>) -> Self
    where
        R: EventPublisher + Mailer + 'static,
    {
        let gate = Arc::<Mutex<Gate>>::default();
        let outbox = Arc::new(Gated { gate: Arc::clone(&gate), port: Arc::clone(&store.outbox) });
        let recipient = Arc::new(Gated { gate: Arc::clone(&gate), port: Arc::clone(recipient) });
        let relay = Relay::new(
            outbox,
            recipient.clone(),
            recipient,
            Arc::new(Unreached),
            Arc::clone(&store.clock) as Arc<dyn Clock>,
        );
        Self { gate, running: Box::pin(async move { relay.run().await }) }
    }

    /// Lets it take one more step: of those that it could take next, the one that `choose` picks out of their number.
    /// `true` when the round is over. To drop it instead is what a crash does: after the step before, before the next.
    pub(crate) async fn step(&mut self, choose: impl FnOnce(usize) -> usize) -> bool {
        {
            let mut gate = locked(&self.gate);
            if !gate.waiting.is_empty() {
                let chosen = choose(gate.waiting.len());
                let (ticket, waker) = gate.waiting.swap_remove(chosen);
                gate.granted = Some(ticket);
                waker.wake();
            }
        }
        std::future::poll_fn(|context: &mut Context<'_>| match self.running.as_mut().poll(context) {
            Poll::Ready(round) => {
                round.unwrap();
                Poll::Ready(true)
            }
            // Everybody stands at the gate.
            Poll::Pending if locked(&self.gate).on_their_way == 0 => Poll::Ready(false),
            Poll::Pending => Poll::Pending,
        })
        .await
    }
}

#[async_trait]
impl Outbox for Gated<Arc<dyn Outbox>> {
    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<Stream>, StoreError> {
        let _on_the_way = self.pass().await;
        self.port.due(now, limit).await
    }

    async fn take(
        &self,
        stream: &Stream,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<OutboxMessage>, StoreError> {
        let _on_the_way = self.pass().await;
        self.port.take(stream, now, until).await
    }

    async fn delivered(&self, message: &OutboxMessage) -> Result<(), StoreError> {
        let _on_the_way = self.pass().await;
        self.port.delivered(message).await
    }

    async fn postpone(&self, message: &OutboxMessage, at: Timestamp) -> Result<(), StoreError> {
        let _on_the_way = self.pass().await;
        self.port.postpone(message, at).await
    }

    async fn bury(&self, message: &OutboxMessage, reason: &str) -> Result<(), StoreError> {
        let _on_the_way = self.pass().await;
        self.port.bury(message, reason).await
    }
}

#[async_trait]
impl<R: EventPublisher> EventPublisher for Gated<Arc<R>> {
    async fn publish(&self, event: &EventEnvelope) -> Result<(), PublishError> {
        let _on_the_way = self.pass().await;
        self.port.publish(event).await
    }
}

#[async_trait]
impl<R: Mailer> Mailer for Gated<Arc<R>> {
    async fn send(&self, id: &str, mail: &Mail) -> Result<(), MailError> {
        let _on_the_way = self.pass().await;
        self.port.send(id, mail).await
    }
}
