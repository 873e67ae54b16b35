//! Lists that are read a page at a time.

use crate::{
    actor::Denied,
    error::{Classified, ErrorKind, Failure},
    ports::StoreError,
};

/// How many things a page shows at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageSize(u8);

/// Why a number is no page size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 1 to 100")]
pub struct InvalidPageSize;

impl PageSize {
    /// The largest page (security rule 20).
    pub const MAX: u8 = 100;
    /// The page of who asks for no particular size.
    pub const DEFAULT: Self = Self(20);

    /// Reads a size.
    ///
    /// # Errors
    ///
    /// [`InvalidPageSize`] when it is not 1 to [`Self::MAX`].
    pub fn parse(text: &str) -> Result<Self, InvalidPageSize> {
        let size = text.parse().ok().filter(|size| (1..=Self::MAX).contains(size));
        size.map(Self).ok_or(InvalidPageSize)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// Where the next page begins. Opaque to everybody but the repository that made it, and no proof of anything: a
/// repository reads in its scope whatever the cursor says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(String);

/// The cursor was not made by this list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be the next_cursor of an earlier page")]
pub struct InvalidCursor;

impl Cursor {
    /// Longest cursor, in bytes.
    pub const MAX_LENGTH: usize = 1024;

    /// Reads a cursor that a client sends back.
    ///
    /// # Errors
    ///
    /// [`InvalidCursor`] when it cannot be one.
    pub fn parse(text: &str) -> Result<Self, InvalidCursor> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let readable = (1..=Self::MAX_LENGTH).contains(&text.len()) && text.bytes().all(allowed);
        if readable { Ok(Self(text.to_owned())) } else { Err(InvalidCursor) }
    }

    /// Takes a cursor that a repository has encoded in unpadded base64url.
    #[must_use]
    pub fn restore(encoded: impl Into<String>) -> Self {
        Self(encoded.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Which page to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// How many things at most.
    pub size: PageSize,
    /// Where it begins; `None` is the beginning.
    pub after: Option<Cursor>,
}

/// A page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// What is on it. May be less than was asked for, even nothing, although there is a next page.
    pub items: Vec<T>,
    /// Where the next page begins; `None` when this is the last.
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// The same page with each thing turned into another.
    pub fn map<U>(self, turn: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(turn).collect(), next: self.next }
    }
}

/// Why a page cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// Its cursor is not of this list.
    #[error("cursor {0}")]
    Cursor(#[from] InvalidCursor),
    /// Something else.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl From<StoreError> for PageError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl Classified for PageError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Cursor(_) => ErrorKind::Validation,
            Self::Failed(failure) => failure.kind(),
        }
    }

    fn field(&self) -> Option<(&'static str, String)> {
        match self {
            Self::Cursor(why) => Some(("cursor", why.to_string())),
            Self::Failed(_) => None,
        }
    }
}

/// Why a list that is not for everybody is not shown.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// It is not for them to see.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The page cannot be shown.
    #[error(transparent)]
    Page(#[from] PageError),
}

impl Classified for ListError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Denied(denied) => denied.kind(),
            Self::Page(error) => error.kind(),
        }
    }

    fn field(&self) -> Option<(&'static str, String)> {
        match self {
            Self::Denied(_) => None,
            Self::Page(error) => error.field(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_20_a_page_is_bounded() {
        assert_eq!(PageSize::parse("1").map(PageSize::get), Ok(1));
        assert_eq!(PageSize::parse("100").map(PageSize::get), Ok(100));
        for bad in ["0", "101", "-1", "1000", "ten", ""] {
            assert_eq!(PageSize::parse(bad), Err(InvalidPageSize), "{bad}");
        }
    }

    #[test]
    fn rule_20_a_cursor_is_bounded() {
        assert!(Cursor::parse("WyJ1c2VyXzEiXQ").is_ok());
        for bad in ["", "a b", "a=", &"x".repeat(1025)] {
            assert_eq!(Cursor::parse(bad), Err(InvalidCursor), "{bad}");
        }
    }
}
