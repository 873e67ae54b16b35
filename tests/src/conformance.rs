//! Holds every answer against the OpenAPI document.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex},
};

use axum::http::Method;
use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

use crate::Answer;

/// The document as clients get it.
static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::to_value(api::openapi()).expect("the document is JSON"));

/// One operation of the document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Operation {
    /// `GET`, `POST` …
    pub method: String,
    /// Its path, complete.
    pub path: String,
    /// Whether it wants an access token.
    pub signed_in: bool,
    /// Whether it wants a body.
    pub has_body: bool,
    /// Whether clients should call another one instead.
    pub deprecated: bool,
}

impl Operation {
    /// An address of the operation: its path with something in place of what varies.
    pub fn address(&self) -> String {
        let parts = self.path.split('/').map(|part| if part.starts_with('{') { "anything" } else { part });
        parts.collect::<Vec<_>>().join("/")
    }
}

/// Every operation of the document.
pub fn operations() -> Vec<Operation> {
    let mut found = Vec::new();
    for (path, item) in object(&DOCUMENT["paths"]) {
        for (method, operation) in object(item) {
            found.push(Operation {
                method: method.to_ascii_uppercase(),
                path: path.clone(),
                signed_in: operation.get("security").is_some(),
                deprecated: operation.get("deprecated") == Some(&Value::Bool(true)),
                has_body: operation.pointer("/requestBody/required") == Some(&Value::Bool(true)),
            });
        }
    }
    found
}

/// The document.
pub(crate) fn document() -> &'static Value {
    &DOCUMENT
}

/// The schema of an operation's JSON body, if it takes one.
pub(crate) fn request_schema(operation: &Operation) -> Option<&'static Value> {
    let operation = find_path(&operation.path)?.get(operation.method.to_ascii_lowercase())?;
    operation.pointer("/requestBody/content/application~1json/schema")
}

/// Follows a reference, if the value is one.
pub(crate) fn resolve(value: &'static Value) -> &'static Value {
    match value.get("$ref").and_then(Value::as_str) {
        Some(reference) => {
            DOCUMENT.pointer(reference.trim_start_matches('#')).expect("a reference that leads somewhere")
        }
        None => value,
    }
}

/// Panics unless the document has the operation, with this status, this content type and a schema that the body
/// satisfies: every required field, no unknown one.
pub(crate) fn check(method: &Method, path: &str, answer: &Answer) {
    let context = || format!("{method} {path} answered {}:\n{}", answer.status, answer.text());
    let key = method.as_str().to_ascii_lowercase();
    let Some(operation) = find_path(path).and_then(|item| item.get(&key)) else {
        panic!("the OpenAPI document has no {method} {path}");
    };
    let Some(response) = operation["responses"].get(answer.status.to_string()) else {
        panic!("the OpenAPI document does not declare this status.\n{}", context());
    };
    let response = resolve(response);
    let content_type = answer.header("content-type").unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default();
    assert!(content_type.ends_with("; charset=utf-8"), "content type {content_type:?}\n{}", context());
    let Some(schema) = response.pointer("/content").and_then(|content| content.get(media_type)?.get("schema")) else {
        panic!("the OpenAPI document does not declare the content type {content_type:?}.\n{}", context());
    };
    let body = answer.json();
    let problems: Vec<String> =
        validator(schema).iter_errors(&body).map(|error| format!("  {}: {error}", error.instance_path())).collect();
    assert!(problems.is_empty(), "the body does not match its schema:\n{}\n{}", problems.join("\n"), context());
}

/// The path of the document that this path is one of: `/users/{id}` for `/users/u1`. One that is written out goes
/// before one with a parameter, as in the router.
fn find_path(path: &str) -> Option<&'static Value> {
    let fits = |template: &str| {
        let (mut wanted, mut given) = (template.split('/'), path.split('/'));
        let is_fit = |(wanted, given): (&str, &str)| wanted == given || (wanted.starts_with('{') && !given.is_empty());
        wanted.by_ref().zip(given.by_ref()).all(is_fit) && template.matches('/').count() == path.matches('/').count()
    };
    let paths = object(&DOCUMENT["paths"]);
    paths.get(path).or_else(|| paths.iter().find(|(template, _)| fits(template)).map(|(_, item)| item))
}

fn object(value: &Value) -> &Map<String, Value> {
    value.as_object().expect("an object")
}

