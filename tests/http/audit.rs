//! Rule 26: what the audit trail keeps, and who sees it.

use infrastructure::dynamodb::tables::Table;
use serde_json::{Value, json};
use tests::{App, Member, PASSWORD, Registration, Tokens};

/// What happened in somebody's tenant, newest first.
async fn trail(app: &App, token: &str, query: &str) -> Vec<Value> {
    let answer = app.client.get(&format!("/tenants/current/audit{query}")).bearer(token).send().await;
    answer.data().as_array().unwrap().clone()
}

fn actions(records: &[Value]) -> Vec<&str> {
    records.iter().map(|record| record["action"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn rule_26_an_owner_sees_what_happened_in_their_tenant() {
    let app = App::start().await;
    let Member { email, user_id, tenant_id, .. } = app.member("anna").await;
    app.clock.advance(chrono::TimeDelta::seconds(1));
    let reset = app.forgot(&email).await;
    app.reset(&reset, "velvet-tundra-mosaic-61").await.succeeded();
    app.mail_to(&email).await;
    app.clock.advance(chrono::TimeDelta::seconds(1));
    let stolen = Tokens::of(&app.login(&email, "velvet-tundra-mosaic-61").await);
    let second = Tokens::of(&app.refresh(&stolen.refresh).await);
    app.refresh(&second.refresh).await.succeeded();
    app.refresh(&stolen.refresh).await.refused(401, "TOKEN_INVALID");
    let tokens = Tokens::of(&app.login(&email, "velvet-tundra-mosaic-61").await);

    let records = trail(&app, &tokens.access, "").await;
    assert_eq!(actions(&records), ["SessionEnded", "PasswordReset", "EmailConfirmed", "TenantCreated"]);
    let myself = json!({ "kind": "member", "user_id": user_id });
    let actors: Vec<_> = records.iter().map(|record| &record["actor"]).collect();
    assert_eq!(actors[0], &json!({ "kind": "system", "user_id": null }));
    assert_eq!(actors[1..], [&myself; 3]);
    assert_eq!(records[0]["details"]["reason"], "token_reused");
    assert_eq!(records[1]["target"], json!({ "kind": "user", "id": user_id }));
    assert_eq!(records[3]["target"], json!({ "kind": "tenant", "id": tenant_id }));
    assert!(records.iter().all(|record| record["tenant_id"] == tenant_id.as_str()));

    let only_resets = trail(&app, &tokens.access, "?action=PasswordReset&limit=1").await;
    assert_eq!(actions(&only_resets), ["PasswordReset"]);
    let mine = trail(&app, &tokens.access, &format!("?actor={user_id}")).await;
    assert_eq!(mine.len(), 3);
    let since = records[1]["at"].as_str().unwrap();
    assert_eq!(
        actions(&trail(&app, &tokens.access, &format!("?from={since}")).await),
        ["SessionEnded", "PasswordReset"]
    );
    let before = trail(&app, &tokens.access, &format!("?to={since}")).await;
    assert_eq!(actions(&before), ["EmailConfirmed", "TenantCreated"]);
    app.finish().await;
}

#[tokio::test]
async fn rule_26_what_is_refused_leaves_no_record() {
    let app = App::builder().without_verification().start().await;
    let email = app.address("taken");
    app.register(&Registration::of(&email)).await.succeeded();
    app.register(&Registration::of(&email)).await.refused(409, "EMAIL_ALREADY_EXISTS");
    app.login(&email, "not-the-password-7").await.refused(401, "INVALID_CREDENTIALS");
    app.reset("never-sent", "velvet-tundra-mosaic-61").await.refused(401, "TOKEN_INVALID");
    let records = app.rows(Table::AccountAudit).await;
    assert_eq!(records.len(), 1, "{records:?}");
    app.mail_to(&email).await;
    app.finish().await;
}

#[tokio::test]
async fn a_trail_is_read_a_page_at_a_time() {
    let app = App::start().await;
    let Member { email, tokens, .. } = app.member("pages").await;
    let reset = app.forgot(&email).await;
    app.reset(&reset, PASSWORD).await.succeeded();
    app.mail_to(&email).await;
    drop(tokens);
    let tokens = app.sign_in(&email).await;
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/tenants/current/audit?limit=2{cursor}");
        let answer = app.client.get(&path).bearer(&tokens.access).send().await;
        answer.succeeded();
        let body = answer.json();
        assert_eq!(body["pagination"]["limit"], 2);
        found.extend(body["data"].as_array().unwrap().clone());
        match body["pagination"]["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(actions(&found), ["PasswordReset", "EmailConfirmed", "TenantCreated"]);
    app.finish().await;
}

#[tokio::test]
async fn rule_20_what_a_trail_is_asked_for_is_bounded() {
    let app = App::start().await;
    let Member { tokens, .. } = app.member("bounds").await;
    let long = "x".repeat(200);
    for (field, value) in [
        ("limit", "101"),
        ("limit", "0"),
        ("cursor", "a.b"),
        ("cursor", "eA"),
        ("actor", "a%20b"),
        ("action", &long),
        ("action", ""),
        ("from", "yesterday"),
        ("to", "2026-13-01T00:00:00Z"),
    ] {
        let path = format!("/tenants/current/audit?{field}={value}");
        let answer = app.client.get(&path).bearer(&tokens.access).send().await;
        answer.refused(422, "VALIDATION_ERROR").field_error(field);
    }
    for strange in ["from=9999-12-31T23:59:59-12:00", "to=0000-01-01T00:00:00%2B12:00"] {
        let records = trail(&app, &tokens.access, &format!("?{strange}")).await;
        assert!(records.is_empty(), "{records:?}");
    }
    app.finish().await;
}

#[tokio::test]
async fn rule_18_a_trail_is_for_who_may_use_the_administration_of_the_tenant() {
    let app = App::start().await;
    let owner = app.python_user(&app.address("owner")).await;
    let other = app.member("other").await;
    for (role, may) in [("admin", true), ("manager", false), ("member", false), ("viewer", false)] {
        let colleague = app.python_colleague(&owner, role, &app.address(role)).await;
        let call = app.client.get("/tenants/current/audit").bearer(&colleague.access_token(&app));
        let answer = call.send().await;
        if may {
            assert_eq!(answer.data(), json!([]), "nothing of the tenant of {}", other.tenant_id);
        } else {
            answer.refused(403, "INSUFFICIENT_PERMISSIONS");
        }
    }
    app.finish().await;
}

/// Everything that says who somebody is, in every field that takes it, through all that puts something on record.
#[tokio::test]
async fn rule_26_nothing_on_record_says_who_somebody_is() {
    let app = App::start().await;
    let email = app.address("zebediah");
    let registration = Registration::of(&email)
        .with("first_name", "Zebediah")
        .with("last_name", "Quillfeather")
        .with("phone", "+49 30 901820")
        .with("tenant_name", "Quillfeather Looms");
    let with_device = app.client.post("/auth/register", &registration.0).header("user-agent", "quill-browser/7");
    with_device.sent_from("198.51.100.77".parse().unwrap()).send().await.succeeded();
    let confirmation = tests::token_in(&app.mail_to(&email).await);
    app.confirm(&confirmation).await.succeeded();
    let reset = app.forgot(&email).await;
    app.reset(&reset, "velvet-tundra-mosaic-61").await.succeeded();
    app.mail_to(&email).await;
    let login = json!({ "email": email, "password": "velvet-tundra-mosaic-61" });
    let login = app.client.post("/auth/login", &login).header("user-agent", "quill-browser/7").send().await;
    let first = Tokens::of(&login);
    let change = json!({ "last_name": "Quillfeather-Lee", "avatar_url": "https://example.com/zebediah.png" });
    app.client.put("/user/profile", &change).bearer(&first.access).send().await.succeeded();
    let admin = app.platform_admin().await;
    for path in ["/admin/users?email=", "/admin/tenants?name=", "/admin/audit?action="] {
        let wanted = if path.contains("email") { email.as_str() } else { "Quillfeather" };
        let call = app.client.get(&format!("{path}{wanted}")).bearer(&admin.tokens.access);
        call.send().await.succeeded();
    }
    let second = Tokens::of(&app.refresh(&first.refresh).await);
    app.refresh(&second.refresh).await.succeeded();
    app.refresh(&first.refresh).await.refused(401, "TOKEN_INVALID");

    let records = app.rows(Table::AccountAudit).await;
    assert!(records.len() >= 7, "{records:?}");
    let stored = format!("{records:?}").to_lowercase();
    for personal in ["zebediah", "quill", "example.com", "901820", "198.51.100.77", "eyj", "argon2", &confirmation] {
        assert!(!stored.contains(&personal.to_lowercase()), "{personal} in {stored}");
    }
    app.finish().await;
}
