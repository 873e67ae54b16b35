//! What people type to get something off.

use std::{fmt, str::FromStr};

/// The text of a discount code: 4 to 20 of the letters A–Z and the digits 0–9.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PromoCode(String);

/// Why a text is not a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be {} to {} letters A-Z and digits", PromoCode::MIN_LENGTH, PromoCode::MAX_LENGTH)]
pub struct InvalidPromoCode;

impl PromoCode {
    /// Shortest code, in characters.
    pub const MIN_LENGTH: usize = 4;
    /// Longest code, in characters.
    pub const MAX_LENGTH: usize = 20;

    /// Reads a code in any case, ignoring white space around it.
    ///
    /// # Errors
    ///
    /// [`InvalidPromoCode`] when it has other characters, too few or too many.
    pub fn parse(text: &str) -> Result<Self, InvalidPromoCode> {
        let text = text.trim();
        let is_code = (Self::MIN_LENGTH..=Self::MAX_LENGTH).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if is_code { Ok(Self(text.to_ascii_uppercase())) } else { Err(InvalidPromoCode) }
    }

    /// Takes a code from the store as it is.
    #[must_use]
    pub fn restore(stored: impl Into<String>) -> Self {
        Self(stored.into())
    }

    /// The code in capitals.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PromoCode {
    type Err = InvalidPromoCode;

    fn from_str(text: &str) -> Result<Self, InvalidPromoCode> {
        Self::parse(text)
    }
}

impl fmt::Display for PromoCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_code_is_read_in_any_case() {
        assert_eq!(PromoCode::parse(" spring27 ").map(|code| code.to_string()), Ok("SPRING27".to_owned()));
    }

    #[rstest::rstest]
    #[case::too_short("ABC")]
    #[case::too_long("ABCDEFGHIJKLMNOPQRSTU")]
    #[case::a_dash("SPRING-27")]
    #[case::a_space("SPRING 27")]
    #[case::another_alphabet("ЅPRING27")]
    #[case::a_letter_whose_capital_is_two("straße")]
    #[case::nothing("")]
    fn what_is_no_code_is_refused(#[case] text: &str) {
        assert_eq!(PromoCode::parse(text), Err(InvalidPromoCode));
    }

    proptest! {
        #[test]
        fn any_text_is_refused_or_has_only_the_allowed_characters(text in ".{0,24}") {
            if let Ok(code) = PromoCode::parse(&text) {
                prop_assert!((4..=20).contains(&code.as_str().len()));
                prop_assert!(code.as_str().bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()));
                prop_assert_eq!(PromoCode::parse(code.as_str()), Ok(code));
            }
        }
    }
}
