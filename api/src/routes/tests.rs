//! The wiring of the routes. What the service does behind them is tested over HTTP on a real store.

mod world;

use std::num::NonZeroU32;

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, Method, StatusCode},
};
use domain::user::EmailVerification;
use http_body_util::BodyExt;
use rstest::rstest;
use serde_json::{Value, json};
use tower::ServiceExt;
use world::World;

use super::*;

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

fn app() -> Router {
    let state = World { store_answers: true }.state(EmailVerification::Required);
    router(state, HttpSettings { public_posts_per_minute: None, ..HttpSettings::default() })
}

async fn send(app: Router, request: axum::http::request::Builder, body: impl Into<Body>) -> Answer {
    let response = app.oneshot(request.body(body.into()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes().to_vec();
    Answer { status: parts.status.as_u16(), headers: parts.headers, body }
}

async fn get(path: &str) -> Answer {
    send(app(), Request::get(path), Body::empty()).await
}

async fn post(path: &str, body: &Value) -> Answer {
    let request = Request::post(path).header("content-type", "application/json");
    send(app(), request, body.to_string()).await
}

#[rstest]
#[tokio::test]
async fn every_route_answers_under_the_base_path_too(#[values("", "/account")] base: &str) {
    for path in [
        "/api/v1/health",
        "/api/v1/health/detailed",
        "/api/v1/health/ready",
        "/api/v1/health/live",
        "/api/v1/auth/health",
        "/api/v1/openapi.json",
        "/api/v1/docs/",
        "/api/v1/.well-known/jwks.json",
        "/health",
        "/health/detailed",
        "/health/ready",
        "/health/live",
        "/openapi.json",
        "/docs/",
        "/docs/swagger-ui-bundle.js",
        "/.well-known/jwks.json",
    ] {
        assert_eq!(get(&format!("{base}{path}")).await.status, 200, "{base}{path}");
    }
    assert_eq!(get(&format!("{base}/api/v1/user/profile")).await.json()["code"], "TOKEN_MISSING");
}

#[tokio::test]
async fn health_is_said_as_the_contract_wants_it() {
    let expected = json!({ "success": true, "data": {
        "status": "Healthy", "service": "account-service", "version": "1.2.3", "environment": "local",
        "timestamp": "2026-11-18T11:06:40Z",
    } });
    assert_eq!(get("/health").await.json(), expected);
}

#[tokio::test]
async fn a_store_out_of_reach_makes_the_service_unready_and_not_dead() {
    let app = router(World { store_answers: false }.state(EmailVerification::Required), HttpSettings::default());
    let get = async |path: &str| send(app.clone(), Request::get(path), Body::empty()).await;
    assert_eq!(get("/health").await.status, 200);
    assert_eq!(get("/health/live").await.status, 200);
    assert_eq!(get("/health/ready").await.status, 503);
    let detailed = get("/health/detailed").await;
    assert_eq!((detailed.status, &detailed.json()["code"]), (503, &json!("SERVICE_UNAVAILABLE")));
    assert_eq!(detailed.json()["data"]["checks"][0]["component"], "dynamodb");
    assert_eq!(detailed.json()["data"]["checks"][0]["status"], "Unhealthy");
    assert!(!detailed.json().to_string().contains("10.0.0.7"));
}

#[tokio::test]
async fn what_is_not_there_is_said_in_the_envelope() {
    let nothing = get("/api/v1/nothing").await;
    assert_eq!((nothing.status, &nothing.json()["code"]), (404, &json!("NOT_FOUND")));
    let no_file = get("/docs/nothing.js").await;
    assert_eq!((no_file.status, &no_file.json()["code"]), (404, &json!("NOT_FOUND")));
    let wrong_method = get("/api/v1/auth/login").await;
    assert_eq!((wrong_method.status, &wrong_method.json()["code"]), (405, &json!("METHOD_NOT_ALLOWED")));
    assert_eq!(wrong_method.headers["allow"], "POST");
}

#[tokio::test]
async fn every_operation_is_there_and_wants_a_token_if_it_says_so() {
    let document = serde_json::to_value(crate::openapi()).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let request = Request::builder().method(method.clone()).uri(path);
            let answer = send(app(), request, Body::empty()).await;
            let turned_away = answer.json()["code"] == "TOKEN_MISSING";
            assert_eq!(turned_away, operation["security"].is_array(), "{method} {path}");
            let known = !matches!(answer.json()["code"].as_str(), Some("NOT_FOUND" | "METHOD_NOT_ALLOWED"));
            assert!(known, "{method} {path}: {}", answer.json());
            if turned_away {
                assert_eq!(answer.status, 401);
                assert_eq!(answer.headers["www-authenticate"], "Bearer");
            }
        }
    }
}

