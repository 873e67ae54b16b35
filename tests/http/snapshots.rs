//! The bodies that clients rely on, as they are. What differs from run to run is replaced.

use insta::assert_json_snapshot;
use serde_json::{Value, json};
use tests::{App, Member, Newcomer, PASSWORD, Registration};

/// Replaces ids, tokens and addresses.
fn steady(mut body: Value) -> Value {
    fn replace(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    let stand_in = match name.as_str() {
                        "user_id" | "owner_user_id" => "(a user)",
                        "tenant_id" | "id" => "(a tenant)",
                        "access_token" | "refresh_token" => "(a token)",
                        "email" if value.as_str().is_some_and(|text| text.contains('@')) => "(an address)",
                        "latency_ms" => "(a duration)",
                        _ => {
                            replace(value);
                            continue;
                        }
                    };
                    *value = json!(stand_in);
                }
            }
            Value::Array(items) => items.iter_mut().for_each(replace),
            _ => {}
        }
    }
    replace(&mut body);
    body
}

#[tokio::test]
async fn a_registration() {
    let app = App::start().await;
    let answer = app.register(&Registration::of(&app.address("snapshot"))).await;
    assert_json_snapshot!(steady(answer.json()));
    app.deliver_mail().await;
    app.finish().await;
}

#[tokio::test]
async fn a_sign_in() {
    let app = App::start().await;
    let Member { email, .. } = app.member("snapshot").await;
    assert_json_snapshot!(steady(app.login(&email, PASSWORD).await.json()));
    app.finish().await;
}

#[tokio::test]
async fn a_refresh() {
    let app = App::start().await;
    let Member { tokens, .. } = app.member("snapshot").await;
    assert_json_snapshot!(steady(app.refresh(&tokens.refresh).await.json()));
    app.finish().await;
}

#[tokio::test]
async fn a_profile_and_preferences() {
    let app = App::start().await;
    let Member { tokens, .. } = app.member("snapshot").await;
    assert_json_snapshot!("a_profile", steady(app.profile(&tokens.access).await.json()));
    let put = app.client.put("/user/preferences", &json!({ "theme": "dark" })).bearer(&tokens.access);
    assert_json_snapshot!("preferences", steady(put.send().await.json()));
    app.finish().await;
}

#[tokio::test]
async fn what_is_done_without_data() {
    let app = App::start().await;
    let Newcomer { email, token, .. } = app.newcomer("snapshot").await;
    let mut bodies = vec![("confirm-email", app.confirm(&token).await.json())];
    for path in ["resend-confirmation", "forgot-password"] {
        let answer = app.client.post(&format!("/auth/{path}"), &json!({ "email": email })).send().await;
        bodies.push((path, answer.json()));
    }
    let token = tests::token_in(&app.mail_to(&email).await);
    bodies.push(("reset-password", app.reset(&token, "velvet-tundra-mosaic-61").await.json()));
    bodies.push(("logout", app.logout("x.y.z").await.json()));
    assert_json_snapshot!(bodies);
    app.mail_to(&email).await;
    app.finish().await;
}

#[tokio::test]
async fn failures() {
    let app = App::start().await;
    let Newcomer { email, .. } = app.newcomer("snapshot").await;
    let bodies = [
        ("a refused form", app.register(&Registration(json!({ "email": "anna" }))).await),
        ("a weak password", app.register(&Registration::of(&email).with("password", "password1")).await),
        ("a wrong password", app.login(&email, "not the password").await),
        ("an unconfirmed address", app.login(&email, PASSWORD).await),
        ("a bad token", app.profile("x.y.z").await),
        ("no token", app.client.get("/user/profile").send().await),
        ("a bad link", app.confirm("never-sent").await),
        ("a bad refresh token", app.refresh("x.y.z").await),
    ];
    assert_json_snapshot!(bodies.map(|(what, answer)| (what, answer.status, answer.json())));
    app.finish().await;
}

#[tokio::test]
async fn health() {
    let app = App::start().await;
    assert_json_snapshot!("health", app.client.get("/health").send().await.json());
    assert_json_snapshot!("detailed_health", steady(app.client.get("/health/detailed").send().await.json()));
    app.finish().await;
}

#[tokio::test]
async fn mails() {
    let app = App::start().await;
    let Member { email, .. } = app.member("snapshot").await;
    app.register(&Registration::of(&email)).await.succeeded();
    let already_registered = app.mail_to(&email).await;
    app.client.post("/auth/forgot-password", &json!({ "email": email })).send().await.succeeded();
    let reset = app.mail_to(&email).await;
    app.reset(&tests::token_in(&reset), "velvet-tundra-mosaic-61").await.succeeded();
    let changed = app.mail_to(&email).await;
    let texts = [&already_registered, &reset, &changed].map(|mail| {
        let token = mail.links[0].split("token=").nth(1).unwrap_or("no token");
        (mail.subject.clone(), mail.text.replace(token, "(a token)").replace(&email, "(an address)"))
    });
    assert_json_snapshot!(texts);
    app.finish().await;
}
