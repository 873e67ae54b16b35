//! How much of what its plan limits an organisation has used.

use aws_sdk_dynamodb::types::AttributeValue::{self, M, N};
use futures::future::join_all;
use infrastructure::dynamodb::tables::Table;
use serde_json::{Value, json};
use tests::{Answer, App, Call, Fault, Row, python::PythonUser, text};

/// A tenant of the Python service, which costs no password hashing, and a token of its owner.
async fn owner(app: &App, name: &str) -> (PythonUser, String) {
    let owner = app.python_user(&app.address(name)).await;
    let token = owner.access_token(app);
    (owner, token)
}

fn take(app: &App, token: &str, name: &str, amount: i64) -> Call {
    app.client.post(&format!("/user/usage/{name}"), &json!({ "amount": amount })).bearer(token)
}

fn release(app: &App, token: &str, name: &str, amount: i64) -> Call {
    app.client.post(&format!("/user/usage/{name}/release"), &json!({ "amount": amount })).bearer(token)
}

async fn usage(app: &App, token: &str) -> Value {
    app.client.get("/user/usage").bearer(token).send().await.data()
}

async fn used(app: &App, token: &str, name: &str) -> Value {
    usage(app, token).await[name]["used"].clone()
}

/// What the answer says when nothing is left, or not enough.
fn exceeded(answer: &Answer, sentence: &str) {
    answer.refused(403, "QUOTA_EXCEEDED");
    assert_eq!(answer.json()["error"], format!("The plan of your organisation includes {sentence}"));
}

async fn subscribe(app: &App, tenant_id: &str, id: &str, tier: &str, more: &[(&str, AttributeValue)]) {
    let attributes = [("subscription_id", id), ("tenant_id", tenant_id), ("status", "active"), ("tier", tier)];
    let mut row: Row = attributes.map(|(name, value)| (name.to_owned(), text(value))).into();
    row.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    app.plant(Table::Subscriptions, row).await;
}

async fn limit(app: &App, tenant_id: &str, name: &str, limit: AttributeValue) {
    let key = [("tenant_id".to_owned(), text(tenant_id)), ("feature".to_owned(), text(name))];
    app.plant(Table::TenantOverrides, key.into_iter().chain([("limit".to_owned(), limit)]).collect()).await;
}

fn number(value: i64) -> AttributeValue {
    N(value.to_string())
}

#[tokio::test]
async fn everybody_sees_how_much_is_used_of_everything_that_is_limited() {
    let app = App::start().await;
    let (anna, token) = owner(&app, "anna").await;
    let viewer = app.python_colleague(&anna, "viewer", &app.address("viewer")).await.access_token(&app);
    take(&app, &token, "goals", 3).send().await.succeeded();
    take(&app, &token, "actions", 1000).send().await.succeeded();
    let expected = json!({
        "actions": { "used": 1000, "limit": null },
        "attachments": { "used": 0, "limit": 0 },
        "goals": { "used": 3, "limit": 10 },
        "kpis": { "used": 0, "limit": 50 },
        "reports": { "used": 0, "limit": 0 },
        "seats": { "used": 2, "limit": 5 },
        "strategies": { "used": 0, "limit": 5 },
    });
    assert_eq!(usage(&app, &viewer).await, expected);
    // Another tenant has used nothing.
    let (_, stranger) = owner(&app, "stranger").await;
    assert_eq!(used(&app, &stranger, "goals").await, 0);
    app.finish().await;
}

#[tokio::test]
async fn as_much_can_be_used_as_the_plan_includes_and_given_back() {
    let app = App::start().await;
    let (_, token) = owner(&app, "anna").await;
    let answer = app.client.post("/user/usage/goals", &json!({})).bearer(&token).send().await;
    assert_eq!(answer.data(), json!({ "used": 1, "limit": 10 }));
    assert_eq!(take(&app, &token, "goals", 7).send().await.data(), json!({ "used": 8, "limit": 10 }));
    exceeded(&take(&app, &token, "goals", 3).send().await, "10 goals; 2 left");
    assert_eq!(take(&app, &token, "goals", 2).send().await.data()["used"], 10);
    exceeded(&take(&app, &token, "goals", 1).send().await, "10 goals; 0 left");
    exceeded(&take(&app, &token, "reports", 1).send().await, "0 reports; 0 left");
    assert_eq!(release(&app, &token, "goals", 4).send().await.data(), json!({ "used": 6, "limit": 10 }));
    // Less than nothing is never used, before the first use as after it.
    assert_eq!(release(&app, &token, "goals", 1000).send().await.data()["used"], 0);
    assert_eq!(release(&app, &token, "kpis", 1).send().await.data(), json!({ "used": 0, "limit": 50 }));
    assert_eq!(take(&app, &token, "goals", 10).send().await.data()["used"], 10);
    app.finish().await;
}

