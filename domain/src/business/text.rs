//! Texts that people write about their business.

/// A text of 1 to `MAX_LENGTH` characters, trimmed and without control characters; line breaks and tabs only where
/// it may have several `LINES`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text<const MAX_LENGTH: usize, const LINES: bool>(String);

/// A name, an entry of a list, a part of an address: one line.
pub type Line = Text<200, false>;
/// The problem that a product solves: a paragraph. There may be fifty, and all have to fit into one row.
pub type Problem = Text<1000, true>;
/// A purpose, a vision, a description of customers: some paragraphs.
pub type Prose = Text<2000, true>;

/// Why a text is none of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// Nothing was given.
    #[error("is required")]
    Missing,
    /// Longer than this many characters.
    #[error("must be at most {0} characters")]
    TooLong(usize),
    /// Holds control characters.
    #[error("must not contain control characters")]
    Unprintable,
}

impl<const MAX_LENGTH: usize, const LINES: bool> Text<MAX_LENGTH, LINES> {
    /// Longest text, in characters.
    pub const MAX_LENGTH: usize = MAX_LENGTH;

    /// Reads a text, ignoring white space around it.
    ///
    /// # Errors
    ///
    /// [`InvalidText`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, InvalidText> {
        let text = text.trim();
        if text.is_empty() {
            return Err(InvalidText::Missing);
        }
        if text.chars().count() > MAX_LENGTH {
            return Err(InvalidText::TooLong(MAX_LENGTH));
        }
        let is_layout = |c| LINES && matches!(c, '\n' | '\r' | '\t');
        if text.chars().any(|c| c.is_control() && !is_layout(c)) {
            return Err(InvalidText::Unprintable);
        }
        Ok(Self(text.to_owned()))
    }

    /// Takes a text from the store as it is.
    #[must_use]
    pub fn restore(stored: impl Into<String>) -> Self {
        Self(stored.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_20_a_text_about_the_business_is_bounded() {
        assert_eq!(Line::parse(&"é".repeat(200)).map(|line| line.as_str().chars().count()), Ok(200));
        assert_eq!(Line::parse(&"é".repeat(201)), Err(InvalidText::TooLong(200)));
        assert_eq!(Prose::parse(&"x".repeat(2001)), Err(InvalidText::TooLong(2000)));
        assert_eq!(Line::parse(" \n"), Err(InvalidText::Missing));
    }

    #[test]
    fn only_prose_has_lines() {
        assert_eq!(
            Prose::parse(" one\r\n\ttwo ").map(|prose| prose.as_str().to_owned()),
            Ok("one\r\n\ttwo".to_owned())
        );
        assert_eq!(Line::parse("one\ntwo"), Err(InvalidText::Unprintable));
        assert_eq!(Prose::parse("one\u{0}two"), Err(InvalidText::Unprintable));
    }
}
