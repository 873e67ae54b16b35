//! Names of people.

/// A first or a last name: 1 to 50 characters, trimmed, without control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonName(String);

/// Why a text is not a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPersonName {
    /// Nothing was given.
    #[error("is required")]
    Missing,
    /// Longer than [`PersonName::MAX_LENGTH`].
    #[error("must be at most 50 characters")]
    TooLong,
    /// Holds something that no name holds: control characters, `<` or `>`, or a link. Names are printed in
    /// mails, so a "name" with a link in it would make us a spammer's relay.
    #[error("contains characters that a name cannot have")]
    Malformed,
}

impl PersonName {
    /// Longest name, in characters.
    pub const MAX_LENGTH: usize = 50;

    /// Reads a name, ignoring white space around it.
    ///
    /// # Errors
    ///
    /// [`InvalidPersonName`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, InvalidPersonName> {
        let text = text.trim();
        if text.is_empty() {
            return Err(InvalidPersonName::Missing);
        }
        if text.chars().count() > Self::MAX_LENGTH {
            return Err(InvalidPersonName::TooLong);
        }
        if text.chars().any(char::is_control) || text.contains(['<', '>']) || text.contains("://") {
            return Err(InvalidPersonName::Malformed);
        }
        Ok(Self(text.to_owned()))
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
    #[case::empty(" \t", InvalidPersonName::Missing)]
    #[case::too_long(&"é".repeat(51), InvalidPersonName::TooLong)]
    #[case::markup("<b>Anna</b>", InvalidPersonName::Malformed)]
    #[case::link("win at https://spam.example", InvalidPersonName::Malformed)]
    #[case::line_break("Anna\nLee", InvalidPersonName::Malformed)]
    fn what_is_no_name_is_refused(#[case] text: &str, #[case] why: InvalidPersonName) {
        assert_eq!(PersonName::parse(text), Err(why));
    }
}
