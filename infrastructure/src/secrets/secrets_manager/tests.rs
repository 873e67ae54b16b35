use secrecy::ExposeSecret;

use super::*;
use crate::fixtures::{AwsAnswer, aws_config};

const MISSING: AwsAnswer = AwsAnswer { status: 400, body: r#"{"__type":"ResourceNotFoundException"}"# };
const DENIED: AwsAnswer =
    AwsAnswer { status: 400, body: r#"{"__type":"AccessDeniedException","Message":"User alice is not authorized"}"# };

/// A secret whose versions answer like this.
fn secret(current: AwsAnswer, previous: AwsAnswer) -> SecretsManagerSecret {
    let config = aws_config(move |request| {
        let asked = String::from_utf8_lossy(request.body().bytes().unwrap_or_default()).into_owned();
        assert!(asked.contains("arn:aws:secretsmanager:us-east-1:1:secret:jwt"), "{asked}");
        if asked.contains("AWSPREVIOUS") { previous } else { current }
    });
    SecretsManagerSecret::new(Client::new(&config), "arn:aws:secretsmanager:us-east-1:1:secret:jwt")
}

const fn text(body: &'static str) -> AwsAnswer {
    AwsAnswer { status: 200, body }
}

#[tokio::test]
async fn both_versions_are_read() {
    let secret = secret(text(r#"{"SecretString":"new"}"#), text(r#"{"SecretString":"old"}"#));
    let texts = secret.fetch().await.unwrap();
    assert_eq!(texts.current.expose_secret(), "new");
    assert_eq!(texts.previous.unwrap().expose_secret(), "old");
}

#[tokio::test]
async fn a_secret_that_was_never_rotated_has_no_previous_version() {
    let texts = secret(text(r#"{"SecretString":"new"}"#), MISSING).fetch().await.unwrap();
    assert!(texts.previous.is_none());
}

#[tokio::test]
async fn a_previous_version_that_cannot_be_read_is_not_taken_for_none() {
    assert!(secret(text(r#"{"SecretString":"new"}"#), DENIED).fetch().await.is_err());
}

#[tokio::test]
async fn a_secret_that_is_missing_or_binary_is_an_error_that_says_so() {
    let missing = secret(MISSING, MISSING).fetch().await.unwrap_err().to_string();
    assert_eq!(missing, "the signing secret cannot be read: there is no such secret");
    let binary = secret(text(r#"{"SecretBinary":"AAAA"}"#), MISSING).fetch().await.unwrap_err().to_string();
    assert_eq!(binary, "the signing secret cannot be read: AWSCURRENT is not text");
}

/// Rule 24: the message of a refusal names people and policies.
#[tokio::test]
async fn an_error_says_its_code_only() {
    let error = secret(DENIED, DENIED).fetch().await.unwrap_err().to_string();
    assert!(error.ends_with(": AccessDeniedException"), "{error}");
}