#[tokio::test]
async fn a_registration_waits_for_confirmation() {
    let body = json!({
        "email": "anna@example.com", "password": "correct horse battery staple", "firstName": "Anna", "lastName": "Lee",
    });
    let answer = post("/api/v1/auth/register", &body).await;
    assert_eq!(answer.status, 200);
    let id = "00000000-0000-0000-0000-000000000007";
    let expected = json!({ "requires_email_verification": true, "tenant_id": id, "user_id": id });
    assert_eq!(answer.json(), json!({ "success": true, "data": expected }));
}

#[tokio::test]
async fn a_registration_without_confirmation_is_a_sign_in() {
    let state = World { store_answers: true }.state(EmailVerification::Optional);
    let body = json!({
        "email": "anna@example.com", "password": "correct horse battery staple", "first_name": "Anna", "last_name": "Lee",
    });
    let request = Request::post("/api/v1/auth/register").header("content-type", "application/json");
    let answer = send(router(state, HttpSettings::default()), request, body.to_string()).await;
    let data = &answer.json()["data"];
    assert_eq!((&data["access_token"], &data["refresh_token"]), (&json!("access"), &json!("refresh")));
    assert_eq!((&data["token_type"], &data["expires_in"]), (&json!("Bearer"), &json!(3600)));
    assert_eq!((&data["user"]["email"], &data["user"]["phone"]), (&json!("anna@example.com"), &Value::Null));
    assert_eq!(data["tenant"]["id"], data["tenant"]["tenant_id"]);
    assert_eq!(answer.headers["cache-control"], "no-store");
}

#[rstest]
#[case("/auth/logout", "")]
#[case("/auth/logout?refresh_token=x", "")]
#[case("/auth/logout", r#"{"refresh_token":"x"}"#)]
#[case("/auth/logout", r#"{"refresh_token":5}"#)]
#[case("/auth/logout", "{")]
#[case("/auth/resend-confirmation?email=anna@example.com", "")]
#[case("/auth/verify/resend", r#"{"email":"anna@example.com"}"#)]
#[tokio::test]
async fn some_routes_need_no_body(#[case] path: &str, #[case] body: &'static str) {
    let answer = send(app(), Request::post(format!("/api/v1{path}")), body).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
}

#[rstest]
#[case("/auth/confirm-email", "/auth/verify", json!({ "token": "x" }), 401)]
#[case("/auth/forgot-password", "/auth/password/reset", json!({ "email": "anna@example.com" }), 200)]
#[case("/auth/reset-password", "/auth/password/confirm", json!({ "token": "x", "new_password": "y" }), 401)]
#[tokio::test]
async fn an_older_name_is_the_same_route(
    #[case] name: &str,
    #[case] older: &str,
    #[case] body: Value,
    #[case] status: u16,
) {
    let answer = post(&format!("/api/v1{name}"), &body).await;
    assert_eq!(answer.status, status, "{}", answer.json());
    assert_eq!(post(&format!("/api/v1{older}"), &body).await.json(), answer.json());
}

#[tokio::test]
async fn a_panic_is_500_and_says_nothing() {
    let request = Request::get("/api/v1/user/profile").header("authorization", "Bearer panic");
    let answer = send(app(), request, Body::empty()).await;
    assert_eq!((answer.status, &answer.json()["code"]), (500, &json!("INTERNAL_ERROR")));
    assert!(!answer.json().to_string().contains("s3cr3t"));
    assert!(answer.headers.contains_key("x-request-id"));
}

#[tokio::test]
async fn rule_20_public_posts_are_limited_and_nothing_else_is() {
    let settings = HttpSettings { public_posts_per_minute: NonZeroU32::new(1), ..HttpSettings::default() };
    let app = router(World { store_answers: true }.state(EmailVerification::Required), settings);
    let logout = async || send(app.clone(), Request::post("/api/v1/auth/logout"), Body::empty()).await;
    let first = logout().await;
    assert_eq!((first.status, &first.headers["ratelimit-remaining"]), (200, &"0".parse().unwrap()));
    let second = logout().await;
    assert_eq!((second.status, &second.json()["code"]), (429, &json!("RATE_LIMIT_EXCEEDED")));
    for header in ["retry-after", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"] {
        assert!(second.headers.contains_key(header), "{header}");
    }
    let health = send(app, Request::get("/api/v1/auth/health"), Body::empty()).await;
    assert_eq!(health.status, 200);
}

#[tokio::test]
async fn the_document_leads_back_to_the_root_from_wherever_it_is_served() {
    assert_eq!(get("/openapi.json").await.json(), serde_json::to_value(crate::openapi()).unwrap());
    let versioned = get("/account/api/v1/openapi.json").await;
    assert_eq!(versioned.json()["servers"], json!([{ "url": "../.." }]));
    assert_eq!(get("/account/docs").await.headers["location"], "docs/");
}

#[tokio::test]
async fn the_user_interface_loads_nothing_from_elsewhere() {
    let page = get("/docs/").await;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && !policy.contains("http"), "{policy}");
    assert_eq!(get("/docs/swagger-initializer.js").await.status, StatusCode::OK);
}
