//! Passwords and the rules for choosing one (security rules 1 to 3).

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use unicode_normalization::UnicodeNormalization;
use zxcvbn::{Score, feedback::Warning, zxcvbn};

use crate::{EmailAddress, PersonName};

/// A password as somebody typed it.
///
/// Having one says nothing about its strength: existing users must be able to sign in with what they have.
/// Only [`PasswordPolicy::check`] judges, and only when a password is set.
#[derive(Clone)]
pub struct Password {
    typed: SecretString,
    normalized: SecretString,
}

/// The text is longer than any password that this service ever stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be at most 1024 characters")]
pub struct PasswordTooLong;

impl Password {
    /// Longest text that is taken at all, in characters: what may be *chosen* is shorter
    /// ([`PasswordPolicy::MAX_LENGTH`]).
    pub const MAX_TYPED_LENGTH: usize = 1024;

    /// Takes a password as typed; every character, white space included, counts.
    ///
    /// # Errors
    ///
    /// [`PasswordTooLong`] beyond [`Self::MAX_TYPED_LENGTH`].
    pub fn parse(typed: SecretString) -> Result<Self, PasswordTooLong> {
        if typed.expose_secret().chars().count() > Self::MAX_TYPED_LENGTH {
            return Err(PasswordTooLong);
        }
        let normalized = typed.expose_secret().nfc().collect::<String>().into();
        Ok(Self { typed, normalized })
    }

    /// The password in Unicode normal form C, in which it is hashed: the same keys give different code points
    /// on different devices.
    #[must_use]
    pub fn normalized(&self) -> &SecretString {
        &self.normalized
    }

    /// The password exactly as typed, as the Python service hashed it.
    #[must_use]
    pub fn as_typed(&self) -> &SecretString {
        &self.typed
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(hidden)")
    }
}

/// A stored password hash: a PHC string, or one of passlib's bcrypt strings.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Wraps what a hasher made or the store holds.
    #[must_use]
    pub fn restore(stored: impl Into<String>) -> Self {
        Self(stored.into())
    }

    /// The encoded hash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(hidden)")
    }
}

/// What a new password must satisfy.
#[derive(Clone, Copy, Debug)]
pub struct PasswordPolicy {
    /// Fewest code points.
    pub min_length: usize,
}

/// Why a password was refused. Says which rule, never what was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// Nothing was given.
    #[error("is required")]
    Missing,
    /// Fewer code points than the policy asks for.
    #[error("must be at least {0} characters")]
    TooShort(usize),
    /// More code points than [`PasswordPolicy::MAX_LENGTH`].
    #[error("must be at most 256 characters")]
    TooLong,
    /// Among the passwords that attackers try first.
    #[error("is one of the most common passwords, or close to one")]
    Common,
    /// Guessable for whoever knows the person or the product.
    #[error("must not be built from your name, your email address or the name of this product")]
    Personal,
    /// Too easy to guess for another reason.
    #[error("is too easy to guess; use more words or characters that do not follow a pattern")]
    Guessable,
}

/// What the person's own password must not be built from.
#[derive(Clone, Copy, Debug)]
pub struct PersonalContext<'a> {
    /// Their address.
    pub email: &'a EmailAddress,
    /// Their first name.
    pub first_name: &'a PersonName,
    /// Their last name.
    pub last_name: &'a PersonName,
}

impl PasswordPolicy {
    /// Most code points of a new password.
    pub const MAX_LENGTH: usize = 256;

    /// The least length that OWASP ASVS 5.0 §6.2.1 allows, and the default.
    pub const LEAST_MIN_LENGTH: usize = 8;

