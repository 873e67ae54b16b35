//! Optimistic locking: load, decide and commit again when somebody else was faster.

use std::future::Future;

use crate::{
    error::{Failure, UseCaseError},
    ports::{CommitError, PasswordHashingError, StoreError, TokenSigningError},
};

/// How often a use case is tried before it gives up.
const ATTEMPTS: u32 = 5;

/// Why one attempt at a use case did not succeed.
#[derive(Debug)]
pub(crate) enum Setback<E> {
    /// What it loaded has changed meanwhile: try again.
    Outdated,
    /// The use case's own error: stop.
    Final(E),
}

impl<E> From<E> for Setback<E> {
    fn from(error: E) -> Self {
        Self::Final(error)
    }
}

macro_rules! port_errors_are_final {
    ($($port_error:ty),+) => {
        $(impl<E: UseCaseError> From<$port_error> for Setback<E> {
            fn from(error: $port_error) -> Self {
                Self::Final(Failure::from(error).into())
            }
        })+
    };
}
port_errors_are_final!(StoreError, PasswordHashingError, TokenSigningError);

/// Runs `attempt` until it succeeds, fails for good, or was outdated [`ATTEMPTS`] times.
pub(crate) async fn settle<T, E, F>(attempt: impl FnMut() -> F) -> Result<T, E>
where
    E: From<Failure>,
    F: Future<Output = Result<T, Setback<E>>>,
{
    settle_within(ATTEMPTS, attempt).await
}

/// Runs `attempt` until it succeeds, fails for good, or was outdated `attempts` times: for what many people write at
/// the same time.
pub(crate) async fn settle_within<T, E, F>(attempts: u32, mut attempt: impl FnMut() -> F) -> Result<T, E>
where
    E: From<Failure>,
    F: Future<Output = Result<T, Setback<E>>>,
{
    for _ in 0..attempts {
        match attempt().await {
            Ok(value) => return Ok(value),
            Err(Setback::Final(error)) => return Err(error),
            Err(Setback::Outdated) => {}
        }
    }
    Err(Failure::Contention(attempts).into())
}

/// What a failed commit means when every refusal is a reason to look again: the next attempt finds out what
/// changed, and answers accordingly.
pub(crate) fn look_again<E: From<Failure>>(error: CommitError) -> Setback<E> {
    match error {
        CommitError::Conflict | CommitError::Refused(_) => Setback::Outdated,
        CommitError::Store(error) => Setback::Final(Failure::from(error).into()),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    async fn run(outdated: u32) -> (u32, Result<u32, Failure>) {
        let calls = Cell::new(0);
        let result = settle(|| {
            calls.set(calls.get() + 1);
            let outcome = if calls.get() <= outdated { Err(Setback::Outdated) } else { Ok(calls.get()) };
            async { outcome }
        })
        .await;
        (calls.get(), result)
    }

    #[tokio::test]
    async fn an_outdated_attempt_is_repeated() {
        assert!(matches!(run(2).await, (3, Ok(3))));
    }

    #[tokio::test]
    async fn endless_contention_is_given_up() {
        assert!(matches!(run(u32::MAX).await, (ATTEMPTS, Err(Failure::Contention(ATTEMPTS)))));
    }
}
