//! How far a business is with describing itself, and who changed what on the way.

use std::collections::BTreeSet;

use crate::{Timestamp, UserId};

/// How far one part is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StepStatus {
    /// Untouched.
    #[default]
    NotStarted,
    /// Being written.
    InProgress,
    /// As it should be.
    Completed,
}

impl StepStatus {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::NotStarted, Self::InProgress, Self::Completed];

    /// The status's name in tables and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotStarted => "Not started",
            Self::InProgress => "In progress",
            Self::Completed => "Completed",
        }
    }

    /// The status of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }
}

/// The steps of onboarding that are done, each once and in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Steps(BTreeSet<u8>);

/// Why a number is no step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a list of whole numbers from 1 to {}", Steps::LAST)]
pub struct InvalidStep;

impl Steps {
    /// The number of the last step; the first one is 1.
    pub const LAST: u8 = 4;

    /// Reads numbers of steps, in any order.
    ///
    /// # Errors
    ///
    /// [`InvalidStep`] when there is no such step.
    pub fn parse(numbers: &[i64]) -> Result<Self, InvalidStep> {
        let step = |number: &i64| u8::try_from(*number).ok().filter(|step| (1..=Self::LAST).contains(step));
        numbers.iter().map(|number| step(number).ok_or(InvalidStep)).collect::<Result<_, _>>().map(Self)
    }

    /// Every step.
    #[must_use]
    pub fn all() -> Self {
        Self((1..=Self::LAST).collect())
    }

    /// Whether nothing is left to do.
    #[must_use]
    pub fn are_all(&self) -> bool {
        (1..=Self::LAST).all(|step| self.0.contains(&step))
    }

    /// The numbers of the steps, in order.
    pub fn iter(&self) -> impl Iterator<Item = u8> {
        self.0.iter().copied()
    }
}

/// One change: when, by whom, and of what, but never to what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    /// When; a Python service may have said it in its own way.
    pub at: Option<Timestamp>,
    /// By whom; likewise.
    pub by: Option<UserId>,
    /// The names of the fields.
    pub fields: Vec<String>,
}

/// The latest changes, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeHistory(Vec<HistoryEntry>);

impl ChangeHistory {
    /// Most changes that are remembered.
    pub const MAX: usize = 50;

    /// Takes changes from the store as they are.
    #[must_use]
    pub const fn restore(stored: Vec<HistoryEntry>) -> Self {
        Self(stored)
    }

    /// The changes, oldest first.
    #[must_use]
    pub fn entries(&self) -> &[HistoryEntry] {
        &self.0
    }

    /// Notes a change, and forgets the oldest one when that makes too many.
    pub(super) fn note(&mut self, entry: HistoryEntry) {
        self.0.push(entry);
        self.0.drain(..self.0.len().saturating_sub(Self::MAX));
    }
}
