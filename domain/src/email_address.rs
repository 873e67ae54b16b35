//! E-mail addresses.

use std::{fmt, str::FromStr};

/// An address that mail can be sent to, in lower case.
///
/// Two spellings that differ only in case are one address here, as in the tables that the Python services
/// share. `Debug` shows the first letter and the domain only: an address is personal data and ends up in logs.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EmailAddress(String);

/// Why a text is not an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEmailAddress {
    /// Nothing was given.
    #[error("is required")]
    Missing,
    /// Longer than [`EmailAddress::MAX_LENGTH`].
    #[error("must be at most 254 characters")]
    TooLong,
    /// Not of the form `name@example.com`.
    #[error("is not a valid email address")]
    Malformed,
}

impl EmailAddress {
    /// Longest address that a mail server takes, in bytes (RFC 5321 §4.5.3.1.3, less the angle brackets).
    pub const MAX_LENGTH: usize = 254;

    /// Reads an address, ignoring white space around it.
    ///
    /// # Errors
    ///
    /// [`InvalidEmailAddress`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, InvalidEmailAddress> {
        let text = text.trim();
        if text.is_empty() {
            return Err(InvalidEmailAddress::Missing);
        }
        if text.len() > Self::MAX_LENGTH {
            return Err(InvalidEmailAddress::TooLong);
        }
        // Quoted local parts and domain literals are legal and never a customer's; they are how header and
        // log injections start, so they are refused. Control characters and spaces go with them.
        let parsed = email_address::EmailAddress::from_str(text).map_err(|_| InvalidEmailAddress::Malformed)?;
        let domain = parsed.domain();
        let suspicious =
            text.contains(['"', '[', ']', '\\']) || text.chars().any(|c| c.is_control() || c.is_whitespace());
        if suspicious || !domain.contains('.') || domain.ends_with('.') {
            return Err(InvalidEmailAddress::Malformed);
        }
        Ok(Self(text.to_lowercase()))
    }

    /// Takes an address from the store as it is.
    #[must_use]
    pub fn restore(stored: impl Into<String>) -> Self {
        Self(stored.into())
    }

    /// The address, in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the `@`.
    #[must_use]
    pub fn local_part(&self) -> &str {
        self.0.rsplit_once('@').map_or(self.as_str(), |(local, _)| local)
    }

    /// The address with all but its first letter and its domain hidden, for logs (security rule 24).
    #[must_use]
    pub fn masked(&self) -> String {
        match self.0.rsplit_once('@') {
            Some((local, domain)) => format!("{}***@{domain}", local.chars().next().unwrap_or('*')),
            None => "***".to_owned(),
        }
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EmailAddress({})", self.masked())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("anna@example.com", "anna@example.com")]
    #[case("  Anna.Lee+work@Example.CO.uk ", "anna.lee+work@example.co.uk")]
    #[case("jürgen@müller.de", "jürgen@müller.de")]
    fn an_address_is_trimmed_and_lower_case(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(EmailAddress::parse(text).map(|a| a.as_str().to_owned()), Ok(expected.to_owned()));
    }

    #[rstest]
    #[case::empty("  ", InvalidEmailAddress::Missing)]
    #[case::no_at("anna.example.com", InvalidEmailAddress::Malformed)]
    #[case::no_dot("anna@localhost", InvalidEmailAddress::Malformed)]
    #[case::header_injection("anna@example.com\r\nBcc: all@example.com", InvalidEmailAddress::Malformed)]
    #[case::quoted("\"anna lee\"@example.com", InvalidEmailAddress::Malformed)]
    #[case::literal("anna@[127.0.0.1]", InvalidEmailAddress::Malformed)]
    #[case::display_name("Anna <anna@example.com>", InvalidEmailAddress::Malformed)]
    #[case::too_long(&format!("{}@example.com", "a".repeat(250)), InvalidEmailAddress::TooLong)]
    fn what_is_no_address_is_refused(#[case] text: &str, #[case] why: InvalidEmailAddress) {
        assert_eq!(EmailAddress::parse(text), Err(why));
    }

    #[test]
    fn debug_hides_the_person() {
        let address = EmailAddress::parse("anna.lee@example.com").unwrap();
        assert_eq!(format!("{address:?}"), "EmailAddress(a***@example.com)");
    }

    proptest! {
        #[test]
        fn parsing_is_idempotent(text in "\\PC{0,40}@\\PC{0,40}") {
            if let Ok(address) = EmailAddress::parse(&text) {
                prop_assert_eq!(EmailAddress::parse(address.as_str()), Ok(address.clone()));
            }
        }
    }
}
