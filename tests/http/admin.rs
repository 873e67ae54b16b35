//! Administration of the platform: who may, what they see, and that every use is on record (security rules 18 and 26).

use infrastructure::dynamodb::tables::Table;
use serde_json::{Value, json};
use tests::{App, Fault, Member, PLATFORM_ADMIN, operations};

/// What is on record, oldest first, as `(action, tenant, details)`.
async fn on_record(app: &App) -> Vec<(String, String, String)> {
    let mut rows = app.rows(Table::AccountAudit).await;
    rows.sort_by_key(|row| row["position"].as_s().unwrap().clone());
    let text = |row: &tests::Row, name: &str| row[name].as_s().unwrap().clone();
    rows.iter().map(|row| (text(row, "action"), text(row, "tenant_id"), text(row, "details"))).collect()
}

async fn uses(app: &App) -> Vec<(String, String, String)> {
    let mut records = on_record(app).await;
    records.retain(|(action, ..)| action.starts_with("Admin"));
    records
}

fn ids(list: &Value, field: &str) -> Vec<String> {
    let mut ids: Vec<_> = list.as_array().unwrap().iter().map(|one| one[field].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

const LISTS: [&str; 4] = ["/admin/users", "/admin/tenants", "/admin/subscriptions", "/admin/audit"];

#[tokio::test]
async fn rule_18_no_role_of_a_tenant_administers_the_platform() {
    let app = App::start().await;
    let Member { user_id, tokens, tenant_id, .. } = app.member("owner").await;
    for role in ["owner", "admin", "manager", "member", "viewer"] {
        app.set(Table::Users, &user_id, "role", role).await;
        for path in LISTS {
            app.client.get(path).bearer(&tokens.access).send().await.refused(403, "INSUFFICIENT_PERMISSIONS");
        }
        for (what, body) in [("suspend", json!({ "reason": "other" })), ("reactivate", json!({}))] {
            let path = format!("/admin/tenants/{tenant_id}/{what}");
            let answer = app.client.post(&path, &body).bearer(&tokens.access).send().await;
            answer.refused(403, "INSUFFICIENT_PERMISSIONS");
        }
    }
    assert_eq!(uses(&app).await, []);
    app.finish().await;
}

#[tokio::test]
async fn rule_18_who_administers_the_platform_is_asked_at_every_request() {
    let app = App::start().await;
    let admin = app.platform_admin().await;
    // A role gives nothing, and takes nothing.
    for role in ["owner", "viewer"] {
        app.set(Table::Users, PLATFORM_ADMIN, "role", role).await;
        app.client.get("/admin/users").bearer(&admin.tokens.access).send().await.succeeded();
    }
    // A token that any service with the shared secret could have signed names no session.
    let mut claims = app.python_user(&app.address("python")).await.claims(&app);
    for (claim, value) in [("sub", &admin.user_id), ("user_id", &admin.user_id), ("tenant_id", &admin.tenant_id)] {
        claims[claim] = json!(value);
    }
    let forged = app.sign(&claims);
    app.profile(&forged).await.succeeded();
    app.client.get("/admin/users").bearer(&forged).send().await.refused(403, "INSUFFICIENT_PERMISSIONS");
    // An address that is not confirmed proves nobody.
    let mut row = app.row(Table::Users, PLATFORM_ADMIN).await.unwrap();
    row.insert("email_verified".to_owned(), aws_sdk_dynamodb::types::AttributeValue::Bool(false));
    app.plant(Table::Users, row).await;
    let answer = app.client.get("/admin/users").bearer(&admin.tokens.access).send().await;
    answer.refused(403, "INSUFFICIENT_PERMISSIONS");
    app.finish().await;
}

#[tokio::test]
async fn rule_18_whoever_is_not_on_the_list_any_more_administers_nothing() {
    let app = App::builder().setting("PLATFORM_ADMIN_USER_IDS", r#"["somebody-else"]"#).start().await;
    let admin = app.platform_admin().await;
    app.profile(&admin.tokens.access).await.succeeded();
    for path in LISTS {
        app.client.get(path).bearer(&admin.tokens.access).send().await.refused(403, "INSUFFICIENT_PERMISSIONS");
    }
    app.finish().await;
}

#[tokio::test]
async fn an_administrator_finds_people_of_every_tenant() {
    let app = App::start().await;
    let admin = app.platform_admin().await;
    let anna = app.member("anna").await;
    let python = app.python_user(&app.address("python")).await;
    let colleague = app.python_colleague(&python, "member", &app.address("colleague")).await;
    app.set(Table::Users, &colleague.user_id, "status", "inactive").await;
    let list = async |query: &str| {
        let answer = app.client.get(&format!("/admin/users{query}")).bearer(&admin.tokens.access).send().await;
        ids(&answer.data(), "user_id")
    };
    let sorted = |mut ids: Vec<String>| {
        ids.sort();
        ids
    };
    let everybody =
        vec![admin.user_id.clone(), anna.user_id.clone(), python.user_id.clone(), colleague.user_id.clone()];
    assert_eq!(list("").await, sorted(everybody));
    let of_python = sorted(vec![python.user_id.clone(), colleague.user_id.clone()]);
    assert_eq!(list(&format!("?tenant_id={}", python.tenant_id)).await, of_python);
    assert_eq!(list(&format!("?tenantId={}&status=inactive", python.tenant_id)).await, [colleague.user_id.as_str()]);
    assert_eq!(list(&format!("?email={}", anna.email.to_uppercase())).await, [anna.user_id.as_str()]);
    assert_eq!(list("?email=nobody@example.com").await, Vec::<String>::new());
    assert_eq!(list("?status=inactive").await, [colleague.user_id.as_str()]);

    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/admin/users?limit=1{cursor}");
        let body = app.client.get(&path).bearer(&admin.tokens.access).send().await.succeeded().json();
        found.extend(ids(&body["data"], "user_id"));
        match body["pagination"]["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(found.len(), 4, "{found:?}");
    app.finish().await;
}

#[tokio::test]
async fn an_administrator_finds_tenants_and_unreadable_rows_hide_nothing() {
    let app = App::start().await;
    let admin = app.platform_admin().await;
    let anna = app.member("anna").await;
    let python = app.python_user(&app.address("python")).await;
    app.set(Table::Tenants, &python.tenant_id, "status", "trial").await;
    let list = async |query: &str| {
        let answer = app.client.get(&format!("/admin/tenants{query}")).bearer(&admin.tokens.access).send().await;
        ids(&answer.data(), "tenant_id")
    };
    assert_eq!(list("").await.len(), 3);
    assert_eq!(list("?name=anna%27s").await, [anna.tenant_id.as_str()]);
    assert_eq!(list("?status=trial").await, [python.tenant_id.as_str()]);
    assert_eq!(list("?status=trial&name=anna").await, Vec::<String>::new());
    app.set(Table::Tenants, &python.tenant_id, "status", "s3cr3t").await;
    app.set(Table::Users, &python.user_id, "role", "s3cr3t").await;
    assert_eq!(list("").await.len(), 2);
    let answer = app.client.get("/admin/users").bearer(&admin.tokens.access).send().await;
    assert_eq!(answer.data().as_array().unwrap().len(), 2);
    app.finish().await;
}

#[tokio::test]
async fn rule_26_every_use_is_on_record_without_what_was_looked_for() {
    let app = App::start().await;
    let admin = app.platform_admin().await;
    let anna = app.member("anna").await;
    let calls = [
        (format!("/admin/users?email={}&limit=5", anna.email), "AdminListedUsers", "*", r#"{"filters":["email"]}"#),
        (
            format!("/admin/users?tenant_id={}&status=active", anna.tenant_id),
            "AdminListedUsers",
            &anna.tenant_id,
            r#"{"filters":["tenant_id","status"]}"#,
        ),
        (
            "/admin/subscriptions?status=active&tier=starter".to_owned(),
            "AdminListedSubscriptions",
            "*",
            r#"{"filters":["status","tier"]}"#,
        ),
        ("/admin/tenants?name=Anna".to_owned(), "AdminListedTenants", "*", r#"{"filters":["name"]}"#),
        ("/admin/audit".to_owned(), "AdminListedAudit", "*", "{}"),
        (
            format!("/admin/audit?tenant_id={}", anna.tenant_id),
            "AdminListedAudit",
            &anna.tenant_id,
            r#"{"filters":["tenant_id"]}"#,
        ),
    ];
    let mut expected = Vec::new();
    for (path, action, tenant, details) in calls {
        app.clock.advance(chrono::TimeDelta::seconds(1));
        app.client.get(&path).bearer(&admin.tokens.access).send().await.succeeded();
        expected.push((action.to_owned(), tenant.to_owned(), details.to_owned()));
        assert_eq!(uses(&app).await, expected);
    }
    let stored = format!("{:?}", app.rows(Table::AccountAudit).await);
    for personal in ["example.com", "Anna", "anna", "Lee", "192.0.2"] {
        assert!(!stored.contains(personal), "{personal} in {stored}");
    }
    // The tenant sees who looked at it.
    let own = app.client.get("/tenants/current/audit?limit=1").bearer(&anna.tokens.access).send().await.data();
    assert_eq!(own[0]["action"], "AdminListedAudit");
    assert_eq!(own[0]["actor"], json!({ "kind": "platform", "user_id": PLATFORM_ADMIN }));
    app.finish().await;
}

#[tokio::test]
async fn rule_26_what_cannot_be_put_on_record_is_not_shown() {
    let app = App::start().await;
    let admin = app.platform_admin().await;
    for path in LISTS {
        // Who is asking is the first call, the record the second.
        app.probe.break_call(1, Fault::RequestLost);
        let (answer, tally) = app.probe.measure(app.client.get(path).bearer(&admin.tokens.access).send()).await;
        answer.refused(503, "SERVICE_UNAVAILABLE");
        assert_eq!(tally.calls.get("TransactWriteItems"), Some(&1), "{path}: {tally}");
        assert_eq!(tally.total(), 2, "{path}: {tally}");
    }
    assert_eq!(uses(&app).await, []);
    app.finish().await;
}

#[tokio::test]
async fn rule_20_what_an_administrator_asks_for_is_bounded() {
    let app = App::start().await;
    let admin = app.platform_admin().await;
    let long = "x".repeat(129);
    for (path, field, value) in [
        ("/admin/users", "limit", "101"),
        ("/admin/users", "tenant_id", &long),
        ("/admin/users", "email", "anna"),
        ("/admin/users", "status", "gone"),
        ("/admin/users", "cursor", "a.b"),
        ("/admin/tenants", "limit", "0"),
        ("/admin/tenants", "name", &long),
        ("/admin/tenants", "name", ""),
        ("/admin/tenants", "status", "gone"),
        ("/admin/subscriptions", "status", "gone"),
        ("/admin/subscriptions", "tier", "golden"),
        ("/admin/subscriptions", "limit", "0"),
        ("/admin/subscriptions", "cursor", "a.b"),
        ("/admin/audit", "tenant_id", "a%20b"),
        ("/admin/audit", "limit", "1000"),
        ("/admin/audit", "cursor", "eA"),
    ] {
        let answer = app.client.get(&format!("{path}?{field}={value}")).bearer(&admin.tokens.access).send().await;
        assert_eq!(answer.status, 422, "{path}?{field}={value}: {}", answer.text());
        answer.field_error(field);
    }
    let path = format!("/admin/tenants/{}/suspend", app.member("bounded").await.tenant_id);
    for body in [json!({}), json!({ "reason": "because" }), json!({ "reason": 5 })] {
        let answer = app.client.post(&path, &body).bearer(&admin.tokens.access).send().await;
        answer.refused(422, "VALIDATION_ERROR").field_error("reason");
    }
    app.finish().await;
}

#[tokio::test]
async fn rule_16_a_suspended_tenant_is_out_at_once_and_comes_back_signed_out() {
    let app = App::start().await;
    let admin = app.platform_admin().await;
    let anna = app.member("anna").await;
    let suspend = format!("/admin/tenants/{}/suspend", anna.tenant_id);
    let reactivate = format!("/admin/tenants/{}/reactivate", anna.tenant_id);
    app.clock.advance(chrono::TimeDelta::seconds(1));
    let call = app.client.post(&suspend, &json!({ "reason": "terms_violation" })).bearer(&admin.tokens.access);
    let tenant = call.send().await.data();
    assert_eq!((&tenant["status"], &tenant["suspension_reason"]), (&json!("suspended"), &json!("terms_violation")));
    assert!(tenant["suspended_at"].is_string());
    app.profile(&anna.tokens.access).await.refused(403, "TENANT_INACTIVE");
    app.login(&anna.email, tests::PASSWORD).await.refused(403, "TENANT_INACTIVE");
    let listed = app.client.get("/admin/tenants?status=suspended").bearer(&admin.tokens.access).send().await.data();
    assert_eq!(ids(&listed, "tenant_id"), [anna.tenant_id.as_str()]);

    app.clock.advance(chrono::TimeDelta::seconds(1));
    let call = app.client.post(&reactivate, &json!({})).bearer(&admin.tokens.access);
    let tenant = call.send().await.data();
    assert_eq!((&tenant["status"], &tenant["suspension_reason"]), (&json!("active"), &Value::Null));
    app.profile(&anna.tokens.access).await.refused(401, "TOKEN_INVALID");
    app.clock.advance(chrono::TimeDelta::seconds(1));
    let tokens = app.sign_in(&anna.email).await;

    let own = app.client.get("/tenants/current/audit").bearer(&tokens.access).send().await.data();
    let actions: Vec<_> = own.as_array().unwrap().iter().map(|one| one["action"].as_str().unwrap()).collect();
    let mut newest = actions[..4].to_vec();
    newest.sort_unstable();
    let expected = ["AdminReactivationRequested", "AdminSuspensionRequested", "TenantReactivated", "TenantSuspended"];
    assert_eq!(newest, expected, "{actions:?}");
    let by_admin = json!({ "kind": "platform", "user_id": PLATFORM_ADMIN });
    assert!(own.as_array().unwrap()[..4].iter().all(|one| one["actor"] == by_admin), "{own}");
    app.finish().await;
}

#[tokio::test]
async fn suspending_twice_is_suspending_once_and_both_requests_are_on_record() {
    let app = App::start().await;
    let admin = app.platform_admin().await;
    let anna = app.member("anna").await;
    let path = format!("/admin/tenants/{}/suspend", anna.tenant_id);
    for reason in ["security", "legal"] {
        let call = app.client.post(&path, &json!({ "reason": reason })).bearer(&admin.tokens.access);
        assert_eq!(call.send().await.data()["suspension_reason"], "security");
    }
    let count = |wanted: &str, all: &[(String, String, String)]| all.iter().filter(|(a, ..)| a == wanted).count();
    let all = on_record(&app).await;
    assert_eq!((count("AdminSuspensionRequested", &all), count("TenantSuspended", &all)), (2, 1));
    app.finish().await;
}

#[tokio::test]
async fn an_administrator_cannot_suspend_their_own_tenant_nor_one_that_does_not_exist() {
    let app = App::start().await;
    let admin = app.platform_admin().await;
    let suspend = async |tenant: &str| {
        let path = format!("/admin/tenants/{tenant}/suspend");
        let call = app.client.post(&path, &json!({ "reason": "other" })).bearer(&admin.tokens.access);
        call.documented_as("/api/v1/admin/tenants/{id}/suspend").send().await
    };
    suspend(&admin.tenant_id).await.refused(400, "INVALID_INPUT");
    app.profile(&admin.tokens.access).await.succeeded();
    suspend("no-such-tenant").await.refused(404, "TENANT_NOT_FOUND");
    suspend("a%20b").await.refused(404, "NOT_FOUND");
    app.finish().await;
}

/// What holds for the bodies of other routes holds for those of the administration, once it is known who asks.
#[tokio::test]
async fn rule_20_bodies_of_the_administration_are_bounded_and_readable() {
    let app = App::start().await;
    let admin = app.platform_admin().await;
    let with_body = operations().into_iter().filter(|one| one.has_body && one.path.contains("/admin/"));
    let mut walked = 0;
    for operation in with_body {
        walked += 1;
        let path = operation.path.replace("{id}", "nothing");
        let send = async |content_type: &str, body: String| {
            let call = app.client.at(operation.method.parse().unwrap(), &path).bearer(&admin.tokens.access);
            call.body(content_type, body).send().await
        };
        send("text/plain", "{}".to_owned()).await.refused(415, "UNSUPPORTED_MEDIA_TYPE");
        let deep = format!("{{\"x\":{}{}}}", "[".repeat(33), "]".repeat(33));
        for unreadable in ["", "{", "[]", "null", &deep] {
            send("application/json", unreadable.to_owned()).await.refused(400, "INVALID_INPUT");
        }
        let large = json!({ "x": "a".repeat(256 * 1024) }).to_string();
        send("application/json", large).await.refused(413, "PAYLOAD_TOO_LARGE");
    }
    assert!(walked > 0);
    app.finish().await;
}
