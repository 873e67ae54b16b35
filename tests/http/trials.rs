//! Trials: what they give, what is left when they are over, and how administrators of the platform extend them.

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::TimeDelta;
use domain::{Entitlements, Tier, entitlement::TierTerms};
use futures::FutureExt;
use infrastructure::dynamodb::tables::Table;
use jsonwebtoken::dangerous::insecure_decode;
use serde_json::{Value, json};
use tests::{Answer, App, Fault, Member, PLATFORM_ADMIN, Tokens, python, text};

async fn start(app: &App, of: &Member, tier: &str) -> Answer {
    app.client.post("/subscription/trial/start", &json!({ "tier_id": tier })).bearer(&of.tokens.access).send().await
}

fn in_days(app: &App, days: i64) -> String {
    (app.now() + TimeDelta::days(days)).to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

async fn extend(app: &App, admin: &str, user_id: &str, body: &Value) -> Answer {
    let path = format!("/admin/users/{user_id}/subscription/trial/extend");
    app.client.put(&path, body).bearer(admin).send().await
}

async fn extend_until(app: &App, admin: &str, user_id: &str, date: &str) -> Answer {
    extend(app, admin, user_id, &json!({ "new_expiration_date": date, "reason": "Late data" })).await
}

async fn history(app: &App, admin: &str, user_id: &str) -> Answer {
    app.client.get(&format!("/admin/users/{user_id}/subscription/trial/history")).bearer(admin).send().await
}

/// An access token of the administrator, signed in anew: days go by here, and a session that is idle ends.
async fn signed_in_again(app: &App, admin: &Member) -> String {
    Tokens::of(&app.login(&admin.email, python::PASSWORD).await).access
}

/// What everybody of the tenant is told to have, by every way of asking: features, limits, the tenant, and the next
/// access token.
async fn told(app: &App, of: &Member) -> (Value, Value, Value, Value) {
    let token = app.sign_in(&of.email).await;
    let token = Tokens::of(&app.refresh(&token.refresh).await).access;
    let get = async |path: &str| app.client.get(path).bearer(&token).send().await.data();
    let claims = insecure_decode::<Value>(&token).unwrap().claims;
    let tier = get("/tenants/current").await["subscription_tier"].clone();
    (get("/user/features").await, get("/user/limits").await, tier, claims["subscription_tier"].clone())
}

/// The same, as it should be with this tier; without a live subscription the tenant shows none.
fn expected(tier: Tier, is_live: bool) -> (Value, Value, Value, Value) {
    let entitlements = Entitlements::of(TierTerms::seed(tier), []);
    let shown = if is_live { json!(tier.as_str()) } else { Value::Null };
    (entitlements.features().collect(), json!(entitlements.limits()), shown, json!(tier.as_str()))
}

#[tokio::test]
async fn what_is_tried_is_had_at_once_and_until_the_trial_is_over() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    assert_eq!(told(&app, &anna).await, expected(Tier::Starter, false));
    let ends_at = start(&app, &anna, "enterprise").await.text_at("trial_end_date");
    assert_eq!(ends_at, in_days(&app, 14));
    assert_eq!(told(&app, &anna).await, expected(Tier::Enterprise, true));
    app.clock.advance(TimeDelta::days(14) - TimeDelta::seconds(1));
    assert_eq!(told(&app, &anna).await, expected(Tier::Enterprise, true));
    app.clock.advance(TimeDelta::seconds(1));
    assert_eq!(told(&app, &anna).await, expected(Tier::Starter, false));
    // Once for each tenant.
    let again = Member { tokens: app.sign_in(&anna.email).await, ..anna };
    start(&app, &again, "professional").await.refused(409, "RESOURCE_CONFLICT");
    app.finish().await;
}

#[tokio::test]
async fn an_exception_counts_whatever_is_tried() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let mut row = tests::Row::from([
        ("tenant_id".to_owned(), text(&anna.tenant_id)),
        ("feature".to_owned(), text("goals")),
        ("limit".to_owned(), AttributeValue::N("7".to_owned())),
    ]);
    for (feature, tier) in [("reports", Tier::Starter), ("goals", Tier::Enterprise)] {
        row.insert("feature".to_owned(), text(feature));
        app.plant(Table::TenantOverrides, row.clone()).await;
        if tier == Tier::Enterprise {
            start(&app, &anna, "enterprise").await.succeeded();
        }
        let (.., limits, _, token) = told(&app, &anna).await;
        assert_eq!((&limits[feature], token), (&json!(7), json!(tier.as_str())));
    }
    app.finish().await;
}

