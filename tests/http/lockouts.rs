//! Rule 7: how guessing passwords is slowed down and ended, and what it never stands in the way of.

use std::net::IpAddr;

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::TimeDelta;
use domain::{EmailAddress, ThrottleSubject, UserId};
use futures::future::join_all;
use infrastructure::dynamodb::tables::Table;
use serde_json::json;
use tests::{Answer, App, Fault, Issuer, Member, PASSWORD, Registration, Tally, Tokens, token_in};

const WRONG: &str = "not the password";
const NEW: &str = "velvet-tundra-mosaic-61";

/// How often somebody may fail before they have to wait.
const FREE: usize = 5;

async fn guess(app: &App, email: &str) -> Answer {
    app.login(email, WRONG).await
}

async fn login_from(app: &App, source: IpAddr, email: &str, password: &str) -> Answer {
    let body = json!({ "email": email, "password": password });
    app.client.post("/auth/login", &body).sent_from(source).send().await
}

fn subject(email: &str) -> ThrottleSubject {
    ThrottleSubject::of_address(&EmailAddress::parse(email).unwrap())
}

/// What is counted of the failures of an address.
async fn counted(app: &App, email: &str) -> u32 {
    match app.row(Table::AccountThrottles, subject(email).as_str()).await {
        Some(row) => row["count"].as_n().unwrap().parse().unwrap(),
        None => 0,
    }
}

/// As if a subject had failed so often until now.
async fn plant(app: &App, subject: &ThrottleSubject, count: u32) {
    let row = [
        ("subject", AttributeValue::S(subject.as_str().to_owned())),
        ("count", AttributeValue::N(count.to_string())),
        ("last_at", AttributeValue::S(app.now().to_rfc3339())),
    ];
    app.plant(Table::AccountThrottles, row.map(|(name, value)| (name.to_owned(), value)).into()).await;
}

/// Somebody whose password was just disabled, and has been told.
async fn locked(app: &App, name: &str) -> Member {
    let anna = app.member(name).await;
    plant(app, &subject(&anna.email), 99).await;
    app.clock.advance(TimeDelta::minutes(15));
    guess(app, &anna.email).await.refused(401, "INVALID_CREDENTIALS");
    assert_eq!(app.mail_to(&anna.email).await.subject, "Your PurposePath password was disabled");
    anna
}

fn wait_of(answer: &Answer) -> i64 {
    answer.refused(429, "RATE_LIMIT_EXCEEDED");
    assert_eq!(answer.header("ratelimit-remaining"), Some("0"));
    assert_eq!(answer.header("ratelimit-reset"), answer.header("retry-after"));
    answer.header("retry-after").unwrap().parse().unwrap()
}

