//! What people are told that their organisation may use.

use aws_sdk_dynamodb::types::AttributeValue::{Bool, N, Null};
use domain::{Entitlements, Tier, entitlement::TierTerms};
use infrastructure::dynamodb::tables::Table;
use serde_json::{Value, json};
use tests::{App, Row, text};

async fn told(app: &App, token: &str) -> (Value, Value) {
    let features = app.client.get("/user/features").bearer(token).send().await.data();
    (features, app.client.get("/user/limits").bearer(token).send().await.data())
}

fn seed(tier: Tier) -> (Value, Value) {
    let entitlements = Entitlements::of(TierTerms::seed(tier), []);
    (entitlements.features().collect(), json!(entitlements.limits()))
}

async fn subscribe(app: &App, tenant_id: &str, tier: &str) {
    let row = [("subscription_id", "sub_3f2a9c0d1b2e"), ("tenant_id", tenant_id), ("status", "active"), ("tier", tier)];
    app.plant(Table::Subscriptions, row.map(|(name, value)| (name.to_owned(), text(value))).into()).await;
}

#[tokio::test]
async fn everybody_is_told_what_their_organisation_may_use() {
    let app = App::start().await;
    let anna = app.python_user("anna@example.com").await;
    let viewer = app.python_colleague(&anna, "viewer", "viewer@example.com").await.access_token(&app);
    assert_eq!(told(&app, &viewer).await, seed(Tier::Starter));
    subscribe(&app, &anna.tenant_id, "enterprise").await;
    let (features, limits) = told(&app, &viewer).await;
    assert_eq!((&features, &limits), (&seed(Tier::Enterprise).0, &seed(Tier::Enterprise).1));
    assert_eq!(limits["goals"], Value::Null);
    assert!(features.as_array().unwrap().contains(&json!("bulkPlanner")));
    app.finish().await;
}

#[tokio::test]
async fn an_exception_is_told_to_the_people_whom_it_is_made_for() {
    let app = App::start().await;
    let anna = app.python_user("anna@example.com").await;
    let stranger = app.python_user("stranger@example.com").await;
    for (feature, attribute, value) in
        [("reports", "enabled", Bool(true)), ("goals", "limit", N("99".to_owned())), ("kpis", "limit", Null(true))]
    {
        let row = Row::from([
            ("tenant_id".to_owned(), text(&anna.tenant_id)),
            ("feature".to_owned(), text(feature)),
            (attribute.to_owned(), value),
        ]);
        app.plant(Table::TenantOverrides, row).await;
    }
    let (features, limits) = told(&app, &anna.access_token(&app)).await;
    assert!(features.as_array().unwrap().contains(&json!("reports")));
    assert_eq!((&limits["goals"], &limits["kpis"]), (&json!(99), &Value::Null));
    assert_eq!(told(&app, &stranger.access_token(&app)).await, seed(Tier::Starter));
    app.finish().await;
}