#[tokio::test]
async fn an_administrator_extends_a_trial_and_the_next_access_token_carries_its_tier() {
    let app = App::start().await;
    let admin = app.platform_admin().await;
    let anna = app.member("anna").await;
    start(&app, &anna, "professional").await.succeeded();
    app.clock.advance(TimeDelta::days(20));
    assert_eq!(told(&app, &anna).await, expected(Tier::Starter, false));
    let admin = signed_in_again(&app, &admin).await;
    let body = json!({ "newExpirationDate": in_days(&app, 7), "reason": " Their data came late " });
    let extended = extend(&app, &admin, &anna.user_id, &body).await.data();
    for (field, value) in [
        ("tenant_id", json!(anna.tenant_id)),
        ("status", json!("trialing")),
        ("is_active", json!(true)),
        ("is_trial", json!(true)),
        ("trial_end_date", json!(in_days(&app, 7))),
        ("current_period_end", json!(in_days(&app, 7))),
    ] {
        assert_eq!(extended[field], value, "{field}");
    }
    assert_eq!(told(&app, &anna).await, expected(Tier::Professional, true));
    let token = app.sign_in(&anna.email).await.access;
    let own = app.client.get("/user/subscription").bearer(&token).send().await.data();
    assert_eq!(own, extended);
    app.clock.advance(TimeDelta::days(7));
    assert_eq!(told(&app, &anna).await, expected(Tier::Starter, false));
    app.finish().await;
}

#[tokio::test]
async fn the_history_of_a_trial_says_how_it_was_extended_by_whom_and_why() {
    let app = App::start().await;
    let admin = app.platform_admin().await;
    let (anna, token) = (app.member("anna").await, &admin.tokens.access);
    let first_end = start(&app, &anna, "starter").await.text_at("trial_end_date");
    assert_eq!(history(&app, token, &anna.user_id).await.data(), json!([]));
    let mut previous = first_end;
    let mut known = Vec::new();
    for (days, reason) in [(15, "Holidays"), (20, "A new owner"), (30, "Ünïcode, 汉字 and\na line")] {
        app.clock.advance(TimeDelta::minutes(1));
        let date = in_days(&app, days);
        let body = json!({ "new_expiration_date": date, "reason": reason });
        extend(&app, token, &anna.user_id, &body).await.succeeded();
        known.push(json!({
            "previous_expiration_date": previous, "new_expiration_date": date, "reason": reason,
            "extended_by": PLATFORM_ADMIN, "extended_at": in_days(&app, 0),
        }));
        previous = date;
    }
    // Anybody of the tenant leads to its trial.
    let colleague = python::PythonUser {
        email: anna.email.clone(),
        user_id: anna.user_id.clone(),
        tenant_id: anna.tenant_id.clone(),
    };
    let colleague = app.python_colleague(&colleague, "viewer", &app.address("viewer")).await;
    assert_eq!(history(&app, token, &colleague.user_id).await.data(), json!(known));
    app.finish().await;
}

#[tokio::test]
async fn a_trial_is_extended_to_a_later_day_within_a_year_for_a_reason() {
    let app = App::start().await;
    let admin = app.platform_admin().await;
    let (anna, token) = (app.member("anna").await, &admin.tokens.access);
    start(&app, &anna, "starter").await.succeeded();
    let later = in_days(&app, 20);
    for (body, field) in [
        (json!({ "reason": "x" }), "new_expiration_date"),
        (json!({ "new_expiration_date": "tomorrow", "reason": "x" }), "new_expiration_date"),
        (json!({ "new_expiration_date": 5, "reason": "x" }), "new_expiration_date"),
        (json!({ "new_expiration_date": in_days(&app, -1), "reason": "x" }), "new_expiration_date"),
        // Not later than it ends anyway.
        (json!({ "new_expiration_date": in_days(&app, 14), "reason": "x" }), "new_expiration_date"),
        (json!({ "new_expiration_date": in_days(&app, 367), "reason": "x" }), "new_expiration_date"),
        (json!({ "new_expiration_date": "+262142-01-01T00:00:00Z", "reason": "x" }), "new_expiration_date"),
        (json!({ "new_expiration_date": later }), "reason"),
        (json!({ "new_expiration_date": later, "reason": " \n" }), "reason"),
        (json!({ "new_expiration_date": later, "reason": "a\u{0}b" }), "reason"),
        (json!({ "new_expiration_date": later, "reason": "x".repeat(501) }), "reason"),
    ] {
        let answer = extend(&app, token, &anna.user_id, &body).await;
        answer.refused(422, "VALIDATION_ERROR").field_error(field);
    }
    assert_eq!(history(&app, token, &anna.user_id).await.data(), json!([]));
    extend_until(&app, token, &anna.user_id, &in_days(&app, 366)).await.succeeded();
    app.finish().await;
}