#[tokio::test]
async fn rule_7_the_wait_grows_with_each_failure_and_ends_when_it_was_said_to() {
    let app = App::start().await;
    let Member { email, .. } = app.member("anna").await;
    for _ in 0..FREE {
        guess(&app, &email).await.refused(401, "INVALID_CREDENTIALS");
    }
    let mut waits = Vec::new();
    for _ in 0..12 {
        let wait = wait_of(&app.login(&email, PASSWORD).await);
        app.clock.advance(TimeDelta::seconds(wait - 1));
        assert_eq!(wait_of(&guess(&app, &email).await), 1, "whoever asks too early waits no longer for it");
        app.clock.advance(TimeDelta::seconds(1));
        guess(&app, &email).await.refused(401, "INVALID_CREDENTIALS");
        waits.push(wait);
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
    app.clock.advance(TimeDelta::minutes(15));
    app.login(&email, PASSWORD).await.succeeded();
    app.finish().await;
}

/// Beside it, the limit of the process goes on: what it says of itself is not what the client has to wait for.
#[tokio::test]
async fn rule_7_a_wait_is_told_in_the_headers_of_limits() {
    let app = App::builder().setting("RATE_LIMIT_PER_MINUTE", "120").start().await;
    let email = app.address("unknown");
    for left in (0..FREE).map(|made| 119 - made) {
        let answer = guess(&app, &email).await;
        assert_eq!(answer.header("ratelimit-remaining"), Some(left.to_string().as_str()));
    }
    let waiting = guess(&app, &email).await;
    assert_eq!(wait_of(&waiting), 1);
    assert_eq!(waiting.header("ratelimit-limit"), Some("120"));
    app.finish().await;
}

#[tokio::test]
async fn rule_7_a_success_ends_the_counting() {
    let app = App::start().await;
    let Member { email, .. } = app.member("anna").await;
    for _ in 0..3 {
        for _ in 0..FREE - 1 {
            guess(&app, &email).await.refused(401, "INVALID_CREDENTIALS");
        }
        assert_eq!(counted(&app, &email).await, 4);
        app.sign_in(&email.to_uppercase()).await;
        assert_eq!(counted(&app, &email).await, 0);
    }
    for _ in 0..FREE {
        guess(&app, &email).await.refused(401, "INVALID_CREDENTIALS");
    }
    app.clock.advance(TimeDelta::days(30));
    guess(&app, &email).await.refused(401, "INVALID_CREDENTIALS");
    assert_eq!(counted(&app, &email).await, 1, "what was a month ago is forgotten, removed or not");
    app.finish().await;
}

/// All the way, for somebody and for nobody side by side: what is said and what it costs is the same at every step.
#[tokio::test]
async fn rule_7_a_hundred_failures_disable_the_password_and_an_unknown_address_alike() {
    let app = App::start().await;
    let Member { email, .. } = app.member("anna").await;
    let unknown = app.address("unknown");
    let told = |answer: &Answer| {
        let mut headers: Vec<_> = answer.headers.iter().filter(|(name, _)| *name != "x-request-id").collect();
        headers.sort_by_key(|(name, _)| name.as_str());
        format!("{} {headers:?} {}", answer.status, answer.text())
    };
    // Each from a source of its own, whose counters are the same then.
    let attempt = async |address: &str, source: &str, password: &str| -> (Answer, Tally) {
        app.probe.measure(login_from(&app, source.parse().unwrap(), address, password)).await
    };
    for failure in 1..=100 {
        let (known, cost) = attempt(&email, "192.0.2.10", WRONG).await;
        let (nobody, cost_of_nobody) = attempt(&unknown, "192.0.2.20", WRONG).await;
        known.refused(401, "INVALID_CREDENTIALS");
        assert_eq!((told(&nobody), cost_of_nobody), (told(&known), cost), "{failure}");
        app.clock.advance(TimeDelta::minutes(15));
    }
    for password in [WRONG, PASSWORD] {
        let (known, cost) = attempt(&email, "192.0.2.10", password).await;
        let (nobody, cost_of_nobody) = attempt(&unknown, "192.0.2.20", password).await;
        known.refused(423, "ACCOUNT_LOCKED");
        assert_eq!((told(&nobody), cost_of_nobody), (told(&known), cost));
        app.clock.advance(TimeDelta::days(400));
    }
    for address in [&email, &unknown] {
        let row = app.row(Table::AccountThrottles, subject(address).as_str()).await.unwrap();
        assert!(row.contains_key("disabled_at") && !row.contains_key("ttl"), "{row:?}");
        assert_eq!(row["count"].as_n().unwrap(), "100");
        assert!(!format!("{row:?}").contains(address.as_str()), "{row:?}");
    }
    assert_eq!(app.mail_to(&email).await.subject, "Your PurposePath password was disabled");
    app.finish().await;
}

#[tokio::test]
async fn rule_7_the_hundredth_failure_is_told_to_the_owner_published_and_on_record() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    plant(&app, &subject(&anna.email), 99).await;
    app.clock.advance(TimeDelta::minutes(15));
    guess(&app, &anna.email).await.refused(401, "INVALID_CREDENTIALS");
    let queued: Vec<_> = app.rows(Table::AccountOutbox).await;
    assert!(queued.iter().any(|row| format!("{row:?}").contains("PasswordDisabled")), "{queued:?}");
    let mail = app.mail_to(&anna.email).await;
    assert_eq!(mail.subject, "Your PurposePath password was disabled");
    assert!(mail.links[0].ends_with("/auth/forgot-password"), "{:?}", mail.links);
    for _ in 0..3 {
        app.login(&anna.email, PASSWORD).await.refused(423, "ACCOUNT_LOCKED");
    }
    let tokens = Tokens::of(&app.refresh(&anna.tokens.refresh).await);
    let trail = app.client.get("/tenants/current/audit?action=PasswordDisabled").bearer(&tokens.access).send().await;
    let records = trail.data();
    let [record] = records.as_array().unwrap().as_slice() else { panic!("one record, not {records}") };
    assert_eq!(record["actor"], json!({ "kind": "system", "user_id": null }));
    assert_eq!(record["target"], json!({ "kind": "user", "id": anna.user_id }));
    app.finish().await;
}

/// Whoever counted the hundredth failure may not have come to disable the password.
#[tokio::test]
async fn rule_7_a_password_that_nobody_came_to_disable_is_disabled_by_the_next_attempt() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    plant(&app, &subject(&anna.email), 99).await;
    app.clock.advance(TimeDelta::minutes(15));
    let commit = app.probe.hold("TransactWriteItems");
    tokio::select! {
        _ = guess(&app, &anna.email) => panic!("answered without having disabled the password"),
        () = commit.meanwhile(async {}) => {}
    }
    assert_eq!(counted(&app, &anna.email).await, 100);
    assert_eq!(app.deliver_mail().await.len(), 0);
    let at_once = join_all((0..4).map(|_| app.login(&anna.email, PASSWORD))).await;
    for answer in at_once {
        answer.refused(423, "ACCOUNT_LOCKED");
    }
    app.mail_to(&anna.email).await;
    app.finish().await;
}

