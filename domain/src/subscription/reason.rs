//! Why people do things with subscriptions, in their words.

macro_rules! reason {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// Longest reason, in characters.
            pub const MAX_LENGTH: usize = 500;

            /// Reads a reason, ignoring white space around it.
            ///
            /// # Errors
            ///
            /// [`InvalidReason`] when it is empty or too long, or holds control characters other than line breaks.
            pub fn parse(text: &str) -> Result<Self, InvalidReason> {
                let text = text.trim();
                let fits = (1..=Self::MAX_LENGTH).contains(&text.chars().count());
                let clean = !text.chars().any(|character| character.is_control() && character != '\n');
                if fits && clean { Ok(Self(text.to_owned())) } else { Err(InvalidReason) }
            }

            /// Takes a reason from the store as it is.
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
    };
}

/// Why a text is no reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 500 characters")]
pub struct InvalidReason;

reason! {
    /// Why a trial was extended: 1 to 500 characters, trimmed.
    TrialExtensionReason
}
reason! {
    /// Why a tenant left: 1 to 500 characters, trimmed.
    CancellationReason
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_says_something() {
        assert_eq!(CancellationReason::parse(" too dear\n").map(|reason| reason.0), Ok("too dear".to_owned()));
        for none in ["", "  ", "a\u{0}b", &"x".repeat(501)] {
            assert_eq!(CancellationReason::parse(none), Err(InvalidReason));
        }
    }
}
