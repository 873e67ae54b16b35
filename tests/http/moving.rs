//! Accepting an invitation with an account: a user belongs to one tenant, and moves.

use futures::future::{join, join_all};
use infrastructure::dynamodb::tables::Table;
use serde_json::json;
use tests::{Answer, App, Fault, Member, PASSWORD, Tokens, python, text};

use crate::invitations::limit_seats;

async fn accept(app: &App, access_token: &str, token: &str, close: bool) -> Answer {
    let body = json!({ "token": token, "close_current_tenant": close });
    app.client.post("/invitations/accept", &body).bearer(access_token).send().await
}

/// The seats on record, members and taken; `None` when there is no record.
async fn seats(app: &App, tenant_id: &str) -> Option<(u32, u32)> {
    let row = app.row(Table::AccountSeats, tenant_id).await?;
    let number = |name: &str| row[name].as_n().unwrap().parse().unwrap();
    Some((number("members"), number("taken")))
}

async fn members(app: &App, tenant_id: &str) -> usize {
    app.rows(Table::Users).await.iter().filter(|row| row["tenant_id"] == text(tenant_id)).count()
}

async fn tenant_status(app: &App, tenant_id: &str) -> String {
    app.row(Table::Tenants, tenant_id).await.unwrap()["status"].as_s().unwrap().clone()
}

#[tokio::test]
async fn somebody_moves_with_everything_that_names_the_tenant() {
    let app = App::start().await;
    let (anna, ben) = (app.member("inviter").await, app.member("mover").await);
    let change = app.client.put("/user/preferences", &json!({ "theme": "dark" })).bearer(&ben.tokens.access);
    change.send().await.succeeded();
    let token = app.invited(&anna.tokens.access, &ben.email).await;

    let moved = accept(&app, &ben.tokens.access, &token, true).await;
    let user = &moved.data()["user"];
    assert_eq!((&user["user_id"], &user["tenant_id"]), (&json!(ben.user_id), &json!(anna.tenant_id)));
    assert_eq!((&user["role"], &user["preferences"]["theme"]), (&json!("member"), &json!("dark")));
    assert_eq!(moved.data()["tenant"]["owner_user_id"], anna.user_id);
    app.profile(&Tokens::of(&moved).access).await.succeeded();
    app.refresh(&Tokens::of(&moved).refresh).await.succeeded();

    app.profile(&ben.tokens.access).await.refused(401, "TOKEN_INVALID");
    app.refresh(&ben.tokens.refresh).await.refused(401, "TOKEN_INVALID");
    for table in [Table::AccountEmailClaims, Table::UserPreferences] {
        let key = if table == Table::UserPreferences { &ben.user_id } else { &ben.email };
        assert_eq!(app.row(table, key).await.unwrap()["tenant_id"], text(&anna.tenant_id), "{table:?}");
    }
    assert_eq!(app.login(&ben.email, PASSWORD).await.data()["tenant"]["id"], anna.tenant_id);
    assert_eq!((seats(&app, &anna.tenant_id).await, seats(&app, &ben.tenant_id).await), (Some((2, 2)), Some((0, 0))));
    assert_eq!(tenant_status(&app, &ben.tenant_id).await, "cancelled");
    assert_eq!(app.check_invitation(&token).await, json!({ "is_valid": false }));
    app.finish().await;
}

#[tokio::test]
async fn who_is_alone_says_that_the_tenant_may_be_closed() {
    let app = App::start().await;
    let (anna, ben) = (app.member("inviter").await, app.member("mover").await);
    let token = app.invited(&anna.tokens.access, &ben.email).await;
    let refused = accept(&app, &ben.tokens.access, &token, false).await;
    refused.refused(409, "RESOURCE_CONFLICT");
    assert!(refused.text().contains("close_current_tenant"), "{}", refused.text());
    let silent = app.client.post("/invitations/accept", &json!({ "token": token })).bearer(&ben.tokens.access);
    silent.send().await.refused(409, "RESOURCE_CONFLICT");
    app.profile(&ben.tokens.access).await.succeeded();
    accept(&app, &ben.tokens.access, &token, true).await.succeeded();
    app.finish().await;
}

