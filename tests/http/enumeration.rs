//! Rule 6: nobody learns who has an account. Timings are for benchmarks; here the work is counted.

use serde_json::{Value, json};
use tests::{Answer, App, PASSWORD, Registration, Tally};

/// Sends a request and measures what it costs.
async fn measured(app: &App, path: &str, body: &Value) -> (Answer, Tally) {
    app.probe.measure(app.client.post(path, body).send()).await
}

/// The headers that may differ: the name of the request.
fn comparable(answer: &Answer) -> (u16, Vec<(String, String)>, String) {
    let mut headers: Vec<_> = answer
        .headers
        .iter()
        .filter(|(name, _)| *name != "x-request-id")
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    headers.sort();
    (answer.status, headers, answer.text())
}

#[tokio::test]
async fn rule_6_signing_in_costs_and_says_the_same_for_an_unknown_address_and_a_wrong_password() {
    let app = App::start().await;
    let known = app.member("known").await.email;
    let unknown = app.address("unknown");
    let login = |email: &str| json!({ "email": email, "password": "not the password" });
    let (wrong, cost_of_wrong) = measured(&app, "/auth/login", &login(&known)).await;
    let (nobody, cost_of_nobody) = measured(&app, "/auth/login", &login(&unknown)).await;
    wrong.refused(401, "INVALID_CREDENTIALS");
    assert_eq!(comparable(&nobody), comparable(&wrong));
    assert_eq!(cost_of_nobody, cost_of_wrong);
    app.finish().await;
}

/// A state of the account is told only to whoever knows the password.
#[tokio::test]
async fn rule_6_a_wrong_password_is_all_that_is_said_whatever_the_state_of_the_account() {
    let app = App::start().await;
    let unconfirmed = app.newcomer("unconfirmed").await.email;
    let suspended = app.member("suspended").await;
    app.set(infrastructure::dynamodb::tables::Table::Users, &suspended.user_id, "status", "suspended").await;
    let login = |email: &str| json!({ "email": email, "password": "not the password" });
    let (nobody, cost) = measured(&app, "/auth/login", &login(&app.address("unknown"))).await;
    for email in [&unconfirmed, &suspended.email] {
        let (answer, cost_of_answer) = measured(&app, "/auth/login", &login(email)).await;
        assert_eq!(comparable(&answer), comparable(&nobody));
        assert_eq!(cost_of_answer, cost);
    }
    app.finish().await;
}

/// The ids are made up for a taken address; they look like any other.
#[tokio::test]
async fn rule_6_registering_costs_and_says_the_same_for_a_taken_address() {
    let app = App::start().await;
    let taken = app.member("taken").await.email;
    let fresh = app.address("fresh");
    let (of_fresh, cost_of_fresh) = measured(&app, "/auth/register", &Registration::of(&fresh).0).await;
    let (of_taken, cost_of_taken) = measured(&app, "/auth/register", &Registration::of(&taken).0).await;
    assert_eq!(cost_of_taken, cost_of_fresh);
    let shape = |answer: &Answer| {
        let mut body = answer.json();
        for field in ["user_id", "tenant_id"] {
            let id = body["data"][field].as_str().unwrap();
            assert_eq!((id.len(), id.split('-').count(), id.as_bytes()[14]), (36, 5, b'7'), "a UUIDv7: {id}");
            body["data"][field] = json!("an id");
        }
        body
    };
    assert_eq!(shape(&of_taken), shape(&of_fresh));
    assert_eq!((of_taken.status, of_taken.headers.len()), (of_fresh.status, of_fresh.headers.len()));
    let told: Vec<_> = app.deliver_mail().await.into_iter().map(|mail| mail.to).collect();
    assert_eq!(told, [taken, fresh]);
    app.finish().await;
}

#[tokio::test]
async fn rule_6_a_weak_password_is_refused_before_anybody_looks_for_the_address() {
    let app = App::start().await;
    let taken = app.member("taken").await.email;
    let weak = |email: &str| Registration::of(email).with("password", "password1").0;
    let (of_taken, cost_of_taken) = measured(&app, "/auth/register", &weak(&taken)).await;
    let (of_fresh, cost_of_fresh) = measured(&app, "/auth/register", &weak(&app.address("fresh"))).await;
    assert_eq!(comparable(&of_taken), comparable(&of_fresh));
    assert_eq!((cost_of_taken.total(), cost_of_fresh.total()), (0, 0));
    app.finish().await;
}

/// Writes included: whoever counts transactions learns nothing either.
#[tokio::test]
async fn rule_6_asking_for_a_link_costs_and_says_the_same_whoever_holds_the_address() {
    let app = App::start().await;
    let confirmed = app.member("confirmed").await.email;
    let unconfirmed = app.newcomer("unconfirmed").await.email;
    let unknown = app.address("unknown");
    for path in ["/auth/forgot-password", "/auth/resend-confirmation"] {
        let (expected, cost) = measured(&app, path, &json!({ "email": unknown })).await;
        expected.succeeded();
        for email in [&confirmed, &unconfirmed] {
            let (answer, cost_of_answer) = measured(&app, path, &json!({ "email": email })).await;
            assert_eq!(comparable(&answer), comparable(&expected), "{path}");
            assert_eq!(cost_of_answer, cost, "{path}");
        }
    }
    assert_eq!(app.deliver_mail().await.len(), 3, "two resets, one confirmation");
    app.finish().await;
}

/// The hasher is not skipped for an address that nobody has: a full queue turns both away.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_6_an_unknown_address_costs_a_hash() {
    let settings = App::builder().setting("PASSWORD_HASHING_QUEUE", "1").setting("SIGN_IN_THROTTLING", "off");
    let app = settings.start().await;
    let known = app.member("known").await.email;
    for email in [known, app.address("unknown")] {
        let attempts = (0..24).map(|_| app.login(&email, "not the password"));
        let answers = futures::future::join_all(attempts).await;
        let busy = answers.iter().filter(|answer| answer.status == 503).count();
        assert!(busy > 0, "24 at once were verified on one thread with a queue of one");
        assert!(answers.iter().any(|answer| answer.status == 401));
    }
    app.login(&app.address("unknown"), PASSWORD).await.refused(401, "INVALID_CREDENTIALS");
    app.finish().await;
}
