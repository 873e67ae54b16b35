//! From JSON to a request type, or to what is wrong with each field.
//!
//! Neither serde's nor validator's own texts reach the client: both contain the value that was refused, which
//! may be a password (security rule 24).

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::Value;
use validator::{Validate, ValidationErrors, ValidationErrorsKind};

use crate::{
    dto::rules::EMAIL_FORMAT,
    error::{ApiError, ErrorCode},
};

/// Reads a request type and judges every field of it.
pub(crate) fn decode<T: DeserializeOwned + Validate>(fields: Value) -> Result<T, ApiError> {
    let request: T = serde_path_to_error::deserialize(fields).map_err(|error| wrong_type(&error))?;
    request.validate().map_err(|errors| broken_rules(&errors))?;
    Ok(request)
}

fn wrong_type(error: &serde_path_to_error::Error<serde_json::Error>) -> ApiError {
    let fields = BTreeMap::from([(error.path().to_string(), expectation(&error.inner().to_string()))]);
    ApiError::invalid(ErrorCode::ValidationError, fields)
}

/// What a field should have been. Serde says `invalid type: <the value>, expected <the type>`; the type is our
/// own word and all that may be repeated.
fn expectation(serde_says: &str) -> String {
    match serde_says.rsplit_once(", expected ").map(|(_, expected)| expected) {
        Some("i64") => "must be a whole number".to_owned(),
        Some(expected) if expected.starts_with("struct ") => "must be an object".to_owned(),
        Some(expected) => format!("must be {expected}"),
        None => "is not valid".to_owned(),
    }
}

fn broken_rules(errors: &ValidationErrors) -> ApiError {
    let mut broken = BrokenRules { fields: BTreeMap::new(), only_email_format: true };
    broken.collect("", errors);
    let code = if broken.only_email_format { ErrorCode::InvalidEmailFormat } else { ErrorCode::ValidationError };
    ApiError::invalid(code, broken.fields)
}

struct BrokenRules {
    fields: BTreeMap<String, String>,
    only_email_format: bool,
}

impl BrokenRules {
    fn collect(&mut self, parent: &str, errors: &ValidationErrors) {
        for (name, kind) in errors.errors() {
            let path = if parent.is_empty() { name.to_string() } else { format!("{parent}.{name}") };
            match kind {
                ValidationErrorsKind::Struct(nested) => self.collect(&path, nested),
                ValidationErrorsKind::List(items) => {
                    for (index, nested) in items {
                        self.collect(&format!("{path}[{index}]"), nested);
                    }
                }
                // A rule about several fields, whose error names the one at fault.
                ValidationErrorsKind::Field(broken) if name == "__all__" => {
                    self.only_email_format = false;
                    for error in broken {
                        let why = error.message.clone().unwrap_or("is not valid".into());
                        self.fields.insert(error.code.to_string(), why.into_owned());
                    }
                }
                ValidationErrorsKind::Field(broken) => {
                    self.only_email_format &= broken.iter().all(|error| error.code == EMAIL_FORMAT);
                    let why = broken.iter().find_map(|error| error.message.clone());
                    self.fields.insert(path, why.unwrap_or("is not valid".into()).into_owned());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;
    use http_body_util::BodyExt;
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::dto::{
        auth::{LoginRequest, RegisterRequest},
        preferences::PreferencesRequest,
        user::ProfileRequest,
    };

    async fn refusal<T: DeserializeOwned + Validate>(fields: Value) -> Value {
        let Err(error) = decode::<T>(fields) else { panic!("accepted") };
        let body = error.into_response().into_body().collect().await.unwrap().to_bytes();
        serde_json::from_slice(&body).unwrap()
    }

    #[tokio::test]
    async fn every_missing_field_is_named_at_once() {
        let body = refusal::<RegisterRequest>(json!({})).await;
        assert_eq!(body["code"], "VALIDATION_ERROR");
        let required = "is required";
        let expected =
            json!({ "email": required, "first_name": required, "last_name": required, "password": required });
        assert_eq!(body["errors"], expected);
    }

    #[tokio::test]
    async fn an_address_alone_at_fault_has_a_code_of_its_own() {
        let body = refusal::<LoginRequest>(json!({ "email": "anna", "password": "x" })).await;
        assert_eq!(body["code"], "INVALID_EMAIL_FORMAT");
        assert_eq!(body["errors"], json!({ "email": "is not a valid email address" }));
        let body = refusal::<LoginRequest>(json!({ "email": "anna" })).await;
        assert_eq!(body["code"], "VALIDATION_ERROR");
    }

    #[tokio::test]
    async fn nested_fields_are_named_by_their_path() {
        let fields = json!({ "notifications": { "email": "yes" } });
        let body = refusal::<PreferencesRequest>(fields).await;
        assert_eq!(body["errors"], json!({ "notifications.email": "must be a boolean" }));
        let fields = json!({ "preferences": { "theme": "pink", "coaching": { "preferred_session_length": 3 } } });
        let body = refusal::<ProfileRequest>(fields).await;
        let expected = json!({
            "preferences.theme": "must be one of light, dark, auto",
            "preferences.coaching.preferred_session_length": "must be 5 to 480 minutes",
        });
        assert_eq!(body["errors"], expected);
    }

    #[rstest]
    #[case::wrong_type(json!({ "email": { "s3cr3t": "s3cr3t" } }))]
    #[case::text_for_a_number(json!({ "tenant_id": 537_u64, "email": "s3cr3t" }))]
    #[case::broken_rules(json!({
        "email": "s3cr3t", "password": "s3cr3t".repeat(500), "first_name": "<s3cr3t>", "last_name": "s3cr3t://",
        "phone": "s3cr3t", "tenant_name": "s3cr3t://", "invite_token": "s3cr3t",
    }))]
    #[case::deceptive_text(json!({ "email": ["s3cr3t, expected s3cr3t"] }))]
    #[tokio::test]
    async fn rule_24_a_refused_value_is_never_repeated(#[case] fields: Value) {
        let body = refusal::<RegisterRequest>(fields).await;
        assert!(!body.to_string().contains("s3cr3t"), "{body}");
    }

    #[rstest]
    #[case(json!({ "notifications": { "sms": "s3cr3t, expected s3cr3t" } }), "must be a boolean")]
    #[case(json!({ "coaching": { "preferred_session_length": "s3cr3t" } }), "must be a whole number")]
    #[case(json!({ "coaching": "s3cr3t" }), "must be an object")]
    #[case(json!({ "theme": 5 }), "must be a string")]
    #[tokio::test]
    async fn rule_24_a_value_of_the_wrong_type_is_not_repeated(#[case] fields: Value, #[case] expected: &str) {
        let body = refusal::<PreferencesRequest>(fields).await;
        let errors: Vec<_> = body["errors"].as_object().unwrap().values().collect();
        assert_eq!(errors, [expected]);
        assert!(!body.to_string().contains("s3cr3t"), "{body}");
    }
}
