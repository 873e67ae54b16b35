//! Inviting people, and what becomes of their invitations.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use infrastructure::dynamodb::tables::Table;
use serde_json::{Value, json};
use tests::{Answer, App, Member, Registration, python::PythonUser, text, token_in};

async fn list(app: &App, access_token: &str, query: &str) -> Value {
    app.client.get(&format!("/invitations{query}")).bearer(access_token).send().await.succeeded().json()
}

/// The addresses in a list.
fn addresses(list: &Value) -> BTreeSet<String> {
    list["data"].as_array().unwrap().iter().map(|found| found["email"].as_str().unwrap().to_owned()).collect()
}

async fn resend(app: &App, access_token: &str, invitation: &Value) -> Answer {
    let path = format!("/invitations/{}/resend", invitation["invitation_id"].as_str().unwrap());
    app.client.post(&path, &json!({})).bearer(access_token).send().await
}

async fn cancel(app: &App, access_token: &str, invitation: &Value) -> Answer {
    let path = format!("/invitations/{}", invitation["invitation_id"].as_str().unwrap());
    app.client.delete(&path).bearer(access_token).send().await
}

/// How many seats the tenant's plan has.
pub(crate) async fn limit_seats(app: &App, tenant_id: &str, seats: u32) {
    let limit = aws_sdk_dynamodb::types::AttributeValue::N(seats.to_string());
    let row = [("tenant_id", text(tenant_id)), ("feature", text("seats")), ("limit", limit)];
    app.plant(Table::TenantOverrides, row.map(|(name, value)| (name.to_owned(), value)).into()).await;
}

#[tokio::test]
async fn an_invitation_says_everything_that_is_wrong_with_it_at_once() {
    let app = App::start().await;
    let anna = app.member("inviter").await;
    let invite = |body: Value| app.client.post("/invitations", &body).bearer(&anna.tokens.access).send();
    let wrong = json!({ "email": "ben", "role": "king", "message": "win at spam.example", "expires_in_days": 31 });
    let answer = invite(wrong).await;
    answer.refused(422, "VALIDATION_ERROR");
    for field in ["email", "role", "message", "expires_in_days"] {
        answer.field_error(field);
    }
    assert_eq!(answer.field_error("message"), "must not contain links or email addresses");
    assert_eq!(answer.field_error("expires_in_days"), "must be 1 to 30 days");
    for (field, value) in
        [("expires_in_days", json!(0)), ("expires_in_days", json!(-1)), ("message", json!("x".repeat(501)))]
    {
        let mut body = json!({ "email": "ben@example.com", "role": "member" });
        body[field] = value;
        invite(body).await.refused(422, "VALIDATION_ERROR").field_error(field);
    }
    assert!(app.rows(Table::Invitations).await.is_empty());
    app.finish().await;
}

#[tokio::test]
async fn an_invitation_is_open_for_as_long_as_the_inviter_says() {
    let app = App::start().await;
    let anna = app.member("inviter").await;
    for (days, expected) in [(None, 7), (Some(1), 1), (Some(30), 30)] {
        let email = app.address("invited");
        let body = json!({ "email": email, "role": "member", "expires_in_days": days });
        let invitation = app.client.post("/invitations", &body).bearer(&anna.tokens.access).send().await.created();
        let expires_at = (app.now() + TimeDelta::days(expected)).to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        assert_eq!(invitation["expires_at"], expires_at);
        app.mail_to(&email).await;
    }
    app.finish().await;
}

#[tokio::test]
async fn rule_8_only_the_hash_of_an_invitation_token_is_kept() {
    let app = App::start().await;
    let anna = app.member("inviter").await;
    let email = app.address("invited");
    app.invite(&anna.tokens.access, &email, "member").await.created();
    let queued = format!("{:?}", app.rows(Table::AccountOutbox).await);
    assert!(!queued.contains("accept-invitation") && !queued.contains(&email), "mails are sealed, events name nobody");
    let token = token_in(&app.mail_to(&email).await);
    let (id, secret) = token.rsplit_once('.').unwrap();
    assert_eq!((secret.len(), app.rows(Table::Invitations).await.len()), (64, 1), "256 random bits");
    let row = app.row(Table::Invitations, id).await.unwrap();
    assert_eq!(row["token"], text(&format!("sha256:{}", domain::TokenHash::of(&token).as_str())));
    for table in Table::ALL {
        assert!(!format!("{:?}", app.rows(table).await).contains(secret), "{table:?}");
    }
    // What is stored is no token itself.
    assert_eq!(app.check_invitation(row["token"].as_s().unwrap()).await, json!({ "is_valid": false }));
    app.finish().await;
}

