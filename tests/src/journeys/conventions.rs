//! What holds for every route, proven by walking the OpenAPI document.

use axum::http::Method;
use serde_json::{Value, json};

use crate::{App, Operation, Registration, conformance, operations};

const METHODS: [Method; 5] = [Method::GET, Method::PUT, Method::POST, Method::PATCH, Method::DELETE];

fn method(operation: &Operation) -> Method {
    operation.method.parse().expect("a method")
}

/// The requests below are empty: a route that is there says what it misses, or works.
pub(super) async fn every_route_answers_with_and_without_the_base_path(app: &App) {
    for operation in operations() {
        let send = |path: String| app.client.at(method(&operation), &path).json(&json!({})).undocumented().send();
        let bare = send(operation.path.clone()).await;
        let mapped = send(format!("/account{}", operation.path)).await;
        assert_ne!(bare.status, 404, "{operation:?}");
        assert_eq!((mapped.status, mapped.json()["code"].clone()), (bare.status, bare.json()["code"].clone()));
    }
}

pub(super) async fn health_answers_at_every_address_that_it_ever_had(app: &App) {
    for (path, documented) in [
        ("/health", "/api/v1/health"),
        ("/health/live", "/api/v1/health/live"),
        ("/health/ready", "/api/v1/health/ready"),
        ("/health/detailed", "/api/v1/health/detailed"),
        ("/api/v1/auth/health", "/api/v1/auth/health"),
        ("/api/v1/.well-known/jwks.json", "/.well-known/jwks.json"),
    ] {
        for path in [path.to_owned(), documented.to_owned(), format!("/account{path}")] {
            let answer = app.client.at(Method::GET, &path).documented_as(documented).send().await;
            assert_eq!(answer.status, 200, "{path}");
        }
    }
    let health = app.client.get("/health").send().await.data();
    assert_eq!((&health["status"], &health["environment"]), (&json!("Healthy"), &json!("local")));
    let detailed = app.client.get("/health/detailed").send().await.data();
    let components = detailed["checks"].as_array().expect("a list");
    assert!(components.iter().any(|check| check["component"] == "dynamodb" && check["status"] == "Healthy"));
}

pub(super) async fn an_unknown_route_is_a_404_in_the_envelope(app: &App) {
    for path in ["/api/v1/nothing", "/api/v1/auth/login/x", "/api/v2/auth/login", "/account/x", "/account", "/accounts"]
    {
        for method in METHODS {
            app.client.at(method, path).undocumented().send().await.refused(404, "NOT_FOUND");
        }
    }
}

pub(super) async fn a_route_without_the_method_is_a_405_in_the_envelope(app: &App) {
    let documented = operations();
    for operation in &documented {
        for other in METHODS {
            if documented.iter().any(|found| found.path == operation.path && found.method == other.as_str()) {
                continue;
            }
            let answer = app.client.at(other, &operation.path).undocumented().send().await;
            answer.refused(405, "METHOD_NOT_ALLOWED");
            let allowed = answer.header("allow").expect("RFC 9110 §15.5.6 wants `Allow`");
            assert!(allowed.contains(operation.method.as_str()), "{operation:?} allows {allowed}");
        }
    }
}

/// The operations that take a body, at addresses that lead to nothing in particular. Those of the platform's
/// administration refuse anybody else before they read a body, and are walked by a test of their own; so does the webhook
/// of the billing provider, which takes nothing that is not signed.
fn with_body() -> impl Iterator<Item = Operation> {
    const CLOSED: [&str; 2] = ["/admin/", "/billing/webhook"];
    let is_open =
        |operation: &Operation| operation.has_body && !CLOSED.iter().any(|part| operation.path.contains(part));
    let with_body = operations().into_iter().filter(is_open);
    with_body.map(|operation| Operation { path: operation.path.replace("{id}", "nothing"), ..operation })
}

pub(super) async fn a_body_that_is_not_json_is_a_415(app: &App) {
    let anna = app.member("media-type").await;
    for operation in with_body() {
        for content_type in
            ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", "json", "text/json"]
        {
            let call = app.client.at(method(&operation), &operation.address()).bearer(&anna.tokens.access);
            call.body(content_type, "{}").send().await.refused(415, "UNSUPPORTED_MEDIA_TYPE");
        }
        let call = app.client.at(method(&operation), &operation.address()).bearer(&anna.tokens.access);
        let utf8 = call.body("Application/JSON; charset=UTF-8", "{}").send().await;
        assert!(matches!(utf8.status, 200 | 404 | 422), "{operation:?}: {}", utf8.text());
    }
}

