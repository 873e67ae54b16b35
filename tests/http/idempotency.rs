//! `Idempotency-Key`: the same request twice has one effect and one answer.

use chrono::TimeDelta;
use futures::future::join_all;
use infrastructure::dynamodb::tables::Table;
use tests::{Answer, App, PASSWORD, Registration};

async fn register(app: &App, key: &str, registration: &Registration) -> Answer {
    app.client.post("/auth/register", &registration.0).header("idempotency-key", key).send().await
}

#[tokio::test]
async fn the_same_request_is_answered_again_byte_for_byte() {
    let app = App::start().await;
    let email = app.address("replay");
    let registration = Registration::of(&email);
    let first = register(&app, "key-1", &registration).await;
    let again = register(&app, "key-1", &registration).await;
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    app.mail_to(&email).await;
    assert_eq!(app.rows(Table::Users).await.len(), 1);
    app.finish().await;
}

#[tokio::test]
async fn tokens_are_the_same_tokens_when_answered_again() {
    let app = App::builder().without_verification().start().await;
    let email = app.address("replay-tokens");
    let registration = Registration::of(&email);
    let first = register(&app, "key-1", &registration).await;
    app.clock.advance(TimeDelta::minutes(1));
    let again = register(&app, "key-1", &registration).await;
    assert_eq!(again.body, first.body);
    app.profile(&again.text_at("access_token")).await.succeeded();
    app.mail_to(&email).await;
    app.finish().await;
}

/// Fields in another order or casing are the same request.
#[tokio::test]
async fn another_body_under_the_same_key_is_refused() {
    let app = App::start().await;
    let email = app.address("reuse");
    register(&app, "key-1", &Registration::of(&email)).await.succeeded();
    let other = Registration::of(&email).with("first_name", "Ben");
    register(&app, "key-1", &other).await.refused(422, "IDEMPOTENCY_KEY_REUSED");
    let reordered = format!(r#"{{"lastName":"Lee","firstName":"Anna","password":"{PASSWORD}","email":"{email}"}}"#);
    let call = app.client.post("/auth/register", &Registration::of(&email).0).header("idempotency-key", "key-1");
    call.body("application/json", reordered).send().await.succeeded();
    register(&app, "key-2", &other).await.succeeded();
    let mails = app.deliver_mail().await;
    assert_eq!(mails.len(), 2, "one for the new account, one because its address was taken");
    app.finish().await;
}

#[tokio::test]
async fn a_key_is_forgotten_after_24_hours() {
    let app = App::start().await;
    let email = app.address("forgotten");
    let registration = Registration::of(&email);
    let first = register(&app, "key-1", &registration).await;
    app.clock.advance(TimeDelta::hours(24) - TimeDelta::seconds(1));
    assert_eq!(register(&app, "key-1", &registration).await.body, first.body);
    app.clock.advance(TimeDelta::seconds(1));
    assert_ne!(register(&app, "key-1", &registration).await.body, first.body, "now the address is taken");
    app.deliver_mail().await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn racing_requests_with_one_key_make_one_account_and_get_one_answer() {
    for builder in [App::builder(), App::builder().without_verification()] {
        let app = builder.start().await;
        let email = app.address("race");
        let registration = Registration::of(&email);
        let answers = join_all((0..8).map(|_| register(&app, "key-1", &registration))).await;
        assert!(answers.iter().all(|answer| answer.status == 200 && answer.body == answers[0].body), "{answers:#?}");
        assert_eq!(app.rows(Table::Users).await.len(), 1);
        app.mail_to(&email).await;
        app.finish().await;
    }
}

#[tokio::test]
async fn a_key_that_is_none_is_refused() {
    let app = App::start().await;
    let registration = Registration::of(&app.address("bad-key"));
    for key in ["", "with space", &"x".repeat(256)] {
        register(&app, key, &registration).await.refused(400, "INVALID_INPUT");
    }
    assert!(app.rows(Table::Users).await.is_empty());
    app.finish().await;
}

/// A refused registration is no answer to remember.
#[tokio::test]
async fn a_refusal_leaves_the_key_free() {
    let app = App::start().await;
    let email = app.address("second-try");
    let weak = Registration::of(&email).with("password", "password1");
    register(&app, "key-1", &weak).await.refused(422, "WEAK_PASSWORD");
    register(&app, "key-1", &Registration::of(&email)).await.succeeded();
    app.mail_to(&email).await;
    app.finish().await;
}
