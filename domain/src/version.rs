//! Optimistic locking.

/// How often an aggregate has been written.
///
/// A row that was written before versions existed has none and counts as [`Version::UNWRITTEN`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(u64);

impl Version {
    /// The version of what no writer that knows versions has stored yet.
    pub const UNWRITTEN: Self = Self(0);

    /// The version read from a row.
    #[must_use]
    pub const fn restore(stored: u64) -> Self {
        Self(stored)
    }

    /// The version after one more write.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The number to store.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}
