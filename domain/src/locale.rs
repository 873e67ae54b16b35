//! Language, time zone and currency: three closed lists that somebody else maintains.

use std::str::FromStr;

macro_rules! stored_text {
    ($name:ident, $default:literal) => {
        impl $name {
            /// Takes a value from the store as it is.
            #[must_use]
            pub fn restore(stored: impl Into<String>) -> Self {
                Self(stored.into())
            }

            /// The value in its standard spelling.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Default for $name {
            #[doc = concat!("`", $default, "`, as the Python services default it.")]
            fn default() -> Self {
                Self($default.to_owned())
            }
        }
    };
}

/// A language tag such as `en` or `pt-BR` (BCP 47).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Language(String);

/// Why a text is not a language tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a BCP 47 language tag")]
pub struct InvalidLanguage;

impl Language {
    /// Reads a well-formed language tag of at most 35 characters (RFC 5646 §4.4.1).
    ///
    /// # Errors
    ///
    /// [`InvalidLanguage`] when it is not one.
    pub fn parse(text: &str) -> Result<Self, InvalidLanguage> {
        if text.len() > 35 {
            return Err(InvalidLanguage);
        }
        oxilangtag::LanguageTag::parse_and_normalize(text)
            .map(|tag| Self(tag.into_inner()))
            .map_err(|_| InvalidLanguage)
    }
}
stored_text!(Language, "en");

/// A time zone such as `Europe/Berlin` (IANA).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeZone(String);

/// Why a text is not a time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not an IANA time zone")]
pub struct InvalidTimeZone;

impl TimeZone {
    /// Reads the name of a zone in the IANA database.
    ///
    /// # Errors
    ///
    /// [`InvalidTimeZone`] when the database has no such zone.
    pub fn parse(text: &str) -> Result<Self, InvalidTimeZone> {
        chrono_tz::Tz::from_str(text).map(|zone| Self(zone.name().to_owned())).map_err(|_| InvalidTimeZone)
    }
}
stored_text!(TimeZone, "UTC");

/// A currency code such as `USD` (ISO 4217).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Currency(String);

/// Why a text is not a currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not an ISO 4217 currency code")]
pub struct InvalidCurrency;

impl Currency {
    /// Reads a currency code in any case.
    ///
    /// # Errors
    ///
    /// [`InvalidCurrency`] when ISO 4217 has no such code.
    pub fn parse(text: &str) -> Result<Self, InvalidCurrency> {
        iso_currency::Currency::from_code(&text.to_ascii_uppercase())
            .map(|currency| Self(currency.code().to_owned()))
            .ok_or(InvalidCurrency)
    }

    /// How many decimal places amounts of it have: 2 for USD, 0 for JPY, 3 for KWD. None where ISO 4217 names no minor
    /// unit.
    #[must_use]
    pub fn decimal_places(&self) -> u32 {
        iso_currency::Currency::from_code(&self.0).and_then(iso_currency::Currency::exponent).map_or(0, u32::from)
    }
}
stored_text!(Currency, "USD");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_tag_is_normalised() {
        assert_eq!(Language::parse("PT-br").map(|l| l.as_str().to_owned()), Ok("pt-BR".to_owned()));
        assert_eq!(Language::parse("english please"), Err(InvalidLanguage));
    }

    #[test]
    fn a_time_zone_must_be_in_the_iana_database() {
        assert_eq!(TimeZone::parse("Europe/Berlin").map(|z| z.as_str().to_owned()), Ok("Europe/Berlin".to_owned()));
        assert_eq!(TimeZone::parse("Mars/Olympus"), Err(InvalidTimeZone));
    }

    #[test]
    fn a_currency_must_be_in_iso_4217() {
        assert_eq!(Currency::parse("eur").map(|c| c.as_str().to_owned()), Ok("EUR".to_owned()));
        assert_eq!(Currency::parse("XXQ"), Err(InvalidCurrency));
    }
}
