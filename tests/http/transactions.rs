//! Rule 25: what belongs together is written at once or not at all; and what the client hears when the store fails.

use futures::future::join_all;
use infrastructure::dynamodb::tables::Table;
use serde_json::json;
use tests::{App, Fault, Member, PASSWORD, Registration};

/// How many rows there are of what a registration writes.
async fn written(app: &App) -> [usize; 5] {
    let mut counts = [0; 5];
    let tables =
        [Table::Users, Table::Tenants, Table::AccountEmailClaims, Table::VerificationTokens, Table::AccountOutbox];
    for (count, table) in counts.iter_mut().zip(tables) {
        *count = app.rows(table).await.len();
    }
    counts
}

const NOTHING: [usize; 5] = [0; 5];
/// The outbox holds the mail and three events: a tenant, a user, and a confirmation that was asked for.
const EVERYTHING: [usize; 5] = [1, 1, 1, 1, 4];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_25_of_twenty_racing_registrations_of_one_address_one_makes_the_account() {
    let app = App::builder().without_verification().start().await;
    let email = app.address("race");
    let registration = Registration::of(&email);
    let answers = join_all((0..20).map(|_| app.register(&registration))).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!((won.len(), lost.len()), (1, 19));
    for answer in lost {
        answer.refused(409, "EMAIL_ALREADY_EXISTS");
    }
    let [users, tenants, claims, tokens, _] = written(&app).await;
    assert_eq!([users, tenants, claims, tokens], [1; 4]);
    app.mail_to(&email).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_25_racing_registrations_all_hear_the_same_when_addresses_are_confirmed() {
    let app = App::start().await;
    let email = app.address("race");
    let registration = Registration::of(&email);
    for answer in join_all((0..20).map(|_| app.register(&registration))).await {
        answer.succeeded();
    }
    let [users, tenants, claims, ..] = written(&app).await;
    assert_eq!([users, tenants, claims], [1; 3]);
    let mails = app.deliver_mail().await;
    assert_eq!(mails.iter().filter(|mail| mail.links[0].contains("token=")).count(), 1, "one link that confirms");
    assert_eq!(mails.len(), 20);
    app.finish().await;
}

/// As if the process had died, or the network, at each call that a registration makes.
#[tokio::test]
async fn rule_25_a_registration_that_breaks_off_anywhere_leaves_all_or_nothing() {
    for (fault, after_the_commit) in [(Fault::RequestLost, NOTHING), (Fault::AnswerLost, EVERYTHING)] {
        for call in 0.. {
            let app = App::start().await;
            let registration = Registration::of(&app.address("broken"));
            app.probe.break_call(call, fault);
            let (answer, tally) = app.probe.measure(app.register(&registration)).await;
            if app.probe.mend() {
                answer.succeeded();
                assert!(call >= 3, "a registration is more than {call} calls");
                app.deliver_mail().await;
                app.finish().await;
                break;
            }
            answer.refused(503, "SERVICE_UNAVAILABLE");
            let committed = tally.calls.contains_key("TransactWriteItems");
            assert_eq!(written(&app).await, if committed { after_the_commit } else { NOTHING }, "{fault:?} {call}");
            app.register(&registration).await.succeeded();
            app.deliver_mail().await;
            app.finish().await;
        }
    }
}

#[tokio::test]
async fn rule_25_a_reset_that_breaks_off_anywhere_changes_all_or_nothing() {
    let app = App::start().await;
    let Member { email, tokens, .. } = app.member("broken-reset").await;
    for call in 0.. {
        let token = app.forgot(&email).await;
        app.probe.break_call(call, Fault::RequestLost);
        let answer = app.reset(&token, "velvet-tundra-mosaic-61").await;
        if app.probe.mend() {
            answer.succeeded();
            break;
        }
        answer.refused(503, "SERVICE_UNAVAILABLE");
        app.profile(&tokens.access).await.succeeded();
        app.login(&email, PASSWORD).await.succeeded();
    }
    app.mail_to(&email).await;
    app.profile(&tokens.access).await.refused(401, "TOKEN_INVALID");
    app.finish().await;
}

#[tokio::test]
async fn every_route_that_needs_the_store_says_so_when_it_is_gone() {
    let app = App::start().await;
    let Member { email, tokens, .. } = app.member("outage").await;
    app.probe.break_all();
    let (token, reset) = (json!({ "token": "t" }), json!({ "token": "t", "new_password": PASSWORD }));
    let address = json!({ "email": email });
    for (path, body) in [
        ("/auth/register", &Registration::of(&app.address("new")).0),
        ("/auth/login", &json!({ "email": email, "password": PASSWORD })),
        ("/auth/refresh", &json!({ "refresh_token": tokens.refresh })),
        ("/auth/logout", &json!({ "refresh_token": tokens.refresh })),
        ("/auth/forgot-password", &address),
        ("/auth/resend-confirmation", &address),
        ("/auth/confirm-email", &token),
        ("/auth/reset-password", &reset),
    ] {
        let answer = app.client.post(path, body).send().await;
        answer.refused(503, "SERVICE_UNAVAILABLE");
        assert!(answer.header("retry-after").is_some(), "{path}");
        answer.nowhere_contains("lost the request");
    }
    app.profile(&tokens.access).await.refused(503, "SERVICE_UNAVAILABLE");
    app.probe.mend();
    app.profile(&tokens.access).await.succeeded();
    app.finish().await;
}

#[tokio::test]
async fn health_tells_an_outage_of_the_store_from_one_of_the_process() {
    let app = App::start().await;
    app.probe.break_all();
    for (path, status) in [
        ("/health", 200),
        ("/health/live", 200),
        ("/auth/health", 200),
        ("/health/ready", 503),
        ("/health/detailed", 503),
    ] {
        assert_eq!(app.client.get(path).send().await.status, status, "{path}");
    }
    app.client.get("/health/ready").send().await.refused(503, "SERVICE_UNAVAILABLE");
    let detailed = app.client.get("/health/detailed").send().await.json();
    assert_eq!(detailed["data"]["status"], "Unhealthy");
    let checks = detailed["data"]["checks"].as_array().unwrap();
    let states: Vec<_> = checks.iter().map(|check| (check["component"].as_str(), check["status"].as_str())).collect();
    assert!(states.contains(&(Some("dynamodb"), Some("Unhealthy"))), "{states:?}");
    assert!(states.contains(&(Some("signing_keys"), Some("Healthy"))), "{states:?}");
    app.probe.mend();
    app.client.get("/health/ready").send().await.succeeded();
    let (answer, tally) = app.probe.measure(app.client.get("/health").send()).await;
    answer.succeeded();
    assert_eq!(tally.total(), 0, "/health touches nothing");
    app.finish().await;
}

/// Something in the tables that nobody can read is a fault of ours, and not for clients to see.
#[tokio::test]
async fn an_unreadable_row_is_a_500_without_its_content() {
    let app = App::start().await;
    let Member { user_id, email, tokens, .. } = app.member("corrupt").await;
    app.set(Table::Users, &user_id, "role", "s3cr3t-role").await;
    for answer in [app.profile(&tokens.access).await, app.login(&email, PASSWORD).await] {
        answer.refused(500, "INTERNAL_ERROR");
        answer.nowhere_contains("s3cr3t");
        answer.nowhere_contains("role");
    }
    app.finish().await;
}
