use domain::Timestamp;

/// What time it is.
pub trait Clock: Send + Sync {
    /// Now, to the microsecond: the precision that the store keeps.
    fn now(&self) -> Timestamp;
}
