//! Which members a list shows.

use domain::{EmailAddress, user::UserStatus};

use crate::ports::Member;

/// Which members a list shows; by default all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemberFilter {
    /// Only those with this status.
    pub status: Option<UserStatus>,
    /// Only those whose name or address begins so.
    pub search: Option<MemberSearch>,
}

impl MemberFilter {
    /// Whether it lets everybody through.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.status.is_none() && self.search.is_none()
    }

    /// Whether it lets a member through.
    #[must_use]
    pub fn admits(&self, member: &Member) -> bool {
        self.status.is_none_or(|status| member.status == status)
            && self.search.as_ref().is_none_or(|search| search.finds(member))
    }
}

/// The beginning of a name or an address, compared without case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberSearch(String);

/// Why a text cannot be searched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMemberSearch {
    /// There is nothing to search for.
    #[error("must not be empty")]
    Empty,
    /// Longer than any name or address (security rule 20).
    #[error("must be at most {} characters", MemberSearch::MAX_LENGTH)]
    TooLong,
}

impl MemberSearch {
    /// Longest text, in characters: that of an address.
    pub const MAX_LENGTH: usize = EmailAddress::MAX_LENGTH;

    /// Reads a text, ignoring white space around it.
    ///
    /// # Errors
    ///
    /// [`InvalidMemberSearch`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, InvalidMemberSearch> {
        let text = text.trim();
        if text.is_empty() {
            return Err(InvalidMemberSearch::Empty);
        }
        if text.chars().count() > Self::MAX_LENGTH {
            return Err(InvalidMemberSearch::TooLong);
        }
        Ok(Self(text.to_lowercase()))
    }

    fn finds(&self, member: &Member) -> bool {
        let begins_so = |text: &str| text.to_lowercase().starts_with(&self.0);
        let (first, last) = (member.first_name.as_str(), member.last_name.as_str());
        // The full name begins with the first.
        begins_so(&format!("{first} {last}")) || begins_so(last) || begins_so(member.email.as_str())
    }
}

#[cfg(test)]
mod tests {
    use domain::{PersonName, Role, UserId};

    use super::*;

    fn zoe() -> Member {
        Member {
            id: UserId::restore("u"),
            email: EmailAddress::restore("zoe.oe@example.com"),
            first_name: PersonName::restore("Zoë Ann"),
            last_name: PersonName::restore("Ödegård"),
            avatar_url: None,
            role: Role::Member,
            status: UserStatus::Inactive,
        }
    }

    #[test]
    fn a_search_finds_beginnings_of_names_and_addresses() {
        let finds = |text: &str| MemberSearch::parse(text).unwrap().finds(&zoe());
        for text in ["zoë", "ZOË ANN ÖDE", "Zoë Ann", " ödeGÅRD ", "Zoe.OE@", "zoe.oe@example.com"] {
            assert!(finds(text), "{text}");
        }
        for text in ["oe@example.com", "gård", "Ann", "Ödegård Zoë", "zoë  ann", "%", "zoe.oe@example.com "] {
            assert_eq!(finds(text), text.trim() == "zoe.oe@example.com", "{text}");
        }
    }

    #[test]
    fn a_filter_admits_whom_all_of_it_admits() {
        let search = || Some(MemberSearch::parse("z").unwrap());
        assert!(MemberFilter::default().is_open() && MemberFilter::default().admits(&zoe()));
        for (status, admitted) in [(UserStatus::Inactive, true), (UserStatus::Active, false)] {
            assert_eq!(MemberFilter { status: Some(status), search: None }.admits(&zoe()), admitted);
            assert_eq!(MemberFilter { status: Some(status), search: search() }.admits(&zoe()), admitted);
        }
    }

    #[test]
    fn rule_20_a_search_is_bounded() {
        assert!(MemberSearch::parse(&"ä".repeat(254)).is_ok());
        assert_eq!(MemberSearch::parse(&"ä".repeat(255)), Err(InvalidMemberSearch::TooLong));
        assert_eq!(MemberSearch::parse("  "), Err(InvalidMemberSearch::Empty));
    }
}
