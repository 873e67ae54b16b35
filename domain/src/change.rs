//! What a partial update wants of one optional field.

/// A wish about an optional field in a partial update.
///
/// HTTP sends it as "absent", `null` or a value; the three must stay apart all the way to the aggregate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// Leave the field as it is.
    #[default]
    Keep,
    /// Empty the field.
    Clear,
    /// Give the field this value.
    Set(T),
}

impl<T> Change<T> {
    /// Applies the wish to `field`.
    pub fn apply(self, field: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Clear => *field = None,
            Self::Set(value) => *field = Some(value),
        }
    }
}