#[tokio::test]
async fn rule_7_a_reset_password_is_accepted_however_often_the_one_before_was_guessed_at() {
    let app = App::start().await;
    let anna = locked(&app, "anna").await;
    app.login(&anna.email, PASSWORD).await.refused(423, "ACCOUNT_LOCKED");
    let token = app.forgot(&anna.email).await;
    app.reset(&token, NEW).await.succeeded();
    app.mail_to(&anna.email).await;
    assert_eq!(counted(&app, &anna.email).await, 0);
    app.login(&anna.email, PASSWORD).await.refused(401, "INVALID_CREDENTIALS");
    app.login(&anna.email, NEW).await.succeeded();
    app.finish().await;
}

#[tokio::test]
async fn rule_7_sessions_and_accounts_elsewhere_go_on_while_the_password_is_disabled() {
    let issuer = Issuer::start().await;
    let app = App::builder().with_issuer(&issuer).start().await;
    let anna = app.member("anna").await;
    let google = issuer.sign(&issuer.google(&app, "1", "elsewhere@gmail.example.com"));
    let link = json!({ "provider": "google", "id_token": google, "password": PASSWORD });
    app.client.post("/user/identities", &link).bearer(&anna.tokens.access).send().await.succeeded();
    plant(&app, &subject(&anna.email), 100).await;
    for _ in 0..60 {
        app.login(&anna.email, PASSWORD).await.refused(423, "ACCOUNT_LOCKED");
    }
    app.mail_to(&anna.email).await;
    app.profile(&anna.tokens.access).await.succeeded();
    let next = Tokens::of(&app.refresh(&anna.tokens.refresh).await);
    app.profile(&next.access).await.succeeded();
    app.sign_in_with("google", &google).await.succeeded();
    // Who is signed in is asked for the password of all the same.
    let close = app.client.delete("/tenants/current").json(&json!({ "password": PASSWORD }));
    close.bearer(&next.access).send().await.succeeded();
    app.mail_to(&anna.email).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_7_fifty_guesses_at_once_are_no_more_than_five() {
    let app = App::start().await;
    for email in [app.member("anna").await.email, app.address("unknown")] {
        let answers = join_all((0..50).map(|_| guess(&app, &email))).await;
        let count = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
        assert_eq!(
            (count(401), count(429)),
            (FREE, 45),
            "the others: {:?}",
            answers.iter().map(|a| a.status).collect::<Vec<_>>()
        );
        assert_eq!(counted(&app, &email).await, 5);
    }
    app.finish().await;
}

#[tokio::test]
async fn rule_7_a_source_is_slowed_down_whichever_addresses_it_tries() {
    let app = App::start().await;
    let Member { email, .. } = app.member("anna").await;
    let source = |address: &str| -> IpAddr { address.parse().unwrap() };
    let attacker = source("2001:db8::1");
    for number in 0..50 {
        let victim = format!("somebody.{number}@example.com");
        login_from(&app, attacker, &victim, WRONG).await.refused(401, "INVALID_CREDENTIALS");
        if number % 20 == 0 {
            // An account of one's own makes no difference.
            login_from(&app, attacker, &email, PASSWORD).await.succeeded();
        }
    }
    assert_eq!(wait_of(&login_from(&app, attacker, &email, PASSWORD).await), 1);
    assert_eq!(wait_of(&login_from(&app, source("2001:db8::ffff:2"), &email, PASSWORD).await), 1, "the same network");
    login_from(&app, source("2001:db8:0:1::1"), &email, PASSWORD).await.succeeded();
    app.clock.advance(TimeDelta::seconds(1));
    login_from(&app, attacker, "somebody.51@example.com", WRONG).await.refused(401, "INVALID_CREDENTIALS");
    assert_eq!(wait_of(&login_from(&app, attacker, &email, PASSWORD).await), 2);
    app.clock.advance(TimeDelta::seconds(2));
    login_from(&app, attacker, &email, PASSWORD).await.succeeded();
    app.clock.advance(TimeDelta::hours(1));
    for _ in 0..2 {
        login_from(&app, attacker, "somebody.52@example.com", WRONG).await.refused(401, "INVALID_CREDENTIALS");
    }
    app.finish().await;
}

#[tokio::test]
async fn rule_7_an_attempt_that_broke_off_is_counted() {
    let app = App::start().await;
    let Member { email, .. } = app.member("anna").await;
    // Two reads for who has the address and two of counters; the account and its plan, beside which it is counted.
    let counting = 6;
    app.probe.break_call(counting, Fault::AnswerLost);
    app.login(&email, PASSWORD).await.refused(503, "SERVICE_UNAVAILABLE");
    assert_eq!(counted(&app, &email).await, 1);
    app.probe.break_call(counting, Fault::RequestLost);
    app.login(&email, PASSWORD).await.refused(503, "SERVICE_UNAVAILABLE");
    assert_eq!(counted(&app, &email).await, 1, "it was not made either");
    app.probe.break_call(counting + 1, Fault::RequestLost);
    guess(&app, &email).await.refused(503, "SERVICE_UNAVAILABLE");
    assert_eq!(counted(&app, &email).await, 2, "the failure of the source could not be counted");
    for reading in 0..4 {
        app.probe.break_call(reading, Fault::RequestLost);
        app.login(&email, PASSWORD).await.refused(503, "SERVICE_UNAVAILABLE");
    }
    assert!(!app.probe.mend(), "every fault was met");
    app.login(&email, PASSWORD).await.succeeded();
    assert_eq!(counted(&app, &email).await, 0);
    app.finish().await;
}

/// Outsiders know the address, and nothing that the owner's own attempts are counted by.
#[tokio::test]
async fn rule_7_who_is_signed_in_is_counted_apart_from_who_guesses_at_their_address() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let close = async |password: &str| {
        let close = app.client.delete("/tenants/current").json(&json!({ "password": password }));
        close.bearer(&anna.tokens.access).send().await
    };
    for _ in 0..FREE {
        guess(&app, &anna.email).await.refused(401, "INVALID_CREDENTIALS");
        close(WRONG).await.refused(401, "INVALID_CREDENTIALS");
    }
    assert_eq!(wait_of(&close(PASSWORD).await), 1);
    assert_eq!(wait_of(&app.login(&anna.email, PASSWORD).await), 1);
    app.clock.advance(TimeDelta::seconds(1));
    app.sign_in(&anna.email).await;
    close(WRONG).await.refused(401, "INVALID_CREDENTIALS");
    assert_eq!(wait_of(&close(PASSWORD).await), 2, "a sign-in ends only the counting of sign-ins");
    app.clock.advance(TimeDelta::seconds(2));
    close(PASSWORD).await.succeeded();
    app.mail_to(&anna.email).await;
    assert!(app.rows(Table::AccountThrottles).await.len() <= 1, "but the source's");
    app.finish().await;
}