/// A subscription of the Python service's, in this state.
async fn subscribe(app: &App, tenant_id: &str, id: &str, attributes: &[(&str, &str)]) {
    let all = [("subscription_id", id), ("tenant_id", tenant_id), ("tier", "starter")];
    let row = all.iter().chain(attributes).map(|(name, value)| ((*name).to_owned(), text(value)));
    app.plant(Table::Subscriptions, row.collect()).await;
}

#[tokio::test]
async fn only_a_trial_can_be_extended_and_only_while_nothing_has_followed_it() {
    let app = App::start().await;
    let admin = app.platform_admin().await;
    let (anna, token) = (app.member("anna").await, &admin.tokens.access);
    let later = in_days(&app, 20);
    for nobody in ["user_000000000000", "no-such-user"] {
        extend_until(&app, token, nobody, &later).await.refused(404, "NOT_FOUND");
        history(&app, token, nobody).await.refused(404, "NOT_FOUND");
    }
    extend_until(&app, token, &anna.user_id, &later).await.refused(404, "SUBSCRIPTION_NOT_FOUND");
    subscribe(&app, &anna.tenant_id, "sub_1", &[("status", "cancelled")]).await;
    extend_until(&app, token, &anna.user_id, &later).await.refused(409, "RESOURCE_CONFLICT");
    // Python's trials are trials, and what is paid for goes before them.
    let trial = [("status", "trialing"), ("trial_ends_at", "2027-01-15T08:05:00+00:00")];
    subscribe(&app, &anna.tenant_id, "sub_2", &trial).await;
    extend_until(&app, token, &anna.user_id, &later).await.succeeded();
    assert_eq!(told(&app, &anna).await.2, json!("starter"));
    subscribe(&app, &anna.tenant_id, "sub_3", &[("status", "active")]).await;
    extend_until(&app, token, &anna.user_id, &in_days(&app, 30)).await.refused(409, "RESOURCE_CONFLICT");
    assert_eq!(history(&app, token, &anna.user_id).await.data().as_array().unwrap().len(), 1);
    app.finish().await;
}

/// Its row says no more that it was one, once it is over.
#[tokio::test]
async fn a_trial_of_the_python_service_that_was_ended_here_was_the_one_trial() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let trial = [("status", "trialing"), ("trial_ends_at", "2027-03-15T08:05:00+00:00")];
    subscribe(&app, &anna.tenant_id, "sub_1", &trial).await;
    let end = app.client.delete("/user/subscription").json(&json!({ "cancel_at_period_end": false }));
    let ended = end.bearer(&anna.tokens.access).send().await.data();
    assert_eq!(ended["subscription"]["status"], "cancelled");
    start(&app, &anna, "professional").await.refused(409, "RESOURCE_CONFLICT");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_racing_extensions_to_one_day_one_counts() {
    let app = App::start().await;
    let admin = app.platform_admin().await;
    let (anna, token) = (app.member("anna").await, &admin.tokens.access);
    start(&app, &anna, "starter").await.succeeded();
    let later = in_days(&app, 20);
    let extensions = (0..8).map(|_| extend_until(&app, token, &anna.user_id, &later));
    let answers = futures::future::join_all(extensions).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    for late in answers.iter().filter(|answer| answer.status != 200) {
        late.refused(422, "VALIDATION_ERROR").field_error("new_expiration_date");
    }
    assert_eq!(history(&app, token, &anna.user_id).await.data().as_array().unwrap().len(), 1);
    app.finish().await;
}

