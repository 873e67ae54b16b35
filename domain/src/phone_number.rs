//! Telephone numbers.

/// A telephone number as a person writes it: 5 to 20 digits, an optional leading `+`, and the usual
/// separators.
///
/// National notation is accepted, because live clients send it and nothing here dials; a numbering-plan
/// library would refuse it for want of a country (see ADR 3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneNumber(String);

/// Why a text is not a telephone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a valid phone number")]
pub struct InvalidPhoneNumber;

impl PhoneNumber {
    /// Longest number with its separators, in characters.
    pub const MAX_LENGTH: usize = 32;

    /// Reads a number, ignoring white space around it.
    ///
    /// # Errors
    ///
    /// [`InvalidPhoneNumber`] when it has other characters, or too few or too many digits.
    pub fn parse(text: &str) -> Result<Self, InvalidPhoneNumber> {
        let text = text.trim();
        let digits = text.chars().filter(char::is_ascii_digit).count();
        let body = text.strip_prefix('+').unwrap_or(text);
        let allowed = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '-' | '.' | '/' | '(' | ')');
        if text.len() > Self::MAX_LENGTH || !(5..=20).contains(&digits) || !body.chars().all(allowed) {
            return Err(InvalidPhoneNumber);
        }
        Ok(Self(text.to_owned()))
    }

    /// Takes a number from the store as it is.
    #[must_use]
    pub fn restore(stored: impl Into<String>) -> Self {
        Self(stored.into())
    }

    /// The number as it was written.
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
    #[case("+49 30 901820")]
    #[case("(555) 123-4567")]
    #[case("0041.44.668.18.00")]
    fn common_notations_are_accepted(#[case] text: &str) {
        assert!(PhoneNumber::parse(text).is_ok());
    }

    #[rstest]
    #[case("")]
    #[case("1234")]
    #[case("call me")]
    #[case("12+34567")]
    #[case("123456789012345678901")]
    fn anything_else_is_refused(#[case] text: &str) {
        assert_eq!(PhoneNumber::parse(text), Err(InvalidPhoneNumber));
    }
}
