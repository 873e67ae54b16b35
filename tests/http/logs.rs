//! Rule 24: what the log says of every outcome, and what it never says.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{EmailAddress, ThrottleSubject};
use infrastructure::dynamodb::tables::Table;
use serde_json::{Value, json};
use tests::{Answer, App, Issuer, Member, Newcomer, PASSWORD, Registration, Tokens, python::PythonUser};
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

/// Keeps the log of this thread, as the Lambda host writes it but with everything that our own code says.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn start() -> (Self, DefaultGuard) {
        // While this thread's is the only subscriber, a place in the code that another thread reaches first counts as
        // one that nobody listens to. One for all threads, which keeps nothing, ends that; only the first is set.
        let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(LevelFilter::INFO));
        let log = Self::default();
        let writer = log.clone();
        let filter = "info,application=trace,api=trace,domain=trace,infrastructure=trace,security=trace";
        let lines = tracing_subscriber::fmt::layer()
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .with_writer(move || writer.clone())
            .with_filter(filter.parse::<Targets>().unwrap());
        (log, tracing_subscriber::registry().with(lines).set_default())
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    fn lines(&self) -> Vec<Value> {
        self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The lines about security outcomes of the request with this id.
    fn outcomes(&self, request: &Answer) -> Vec<Value> {
        let id = request.header("x-request-id").unwrap();
        let mut lines = self.lines();
        lines.retain(|line| line["target"] == "security" && line["span"]["request_id"] == id);
        lines
    }

    /// The one outcome of a request: what was done, how it ended and why, about whom.
    #[track_caller]
    fn outcome(&self, request: &Answer) -> Outcome {
        let lines = self.outcomes(request);
        let [line] = lines.as_slice() else { panic!("one outcome, not {lines:#?}") };
        assert_eq!(line["span"]["source"], "192.0.2.1", "{line}");
        assert!(line["timestamp"].is_string(), "{line}");
        let text = |field: &str| line[field].as_str().map(str::to_owned);
        Outcome {
            action: text("action").unwrap(),
            result: text("reason").unwrap_or_else(|| text("outcome").unwrap()),
            user: text("user_id").zip(text("tenant_id")),
            address: text("address"),
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    action: String,
    /// `success`, or the reason of a refusal.
    result: String,
    user: Option<(String, String)>,
    address: Option<String>,
}

impl Outcome {
    #[track_caller]
    fn is(&self, action: &str, result: &str) -> &Self {
        assert_eq!((self.action.as_str(), self.result.as_str()), (action, result), "{self:?}");
        self
    }

    #[track_caller]
    fn about(&self, user_id: &str, tenant_id: &str) {
        assert_eq!(self.user, Some((user_id.to_owned(), tenant_id.to_owned())), "{self:?}");
    }
}

#[tokio::test]
async fn rule_24_every_outcome_of_signing_up_in_and_out_is_one_line_about_somebody() {
    let (log, _guard) = Log::start();
    let app = App::start().await;
    let Newcomer { email, user_id, tenant_id, token } = app.newcomer("logged").await;
    let me = |answer: &Answer, action: &str, result: &str| {
        log.outcome(answer).is(action, result).about(&user_id, &tenant_id);
    };

    let fresh = app.register(&Registration::of(&app.address("fresh"))).await;
    log.outcome(&fresh).is("register", "success").about(&fresh.text_at("user_id"), &fresh.text_at("tenant_id"));
    let taken = log.outcome(&app.register(&Registration::of(&email)).await);
    taken.is("register", "address_taken");
    assert!(taken.address.is_some_and(|masked| masked != email && masked.ends_with("@example.com")));

    me(&app.login(&email, PASSWORD).await, "login", "email_not_verified");
    log.outcome(&app.confirm("never-sent").await).is("confirm_email", "unknown_token");
    me(&app.confirm(&token).await, "confirm_email", "success");
    me(&app.confirm(&token).await, "confirm_email", "used_token");
    me(&app.login(&email, "not the password").await, "login", "wrong_password");
    log.outcome(&app.login(&app.address("nobody"), PASSWORD).await).is("login", "unknown_address");

    let login = app.login(&email, PASSWORD).await;
    me(&login, "login", "success");
    let first = Tokens::of(&login);
    let refreshed = app.refresh(&first.refresh).await;
    me(&refreshed, "refresh", "success");
    let second = Tokens::of(&refreshed);
    app.refresh(&second.refresh).await.succeeded();
    me(&app.refresh(&first.refresh).await, "refresh", "token_reused");
    me(&app.refresh(&second.refresh).await, "refresh", "session_over");
    me(&app.profile(&second.access).await, "authenticate", "session_over");
    log.outcome(&app.refresh("x.y.z").await).is("refresh", "invalid_token");
    log.outcome(&app.profile("x.y.z").await).is("authenticate", "invalid_token");
    log.outcome(&app.logout("x.y.z").await).is("logout", "invalid_token");

    let third = app.sign_in(&email).await;
    me(&app.logout(&third.refresh).await, "logout", "success");
    me(&app.logout(&third.refresh).await, "logout", "session_over");
    app.deliver_mail().await;
    app.finish().await;
}

#[tokio::test]
async fn rule_24_every_outcome_of_getting_back_in_and_being_kept_out_is_one_line_about_somebody() {
    let (log, _guard) = Log::start();
    let app = App::start().await;
    let Member { email, user_id, tenant_id, tokens } = app.member("back-in").await;
    let me = |answer: &Answer, action: &str, result: &str| {
        log.outcome(answer).is(action, result).about(&user_id, &tenant_id);
    };
    let post = |path: &str, email: &str| app.client.post(path, &json!({ "email": email })).send();

    me(&post("/auth/forgot-password", &email).await, "forgot_password", "success");
    let nobody = app.address("nobody");
    log.outcome(&post("/auth/forgot-password", &nobody).await).is("forgot_password", "nobody_to_mail");
    log.outcome(&post("/auth/resend-confirmation", &email).await).is("resend_confirmation", "nobody_to_mail");
    let old = tests::token_in(&app.mail_to(&email).await);
    let token = app.forgot(&email).await;
    me(&app.reset(&old, "velvet-tundra-mosaic-61").await, "reset_password", "superseded_token");
    log.outcome(&app.reset("never-sent", "velvet-tundra-mosaic-61").await).is("reset_password", "unknown_token");
    me(&app.reset(&token, "velvet-tundra-mosaic-61").await, "reset_password", "success");
    me(&app.reset(&token, PASSWORD).await, "reset_password", "used_token");
    app.mail_to(&email).await;

    let tokens_of = async || Tokens::of(&app.login(&email, "velvet-tundra-mosaic-61").await);
    me(&app.profile(&tokens.access).await, "authenticate", "session_over");
    let tokens = tokens_of().await;
    let elsewhere = app.client.get("/user/profile").bearer(&tokens.access).header("x-tenant-id", "another");
    me(&elsewhere.send().await, "authenticate", "tenant_mismatch");
    for (table, id, reason) in
        [(Table::Users, &user_id, "account_inactive"), (Table::Tenants, &tenant_id, "tenant_inactive")]
    {
        app.set(table, id, "status", "suspended").await;
        me(&app.profile(&tokens.access).await, "authenticate", reason);
        me(&app.refresh(&tokens.refresh).await, "refresh", reason);
        me(&app.login(&email, "velvet-tundra-mosaic-61").await, "login", reason);
        app.set(table, id, "status", "active").await;
    }
    app.clock.advance(chrono::TimeDelta::days(31));
    log.outcome(&app.profile(&tokens.access).await).is("authenticate", "expired_token");
    log.outcome(&app.refresh(&tokens.refresh).await).is("refresh", "expired_token");

    let twins = app.address("twins");
    app.python_user(&twins).await;
    let python = app.python_user(&twins).await;
    log.outcome(&app.login(&twins, tests::python::PASSWORD).await).is("login", "ambiguous_address");
    let refresh = app.python_refresh_token(&python).await;
    let carried_on = log.outcome(&app.refresh(&refresh).await);
    carried_on.is("carry_on_legacy_session", "success").about(&python.user_id, &python.tenant_id);
    app.finish().await;
}

#[tokio::test]
async fn rule_24_every_outcome_of_guessing_at_a_password_is_a_line_that_names_nobody_but_its_owner() {
    let (log, _guard) = Log::start();
    let app = App::start().await;
    let Member { email, user_id, tenant_id, .. } = app.member("guessed").await;
    let masked = EmailAddress::parse(&email).unwrap().masked();
    for _ in 0..5 {
        let wrong = app.login(&email, "not the password").await;
        log.outcome(&wrong).is("login", "wrong_password").about(&user_id, &tenant_id);
    }
    let waiting = log.outcome(&app.login(&email, PASSWORD).await);
    assert_eq!(waiting.is("login", "too_many_attempts").address.as_ref(), Some(&masked));
    let counter = ThrottleSubject::of_address(&EmailAddress::parse(&email).unwrap());
    let mut row = app.row(Table::AccountThrottles, counter.as_str()).await.unwrap();
    row.insert("count".to_owned(), AttributeValue::N("100".to_owned()));
    app.plant(Table::AccountThrottles, row).await;
    let locked = log.outcomes(&app.login(&email, PASSWORD).await);
    let [disabled, refused] = locked.as_slice() else { panic!("two lines, not {locked:#?}") };
    assert_eq!((&disabled["action"], &disabled["user_id"]), (&json!("disable_password"), &json!(user_id)));
    assert_eq!((&refused["action"], &refused["reason"]), (&json!("login"), &json!("password_disabled")));
    assert_eq!(refused["address"], masked);
    app.mail_to(&email).await;
    app.finish().await;
}

#[tokio::test]
async fn rule_24_every_outcome_of_managing_members_is_one_line_about_who_did_it_and_to_whom() {
    let (log, _guard) = Log::start();
    let app = App::start().await;
    let owner = app.python_user(&app.address("owner")).await;
    let ben = app.python_colleague(&owner, "member", &app.address("ben")).await;
    let done = async |method: &str, route: String, body: Value, action: &str, result: &str| {
        let call = app.client.call(method.parse().unwrap(), &route).json(&body);
        let answer = call.bearer(&owner.access_token(&app)).send().await;
        log.outcome(&answer).is(action, result).about(&owner.user_id, &owner.tenant_id);
        log.outcomes(&answer)[0]["member_id"].as_str().map(str::to_owned)
    };
    let of = |user: &PythonUser, what: &str| format!("/users/{}{what}", user.user_id);
    let (nothing, admin, viewer) = (json!({}), json!({ "role": "admin" }), json!({ "role": "viewer" }));
    let to_ben = json!({ "user_id": ben.user_id });
    for (method, route, body, action, result) in [
        ("PUT", of(&ben, "/role"), &admin, "change_role", "success"),
        ("PUT", of(&owner, "/role"), &viewer, "change_role", "owns_the_tenant"),
        ("POST", of(&ben, "/deactivate"), &nothing, "deactivate_member", "success"),
        ("POST", of(&owner, "/deactivate"), &nothing, "deactivate_member", "oneself"),
        ("POST", "/tenants/current/transfer-ownership".to_owned(), &to_ben, "transfer_ownership", "cannot_sign_in"),
        ("POST", of(&ben, "/activate"), &nothing, "activate_member", "success"),
        ("DELETE", of(&ben, "/sessions"), &nothing, "end_member_sessions", "success"),
        ("DELETE", of(&ben, ""), &nothing, "remove_member", "success"),
        ("DELETE", of(&ben, ""), &nothing, "remove_member", "unknown_member"),
    ] {
        let whom = if route.contains(&owner.user_id) { &owner } else { &ben };
        assert_eq!(done(method, route, body.clone(), action, result).await.as_ref(), Some(&whom.user_id));
    }
    app.finish().await;
}

#[tokio::test]
async fn rule_24_every_outcome_of_accounts_elsewhere_is_one_line_about_somebody() {
    let (log, _guard) = Log::start();
    let issuer = Issuer::start().await;
    let app = App::builder().with_issuer(&issuer).start().await;
    let Member { email, user_id, tenant_id, tokens } = app.member("anna").await;
    let invited = app.address("invited");
    let invitation = app.invited(&tokens.access, &invited).await;
    let token = |subject: &str, email: &str| issuer.sign(&issuer.google(&app, subject, email));
    let unvouched = {
        let mut claims = issuer.google(&app, "1", &invited);
        claims["email_verified"] = json!(false);
        issuer.sign(&claims)
    };

    let sign_in = async |token: &str| log.outcome(&app.sign_in_with("google", token).await);
    sign_in("x.y.z").await.is("outside_sign_in", "invalid_token");
    sign_in(&unvouched).await.is("outside_sign_up", "address_not_vouched_for");
    sign_in(&token("1", &email)).await.is("outside_sign_up", "address_taken");

    let activate = async |id_token: &str| {
        let body = json!({
            "token": invitation, "first_name": "Ben", "last_name": "Okoro", "provider": "google", "id_token": id_token,
        });
        app.client.post("/invitations/activate", &body).send().await
    };
    for (id_token, result) in [
        ("x.y.z", "invalid_token"),
        (&*unvouched, "address_not_vouched_for"),
        (&*token("1", "eve@example.com"), "other_address"),
    ] {
        let outcome = log.outcome(&activate(id_token).await);
        assert!(outcome.is("activate_invitation", result).address.as_ref().is_some_and(|masked| *masked != invited));
    }
    let ben = activate(&token("1", &invited)).await;
    let (ben_id, of_ben) = (ben.data()["user"]["user_id"].clone(), Tokens::of(&ben));
    log.outcome(&ben).is("activate_invitation", "success").about(ben_id.as_str().unwrap(), &tenant_id);
    sign_in(&token("1", &invited)).await.is("outside_sign_in", "success").about(ben_id.as_str().unwrap(), &tenant_id);

    let link = async |subject: &str, password: Value| {
        let body = json!({ "provider": "google", "id_token": token(subject, &email), "password": password });
        let answer = app.client.post("/user/identities", &body).bearer(&tokens.access).send().await;
        let outcome = log.outcome(&answer);
        outcome.about(&user_id, &tenant_id);
        outcome
    };
    link("2", json!("wrong")).await.is("link_identity", "wrong_password");
    link("1", json!(PASSWORD)).await.is("link_identity", "identity_taken");
    link("2", json!(PASSWORD)).await.is("link_identity", "success");
    link("3", json!(PASSWORD)).await.is("link_identity", "another_linked");
    app.clock.advance(chrono::TimeDelta::minutes(6));
    link("3", Value::Null).await.is("link_identity", "reauthentication_required");
    let unlink =
        async |access: &str| log.outcome(&app.client.delete("/user/identities/google").bearer(access).send().await);
    unlink(&of_ben.access).await.is("unlink_identity", "last_way_in").about(ben_id.as_str().unwrap(), &tenant_id);
    unlink(&tokens.access).await.is("unlink_identity", "success").about(&user_id, &tenant_id);
    unlink(&tokens.access).await.is("unlink_identity", "not_linked").about(&user_id, &tenant_id);
    for (what, secret) in [("a JWT", "eyJ"), ("an address", &*email), ("the invited address", &*invited)] {
        assert!(!log.text().contains(secret), "{what} is in the log");
    }
    app.finish().await;
}

/// Everything that must stay secret of what happens in a journey through success, refusal and failure.
#[tokio::test]
async fn rule_24_no_secret_and_no_full_address_is_ever_logged() {
    let (log, _guard) = Log::start();
    let app = App::start().await;
    let Newcomer { email, user_id, token: confirmation, .. } = app.newcomer("S3cretive").await;
    app.login(&email, PASSWORD).await.refused(403, "EMAIL_NOT_VERIFIED");
    app.confirm(&confirmation).await.succeeded();
    app.login(&email, "a-wrong-password-7").await.refused(401, "INVALID_CREDENTIALS");
    let login = app.login(&email, PASSWORD).await;
    let first = Tokens::of(&login);
    let second = Tokens::of(&app.refresh(&first.refresh).await);
    app.client.get("/user/profile").bearer(&second.access).header("cookie", "c00kie=1").send().await.succeeded();
    let in_the_query = format!("/auth/logout?refresh_token={}", second.refresh);
    app.client.call(axum::http::Method::POST, &in_the_query).send().await.succeeded();
    app.refresh(&second.refresh).await.refused(401, "TOKEN_INVALID");
    let reset = app.forgot(&email).await;
    app.reset(&reset, "password1").await.refused(422, "WEAK_PASSWORD");
    app.reset(&reset, "velvet-tundra-mosaic-61").await.succeeded();
    app.mail_to(&email).await;
    app.register(&Registration::of(&email)).await.succeeded();
    app.mail_to(&email).await;
    app.client.get(&format!("/auth/confirm-email/validate?token={confirmation}")).send().await.succeeded();
    app.client.post(&format!("/auth/resend-confirmation?email={email}"), &json!({})).send().await.succeeded();
    let wrong_types = json!({ "email": 5, "password": ["a-wrong-password-7"] });
    app.client.post("/auth/login", &wrong_types).send().await.refused(422, "VALIDATION_ERROR");
    let hash = app.row(Table::Users, &user_id).await.unwrap()["password_hash"].as_s().unwrap().clone();
    app.probe.break_all();
    app.login(&email, PASSWORD).await.refused(503, "SERVICE_UNAVAILABLE");
    app.register(&Registration::of(&app.address("outage"))).await.refused(503, "SERVICE_UNAVAILABLE");
    app.probe.mend();
    app.set(Table::Users, &user_id, "role", "unreadable").await;
    app.login(&email, "velvet-tundra-mosaic-61").await.refused(500, "INTERNAL_ERROR");
    let local_part = email.split('@').next().unwrap().to_owned();

    let text = log.text();
    assert!(log.lines().len() > 40, "the log of the whole journey is here");
    for (what, secret) in [
        ("a password", PASSWORD),
        ("a wrong password", "a-wrong-password-7"),
        ("a weak password", "password1"),
        ("a new password", "velvet-tundra-mosaic-61"),
        ("an access token", &first.access),
        ("an access token", &second.access),
        ("a refresh token", &first.refresh),
        ("a refresh token", &second.refresh),
        ("a confirmation token", &confirmation),
        ("the hash of a confirmation token", domain::TokenHash::of(&confirmation).as_str()),
        ("a reset token", &reset),
        ("the hash of a reset token", domain::TokenHash::of(&reset).as_str()),
        ("a password hash", &hash),
        ("any password hash", "$argon2"),
        ("any JWT", "eyJ"),
        ("the signing secret", tests::JWT_SECRET),
        ("an authorization header", "Bearer"),
        ("a cookie", "c00kie"),
        ("a full address", &email),
        ("a full address in lower case", &email.to_lowercase()),
        ("a local part", &local_part),
        ("a link", "https://app.example.com/auth"),
    ] {
        let found = text.lines().find(|line| line.contains(secret));
        assert!(found.is_none(), "{what} is in the log: {}", found.unwrap_or_default());
    }
    app.set(Table::Users, &user_id, "role", "owner").await;
    app.finish().await;
}