pub(super) async fn a_body_that_cannot_be_read_is_a_400(app: &App) {
    let anna = app.member("malformed").await;
    for operation in with_body() {
        for body in ["", "{", "[]", "null", "\"text\"", "{\"a\":1}}", "{'a':1}", "{\"a\":1,}"] {
            let call = app.client.at(method(&operation), &operation.address()).bearer(&anna.tokens.access);
            call.body("application/json", body).send().await.refused(400, "INVALID_INPUT");
        }
        let call = app.client.at(method(&operation), &operation.address()).bearer(&anna.tokens.access);
        call.body("application/json", &b"{\"a\":\"\xff\"}"[..]).send().await.refused(400, "INVALID_INPUT");
    }
}

/// The fields of a request, as paths with dots, and a value that each cannot have.
fn fields_of(operation: &Operation) -> Vec<(String, Value)> {
    fn collect(parent: &str, schema: &'static Value, found: &mut Vec<(String, Value)>) {
        let schema = conformance::resolve(schema);
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let path = if parent.is_empty() { name.clone() } else { format!("{parent}.{name}") };
            let property = conformance::resolve(property);
            let branches = property.get("oneOf").or_else(|| property.get("anyOf")).and_then(Value::as_array);
            let nested =
                branches.into_iter().flatten().map(conformance::resolve).find(|part| part["properties"].is_object());
            let property = nested.unwrap_or(property);
            let is_text = property["type"].to_string().contains("string");
            found.push((path.clone(), if is_text { json!(9_081_726_354_u64) } else { json!("9081726354") }));
            collect(&path, property, found);
        }
    }
    let mut found = Vec::new();
    if let Some(schema) = conformance::request_schema(operation) {
        collect("", schema, &mut found);
    }
    found
}

/// A body with one field, at its path.
fn body_with(path: &str, value: Value) -> Value {
    path.rsplit('.').fold(value, |inner, name| json!({ name: inner }))
}

fn camel_case(path: &str) -> String {
    let mut words = path.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let (initial, rest) = word.split_at(1);
        format!("{name}{}{rest}", initial.to_uppercase())
    })
}

/// A field that is not read would not be missed either: each gets a value of a wrong type, and the answer must
/// complain of exactly it.
pub(super) async fn every_multi_word_field_is_read_in_camel_case_too(app: &App) {
    let anna = app.member("casing").await;
    let mut seen = 0;
    for operation in with_body() {
        for (path, wrong) in fields_of(&operation).into_iter().filter(|(path, _)| path.contains('_')) {
            seen += 1;
            for spelling in [path.clone(), camel_case(&path)] {
                let call = app.client.at(method(&operation), &operation.address()).bearer(&anna.tokens.access);
                let answer = call.json(&body_with(&spelling, wrong.clone())).send().await;
                answer.refused(422, "VALIDATION_ERROR").field_error(&path);
            }
        }
    }
    assert!(seen > 30, "the walk over the document found only {seen} fields");
}

pub(super) async fn rule_24_a_refused_value_is_never_repeated(app: &App) {
    let anna = app.member("echo").await;
    let canary = "9081726354";
    for operation in with_body() {
        let fields = fields_of(&operation);
        assert!(!fields.is_empty(), "{operation:?}");
        let texts = [canary.to_owned(), format!("{canary}://<{canary}>"), canary.repeat(300), format!("{canary}\u{0}")];
        for (path, wrong_type) in fields {
            let values =
                texts.iter().map(|text| json!(text)).chain([wrong_type, json!([canary]), json!({ canary: canary })]);
            for value in values {
                let call = app.client.at(method(&operation), &operation.address()).bearer(&anna.tokens.access);
                let answer = call.json(&body_with(&path, value)).send().await;
                if answer.status != 200 {
                    answer.nowhere_contains(canary);
                }
            }
        }
    }
    let everything = json!({
        "email": canary, "password": canary, "first_name": format!("<{canary}>"), "last_name": format!("<{canary}>"),
        "phone": format!("{canary}x"), "tenant_name": canary.repeat(30), "invite_token": canary,
    });
    let answer = app.register(&Registration(everything)).await;
    answer.refused(422, "VALIDATION_ERROR").nowhere_contains(canary);
}

