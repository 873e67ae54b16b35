use async_trait::async_trait;
use domain::{ThrottleSubject, Timestamp, throttle::Failures};

use super::StoreError;

/// Counts how often subjects have failed to prove who they are (security rule 7).
///
/// The one port that writes beside the unit of work: an attempt is counted before anything is decided about it, and stays
/// counted whatever becomes of it. What ends the counting belongs to a decision, and is a [`Write`](super::Write).
#[async_trait]
pub trait FailureCounter: Send + Sync {
    /// The failures of a subject as they are now; `None` when there are none.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails or holds something unreadable.
    async fn find(&self, subject: &ThrottleSubject) -> Result<Option<Failures>, StoreError>;

    /// Counts an attempt, if the failures are still those that it was judged by: of any number of attempts that saw the
    /// same, one is counted. Says whether this one was. The row is forgotten at `forgotten_at`, or never.
    ///
    /// An attempt whose answer got lost may be counted twice, and never not at all.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails.
    async fn count(
        &self,
        subject: &ThrottleSubject,
        seen: Option<&Failures>,
        attempt: &Failures,
        forgotten_at: Option<Timestamp>,
    ) -> Result<bool, StoreError>;

    /// Counts one failure more, however many there are by now.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails.
    async fn add(&self, subject: &ThrottleSubject, at: Timestamp, forgotten_at: Timestamp) -> Result<(), StoreError>;
}
