//! What a command on an aggregate did.

use crate::DomainEvent;

/// The events that a command caused, in order.
///
/// A command that changed nothing returns [`Outcome::nothing`]. Dropping an outcome would lose events, so it
/// is `#[must_use]` and warnings are errors here.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "the events of a command must be committed with its change"]
pub struct Outcome<E> {
    events: Vec<E>,
}

impl<E> Outcome<E> {
    /// Nothing happened.
    pub const fn nothing() -> Self {
        Self { events: Vec::new() }
    }

    /// One thing happened.
    pub fn of(event: E) -> Self {
        Self { events: vec![event] }
    }

    /// Something else happened as well, after that.
    pub fn also(mut self, event: E) -> Self {
        self.events.push(event);
        self
    }

    /// The events of two commands on different aggregates that belong together, in order.
    pub fn and<F>(self, other: Outcome<F>) -> Outcome<DomainEvent>
    where
        E: Into<DomainEvent>,
        F: Into<DomainEvent>,
    {
        let others = other.events.into_iter().map(Into::into);
        Outcome { events: self.events.into_iter().map(Into::into).chain(others).collect() }
    }

    /// The events, in the order in which they happened.
    #[must_use]
    pub fn into_events(self) -> Vec<E> {
        self.events
    }

    /// Whether the command changed anything.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.events.is_empty()
    }
}