pub(super) async fn rule_20_a_body_of_more_than_256_kib_is_a_413(app: &App) {
    let anna = app.member("large").await;
    for operation in with_body() {
        let of_length = |length: usize| {
            let body = json!({ "x": "a".repeat(length - r#"{"x":""}"#.len()) });
            app.client.at(method(&operation), &operation.address()).bearer(&anna.tokens.access).json(&body).send()
        };
        of_length(256 * 1024 + 1).await.refused(413, "PAYLOAD_TOO_LARGE");
        let largest = of_length(256 * 1024).await;
        assert!(matches!(largest.status, 200 | 404 | 422), "{operation:?}: {}", largest.text());
    }
}

pub(super) async fn rule_20_deep_nesting_is_refused(app: &App) {
    let anna = app.member("deep").await;
    for operation in with_body() {
        for depth in [33, 127, 10_000] {
            let body = format!("{{\"x\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
            let call = app.client.at(method(&operation), &operation.address()).bearer(&anna.tokens.access);
            call.body("application/json", body).send().await.refused(400, "INVALID_INPUT");
        }
    }
}

/// No text field takes 20,000 characters. The longest is an ID token, of at most 16 KiB.
pub(super) async fn rule_20_every_text_is_bounded(app: &App) {
    let anna = app.member("texts").await;
    for operation in with_body() {
        for (path, wrong_type) in fields_of(&operation) {
            if !wrong_type.is_number() {
                continue;
            }
            let call = app.client.at(method(&operation), &operation.address()).bearer(&anna.tokens.access);
            let answer = call.json(&body_with(&path, json!("x".repeat(20_000)))).send().await;
            assert_eq!(answer.status, 422, "{operation:?} {path}");
            answer.field_error(&path);
        }
    }
}

pub(super) async fn rule_23_every_answer_has_its_security_headers(app: &App) {
    let paths = operations().into_iter().map(|operation| (method(&operation), operation.path));
    for (method, path) in paths.chain([(Method::GET, "/nothing".to_owned()), (Method::DELETE, "/health".to_owned())]) {
        let answer = app.client.at(method, &path).json(&json!({})).undocumented().send().await;
        let expected = if path.ends_with("jwks.json") { "public, max-age=300" } else { "no-store" };
        assert_eq!(answer.header("cache-control"), Some(expected), "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{path}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{path}");
        assert!(answer.header("strict-transport-security").is_some(), "{path}");
        for banner in ["server", "x-powered-by"] {
            assert_eq!(answer.header(banner), None, "{path}");
        }
    }
}

pub(super) async fn rule_23_browsers_of_listed_sites_only_may_call(app: &App) {
    let preflight = |origin: &str| {
        let call = app.client.call(Method::OPTIONS, "/auth/login").undocumented();
        let call = call.header("origin", origin).header("access-control-request-method", "POST");
        call.header("access-control-request-headers", "authorization,content-type,x-tenant-id,idempotency-key").send()
    };
    let listed = preflight("https://app.example.com").await;
    assert_eq!(listed.header("access-control-allow-origin"), Some("https://app.example.com"));
    assert_eq!(listed.header("access-control-allow-credentials"), Some("true"));
    let headers = listed.header("access-control-allow-headers").expect("the allowed headers");
    for header in ["authorization", "content-type", "idempotency-key", "x-frontend-base-url", "x-tenant-id"] {
        assert!(headers.contains(header), "{header} in {headers}");
    }
    for origin in ["https://evil.example", "http://app.example.com", "https://app.example.com.evil.example", "null"] {
        let answer = preflight(origin).await;
        assert_eq!(answer.header("access-control-allow-origin"), None, "{origin}");
        let simple = app.client.get("/health").header("origin", origin).send().await;
        assert_eq!(simple.header("access-control-allow-origin"), None, "{origin}");
    }
}

pub(super) async fn a_request_id_is_echoed_or_made(app: &App) {
    let given = app.client.get("/health").header("x-request-id", "req-1").header("x-correlation-id", "flow-1");
    let given = given.send().await;
    assert_eq!((given.header("x-request-id"), given.header("x-correlation-id")), (Some("req-1"), Some("flow-1")));
    for bad in ["with space", &"x".repeat(129)] {
        let made = app.client.get("/health").header("x-request-id", bad).send().await;
        assert!(made.header("x-request-id").is_some_and(|id| id != bad && id.len() == 36), "{:?}", made.headers);
    }
    let refused = app.client.at(Method::GET, "/nothing").undocumented().send().await;
    assert!(refused.header("x-request-id").is_some());
}

pub(super) async fn the_document_and_its_page_are_served(app: &App) {
    for path in ["/openapi.json", "/api/v1/openapi.json", "/account/openapi.json"] {
        let document = app.client.at(Method::GET, path).undocumented().send().await.json();
        let expected = conformance::document();
        assert_eq!((&document["openapi"], &document["paths"]), (&expected["openapi"], &expected["paths"]));
    }
    let page = app.client.at(Method::GET, "/docs/").undocumented().send().await;
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").is_some_and(|value| value.starts_with("text/html")));
    assert!(!page.text().contains("https://"), "the page loads nothing from elsewhere");
}

pub(super) async fn the_key_set_is_empty_while_only_the_shared_secret_signs(app: &App) {
    let keys = app.client.at(Method::GET, "/.well-known/jwks.json").send().await;
    assert_eq!(keys.json(), json!({ "keys": [] }));
}