/// A validator for a schema of the document; each is built once.
fn validator(schema: &Value) -> Arc<Validator> {
    static CLOSED_COMPONENTS: LazyLock<Value> = LazyLock::new(|| {
        let mut schemas = DOCUMENT["components"]["schemas"].clone();
        schemas.as_object_mut().expect("an object").values_mut().for_each(close_within);
        json!({ "schemas": schemas })
    });
    static BUILT: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);
    let mut built = BUILT.lock().expect("a validator is built or it is not");
    let entry = built.entry(schema.to_string()).or_insert_with(|| {
        let mut root = schema.clone();
        close_within(&mut root);
        close(&mut root);
        root["components"] = CLOSED_COMPONENTS.clone();
        let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
        Arc::new(options.build(&root).expect("the document's schemas are valid"))
    });
    Arc::clone(entry)
}

/// Forbids properties that the schema does not name. JSON Schema allows them, and so does the document, in which
/// schemas are composed; an answer of ours with one is a field that nobody wrote down.
fn close(schema: &mut Value) {
    if let Some(schema) = schema.as_object_mut() {
        schema.entry("unevaluatedProperties").or_insert(Value::Bool(false));
    }
}

/// Does so for everything that is nested in the schema. The parts of an `allOf` stay open, because each sees
/// the other's properties.
fn close_within(schema: &mut Value) {
    let Some(schema) = schema.as_object_mut() else { return };
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        for property in properties.values_mut() {
            close_within(property);
            close(property);
        }
    }
    if let Some(items) = schema.get_mut("items") {
        close_within(items);
        close(items);
    }
    for composition in ["allOf", "anyOf", "oneOf"] {
        if let Some(parts) = schema.get_mut(composition).and_then(Value::as_array_mut) {
            parts.iter_mut().for_each(close_within);
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::{body::Bytes, http::HeaderMap};

    use super::*;

    fn answer(status: u16, content_type: &'static str, body: &Value) -> Answer {
        let headers = HeaderMap::from_iter([(axum::http::header::CONTENT_TYPE, content_type.parse().unwrap())]);
        Answer { status, headers, body: Bytes::from(body.to_string()) }
    }

    const JSON: &str = "application/json; charset=utf-8";

    fn signed_out() -> Value {
        json!({ "success": true, "message": "You are signed out" })
    }

    fn health() -> Value {
        let about = json!({
            "status": "Healthy", "service": "s", "version": "1", "timestamp": "2027-02-01T12:00:00Z", "environment": "dev",
        });
        json!({ "success": true, "data": about })
    }

    #[test]
    fn an_answer_as_documented_passes() {
        check(&Method::POST, "/api/v1/auth/logout", &answer(200, JSON, &signed_out()));
        check(&Method::GET, "/api/v1/health", &answer(200, JSON, &health()));
    }

    #[test]
    #[should_panic(expected = "has no POST /api/v1/nothing")]
    fn an_unknown_operation_is_noticed() {
        check(&Method::POST, "/api/v1/nothing", &answer(200, JSON, &signed_out()));
    }

    #[test]
    #[should_panic(expected = "does not declare this status")]
    fn an_undeclared_status_is_noticed() {
        check(&Method::POST, "/api/v1/auth/logout", &answer(418, JSON, &signed_out()));
    }

    #[test]
    #[should_panic(expected = "content type")]
    fn an_undeclared_content_type_is_noticed() {
        check(&Method::POST, "/api/v1/auth/logout", &answer(200, "text/html; charset=utf-8", &signed_out()));
    }

    #[test]
    #[should_panic(expected = "does not match its schema")]
    fn an_undocumented_field_is_noticed() {
        let mut body = health();
        body["data"]["password_hash"] = json!("x");
        check(&Method::GET, "/api/v1/health", &answer(200, JSON, &body));
    }

    #[test]
    #[should_panic(expected = "does not match its schema")]
    fn a_missing_field_is_noticed() {
        let mut body = health();
        body["data"].as_object_mut().unwrap().remove("version");
        check(&Method::GET, "/api/v1/health", &answer(200, JSON, &body));
    }

    #[test]
    #[should_panic(expected = "does not match its schema")]
    fn a_date_that_is_none_is_noticed() {
        let mut body = health();
        body["data"]["timestamp"] = json!("yesterday");
        check(&Method::GET, "/api/v1/health", &answer(200, JSON, &body));
    }
}