/// On a stolen session, for example.
#[tokio::test]
async fn rule_7_guessing_from_within_disables_the_password_for_signing_in_as_well() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    plant(&app, &ThrottleSubject::of_user(&UserId::restore(&anna.user_id)), 99).await;
    app.clock.advance(TimeDelta::minutes(15));
    let close = async |password: &str| {
        let close = app.client.delete("/tenants/current").json(&json!({ "password": password }));
        close.bearer(&anna.tokens.access).send().await
    };
    close(WRONG).await.refused(401, "INVALID_CREDENTIALS");
    app.mail_to(&anna.email).await;
    close(PASSWORD).await.refused(423, "ACCOUNT_LOCKED");
    app.login(&anna.email, PASSWORD).await.refused(423, "ACCOUNT_LOCKED");
    let token = app.forgot(&anna.email).await;
    app.reset(&token, NEW).await.succeeded();
    app.mail_to(&anna.email).await;
    app.clock.advance(TimeDelta::seconds(1));
    let tokens = Tokens::of(&app.login(&anna.email, NEW).await);
    let close = app.client.delete("/tenants/current").json(&json!({ "password": NEW }));
    close.bearer(&tokens.access).send().await.succeeded();
    app.mail_to(&anna.email).await;
    app.finish().await;
}

#[tokio::test]
async fn rule_7_a_new_account_does_not_inherit_what_was_guessed_before_it_was_there() {
    let app = App::start().await;
    let email = app.address("late");
    plant(&app, &subject(&email), 100).await;
    app.login(&email, PASSWORD).await.refused(423, "ACCOUNT_LOCKED");
    app.register(&Registration::of(&email)).await.succeeded();
    let token = token_in(&app.mail_to(&email).await);
    app.confirm(&token).await.succeeded();
    app.sign_in(&email).await;
    app.finish().await;
}

#[tokio::test]
async fn rule_7_throttling_is_on_unless_it_is_switched_off() {
    let app = App::builder().setting("SIGN_IN_THROTTLING", "off").start().await;
    let Member { email, .. } = app.member("anna").await;
    for _ in 0..=FREE {
        guess(&app, &email).await.refused(401, "INVALID_CREDENTIALS");
    }
    app.login(&email, PASSWORD).await.succeeded();
    assert_eq!(app.rows(Table::AccountThrottles).await.len(), 0);
    app.finish().await;
}
