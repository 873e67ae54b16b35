//! The Lambda function under AWS's runtime interface emulator.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use infrastructure::dynamodb::tables::Table;
use libtest_mimic::{Measurement, Trial};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::{
    api::{PASSWORD, registration},
    events::{self, Request, SOURCE, USER_AGENT},
    function::{Function, Reply},
    program::Program,
    tools::lambda_binary,
};

/// How often the start is measured.
const STARTS: u32 = 20;

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = trials![
        every_kind_of_gateway_reaches_the_same_routes,
        a_person_walks_from_sign_up_to_profile_through_either_gateway,
        a_body_in_base64_is_read,
        a_body_that_is_not_utf_8_is_refused,
        rule_23_browsers_of_listed_sites_only_may_call,
        an_answer_that_is_not_text_arrives_whole,
        what_goes_wrong_is_said_in_the_usual_envelope,
        mail_leaves_when_the_outbox_changes,
        mail_leaves_when_the_schedule_fires,
        an_answer_leaves_its_metrics_in_the_log,
        missing_settings_are_logged_all_at_once_and_end_the_process,
    ];
    let name = concat!(module_path!(), "::from_the_start_of_the_process_to_its_first_answer");
    trials.push(Trial::bench(name, |is_test| {
        Ok(Some(Runtime::new()?.block_on(start_up(is_test, async || Function::start().await))))
    }));
    let name = concat!(module_path!(), "::from_the_start_of_a_fastapi_function_to_its_first_answer");
    trials.push(Trial::bench(name, |is_test| {
        Ok(Some(Runtime::new()?.block_on(start_up(is_test, async || Function::start_fastapi().await))))
    }));
    trials
}

/// How long the first event takes, with which the emulator starts the function.
async fn start_up(is_test: bool, start: impl AsyncFn() -> Function) -> Measurement {
    let mut taken = Vec::new();
    for _ in 0..if is_test { 1 } else { STARTS } {
        let function = start().await;
        let begun = Instant::now();
        let reply = function.ask(&Request::get("/api/v1/health")).await;
        taken.push(begun.elapsed());
        assert_eq!(reply.status, 200, "{reply:?}");
    }
    taken.sort_unstable();
    let nanoseconds = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap();
    let spread = taken[taken.len() - 1].abs_diff(taken[0]);
    // As for Rust's own benchmarks, the second figure is from the fastest to the slowest.
    Measurement { avg: nanoseconds(taken[taken.len() / 2]), variance: nanoseconds(spread) }
}

async fn every_kind_of_gateway_reaches_the_same_routes() {
    let function = Function::start().await;
    let http_api = [
        ("$default", "/api/v1/health"),
        ("$default", "/account/api/v1/health"),
        ("$default", "/health"),
        ("dev", "/dev/api/v1/health"),
        ("dev", "/dev/account/api/v1/health"),
        // A custom domain leads to a stage without naming it.
        ("dev", "/account/api/v1/health"),
    ];
    for (stage, path) in http_api {
        let reply = function.ask(&Request { stage, ..Request::get(path) }).await;
        assert_eq!(reply.status, 200, "HTTP API, stage {stage}, {path}: {reply:?}");
        assert_eq!(reply.json()["data"]["status"], "Healthy");
    }
    for path in ["/api/v1/health", "/account/api/v1/health"] {
        let event = events::rest_api(&Request { stage: "dev", ..Request::get(path) });
        let reply = Reply::read(&function.invoke(&event).await);
        assert_eq!(reply.status, 200, "REST API, {path}: {reply:?}");
    }
}

async fn a_person_walks_from_sign_up_to_profile_through_either_gateway() {
    for gateway in [events::http_api, events::rest_api] {
        let function = Function::start().await;
        let ask = async |request: Request<'_>| {
            let request = Request { stage: "dev", ..request };
            let reply = Reply::read(&function.invoke(&gateway(&request)).await);
            assert_eq!(reply.status, 200, "{}: {reply:?}", request.path);
            reply.json()["data"].clone()
        };
        ask(Request::post("/api/v1/auth/register", &registration("ada@example.com"))).await;
        function.invoke(&events::outbox_stream(&function.surroundings.waiting().await)).await;
        let token = function.surroundings.mail.receive().token();
        ask(Request::post("/account/api/v1/auth/confirm-email", &json!({ "token": token }))).await;
        let signed_in = ask(login()).await;
        let bearer = format!("Bearer {}", signed_in["access_token"].as_str().unwrap());
        let headers = vec![("authorization", bearer.as_str())];
        let profile = ask(Request { headers, ..Request::get("/api/v1/user/profile") }).await;
        assert_eq!(profile["email"], "ada@example.com");

        let sessions = function.surroundings.rows(Table::AccountSessions).await;
        let [session] = sessions.as_slice() else { panic!("{sessions:?}") };
        // Rule 24: the gateway's word, never that of X-Forwarded-For.
        assert_eq!(session["source"].as_s().unwrap(), SOURCE);
        assert_eq!(session["user_agent"].as_s().unwrap(), USER_AGENT);
    }
}

async fn a_body_in_base64_is_read() {
    let function = Function::start().await;
    let plain = Request::post("/api/v1/auth/register", &registration("ada@example.com"));
    let body = plain.body.as_ref().map(|body| BASE64_STANDARD.encode(body));
    let reply = function.ask(&Request { body, is_base64: true, ..plain }).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(function.surroundings.rows(Table::Users).await.len(), 1);
}