#[tokio::test]
async fn who_owns_a_tenant_with_others_in_it_hands_it_over_first() {
    let app = App::start().await;
    let (anna, ben) = (app.member("inviter").await, app.member("mover").await);
    let colleague = app.invited(&ben.tokens.access, &app.address("colleague")).await;
    let colleague = app.activate(&colleague).await.data();
    let token = app.invited(&anna.tokens.access, &ben.email).await;
    for close in [false, true] {
        let refused = accept(&app, &ben.tokens.access, &token, close).await;
        refused.refused(409, "RESOURCE_CONFLICT");
        assert!(refused.text().contains("hand it over"), "{}", refused.text());
    }
    let heir = colleague["user"]["user_id"].as_str().unwrap();
    app.set(Table::Tenants, &ben.tenant_id, "owner_user_id", heir).await;
    accept(&app, &ben.tokens.access, &token, false).await.succeeded();
    assert_eq!((seats(&app, &anna.tenant_id).await, seats(&app, &ben.tenant_id).await), (Some((2, 2)), Some((1, 1))));
    assert_eq!(tenant_status(&app, &ben.tenant_id).await, "active");
    app.finish().await;
}

#[tokio::test]
async fn an_invitation_is_for_its_address_and_for_another_tenant() {
    let app = App::start().await;
    let (anna, eve) = (app.member("inviter").await, app.member("eve").await);
    let email = app.address("invited");
    let token = app.invited(&anna.tokens.access, &email).await;
    accept(&app, &eve.tokens.access, &token, true).await.refused(403, "INSUFFICIENT_PERMISSIONS");
    for unknown in ["never-sent", &format!("x.{}", "0".repeat(64))] {
        accept(&app, &eve.tokens.access, unknown, true).await.refused(404, "NOT_FOUND");
    }
    let ben = Tokens::of(&app.activate(&token).await);
    accept(&app, &ben.access, &token, true).await.refused(409, "RESOURCE_CONFLICT");

    let owner = app.python_user(&app.address("owner")).await;
    let member = app.python_colleague(&owner, "member", &app.address("member")).await;
    app.python_invitation(&owner, &member.email, "own-tenant").await;
    // The unknown token above had the table read through.
    app.clock.advance(chrono::TimeDelta::minutes(1));
    accept(&app, &member.access_token(&app), "own-tenant", true).await.refused(409, "RESOURCE_CONFLICT");

    let token = app.invited(&anna.tokens.access, &eve.email).await;
    app.clock.advance(chrono::TimeDelta::days(7));
    let eve = app.sign_in(&eve.email).await;
    accept(&app, &eve.access, &token, true).await.refused(409, "RESOURCE_CONFLICT");
    app.finish().await;
}

#[tokio::test]
async fn a_suspended_tenant_takes_nobody_and_a_full_one_neither() {
    let app = App::start().await;
    let (anna, ben) = (app.member("inviter").await, app.member("mover").await);
    let token = app.invited(&anna.tokens.access, &ben.email).await;
    limit_seats(&app, &anna.tenant_id, 1).await;
    accept(&app, &ben.tokens.access, &token, true).await.refused(403, "TENANT_LIMIT_EXCEEDED");
    app.set(Table::Tenants, &anna.tenant_id, "status", "suspended").await;
    accept(&app, &ben.tokens.access, &token, true).await.refused(403, "TENANT_INACTIVE");
    assert_eq!(app.profile(&ben.tokens.access).await.text_at("tenant_id"), ben.tenant_id);
    app.finish().await;
}

