//! One's own organisation: what it is called, and how it wants the product to behave.

mod standing;

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::TimeDelta;
use infrastructure::dynamodb::tables::Table;
use serde_json::{Value, json};
use tests::{Answer, App, Member, Row, operations, text};

async fn get(app: &App, route: &str, token: &str) -> Answer {
    app.client.get(route).bearer(token).send().await
}

async fn put(app: &App, route: &str, body: Value, token: &str) -> Answer {
    app.client.put(route, &body).bearer(token).send().await
}

async fn tenant_row(app: &App, id: &str) -> Row {
    app.row(Table::Tenants, id).await.unwrap()
}

#[tokio::test]
async fn people_see_their_own_organisation_and_no_other() {
    let app = App::start().await;
    let Member { user_id, tenant_id, tokens, .. } = app.member("own").await;
    let stranger = app.member("stranger").await;
    let current = get(&app, "/tenants/current", &tokens.access).await.data();
    assert_eq!((&current["id"], &current["tenant_id"]), (&json!(tenant_id), &json!(tenant_id)));
    assert_eq!((&current["owner_user_id"], &current["name"]), (&json!(user_id), &json!("Anna's workspace")));
    assert_eq!((&current["user_count"], &current["is_active"]), (&json!(1), &json!(true)));
    assert_eq!(current["settings"], json!({ "target_line_mode": "single" }));
    assert_eq!(get(&app, &format!("/tenants/{tenant_id}"), &tokens.access).await.data(), current);
    assert_eq!(get(&app, "/tenants", &tokens.access).await.data(), current);
    for id in [stranger.tenant_id.as_str(), "nowhere", "%FF", &"x".repeat(200)] {
        let answer = get(&app, &format!("/tenants/{id}"), &tokens.access).await;
        answer.refused(404, "TENANT_NOT_FOUND");
        answer.nowhere_contains("stranger");
    }
    app.finish().await;
}

#[tokio::test]
async fn everybody_who_belongs_to_an_organisation_counts() {
    let app = App::start().await;
    let anna = app.python_user("anna@example.com").await;
    let ben = app.python_colleague(&anna, "viewer", "ben@example.com").await;
    app.python_colleague(&app.python_user("other@example.com").await, "member", "another@example.com").await;
    let current = get(&app, "/tenants/current", &ben.access_token(&app)).await.data();
    assert_eq!((&current["user_count"], &current["name"]), (&json!(2), &json!("Lee & Co")));
    app.finish().await;
}

#[tokio::test]
async fn an_owner_gives_their_organisation_another_name() {
    let app = App::start().await;
    let Member { tenant_id, tokens, .. } = app.member("rename").await;
    app.clock.advance(TimeDelta::minutes(1));
    let renamed = put(&app, "/tenants/current", json!({ "name": " Acme " }), &tokens.access).await.data();
    assert_eq!(renamed["name"], "Acme");
    assert_eq!(get(&app, "/tenants/current", &tokens.access).await.data(), renamed);
    let row = tenant_row(&app, &tenant_id).await;
    for nothing in [json!({}), json!({ "name": null }), json!({ "name": "Acme" })] {
        assert_eq!(put(&app, "/tenants/current", nothing, &tokens.access).await.data(), renamed);
    }
    assert_eq!(tenant_row(&app, &tenant_id).await, row, "nothing was written");
    for bad in [" ", "<b>Acme</b>", "win at https://spam.example", &"x".repeat(101)] {
        let refused = put(&app, "/tenants/current", json!({ "name": bad }), &tokens.access).await;
        refused.refused(422, "VALIDATION_ERROR").field_error("name");
    }
    app.finish().await;
}