async fn a_body_that_is_not_utf_8_is_refused() {
    let function = Function::start().await;
    let body = Some(BASE64_STANDARD.encode(b"{\"email\":\"\xff\"}"));
    let reply = function.ask(&Request { body, is_base64: true, ..login() }).await;
    assert_eq!((reply.status, &reply.json()["code"]), (400, &json!("INVALID_INPUT")));
}

async fn rule_23_browsers_of_listed_sites_only_may_call() {
    let function = Function::start().await;
    for (origin, allowed) in [("https://app.example.com", true), ("https://evil.example", false)] {
        let asks = [("origin", origin), ("access-control-request-method", "POST")];
        let preflight = Request { method: "OPTIONS", headers: asks.to_vec(), ..Request::get("/api/v1/auth/login") };
        let reply = function.ask(&preflight).await;
        let expected = if allowed { json!(origin) } else { Value::Null };
        assert_eq!(reply.headers["access-control-allow-origin"], expected, "{reply:?}");
    }
}

async fn an_answer_that_is_not_text_arrives_whole() {
    let function = Function::start().await;
    let headers = vec![("accept-encoding", "gzip, deflate, br")];
    let reply = function.ask(&Request { headers, ..Request::get("/docs/swagger-ui.css") }).await;
    assert_eq!((reply.status, reply.is_base64), (200, true));
    assert_eq!(reply.headers["content-encoding"], "gzip");
    assert!(reply.body.starts_with(&[0x1f, 0x8b]), "not gzip: {:?}", reply.body.get(..8));

    let picture = function.ask(&Request::get("/docs/favicon-32x32.png")).await;
    assert_eq!((picture.status, picture.is_base64), (200, true));
    assert!(picture.body.starts_with(b"\x89PNG") || picture.body.starts_with(&[0x1f, 0x8b]));
}

async fn what_goes_wrong_is_said_in_the_usual_envelope() {
    let function = Function::start().await;
    let code = async |request: &Request<'_>, status: u64| {
        let reply = function.ask(request).await;
        assert_eq!(reply.status, status, "{reply:?}");
        assert_eq!(reply.headers["content-type"], "application/json; charset=utf-8");
        assert!(reply.headers["x-request-id"].is_string(), "{reply:?}");
        let body = reply.json();
        assert_eq!(body["success"], false);
        body["code"].as_str().map(str::to_owned)
    };
    let weak = json!({ "email": "ada", "password": "short" });
    assert_eq!(code(&Request::get("/api/v1/nowhere"), 404).await.as_deref(), Some("NOT_FOUND"));
    // The local host's mailbox shows every mail to everybody.
    assert_eq!(code(&Request::get("/dev/mailbox"), 404).await.as_deref(), Some("NOT_FOUND"));
    assert_eq!(code(&login(), 401).await.as_deref(), Some("INVALID_CREDENTIALS"));
    assert_eq!(code(&Request::get("/api/v1/user/profile"), 401).await.as_deref(), Some("TOKEN_MISSING"));
    assert_eq!(code(&Request::post("/api/v1/auth/register", &weak), 422).await.as_deref(), Some("VALIDATION_ERROR"));
}

async fn mail_leaves_when_the_outbox_changes() {
    delivers_on(events::outbox_stream).await;
}

async fn mail_leaves_when_the_schedule_fires() {
    delivers_on(|_| events::schedule()).await;
}

async fn delivers_on(event: impl FnOnce(&[String]) -> Value) {
    let function = Function::start().await;
    let reply = function.ask(&Request::post("/api/v1/auth/register", &registration("ada@example.com"))).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let waiting = function.surroundings.waiting().await;
    assert!(!waiting.is_empty(), "mail waits for its event");
    assert_eq!(function.invoke(&event(&waiting)).await, Value::Null);
    assert_eq!(function.surroundings.mail.receive().to, "ada@example.com");
    assert_eq!(function.surroundings.waiting().await, Vec::<String>::new());
}

async fn an_answer_leaves_its_metrics_in_the_log() {
    let mut function = Function::start().await;
    assert_eq!(function.ask(&login()).await.status, 401);
    for (metric, dimension, value) in [
        ("ColdStarts", "Stage", "local"),
        ("SignIns", "Outcome", "unknown_address"),
        ("Requests", "Status", "4xx"),
        ("RequestLatency", "Route", "POST /api/v1/auth/login"),
    ] {
        let line = function.emulator.wait_for(metric, |said| {
            let lines = said.stdout.iter().chain(&said.stderr).filter(|line| line.contains("\"_aws\""));
            lines.filter_map(|line| serde_json::from_str::<Value>(line).ok()).find(|line| line.get(metric).is_some())
        });
        assert_eq!(line[dimension], value, "{line}");
        assert_eq!(line["_aws"]["CloudWatchMetrics"][0]["Namespace"], "PurposePath/Account");
    }
}

async fn missing_settings_are_logged_all_at_once_and_end_the_process() {
    let mut command = Command::new(lambda_binary());
    command.env_clear().env("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:1");
    let ended = Program::start(&mut command).wait();
    assert_eq!(ended.status.code(), Some(1), "{}", ended.said);
    let [line] = ended.said.stdout.as_slice() else { panic!("{}", ended.said) };
    let line: Value = serde_json::from_str(line).unwrap();
    assert_eq!(line["level"], "ERROR");
    let problems = line["error"].as_str().unwrap();
    for setting in ["STAGE", "JWT_SECRET_ARN", "EMAIL_FROM", "FRONTEND_BASE_URL"] {
        assert!(problems.contains(setting), "no {setting} in {problems}");
    }
}

fn login() -> Request<'static> {
    Request::post("/api/v1/auth/login", &json!({ "email": "ada@example.com", "password": PASSWORD }))
}