#[tokio::test]
async fn rule_26_who_looks_at_a_trial_or_extends_it_is_on_record_in_that_tenant() {
    let app = App::start().await;
    let admin = app.platform_admin().await;
    let (anna, token) = (app.member("anna").await, &admin.tokens.access);
    start(&app, &anna, "starter").await.succeeded();
    app.clock.advance(TimeDelta::seconds(1));
    extend_until(&app, token, &anna.user_id, "2000-01-01T00:00:00Z").await.refused(422, "VALIDATION_ERROR");
    app.clock.advance(TimeDelta::seconds(1));
    history(&app, token, &anna.user_id).await.succeeded();
    let own = app.client.get("/tenants/current/audit?limit=2").bearer(&anna.tokens.access).send().await.data();
    let actions: Vec<_> = own.as_array().unwrap().iter().map(|one| one["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["AdminViewedTrialHistory", "AdminTrialExtensionRequested"]);
    assert!(own.as_array().unwrap().iter().all(|one| one["actor"]["user_id"] == PLATFORM_ADMIN), "{own}");
    let stored = format!("{:?}", app.rows(Table::AccountAudit).await);
    assert!(!stored.contains("Late data"), "{stored}");

    // Who is asking is the first call, whose tenant it is the second, the record the third.
    for call in [
        extend_until(&app, token, &anna.user_id, &in_days(&app, 20)).boxed(),
        history(&app, token, &anna.user_id).boxed(),
    ] {
        app.probe.break_call(2, Fault::RequestLost);
        let (answer, tally) = app.probe.measure(call).await;
        answer.refused(503, "SERVICE_UNAVAILABLE");
        assert_eq!((tally.total(), tally.calls.get("TransactWriteItems")), (3, Some(&1)), "{tally}");
    }
    app.finish().await;
}

#[tokio::test]
async fn an_extension_that_breaks_off_anywhere_counts_once_or_not_at_all() {
    let app = App::start().await;
    let admin = app.platform_admin().await;
    let (anna, token) = (app.member("anna").await, &admin.tokens.access);
    start(&app, &anna, "starter").await.succeeded();
    for (days, fault) in [(20, Fault::RequestLost), (21, Fault::AnswerLost)] {
        for call in 0.. {
            let before = history(&app, token, &anna.user_id).await.data().as_array().unwrap().len();
            app.probe.break_call(call, fault);
            let answer = extend_until(&app, token, &anna.user_id, &in_days(&app, days)).await;
            if app.probe.mend() {
                // Everything went well, unless the call before had gone further than anybody learned.
                assert!(matches!(answer.status, 200 | 422), "{}", answer.text());
                break;
            }
            answer.refused(503, "SERVICE_UNAVAILABLE");
            let after = history(&app, token, &anna.user_id).await.data().as_array().unwrap().len();
            assert!(after == before || (after == before + 1 && fault == Fault::AnswerLost), "{fault:?} {call}");
        }
    }
    assert_eq!(history(&app, token, &anna.user_id).await.data().as_array().unwrap().len(), 2);
    app.finish().await;
}

#[tokio::test]
async fn an_administrator_finds_subscriptions_of_every_tenant() {
    let app = App::start().await;
    let admin = app.platform_admin().await;
    let anna = app.member("anna").await;
    let ben = app.python_user(&app.address("ben")).await;
    let trial = start(&app, &anna, "professional").await.data()["subscription"].clone();
    subscribe(&app, &ben.tenant_id, "sub_1", &[("status", "active")]).await;
    subscribe(&app, &ben.tenant_id, "sub_2", &[("status", "cancelled")]).await;
    let list = async |query: &str| {
        let path = format!("/admin/subscriptions{query}");
        app.client.get(&path).bearer(&admin.tokens.access).send().await.succeeded().json()
    };
    let ids = |answer: &Value| {
        let data = answer["data"].as_array().unwrap().iter();
        let mut ids: Vec<_> = data.map(|one| one["id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    };
    let trial_id = trial["id"].as_str().unwrap();
    assert_eq!(ids(&list("").await), [trial_id, "sub_1", "sub_2"]);
    assert_eq!(ids(&list("?tier=starter").await), ["sub_1", "sub_2"]);
    assert_eq!(ids(&list("?tier=starter&status=active").await), ["sub_1"]);
    assert_eq!(list("?status=trialing").await["data"], json!([trial]));
    assert_eq!(ids(&list("?tier=enterprise").await), Vec::<String>::new());

    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = list(&format!("?limit=1{cursor}")).await;
        found.extend(ids(&page));
        match page["pagination"]["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    found.sort();
    assert_eq!(found, [trial_id, "sub_1", "sub_2"]);
    // A row that nobody can read hides no other.
    app.set(Table::Subscriptions, "sub_1", "tier", "s3cr3t").await;
    assert_eq!(ids(&list("").await), [trial_id, "sub_2"]);
    app.finish().await;
}