#[tokio::test]
async fn rule_6_inviting_says_the_same_whoever_has_the_address() {
    let app = App::start().await;
    let anna = app.member("inviter").await;
    let known = app.member("known").await.email;
    let steady = |mut body: Value| {
        for field in ["invitation_id", "email"] {
            body["data"][field] = json!("different");
        }
        body
    };
    let of_known = app.invite(&anna.tokens.access, &known, "member").await;
    app.mail_to(&known).await;
    let fresh = app.address("fresh");
    let of_fresh = app.invite(&anna.tokens.access, &fresh, "member").await;
    app.mail_to(&fresh).await;
    assert_eq!((of_known.status, steady(of_known.json())), (of_fresh.status, steady(of_fresh.json())));
    app.finish().await;
}

#[tokio::test]
async fn members_and_people_with_an_open_invitation_are_not_invited_again() {
    let app = App::start().await;
    let anna = app.member("inviter").await;
    app.invite(&anna.tokens.access, &anna.email, "member").await.refused(409, "RESOURCE_CONFLICT");
    let email = app.address("invited");
    let invitation = app.invite(&anna.tokens.access, &email, "member").await.created();
    app.mail_to(&email).await;
    app.invite(&anna.tokens.access, &email.to_uppercase(), "viewer").await.refused(409, "RESOURCE_CONFLICT");
    // Another organisation may have the same idea, and a withdrawn or expired one does not stand in the way.
    let zoe = app.member("elsewhere").await;
    app.invite(&zoe.tokens.access, &email, "member").await.created();
    app.mail_to(&email).await;
    cancel(&app, &anna.tokens.access, &invitation).await.succeeded();
    app.invite(&anna.tokens.access, &email, "member").await.created();
    app.mail_to(&email).await;
    app.clock.advance(TimeDelta::days(7));
    let tokens = app.sign_in(&anna.email).await;
    app.invite(&tokens.access, &email, "member").await.created();
    app.mail_to(&email).await;
    app.finish().await;
}

#[tokio::test]
async fn nobody_offers_more_than_they_have() {
    let app = App::start().await;
    let owner = app.python_user(&app.address("owner")).await;
    let admin = app.python_colleague(&owner, "admin", &app.address("admin")).await;
    let (owner, admin) = (owner.access_token(&app), admin.access_token(&app));
    let email = app.address("invited");
    app.invite(&admin, &email, "owner").await.refused(403, "INSUFFICIENT_PERMISSIONS");
    let invitation = app.invite(&owner, &email, "owner").await.created();
    resend(&app, &admin, &invitation).await.refused(403, "INSUFFICIENT_PERMISSIONS");
    app.mail_to(&email).await;
    cancel(&app, &admin, &invitation).await.succeeded();
    app.invite(&admin, &email, "admin").await.created();
    app.mail_to(&email).await;
    app.finish().await;
}

#[tokio::test]
async fn nobody_is_invited_to_where_there_is_no_seat() {
    let app = App::start().await;
    let anna = app.member("inviter").await;
    limit_seats(&app, &anna.tenant_id, 1).await;
    let refused = app.invite(&anna.tokens.access, &app.address("invited"), "member").await;
    refused.refused(403, "TENANT_LIMIT_EXCEEDED");
    assert!(app.rows(Table::Invitations).await.is_empty());
    app.finish().await;
}

#[tokio::test]
async fn rule_21_a_tenant_has_a_bounded_number_of_open_invitations() {
    let app = App::start().await;
    let owner = app.python_user(&app.address("owner")).await;
    let access = owner.access_token(&app);
    for number in 0..200 {
        app.python_invitation(&owner, &format!("{number}@example.com"), &format!("token-{number}")).await;
    }
    app.invite(&access, &app.address("one-more"), "member").await.refused(403, "TENANT_LIMIT_EXCEEDED");
    let open = list(&app, &access, "?status=pending&limit=1").await;
    cancel(&app, &access, &open["data"][0]).await.succeeded();
    let email = app.address("one-more");
    app.invite(&access, &email, "member").await.created();
    app.mail_to(&email).await;
    app.finish().await;
}

