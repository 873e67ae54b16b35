//! The secret that signs tokens: its shape, and whether both services understand each other's tokens with it.
//! Nothing here prints any of it.

use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::Value;

use super::tokens::{self, CrossCheck};
use crate::{
    aws::secrets::{self, Labelled},
    context::Context,
    failure::Failure,
};

/// Shortest key that both services take, in bytes.
const MIN_LENGTH: usize = 32;

/// What is known of the secret.
#[derive(Debug, Serialize)]
pub(crate) struct Inspected {
    /// How the key is written in the secret's text.
    pub(crate) shape: Option<Shape>,
    /// Its length in bytes.
    pub(crate) length: Option<usize>,
    /// Whether a rotation left a version that still verifies.
    pub(crate) has_previous: bool,
    /// Tokens from one service to the other.
    pub(crate) cross_checks: Vec<CrossCheck>,
    /// Why it cannot be used.
    pub(crate) problems: Vec<String>,
}

/// How the key is written in the secret's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Shape {
    /// JSON with `jwt_secret`.
    #[serde(rename = "JSON with jwt_secret")]
    JwtSecret,
    /// JSON with `secret`.
    #[serde(rename = "JSON with secret")]
    Secret,
    /// The text itself.
    #[serde(rename = "text")]
    Text,
}

impl Shape {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::JwtSecret => "JSON with jwt_secret",
            Self::Secret => "JSON with secret",
            Self::Text => "text",
        }
    }
}

/// The key in a secret's text, as the Python services find it: written a second time, because the first is what
/// is checked.
fn key_in(text: &str) -> (Shape, String) {
    let document: Value = serde_json::from_str(text).unwrap_or_default();
    let named = |name: &str| document.get(name).and_then(Value::as_str).map(str::to_owned);
    match (named("jwt_secret"), named("secret")) {
        (Some(key), _) => (Shape::JwtSecret, key),
        (None, Some(key)) => (Shape::Secret, key),
        (None, None) => (Shape::Text, text.to_owned()),
    }
}

/// Looks at the secret.
pub(crate) fn inspect(context: &Context<'_>, id: &str) -> Result<Inspected, Failure> {
    let mut inspected =
        Inspected { shape: None, length: None, has_previous: false, cross_checks: Vec::new(), problems: Vec::new() };
    let text = match secrets::version(context, id, "AWSCURRENT")? {
        Labelled::Text(text) => text,
        Labelled::NotText => return Ok(inspected.with_problem("the secret is not text")),
        Labelled::Nothing => return Ok(inspected.with_problem("the secret is not there, or has no version")),
    };
    inspected.has_previous = matches!(secrets::version(context, id, "AWSPREVIOUS")?, Labelled::Text(_));
    let (shape, key) = key_in(text.expose_secret());
    inspected.shape = Some(shape);
    inspected.length = Some(key.len());
    if key.len() < MIN_LENGTH {
        let problem = format!("the key has {} bytes; it must have at least {MIN_LENGTH}", key.len());
        return Ok(inspected.with_problem(&problem));
    }
    inspected.cross_checks = tokens::cross_check(text, &SecretString::from(key))?;
    let failed = inspected
        .cross_checks
        .iter()
        .filter_map(|check| check.failure.as_ref().map(|why| format!("{}: {why}", check.name)));
    inspected.problems = failed.collect();
    Ok(inspected)
}

impl Inspected {
    fn with_problem(mut self, problem: &str) -> Self {
        self.problems.push(problem.to_owned());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_found_in_each_shape_and_in_the_order_of_the_contract() {
        let key = |text: &str| key_in(text);
        assert_eq!(key(r#"{"secret": "b", "jwt_secret": "a"}"#), (Shape::JwtSecret, "a".to_owned()));
        assert_eq!(key(r#"{"secret": "b", "jwt_secret": 1}"#), (Shape::Secret, "b".to_owned()));
        for text in [r#"{"other": "c"}"#, "plain", "\"quoted\"", ""] {
            assert_eq!(key(text), (Shape::Text, text.to_owned()));
        }
    }
}
