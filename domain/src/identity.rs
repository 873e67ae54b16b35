//! Proof of who somebody is that comes from outside: an account with another service.

use std::fmt;

use crate::{IdentityId, TokenHash};

/// A service that people may sign in with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IdentityProvider {
    /// Google, for private accounts and Workspace.
    Google,
    /// Microsoft Entra, for private, work and school accounts.
    Microsoft,
}

impl IdentityProvider {
    /// Every provider.
    pub const ALL: [Self; 2] = [Self::Google, Self::Microsoft];

    /// The provider's name in tables, events and requests.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Google => "google",
            Self::Microsoft => "microsoft",
        }
    }

    /// The provider of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|provider| provider.as_str() == name)
    }
}

/// As people know it.
impl fmt::Display for IdentityProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Google => "Google",
            Self::Microsoft => "Microsoft",
        })
    }
}

/// Why two texts name no outside identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an issuer and a subject of 1 to 255 visible ASCII characters")]
pub struct InvalidIdentity;

/// Who somebody is to the service that vouches for them: the issuer and the subject, which together never come to
/// mean anybody else (OpenID Connect Core §5.7). An address is no part of it: addresses change hands (security
/// rule 11).
///
/// `Debug` hides the subject: it names a person.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct OutsideIdentity {
    issuer: String,
    subject: String,
}

impl OutsideIdentity {
    /// Longest issuer and longest subject, in bytes (OpenID Connect Core §2 sets the latter).
    pub const MAX_LENGTH: usize = 255;

    /// Reads an identity. Both texts count to the letter.
    ///
    /// # Errors
    ///
    /// [`InvalidIdentity`] when one of them is empty, too long or not visible ASCII.
    pub fn parse(issuer: &str, subject: &str) -> Result<Self, InvalidIdentity> {
        let good = |text: &str| {
            (1..=Self::MAX_LENGTH).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
        };
        if !(good(issuer) && good(subject)) {
            return Err(InvalidIdentity);
        }
        Ok(Self::restore(issuer, subject))
    }

    /// Takes an identity from the store as it is.
    #[must_use]
    pub fn restore(issuer: impl Into<String>, subject: impl Into<String>) -> Self {
        Self { issuer: issuer.into(), subject: subject.into() }
    }

    /// Who vouches for the person.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Who the person is to the issuer.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The identity's name here: always the same, and of it alone. Neither half can be read from it.
    #[must_use]
    pub fn id(&self) -> IdentityId {
        // No half holds a line break, so that no two identities run into one text.
        IdentityId::restore(TokenHash::of(&format!("{}\n{}", self.issuer, self.subject)).as_str())
    }
}

impl fmt::Debug for OutsideIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutsideIdentity").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const GOOGLE: &str = "https://accounts.google.com";

    #[rstest]
    #[case::no_issuer("", "1")]
    #[case::no_subject(GOOGLE, "")]
    #[case::too_long(GOOGLE, &"1".repeat(256))]
    #[case::line_break(GOOGLE, "1\n2")]
    #[case::space(GOOGLE, "1 2")]
    #[case::not_ascii(GOOGLE, "１")]
    fn what_names_nobody_is_refused(#[case] issuer: &str, #[case] subject: &str) {
        assert_eq!(OutsideIdentity::parse(issuer, subject), Err(InvalidIdentity));
    }

    #[test]
    fn rule_11_issuer_and_subject_name_an_identity_together() {
        let id = |issuer: &str, subject: &str| OutsideIdentity::parse(issuer, subject).unwrap().id();
        assert_eq!(id(GOOGLE, "1"), id(GOOGLE, "1"));
        assert_ne!(id(GOOGLE, "1"), id(GOOGLE, "2"));
        assert_ne!(id(GOOGLE, "1"), id("https://login.example.com", "1"));
        assert_ne!(id("https://a.example/1", "2"), id("https://a.example/", "12"));
        assert!(IdentityId::parse(id(GOOGLE, "1").as_str()).is_ok(), "it stands in paths");
    }

    #[test]
    fn debug_hides_the_person() {
        let shown = format!("{:?}", OutsideIdentity::restore(GOOGLE, "s3cr3t"));
        assert!(shown.contains(GOOGLE) && !shown.contains("s3cr3t"));
    }
}