#[tokio::test]
async fn rule_21_an_invitation_is_mailed_a_few_times_only() {
    let app = App::start().await;
    let anna = app.member("inviter").await;
    let email = app.address("invited");
    let invitation = app.invite(&anna.tokens.access, &email, "member").await.created();
    app.mail_to(&email).await;
    for number in 1..=5 {
        assert_eq!(resend(&app, &anna.tokens.access, &invitation).await.data()["reminders_sent"], number);
        app.mail_to(&email).await;
    }
    resend(&app, &anna.tokens.access, &invitation).await.refused(409, "RESOURCE_CONFLICT");
    app.finish().await;
}

#[tokio::test]
async fn invitations_are_listed_as_they_stand_now() {
    let app = App::start().await;
    let anna = app.member("inviter").await;
    let access = &anna.tokens.access;
    let [accepted, cancelled, expired, pending] =
        ["accepted", "cancelled", "expired", "pending"].map(|name| app.address(name));
    let token = app.invited(access, &accepted).await;
    app.activate(&token).await.succeeded();
    let withdrawn = app.invite(access, &cancelled, "member").await.created();
    app.mail_to(&cancelled).await;
    cancel(&app, access, &withdrawn).await.succeeded();
    cancel(&app, access, &withdrawn).await.succeeded();
    app.invited(access, &expired).await;
    app.clock.advance(TimeDelta::days(7));
    let access = &app.sign_in(&anna.email).await.access;
    app.invited(access, &pending).await;

    for (status, email) in
        [("accepted", &accepted), ("cancelled", &cancelled), ("expired", &expired), ("pending", &pending)]
    {
        let found = list(&app, access, &format!("?status={status}")).await;
        assert_eq!(addresses(&found), BTreeSet::from([email.clone()]), "{status}");
        assert_eq!(found["data"][0]["status"], status);
        assert_eq!(found["pagination"], json!({ "limit": 20, "next_cursor": null }));
    }
    let everybody = BTreeSet::from([accepted, cancelled, expired, pending]);
    assert_eq!(addresses(&list(&app, access, "").await), everybody);

    let (mut found, mut cursor) = (BTreeSet::new(), None);
    loop {
        let after: String = cursor.map(|cursor: String| format!("&cursor={cursor}")).unwrap_or_default();
        let page = list(&app, access, &format!("?limit=1{after}")).await;
        assert!(page["data"].as_array().unwrap().len() <= 1);
        found.extend(addresses(&page));
        cursor = page["pagination"]["next_cursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(found, everybody);
    for bad in ["?status=lost", "?limit=101", "?limit=0", "?cursor=x", "?cursor=a%20b"] {
        let refused = app.client.get(&format!("/invitations{bad}")).bearer(access).send().await;
        refused.refused(422, "VALIDATION_ERROR");
    }
    app.finish().await;
}

/// A cursor says where to go on, not in whose list.
#[tokio::test]
async fn a_cursor_of_another_tenant_shows_nothing_of_theirs() {
    let app = App::start().await;
    let (anna, zoe) = (app.member("anna").await, app.member("zoe").await);
    for name in ["one", "two"] {
        app.invited(&anna.tokens.access, &app.address(name)).await;
    }
    let page = list(&app, &anna.tokens.access, "?limit=1").await;
    let cursor = page["pagination"]["next_cursor"].as_str().unwrap();
    assert!(addresses(&list(&app, &zoe.tokens.access, &format!("?cursor={cursor}")).await).is_empty());
    app.finish().await;
}

#[tokio::test]
async fn what_is_accepted_is_neither_cancelled_nor_sent_again() {
    let app = App::start().await;
    let anna = app.member("inviter").await;
    let email = app.address("invited");
    let invitation = app.invite(&anna.tokens.access, &email, "member").await.created();
    app.activate(&token_in(&app.mail_to(&email).await)).await.succeeded();
    cancel(&app, &anna.tokens.access, &invitation).await.refused(409, "RESOURCE_CONFLICT");
    resend(&app, &anna.tokens.access, &invitation).await.refused(409, "RESOURCE_CONFLICT");
    for id in ["nothing", &"x".repeat(3000), "%FF", "a%20b"] {
        app.client
            .delete(&format!("/invitations/{id}"))
            .bearer(&anna.tokens.access)
            .send()
            .await
            .refused(404, "NOT_FOUND");
    }
    app.finish().await;
}

#[tokio::test]
async fn whatever_is_wrong_with_a_token_is_not_said() {
    let app = App::start().await;
    let anna = app.member("inviter").await;
    let nothing = json!({ "is_valid": false });
    let email = app.address("invited");
    let invitation = app.invite(&anna.tokens.access, &email, "member").await.created();
    let token = token_in(&app.mail_to(&email).await);
    let (id, secret) = token.rsplit_once('.').unwrap();
    let other_secret = format!("{id}.{}", "0".repeat(64));
    for wrong in ["x", id, secret, &other_secret, &"x".repeat(5000), "%FF", &format!("{token}0")] {
        assert_eq!(app.check_invitation(wrong).await, nothing, "{wrong}");
    }
    app.set(Table::Tenants, &anna.tenant_id, "status", "suspended").await;
    assert_eq!(app.check_invitation(&token).await, nothing);
    app.activate(&token).await.refused(403, "TENANT_INACTIVE");
    app.set(Table::Tenants, &anna.tenant_id, "status", "active").await;
    assert_eq!(app.check_invitation(&token).await["is_valid"], true);
    cancel(&app, &anna.tokens.access, &invitation).await.succeeded();
    assert_eq!(app.check_invitation(&token).await, nothing);
    app.activate(&token).await.refused(401, "TOKEN_INVALID");

    let token = app.invited(&anna.tokens.access, &email).await;
    app.clock.advance(TimeDelta::days(7));
    assert_eq!(app.check_invitation(&token).await, nothing);
    app.activate(&token).await.refused(401, "TOKEN_EXPIRED");
    app.finish().await;
}

#[tokio::test]
async fn the_same_invitation_twice_is_one_mail_and_one_answer() {
    let app = App::start().await;
    let (anna, zoe) = (app.member("anna").await, app.member("zoe").await);
    let email = app.address("invited");
    let invite = |by: &Member, role: &str| {
        let call = app.client.post("/invitations", &json!({ "email": email, "role": role }));
        call.bearer(&by.tokens.access).header("idempotency-key", "one").send()
    };
    let first = invite(&anna, "member").await;
    first.created();
    app.mail_to(&email).await;
    assert_eq!(invite(&anna, "member").await.body, first.body);
    invite(&anna, "viewer").await.refused(422, "IDEMPOTENCY_KEY_REUSED");
    // The key of somebody else is another key.
    assert_ne!(invite(&zoe, "member").await.created()["invitation_id"], first.created()["invitation_id"]);
    app.mail_to(&email).await;
    app.finish().await;
}

#[tokio::test]
async fn an_invitation_costs_two_round_trips_and_a_wrong_token_one_read() {
    let app = App::start().await;
    let anna = app.member("inviter").await;
    let email = app.address("invited");
    let (answer, tally) = app.probe.measure(app.invite(&anna.tokens.access, &email, "member")).await;
    answer.created();
    assert!(tally.round_trips <= 5, "{tally}");
    let token = token_in(&app.mail_to(&email).await);
    let (id, _) = token.rsplit_once('.').unwrap();
    let (_, tally) = app.probe.measure(app.check_invitation(&format!("{id}.{}", "0".repeat(64)))).await;
    assert_eq!((tally.total(), tally.calls["GetItem"]), (1, 1));
    app.finish().await;
}

async fn python_owner(app: &App) -> (PythonUser, String) {
    let owner = app.python_user(&app.address("owner")).await;
    let access = owner.access_token(app);
    (owner, access)
}

#[tokio::test]
async fn an_invitation_of_the_python_service_is_shown_sent_again_and_cancelled() {
    let app = App::start().await;
    let (owner, access) = python_owner(&app).await;
    let email = app.address("invited");
    let id = app.python_invitation(&owner, &email, "clear-token").await;
    let shown = &list(&app, &access, "?status=pending").await["data"][0];
    assert_eq!((&shown["invitation_id"], &shown["reminders_sent"]), (&json!(id), &json!(0)));
    assert_eq!(app.check_invitation("clear-token").await["invitation"]["email"], email.to_lowercase());

    let resent = resend(&app, &access, shown).await.data();
    assert_eq!(resent["reminders_sent"], 1);
    let token = token_in(&app.mail_to(&email).await);
    assert!(token.starts_with(&id), "{token}");
    assert_eq!(app.check_invitation("clear-token").await, json!({ "is_valid": false }), "the newer one voids it");
    let row = app.row(Table::Invitations, &id).await.unwrap();
    assert!(row["token"].as_s().unwrap().starts_with("sha256:"));
    assert_eq!(row["campaign"], text("spring"), "what we do not know stays");

    cancel(&app, &access, shown).await.succeeded();
    assert_eq!(app.row(Table::Invitations, &id).await.unwrap()["status"], text("cancelled"));
    assert_eq!(app.check_invitation(&token).await, json!({ "is_valid": false }));
    app.finish().await;
}

#[tokio::test]
async fn a_row_of_the_python_service_with_hardly_anything_in_it_can_be_accepted() {
    let app = App::start().await;
    let (owner, _) = python_owner(&app).await;
    let row = [
        ("invitation_id", text("inv_000000000001")),
        ("tenant_id", text(&owner.tenant_id)),
        ("email", text("Mixed.Case@Example.com")),
        ("status", text("pending")),
        ("token", text("bare")),
        ("message", aws_sdk_dynamodb::types::AttributeValue::Null(true)),
        ("expires_at", text("2027-02-02T12:30:00+02:00")),
    ];
    app.plant(Table::Invitations, row.map(|(name, value)| (name.to_owned(), value)).into()).await;
    let joined = app.activate("bare").await.data();
    assert_eq!(
        (&joined["user"]["email"], &joined["user"]["role"]),
        (&json!("mixed.case@example.com"), &json!("viewer"))
    );
    let row = app.row(Table::Invitations, "inv_000000000001").await.unwrap();
    assert_eq!(
        (row["status"].clone(), row["accepted_user_id"].as_s().unwrap().as_str()),
        (text("accepted"), joined["user"]["user_id"].as_str().unwrap())
    );
    app.finish().await;
}

#[tokio::test]
async fn wrong_tokens_read_the_table_through_once_a_minute_at_most() {
    let app = App::start().await;
    let (owner, _) = python_owner(&app).await;
    let (_, tally) = app.probe.measure(app.check_invitation("wrong")).await;
    assert_eq!(tally.calls["Scan"], 1);
    app.python_invitation(&owner, &app.address("invited"), "clear-token").await;
    for wrong in ["wrong", "wronger", "clear-token"] {
        let (answer, tally) = app.probe.measure(app.check_invitation(wrong)).await;
        assert_eq!((answer, tally.total()), (json!({ "is_valid": false }), 0));
    }
    app.clock.advance(TimeDelta::minutes(1));
    assert_eq!(app.check_invitation("clear-token").await["is_valid"], true);
    let (_, tally) = app.probe.measure(app.check_invitation("clear-token")).await;
    assert!(!tally.calls.contains_key("Scan"), "{tally}");
    app.finish().await;
}

#[tokio::test]
async fn links_of_the_python_service_are_refused_once_they_are_switched_off() {
    let app = App::builder().setting("ACCEPT_LEGACY_INVITATIONS", "false").start().await;
    let (owner, _) = python_owner(&app).await;
    app.python_invitation(&owner, &app.address("invited"), "clear-token").await;
    let (answer, tally) = app.probe.measure(app.check_invitation("clear-token")).await;
    assert_eq!((answer, tally.total()), (json!({ "is_valid": false }), 0));
    app.activate("clear-token").await.refused(401, "TOKEN_INVALID");
    let registration = Registration::of(&app.address("invited")).with("invite_token", "clear-token");
    app.register(&registration).await.refused(401, "TOKEN_INVALID");
    app.finish().await;
}