/// Nobody of these has a claim, a version, or seats on record.
#[tokio::test]
async fn a_member_of_the_python_service_moves_too() {
    let app = App::start().await;
    let (from, to) = (app.python_user(&app.address("from")).await, app.python_user(&app.address("to")).await);
    let mover = app.python_colleague(&from, "admin", &app.address("mover")).await;
    app.python_invitation(&to, &mover.email, "clear-token").await;
    let before = app.row(Table::Users, &mover.user_id).await.unwrap();
    accept(&app, &mover.access_token(&app), "clear-token", false).await.succeeded();
    let after = app.row(Table::Users, &mover.user_id).await.unwrap();
    assert_eq!((&after["tenant_id"], &after["role"]), (&text(&to.tenant_id), &text("member")));
    for untouched in ["google_id", "favourites", "password_hash", "created_at"] {
        assert_eq!(after[untouched], before[untouched], "{untouched}");
    }
    assert_eq!((seats(&app, &from.tenant_id).await, seats(&app, &to.tenant_id).await), (Some((1, 1)), Some((2, 2))));
    assert!(app.row(Table::UserPreferences, &mover.user_id).await.is_none());
    app.login(&mover.email, python::PASSWORD).await.succeeded();
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_25_of_twenty_people_who_move_for_the_last_seats_as_many_get_in_as_there_are() {
    let app = App::start().await;
    let owner = app.python_user(&app.address("owner")).await;
    limit_seats(&app, &owner.tenant_id, 4).await;
    let mut movers = Vec::new();
    for number in 0..20 {
        let mover = app.python_user(&app.address("mover")).await;
        let token = format!("token-{number}");
        app.python_invitation(&owner, &mover.email, &token).await;
        movers.push((mover, token));
    }
    let answers = join_all(movers.iter().map(|(mover, token)| {
        let access = mover.access_token(&app);
        let app = &app;
        async move { accept(app, &access, token, true).await }
    }))
    .await;
    for ((mover, _), answer) in movers.iter().zip(&answers) {
        let moved = answer.status == 200;
        if !moved {
            answer.refused(403, "TENANT_LIMIT_EXCEEDED");
        }
        assert_eq!(tenant_status(&app, &mover.tenant_id).await, if moved { "cancelled" } else { "active" });
    }
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 3);
    assert_eq!((seats(&app, &owner.tenant_id).await, members(&app, &owner.tenant_id).await), (Some((4, 4)), 4));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_25_one_person_who_accepts_twenty_times_at_once_moves_once() {
    let app = App::start().await;
    let (anna, ben) = (app.member("inviter").await, app.member("mover").await);
    let token = app.invited(&anna.tokens.access, &ben.email).await;
    let answers = join_all((0..20).map(|_| accept(&app, &ben.tokens.access, &token, true))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        // Who comes when it is over is told that the session is, or that the tenant of it is closed.
        assert!(matches!(answer.status, 401 | 403 | 409), "{}", answer.text());
    }
    assert_eq!((seats(&app, &anna.tenant_id).await, seats(&app, &ben.tenant_id).await), (Some((2, 2)), Some((0, 0))));
    app.finish().await;
}

/// Somebody comes into the tenant that its owner is leaving: one of the two is too late.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_25_nobody_joins_a_tenant_while_its_owner_closes_it() {
    for _ in 0..5 {
        let app = App::start().await;
        let (anna, ben) = (app.member("inviter").await, app.member("mover").await);
        let out = app.invited(&anna.tokens.access, &ben.email).await;
        let into = app.invited(&ben.tokens.access, &app.address("newcomer")).await;
        let (left, joined) = join(accept(&app, &ben.tokens.access, &out, true), app.activate(&into)).await;
        if left.status == 200 {
            joined.refused(403, "TENANT_INACTIVE");
            assert_eq!(members(&app, &ben.tenant_id).await, 0);
        } else {
            left.refused(409, "RESOURCE_CONFLICT");
            joined.succeeded();
            assert_eq!(members(&app, &ben.tenant_id).await, 2);
            assert_eq!(tenant_status(&app, &ben.tenant_id).await, "active");
        }
        app.finish().await;
    }
}

/// Every row of what a move writes.
async fn written(app: &App) -> Vec<usize> {
    let mut counts = Vec::new();
    for table in [Table::AccountSeats, Table::AccountSessions, Table::AccountOutbox] {
        counts.push(app.rows(table).await.len());
    }
    counts
}

/// As if the process had died, or the network, at each call that a move makes.
#[tokio::test]
async fn rule_25_a_move_that_breaks_off_anywhere_leaves_all_or_nothing() {
    for fault in [Fault::RequestLost, Fault::AnswerLost] {
        for call in 0.. {
            let app = App::start().await;
            let Member { tokens, tenant_id, .. } = app.member("inviter").await;
            let ben = app.member("mover").await;
            let token = app.invited(&tokens.access, &ben.email).await;
            let before = written(&app).await;
            app.probe.break_call(call, fault);
            let (answer, tally) = app.probe.measure(accept(&app, &ben.tokens.access, &token, true)).await;
            if app.probe.mend() {
                answer.succeeded();
                assert!(call >= 8, "a move is more than {call} calls");
                app.finish().await;
                break;
            }
            answer.refused(503, "SERVICE_UNAVAILABLE");
            let moved = fault == Fault::AnswerLost && tally.calls.contains_key("TransactWriteItems");
            // Three events: somebody left, a tenant was closed, an invitation was taken.
            let after: Vec<_> = before.iter().zip([2, 1, 3]).map(|(count, more)| count + more).collect();
            assert_eq!(written(&app).await, if moved { after } else { before }, "{fault:?} {call}");
            assert_eq!(members(&app, &tenant_id).await, if moved { 2 } else { 1 });
            assert_eq!(tenant_status(&app, &ben.tenant_id).await, if moved { "cancelled" } else { "active" });
            let expected = if moved { &tenant_id } else { &ben.tenant_id };
            assert_eq!(app.login(&ben.email, PASSWORD).await.data()["tenant"]["id"], *expected);
            app.deliver_mail().await;
            app.finish().await;
        }
    }
}