/// What once created an organisation names the one that everybody has.
#[tokio::test]
async fn the_older_name_of_creating_an_organisation_names_ones_own() {
    let app = App::start().await;
    let Member { tenant_id, tokens, .. } = app.member("older").await;
    let post = app.client.post("/tenants", &json!({ "name": "Acme" })).bearer(&tokens.access).send().await;
    let named = post.data();
    assert_eq!((&named["id"], &named["name"]), (&json!(tenant_id), &json!("Acme")));
    assert_eq!(app.rows(Table::Tenants).await.len(), 1);
    let older: Vec<_> = operations().into_iter().filter(|operation| operation.path == "/api/v1/tenants").collect();
    assert_eq!(older.len(), 2);
    assert!(older.iter().all(|operation| operation.deprecated));
    app.finish().await;
}

#[tokio::test]
async fn rule_19_an_owner_changes_of_an_organisation_only_what_is_theirs_to_change() {
    let app = App::start().await;
    let Member { tenant_id, tokens, .. } = app.member("mass").await;
    let before = tenant_row(&app, &tenant_id).await;
    let everything = json!({
        "id": "other", "tenant_id": "other", "owner_user_id": "other", "status": "trial", "on_trial": true,
        "subscription_tier": "enterprise", "tier": "enterprise", "signed_out_at": "2020-01-01T00:00:00Z", "version": 99,
        "settings": { "target_line_mode": "three" }, "created_at": "2020-01-01T00:00:00Z",
    });
    for route in ["/tenants/current", "/tenants/settings"] {
        put(&app, route, everything.clone(), &tokens.access).await.succeeded();
    }
    assert_eq!(tenant_row(&app, &tenant_id).await, before);
    app.finish().await;
}

#[tokio::test]
async fn those_who_manage_users_choose_the_settings_and_everybody_sees_them() {
    let app = App::start().await;
    let owner = app.python_user("owner@example.com").await;
    let theirs = Row::from([("fiscal_year_start".to_owned(), text("april"))]);
    let mut row = tenant_row(&app, &owner.tenant_id).await;
    row.insert("settings".to_owned(), AttributeValue::M(theirs));
    app.plant(Table::Tenants, row).await;
    let viewer = app.python_colleague(&owner, "viewer", "viewer@example.com").await.access_token(&app);
    let admin = app.python_colleague(&owner, "admin", "admin@example.com").await.access_token(&app);

    assert_eq!(get(&app, "/tenants/settings", &viewer).await.data(), json!({ "target_line_mode": "single" }));
    let three = json!({ "targetLineMode": "three" });
    assert_eq!(put(&app, "/tenants/settings", three, &admin).await.data(), json!({ "target_line_mode": "three" }));
    assert_eq!(get(&app, "/tenants/settings", &viewer).await.data(), json!({ "target_line_mode": "three" }));
    assert_eq!(put(&app, "/tenants/settings", json!({}), &admin).await.data(), json!({ "target_line_mode": "three" }));
    let refused = put(&app, "/tenants/settings", json!({ "target_line_mode": "seven" }), &admin).await;
    refused.refused(422, "VALIDATION_ERROR").field_error("target_line_mode");

    let stored = tenant_row(&app, &owner.tenant_id).await["settings"].as_m().unwrap().clone();
    assert_eq!((&stored["fiscal_year_start"], &stored["target_line_mode"]), (&text("april"), &text("three")));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn racing_changes_of_an_organisation_all_happen() {
    let app = App::start().await;
    let Member { tenant_id, tokens, .. } = app.member("race").await;
    let rename = put(&app, "/tenants/current", json!({ "name": "Acme" }), &tokens.access);
    let settings = put(&app, "/tenants/settings", json!({ "target_line_mode": "three" }), &tokens.access);
    let (renamed, chosen) = futures::future::join(rename, settings).await;
    renamed.succeeded();
    chosen.succeeded();
    let current = get(&app, &format!("/tenants/{tenant_id}"), &tokens.access).await.data();
    assert_eq!((&current["name"], &current["settings"]["target_line_mode"]), (&json!("Acme"), &json!("three")));
    app.finish().await;
}