#[tokio::test]
async fn only_who_may_write_counts_and_only_what_a_plan_limits() {
    let app = App::start().await;
    let (anna, token) = owner(&app, "anna").await;
    let viewer = app.python_colleague(&anna, "viewer", &app.address("viewer")).await.access_token(&app);
    let member = app.python_colleague(&anna, "member", &app.address("member")).await.access_token(&app);
    for call in [take, release] {
        call(&app, &viewer, "goals", 1).send().await.refused(403, "INSUFFICIENT_PERMISSIONS");
        call(&app, &token, "gaols", 1).send().await.refused(404, "NOT_FOUND");
        call(&app, &token, "go%20als", 1).send().await.refused(404, "NOT_FOUND");
        call(&app, &token, &"g".repeat(129), 1).send().await.refused(404, "NOT_FOUND");
        call(&app, &token, "seats", 1).send().await.refused(409, "RESOURCE_CONFLICT");
        for none in [i64::MIN, -1, 0, 1001, i64::MAX] {
            let answer = call(&app, &token, "goals", none).send().await;
            answer.refused(422, "VALIDATION_ERROR").field_error("amount");
        }
        for none in [json!("1"), json!(1.5), json!([1])] {
            let answer = call(&app, &token, "goals", 1).json(&json!({ "amount": none })).send().await;
            answer.refused(422, "VALIDATION_ERROR").field_error("amount");
        }
    }
    assert!(app.rows(Table::AccountUsage).await.is_empty());
    take(&app, &member, "goals", 1).send().await.succeeded();
    assert_eq!(used(&app, &token, "goals").await, 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_25_of_fifty_who_use_the_last_one_at_once_one_has_it() {
    let app = App::start().await;
    let (_, token) = owner(&app, "anna").await;
    // Before there is a counter, and then with one.
    for (name, before) in [("strategies", 0), ("goals", 9)] {
        if before == 0 {
            take(&app, &token, name, 4).send().await.succeeded();
            app.dynamodb
                .delete_item()
                .table_name(app.tables.name(Table::AccountUsage))
                .key("tenant_id", app.rows(Table::AccountUsage).await[0]["tenant_id"].clone())
                .key("name", text(name))
                .send()
                .await
                .unwrap();
        } else {
            take(&app, &token, name, before).send().await.succeeded();
        }
        let amount = if before == 0 { 5 } else { 1 };
        let answers = join_all((0..50).map(|_| take(&app, &token, name, amount).send())).await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
        assert_eq!((won.len(), lost.len()), (1, 49), "{name}");
        for answer in lost {
            assert!(answer.text().contains("; 0 left"), "{}", answer.text());
        }
    }
    assert_eq!((used(&app, &token, "strategies").await, used(&app, &token, "goals").await), (json!(5), json!(10)));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_25_racing_uses_and_returns_lose_nothing() {
    let app = App::start().await;
    let (_, token) = owner(&app, "anna").await;
    take(&app, &token, "kpis", 20).send().await.succeeded();
    let calls = (0..24).map(|number| match number % 2 {
        0 => take(&app, &token, "kpis", 2).send(),
        _ => release(&app, &token, "kpis", 1).send(),
    });
    for answer in join_all(calls).await {
        answer.succeeded();
    }
    assert_eq!(used(&app, &token, "kpis").await, 20 + 12 * 2 - 12);
    for answer in join_all((0..50).map(|_| release(&app, &token, "kpis", 1).send())).await {
        answer.succeeded();
    }
    assert_eq!(used(&app, &token, "kpis").await, 0);
    app.finish().await;
}

#[tokio::test]
async fn a_smaller_plan_keeps_what_is_used_and_allows_no_more() {
    let app = App::start().await;
    let (anna, token) = owner(&app, "anna").await;
    subscribe(&app, &anna.tenant_id, "sub_1", "enterprise", &[]).await;
    assert_eq!(take(&app, &token, "goals", 30).send().await.data(), json!({ "used": 30, "limit": null }));
    subscribe(&app, &anna.tenant_id, "sub_1", "starter", &[]).await;
    assert_eq!(usage(&app, &token).await["goals"], json!({ "used": 30, "limit": 10 }));
    exceeded(&take(&app, &token, "goals", 1).send().await, "10 goals; 0 left");
    assert_eq!(release(&app, &token, "goals", 20).send().await.data(), json!({ "used": 10, "limit": 10 }));
    exceeded(&take(&app, &token, "goals", 1).send().await, "10 goals; 0 left");
    release(&app, &token, "goals", 1).send().await.succeeded();
    take(&app, &token, "goals", 1).send().await.succeeded();
    app.finish().await;
}

#[tokio::test]
async fn an_exception_for_a_tenant_counts_at_once() {
    let app = App::start().await;
    let (anna, token) = owner(&app, "anna").await;
    take(&app, &token, "goals", 10).send().await.succeeded();
    limit(&app, &anna.tenant_id, "goals", number(11)).await;
    take(&app, &token, "goals", 1).send().await.succeeded();
    exceeded(&take(&app, &token, "goals", 1).send().await, "11 goals; 0 left");
    limit(&app, &anna.tenant_id, "goals", AttributeValue::Null(true)).await;
    assert_eq!(take(&app, &token, "goals", 1000).send().await.data(), json!({ "used": 1011, "limit": null }));
    // An exception makes a limit of its own.
    take(&app, &token, "webhooks", 1).send().await.refused(404, "NOT_FOUND");
    limit(&app, &anna.tenant_id, "webhooks", number(1)).await;
    assert_eq!(take(&app, &token, "webhooks", 1).send().await.data(), json!({ "used": 1, "limit": 1 }));
    app.finish().await;
}

#[tokio::test]
async fn counting_begins_where_the_python_services_left_off() {
    let app = App::start().await;
    let (anna, token) = owner(&app, "anna").await;
    let counts = M(Row::from([("goals".to_owned(), number(9)), ("kpis".to_owned(), number(4))]));
    subscribe(&app, &anna.tenant_id, "sub_1", "starter", &[("usage", counts)]).await;
    let shown = usage(&app, &token).await;
    assert_eq!((&shown["goals"]["used"], &shown["kpis"]["used"]), (&json!(9), &json!(4)));
    exceeded(&take(&app, &token, "goals", 2).send().await, "10 goals; 1 left");
    take(&app, &token, "goals", 1).send().await.succeeded();
    release(&app, &token, "kpis", 1).send().await.succeeded();
    // From then on the counter is ours.
    let counts = M(Row::from([("goals".to_owned(), number(1))]));
    subscribe(&app, &anna.tenant_id, "sub_1", "starter", &[("usage", counts)]).await;
    let shown = usage(&app, &token).await;
    assert_eq!((&shown["goals"]["used"], &shown["kpis"]["used"]), (&json!(10), &json!(3)));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_request_counts_once_under_its_key() {
    let app = App::start().await;
    let (anna, token) = owner(&app, "anna").await;
    let member = app.python_colleague(&anna, "member", &app.address("member")).await.access_token(&app);
    let keyed = |call: Call, key: &str| call.header("idempotency-key", key).send();
    let first = keyed(take(&app, &token, "goals", 2), "k1").await;
    take(&app, &token, "goals", 1).send().await.succeeded();
    let again = keyed(take(&app, &token, "goals", 2), "k1").await;
    assert_eq!((again.status, &again.body), (200, &first.body));
    assert_eq!(used(&app, &token, "goals").await, 3);
    keyed(take(&app, &token, "goals", 3), "k1").await.refused(422, "IDEMPOTENCY_KEY_REUSED");
    keyed(take(&app, &token, "kpis", 2), "k1").await.refused(422, "IDEMPOTENCY_KEY_REUSED");
    // Somebody else's key is another one, and so is that of giving back.
    keyed(take(&app, &member, "goals", 2), "k1").await.succeeded();
    keyed(release(&app, &token, "goals", 2), "k1").await.succeeded();
    assert_eq!(used(&app, &token, "goals").await, 3);
    // Nothing to give back is an answer, too.
    let first = keyed(release(&app, &token, "kpis", 1), "k2").await;
    take(&app, &token, "kpis", 1).send().await.succeeded();
    assert_eq!(keyed(release(&app, &token, "kpis", 1), "k2").await.body, first.body);
    // A refusal leaves the key free.
    exceeded(&keyed(take(&app, &token, "goals", 8), "k3").await, "10 goals; 7 left");
    release(&app, &token, "goals", 1).send().await.succeeded();
    keyed(take(&app, &token, "goals", 8), "k3").await.succeeded();

    let racing = join_all((0..8).map(|_| keyed(take(&app, &token, "strategies", 1), "k4"))).await;
    assert!(racing.iter().all(|answer| answer.data() == json!({ "used": 1, "limit": 5 })), "{racing:#?}");
    assert_eq!(used(&app, &token, "strategies").await, 1);
    app.finish().await;
}

#[tokio::test]
async fn rule_25_a_use_that_breaks_off_anywhere_counts_once_under_its_key() {
    for fault in [Fault::RequestLost, Fault::AnswerLost] {
        for call in 0.. {
            let app = App::start().await;
            let (_, token) = owner(&app, "anna").await;
            let keyed = || take(&app, &token, "goals", 2).header("idempotency-key", "k1").send();
            app.probe.break_call(call, fault);
            let answer = keyed().await;
            if app.probe.mend() {
                answer.succeeded();
                assert!(call >= 3, "a use is more than {call} calls");
                app.finish().await;
                break;
            }
            answer.refused(503, "SERVICE_UNAVAILABLE");
            assert_eq!(keyed().await.data(), json!({ "used": 2, "limit": 10 }), "{fault:?} {call}");
            assert_eq!(used(&app, &token, "goals").await, 2, "{fault:?} {call}");
            app.finish().await;
        }
    }
}