    const PRODUCT: [&'static str; 3] = ["purposepath", "purpose", "path"];

    /// Judges a password that somebody wants to set.
    ///
    /// # Errors
    ///
    /// [`WeakPassword`], the first rule that it breaks.
    pub fn check(&self, password: &Password, person: PersonalContext<'_>) -> Result<(), WeakPassword> {
        let text = password.normalized().expose_secret();
        let length = text.chars().count();
        if length == 0 {
            return Err(WeakPassword::Missing);
        }
        if length < self.min_length {
            return Err(WeakPassword::TooShort(self.min_length));
        }
        if length > Self::MAX_LENGTH {
            return Err(WeakPassword::TooLong);
        }
        let personal = Self::personal_words(person);
        let personal: Vec<&str> = personal.iter().map(String::as_str).collect();
        let informed = zxcvbn(text, &personal);
        if informed.score() >= Score::Three {
            return Ok(());
        }
        let uninformed = zxcvbn(text, &[]);
        Err(match uninformed.feedback().and_then(zxcvbn::feedback::Feedback::warning) {
            Some(
                Warning::ThisIsATop10Password
                | Warning::ThisIsATop100Password
                | Warning::ThisIsACommonPassword
                | Warning::ThisIsSimilarToACommonlyUsedPassword,
            ) => WeakPassword::Common,
            _ if informed.guesses() < uninformed.guesses() => WeakPassword::Personal,
            _ => WeakPassword::Guessable,
        })
    }

    fn personal_words(person: PersonalContext<'_>) -> Vec<String> {
        let PersonalContext { email, first_name, last_name } = person;
        let parts = |text: &str| -> Vec<String> {
            text.split(|c: char| !c.is_alphanumeric())
                .filter(|part| part.chars().count() > 2)
                .map(str::to_lowercase)
                .collect()
        };
        let mut words = vec![email.as_str().to_owned(), email.local_part().to_owned()];
        for text in [email.as_str(), first_name.as_str(), last_name.as_str()] {
            words.extend(parts(text));
        }
        words.extend(Self::PRODUCT.map(str::to_owned));
        words
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn check(text: &str) -> Result<(), WeakPassword> {
        let email = EmailAddress::parse("wilhelmina.brandt@example.com").unwrap();
        let (first_name, last_name) = (PersonName::parse("Wilhelmina").unwrap(), PersonName::parse("Brandt").unwrap());
        let person = PersonalContext { email: &email, first_name: &first_name, last_name: &last_name };
        PasswordPolicy { min_length: 8 }.check(&Password::parse(text.into()).unwrap(), person)
    }

    #[rstest]
    #[case::phrase("correct horse battery staple")]
    #[case::no_composition_rule_rule_2("gwtbpkzvqmhd")]
    #[case::any_script("пурпурный слон читает")]
    #[case::longest(&(0..64_u32).flat_map(|i| format!("{:04x}", i * 7919 % 65_536).into_bytes()).map(char::from).collect::<String>())]
    fn rule_1_a_password_that_is_hard_to_guess_is_accepted(#[case] text: &str) {
        assert_eq!(check(text), Ok(()));
    }

    #[rstest]
    #[case::empty("", WeakPassword::Missing)]
    #[case::short("x9$kQ2v", WeakPassword::TooShort(8))]
    #[case::long(&"tr4 z".repeat(52), WeakPassword::TooLong)]
    #[case::pattern("abcdefghijk", WeakPassword::Guessable)]
    fn rule_1_a_short_long_or_patterned_password_is_refused(#[case] text: &str, #[case] why: WeakPassword) {
        assert_eq!(check(text), Err(why));
    }

    #[rstest]
    #[case::common("password1", WeakPassword::Common)]
    #[case::common("iloveyou", WeakPassword::Common)]
    #[case::name("wilhelmina.brandt", WeakPassword::Personal)]
    #[case::name_and_year("Wilhelmina1987", WeakPassword::Personal)]
    #[case::address("wilhelmina.brandt@example.com", WeakPassword::Personal)]
    fn rule_3_a_common_or_personal_password_is_refused_and_the_rule_named(
        #[case] text: &str,
        #[case] why: WeakPassword,
    ) {
        assert_eq!(check(text), Err(why));
    }

    #[test]
    fn rule_3_the_product_name_is_no_password() {
        assert!(check("PurposePath1").is_err());
    }

    #[test]
    fn rule_1_length_counts_code_points_after_normalisation() {
        let decomposed = Password::parse("e\u{301}".repeat(4).into()).unwrap();
        assert_eq!(decomposed.normalized().expose_secret().chars().count(), 4);
        assert_eq!(decomposed.as_typed().expose_secret().chars().count(), 8);
        assert_eq!(check(&"e\u{301}".repeat(7)), Err(WeakPassword::TooShort(8)));
    }

    #[test]
    fn rule_1_white_space_is_kept() {
        let password = Password::parse("  a b  ".into()).unwrap();
        assert_eq!(password.normalized().expose_secret(), "  a b  ");
    }

    #[test]
    fn debug_shows_no_password() {
        let password = Password::parse("hunter2hunter2".into()).unwrap();
        assert!(!format!("{password:?}").contains("hunter"));
    }
}
