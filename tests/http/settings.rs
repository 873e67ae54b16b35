//! What differs between installations.

use serde_json::json;
use tests::{App, Member, PASSWORD, Registration, Tokens, token_in};

#[tokio::test]
async fn without_verification_a_registration_signs_in_at_once() {
    let app = App::builder().without_verification().start().await;
    let email = app.address("at-once");
    let answer = app.register(&Registration::of(&email)).await;
    let user = &answer.data()["user"];
    assert_eq!((&user["email"], &user["status"]), (&json!(email), &json!("active")));
    assert_eq!(user["email_verified"], false);
    let tokens = Tokens::of(&answer);
    app.profile(&tokens.access).await.succeeded();
    app.refresh(&tokens.refresh).await.succeeded();
    app.login(&email, PASSWORD).await.succeeded();
    app.confirm(&token_in(&app.mail_to(&email).await)).await.succeeded();
    assert_eq!(app.login(&email, PASSWORD).await.data()["user"]["email_verified"], true);
    app.finish().await;
}

#[tokio::test]
async fn without_verification_a_taken_address_is_a_conflict() {
    let app = App::builder().without_verification().start().await;
    let email = app.address("taken");
    app.register(&Registration::of(&email)).await.succeeded();
    app.mail_to(&email).await;
    app.register(&Registration::of(&email)).await.refused(409, "EMAIL_ALREADY_EXISTS");
    app.finish().await;
}

#[tokio::test]
async fn users_may_be_keyed_as_the_python_code_has_it() {
    let python_layout = App::builder().setting("USERS_KEY", "user_id").setting("USERS_TENANT_INDEX", "tenant-index");
    let app = python_layout.setting("SUBSCRIPTIONS_TENANT_INDEX", "tenant-index").start().await;
    let Member { tokens, .. } = app.member("keyed").await;
    let change = app.client.put("/user/profile", &json!({ "first_name": "Annabel" })).bearer(&tokens.access);
    assert_eq!(change.send().await.text_at("first_name"), "Annabel");
    let user = app.python_user(&app.address("python")).await;
    let login = app.login(&user.email, tests::python::PASSWORD).await;
    assert_eq!(login.data()["user"]["user_id"], user.user_id);
    app.finish().await;
}

#[tokio::test]
async fn rule_1_the_least_length_of_a_password_is_a_setting() {
    let app = App::builder().setting("PASSWORD_MIN_LENGTH", "15").start().await;
    let registration = Registration::of(&app.address("length"));
    let refused = app.register(&registration.clone().with("password", "x9$kQ2v-Lm4!")).await;
    assert_eq!(refused.refused(422, "WEAK_PASSWORD").field_error("password"), "must be at least 15 characters");
    app.register(&registration).await.succeeded();
    app.deliver_mail().await;
    app.finish().await;
}

#[tokio::test]
async fn tokens_of_the_python_service_are_refused_when_its_time_is_over() {
    let app = App::builder().setting("ACCEPT_LEGACY_TOKENS", "false").start().await;
    let user = app.python_user(&app.address("over")).await;
    app.profile(&app.sign(&user.claims(&app))).await.refused(401, "TOKEN_INVALID");
    let refresh = app.python_refresh_token(&user).await;
    app.refresh(&refresh).await.refused(401, "TOKEN_INVALID");
    app.finish().await;
}

#[tokio::test]
async fn rule_23_any_site_may_call_a_local_service_but_without_credentials() {
    let app = App::builder().setting("CORS_ORIGINS", r#"["*"]"#).start().await;
    let answer = app.client.get("/health").header("origin", "https://anything.example").send().await;
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    app.finish().await;
}
