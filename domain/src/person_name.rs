//! Names of people.

use crate::name::{self, InvalidName};

/// A first or a last name: 1 to 50 characters, trimmed, without control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonName(String);

impl PersonName {
    /// Longest name, in characters.
    pub const MAX_LENGTH: usize = 50;

    /// Reads a name, ignoring white space around it.
    ///
    /// # Errors
    ///
    /// [`InvalidName`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        name::parse(text, Self::MAX_LENGTH).map(Self)
    }

    /// Takes a name from the store as it is.
    #[must_use]
    pub fn restore(stored: impl Into<String>) -> Self {
        Self(stored.into())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Anna")]
    #[case("María-José O'Neill Jr.")]
    #[case("李")]
    fn names_of_the_world_are_names(#[case] text: &str) {
        assert_eq!(PersonName::parse(text).map(|n| n.as_str().to_owned()), Ok(text.to_owned()));
    }

    #[rstest]
    #[case::empty(" \t", InvalidName::Missing)]
    #[case::too_long(&"é".repeat(51), InvalidName::TooLong(50))]
    #[case::markup("<b>Anna</b>", InvalidName::Malformed)]
    #[case::link("win at https://spam.example", InvalidName::Malformed)]
    #[case::line_break("Anna\nLee", InvalidName::Malformed)]
    fn what_is_no_name_is_refused(#[case] text: &str, #[case] why: InvalidName) {
        assert_eq!(PersonName::parse(text), Err(why));
    }
}
