//! What the service must answer.

use application::ports::IdGenerator;
use infrastructure::system::SystemIds;
use serde_json::{Value, json};

use super::json;
use crate::{stage::Stage, web::Answer};

/// Says what is wrong with an answer.
type Judge = dyn Fn(&Answer) -> Result<(), String>;

/// A question, and what the answer must be.
pub(super) struct Expectation {
    pub(super) name: &'static str,
    /// Below the root of the service.
    pub(super) path: &'static str,
    /// What is posted, as JSON.
    pub(super) post: Option<String>,
    status: u16,
    judge: Box<Judge>,
}

impl Expectation {
    fn get(
        name: &'static str,
        path: &'static str,
        status: u16,
        judge: impl Fn(&Answer) -> Result<(), String> + 'static,
    ) -> Self {
        Self { name, path, post: None, status, judge: Box::new(judge) }
    }

    /// Says what is wrong with an answer.
    pub(super) fn judge(&self, answer: &Answer) -> Result<(), String> {
        if answer.status != self.status {
            return Err(format!("the status is {}, not {}", answer.status, self.status));
        }
        (self.judge)(answer)
    }
}

/// Every question of a stage.
pub(super) fn all(stage: Stage) -> Vec<Expectation> {
    vec![
        Expectation::get("it runs", "/api/v1/health", 200, move |answer| is_healthy(answer, stage)),
        Expectation::get("its store answers", "/api/v1/health/ready", 200, move |answer| is_healthy(answer, stage)),
        Expectation::get("the document", "/openapi.json", 200, is_the_document),
        Expectation::get("the page of the document", "/docs/", 200, is_a_page),
        Expectation::get("the public keys", "/.well-known/jwks.json", 200, is_a_key_set),
        Expectation {
            name: "nobody signs in",
            path: "/api/v1/auth/login",
            post: Some(credentials().to_string()),
            status: 401,
            judge: Box::new(|answer| is_failure(answer, "INVALID_CREDENTIALS")),
        },
        Expectation::get("no profile without a token", "/api/v1/user/profile", 401, |answer| {
            is_failure(answer, "TOKEN_MISSING")
        }),
        Expectation::get("no such address", "/api/v1/no-such-address", 404, |answer| is_failure(answer, "NOT_FOUND")),
    ]
}

/// Of nobody, and each time of somebody else: repeated failures lock an address.
fn credentials() -> Value {
    json!({"email": format!("smoke-{}@example.com", SystemIds.uuid().simple()), "password": "nobody has this one"})
}

fn is_healthy(answer: &Answer, stage: Stage) -> Result<(), String> {
    let body = json(answer)?;
    same(&body, "/success", &json!(true))?;
    same(&body, "/data/status", &json!("Healthy"))?;
    same(&body, "/data/environment", &json!(stage.as_str()))
}

fn is_the_document(answer: &Answer) -> Result<(), String> {
    let body = json(answer)?;
    same(&body, "/info/title", &json!("PurposePath account service"))?;
    let version = body.get("openapi").and_then(Value::as_str).unwrap_or_default();
    if version.starts_with("3.1.") { Ok(()) } else { Err(format!("openapi is {version:?}")) }
}

fn is_a_page(answer: &Answer) -> Result<(), String> {
    let content_type = answer.headers.get("content-type").map(String::as_str).unwrap_or_default();
    if content_type.starts_with("text/html") { Ok(()) } else { Err(format!("the content type is {content_type:?}")) }
}

fn is_a_key_set(answer: &Answer) -> Result<(), String> {
    let body = json(answer)?;
    if body.get("keys").is_some_and(Value::is_array) { Ok(()) } else { Err("keys is no list".to_owned()) }
}

/// A failure of this service: API Gateway's own have no envelope.
fn is_failure(answer: &Answer, code: &str) -> Result<(), String> {
    let body = json(answer)?;
    same(&body, "/success", &json!(false))?;
    same(&body, "/code", &json!(code))?;
    let sentence = body.get("error").and_then(Value::as_str).unwrap_or_default();
    if sentence.is_empty() { Err("error says nothing".to_owned()) } else { Ok(()) }
}

fn same(body: &Value, pointer: &str, expected: &Value) -> Result<(), String> {
    match body.pointer(pointer) {
        Some(found) if found == expected => Ok(()),
        Some(found) => Err(format!("{pointer} is {found}, not {expected}")),
        None => Err(format!("{pointer} is missing")),
    }
}
