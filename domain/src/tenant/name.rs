//! What people call a tenant.

use crate::{
    PersonName,
    name::{self, InvalidName},
};

/// A tenant's name: 1 to 100 characters, trimmed, without control characters or markup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantName(String);

impl TenantName {
    /// Longest name, in characters.
    pub const MAX_LENGTH: usize = 100;

    /// Reads a name, ignoring white space around it.
    ///
    /// # Errors
    ///
    /// [`InvalidName`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        name::parse(text, Self::MAX_LENGTH).map(Self)
    }

    /// The name of the tenant of somebody who gave none.
    #[must_use]
    pub fn of_person(first_name: &PersonName) -> Self {
        Self(format!("{}'s workspace", first_name.as_str()))
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
    use super::*;

    #[test]
    fn a_tenant_without_a_name_is_called_after_its_owner() {
        let anna = PersonName::parse("Anna").unwrap();
        assert_eq!(TenantName::of_person(&anna).as_str(), "Anna's workspace");
    }

    #[rstest::rstest]
    #[case::empty(" ", InvalidName::Missing)]
    #[case::too_long(&"x".repeat(101), InvalidName::TooLong(100))]
    #[case::link("Prize at http://spam.example", InvalidName::Malformed)]
    fn what_is_no_tenant_name_is_refused(#[case] text: &str, #[case] why: InvalidName) {
        assert_eq!(TenantName::parse(text), Err(why));
    }
}
