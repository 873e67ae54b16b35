//! Reads settings by name and collects everything that is wrong with them.

use std::{fmt, ops::RangeInclusive, str::FromStr};

use secrecy::SecretString;

/// One setting that cannot be used. Shows the setting's name and rule, never its value: it may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The setting.
    pub name: String,
    /// What is wrong with it.
    pub why: String,
}

/// Everything that is wrong with the settings.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The problems, in the order in which the settings were read.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration has {} problem(s):", self.problems.len())?;
        let width = self.problems.iter().map(|problem| problem.name.len()).max().unwrap_or(0);
        self.problems.iter().try_for_each(|Problem { name, why }| write!(f, "\n  {name:width$}  {why}"))
    }
}

impl std::error::Error for ConfigError {}

/// Looks settings up. A setting that is empty counts as absent, because that is how templates leave one out.
pub(super) struct Reader<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { lookup, problems: Vec::new() }
    }

    pub(super) fn problem(&mut self, name: &str, why: impl Into<String>) {
        self.problems.push(Problem { name: name.to_owned(), why: why.into() });
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        (self.lookup)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    pub(super) fn secret(&self, name: &str) -> Option<SecretString> {
        self.text(name).map(SecretString::from)
    }

    pub(super) fn text_or(&self, name: &str, default: &str) -> String {
        self.text(name).unwrap_or_else(|| default.to_owned())
    }

    /// A whole number within `range`.
    pub(super) fn number<T>(&mut self, name: &str, default: T, range: RangeInclusive<T>) -> T
    where
        T: FromStr + PartialOrd + fmt::Display + Copy,
    {
        let Some(text) = self.text(name) else { return default };
        match text.parse() {
            Ok(value) if range.contains(&value) => value,
            _ => {
                self.problem(name, format!("must be a whole number from {} to {}", range.start(), range.end()));
                default
            }
        }
    }

    pub(super) fn flag(&mut self, name: &str, default: bool) -> bool {
        match self.text(name).map(|text| text.to_ascii_lowercase()).as_deref() {
            None => default,
            Some("true" | "1" | "yes" | "on") => true,
            Some("false" | "0" | "no" | "off") => false,
            Some(_) => {
                self.problem(name, "must be true or false");
                default
            }
        }
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(&mut self, name: &str, default: T, choices: &[(&str, T)]) -> T {
        let Some(text) = self.text(name) else { return default };
        if let Some((_, value)) = choices.iter().find(|(word, _)| word.eq_ignore_ascii_case(&text)) {
            return *value;
        }
        let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
        self.problem(name, format!("must be one of {}", words.join(", ")));
        default
    }

    /// A JSON array of texts.
    pub(super) fn list(&mut self, name: &str) -> Vec<String> {
        let Some(text) = self.text(name) else { return Vec::new() };
        serde_json::from_str(&text).unwrap_or_else(|_| {
            self.problem(name, r#"must be a JSON array of strings, for example ["https://app.example.com"]"#);
            Vec::new()
        })
    }

    /// Reads a text with its type's own rule.
    pub(super) fn parsed<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let text = self.text(name)?;
        parse(&text).map_err(|why| self.problem(name, why)).ok()
    }

    pub(super) fn finish<T>(self, value: Option<T>) -> Result<T, ConfigError> {
        match value {
            Some(value) if self.problems.is_empty() => Ok(value),
            _ => Err(ConfigError { problems: self.problems }),
        }
    }
}
