//! Whether an organisation may be used: suspended by the platform, closed by its owner, and back again.

use application::{Classified, ErrorKind, actor::PlatformAdmin};
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::TimeDelta;
use domain::{TenantId, UserId, tenant::SuspensionReason};
use futures::future::join_all;
use infrastructure::dynamodb::tables::Table;
use serde_json::json;
use tests::{Answer, App, Fault, Member, PASSWORD, Tokens, python, text, token_in};

use super::{get, put, tenant_row};

fn platform() -> PlatformAdmin {
    PlatformAdmin::unproved(UserId::restore("root"), TenantId::restore("tenant-root"))
}

async fn suspend(app: &App, tenant_id: &str) {
    let (tenant_id, reason) = (TenantId::restore(tenant_id), SuspensionReason::NonPayment);
    app.use_cases.tenants.suspend(&platform(), &tenant_id, reason).await.unwrap();
}

async fn reactivate(app: &App, tenant_id: &str) -> Result<(), ErrorKind> {
    let reactivated = app.use_cases.tenants.reactivate(&platform(), &TenantId::restore(tenant_id)).await;
    reactivated.map(drop).map_err(|error| error.kind())
}

async fn close(app: &App, token: &str, password: &str) -> Answer {
    app.client.delete("/tenants/current").json(&json!({ "password": password })).bearer(token).send().await
}

async fn reopen(app: &App, token: &str) -> Answer {
    app.client.post("/tenants/reopen", &json!({ "token": token })).send().await
}

/// Somebody who closed their organisation, and the token that opens it.
async fn closed(app: &App, name: &str) -> (Member, String) {
    let anna = app.member(name).await;
    app.clock.advance(TimeDelta::seconds(1));
    close(app, &anna.tokens.access, PASSWORD).await.succeeded();
    let token = token_in(&app.mail_to(&anna.email).await);
    (anna, token)
}

/// Nobody gets in, and everybody is told why.
async fn is_out_of_use(app: &App, member: &Member) {
    let Member { email, tokens, .. } = member;
    app.login(email, PASSWORD).await.refused(403, "TENANT_INACTIVE");
    app.refresh(&tokens.refresh).await.refused(403, "TENANT_INACTIVE");
    for route in ["/user/profile", "/tenants/current", "/tenants/settings", "/user/features"] {
        get(app, route, &tokens.access).await.refused(403, "TENANT_INACTIVE");
    }
    put(app, "/tenants/settings", json!({}), &tokens.access).await.refused(403, "TENANT_INACTIVE");
    close(app, &tokens.access, PASSWORD).await.refused(403, "TENANT_INACTIVE");
}

/// Who was signed in before is not, and can sign in again.
async fn is_in_use_again(app: &App, member: &Member) {
    let Member { email, tokens, .. } = member;
    app.profile(&tokens.access).await.refused(401, "TOKEN_INVALID");
    app.refresh(&tokens.refresh).await.refused(401, "TOKEN_INVALID");
    let fresh = app.sign_in(email).await;
    app.profile(&fresh.access).await.succeeded();
    app.refresh(&fresh.refresh).await.succeeded();
}

#[tokio::test]
async fn rule_16_a_suspended_organisation_is_out_at_once_and_signed_out_for_good() {
    let app = App::start().await;
    let anna = app.member("suspended").await;
    let stranger = app.member("stranger").await;
    app.clock.advance(TimeDelta::seconds(1));
    suspend(&app, &anna.tenant_id).await;
    is_out_of_use(&app, &anna).await;
    app.profile(&stranger.tokens.access).await.succeeded();

    app.clock.advance(TimeDelta::seconds(1));
    assert_eq!(reactivate(&app, &anna.tenant_id).await, Ok(()));
    is_in_use_again(&app, &anna).await;
    app.finish().await;
}

#[tokio::test]
async fn rule_16_python_tokens_from_before_a_suspension_are_over_after_it() {
    let app = App::start().await;
    let anna = app.python_user("anna@example.com").await;
    let (access, refresh) = (anna.access_token(&app), app.python_refresh_token(&anna).await);
    app.profile(&access).await.succeeded();
    app.clock.advance(TimeDelta::seconds(1));
    suspend(&app, &anna.tenant_id).await;
    app.profile(&access).await.refused(403, "TENANT_INACTIVE");
    app.refresh(&refresh).await.refused(403, "TENANT_INACTIVE");
    app.clock.advance(TimeDelta::seconds(1));
    assert_eq!(reactivate(&app, &anna.tenant_id).await, Ok(()));
    app.profile(&access).await.refused(401, "TOKEN_INVALID");
    app.refresh(&refresh).await.refused(401, "TOKEN_INVALID");
    app.profile(&anna.access_token(&app)).await.succeeded();
    let next = Tokens::of(&app.refresh(&app.python_refresh_token(&anna).await).await);
    app.profile(&next.access).await.succeeded();
    app.finish().await;
}

#[tokio::test]
async fn suspending_and_reactivating_again_changes_nothing() {
    let app = App::start().await;
    let anna = app.member("twice").await;
    for _ in 0..2 {
        suspend(&app, &anna.tenant_id).await;
    }
    let row = tenant_row(&app, &anna.tenant_id).await;
    assert_eq!((&row["version"], &row["suspension_reason"]), (&AttributeValue::N("2".into()), &text("non_payment")));
    for _ in 0..2 {
        assert_eq!(reactivate(&app, &anna.tenant_id).await, Ok(()));
    }
    let row = tenant_row(&app, &anna.tenant_id).await;
    assert_eq!((&row["version"], row.get("suspension_reason")), (&AttributeValue::N("3".into()), None));
    assert_eq!(reactivate(&app, "nowhere").await, Err(ErrorKind::TenantNotFound));
    app.finish().await;
}

#[tokio::test]
async fn rule_16_a_closed_organisation_is_out_at_once_and_its_owner_opens_it_again() {
    let app = App::start().await;
    let (anna, token) = closed(&app, "closed").await;
    is_out_of_use(&app, &anna).await;
    app.clock.advance(TimeDelta::seconds(1));
    reopen(&app, &token).await.succeeded();
    is_in_use_again(&app, &anna).await;
    reopen(&app, &token).await.refused(401, "TOKEN_INVALID");
    app.finish().await;
}

#[tokio::test]
async fn rule_26_what_becomes_of_an_organisation_is_on_record() {
    let app = App::start().await;
    let anna = app.member("record").await;
    put(&app, "/tenants/current", json!({ "name": "Acme" }), &anna.tokens.access).await.succeeded();
    suspend(&app, &anna.tenant_id).await;
    assert_eq!(reactivate(&app, &anna.tenant_id).await, Ok(()));
    app.clock.advance(TimeDelta::seconds(1));
    let tokens = app.sign_in(&anna.email).await;
    close(&app, &tokens.access, PASSWORD).await.succeeded();
    reopen(&app, &token_in(&app.mail_to(&anna.email).await)).await.succeeded();
    app.clock.advance(TimeDelta::seconds(1));
    let tokens = app.sign_in(&anna.email).await;
    let records = get(&app, "/tenants/current/audit", &tokens.access).await.json()["data"].clone();
    let done: Vec<_> = records.as_array().unwrap().iter().map(|record| &record["action"]).collect();
    for action in ["TenantRenamed", "TenantSuspended", "TenantReactivated", "TenantClosed", "TenantReopened"] {
        assert!(done.contains(&&json!(action)), "{action} is not among {done:?}");
    }
    assert!(!records.to_string().contains("Acme"), "{records}");
    app.finish().await;
}

#[tokio::test]
async fn only_the_person_who_owns_an_organisation_closes_it_and_only_with_their_password() {
    let app = App::start().await;
    let anna = app.python_user("anna@example.com").await;
    let (before, token) = (tenant_row(&app, &anna.tenant_id).await, anna.access_token(&app));
    close(&app, &token, "not the password").await.refused(401, "INVALID_CREDENTIALS");
    for role in ["owner", "admin", "viewer"] {
        let colleague = app.python_colleague(&anna, role, &format!("{role}@example.com")).await.access_token(&app);
        close(&app, &colleague, python::PASSWORD).await.refused(403, "INSUFFICIENT_PERMISSIONS");
    }
    let without = app.client.delete("/tenants/current").json(&json!({})).bearer(&token).send().await;
    without.refused(422, "VALIDATION_ERROR").field_error("password");
    assert_eq!(tenant_row(&app, &anna.tenant_id).await, before);
    close(&app, &token, python::PASSWORD).await.succeeded();
    app.mail_to(&anna.email).await;
    app.finish().await;
}

/// Somebody who signs in elsewhere has no password to show.
#[tokio::test]
async fn an_account_without_a_password_closes_nothing() {
    let app = App::start().await;
    let anna = app.python_user("anna@example.com").await;
    app.set(Table::Users, &anna.user_id, "password_hash", "").await;
    close(&app, &anna.access_token(&app), python::PASSWORD).await.refused(401, "INVALID_CREDENTIALS");
    app.finish().await;
}

#[tokio::test]
async fn rule_8_a_reopening_link_works_for_thirty_days() {
    let app = App::start().await;
    let (in_time, early) = closed(&app, "in-time").await;
    let (too_late, late) = closed(&app, "too-late").await;
    app.clock.advance(TimeDelta::days(30) - TimeDelta::seconds(2));
    reopen(&app, &early).await.succeeded();
    app.clock.advance(TimeDelta::seconds(2));
    reopen(&app, &late).await.refused(401, "TOKEN_EXPIRED");
    assert_eq!(reactivate(&app, &too_late.tenant_id).await, Err(ErrorKind::Conflict));
    app.login(&too_late.email, PASSWORD).await.refused(403, "TENANT_INACTIVE");
    app.login(&in_time.email, PASSWORD).await.succeeded();
    app.finish().await;
}

#[tokio::test]
async fn how_long_a_closed_organisation_can_be_opened_again_is_a_setting() {
    let app = App::builder().setting("TENANT_REOPENING_DAYS", "2").start().await;
    let (_, token) = closed(&app, "setting").await;
    app.clock.advance(TimeDelta::days(2));
    reopen(&app, &token).await.refused(401, "TOKEN_EXPIRED");
    app.finish().await;
}

#[tokio::test]
async fn rule_8_a_reopening_link_is_void_once_the_platform_decided() {
    let app = App::start().await;
    let (anna, token) = closed(&app, "platform").await;
    assert_eq!(reactivate(&app, &anna.tenant_id).await, Ok(()));
    app.login(&anna.email, PASSWORD).await.succeeded();
    reopen(&app, &token).await.refused(401, "TOKEN_INVALID");

    let (ben, token) = closed(&app, "suspended").await;
    suspend(&app, &ben.tenant_id).await;
    reopen(&app, &token).await.refused(401, "TOKEN_INVALID");
    app.login(&ben.email, PASSWORD).await.refused(403, "TENANT_INACTIVE");
    app.finish().await;
}

#[tokio::test]
async fn rule_8_only_the_hash_of_a_reopening_token_is_kept_and_a_later_closing_voids_it() {
    let app = App::start().await;
    let (anna, first) = closed(&app, "hash").await;
    let secret = first.rsplit_once('.').unwrap().1;
    assert_eq!(secret.len(), 64, "256 bits in hexadecimal");
    for table in Table::ALL {
        assert!(!format!("{:?}", app.rows(table).await).contains(secret), "{table:?}");
    }
    reopen(&app, &first).await.succeeded();
    app.clock.advance(TimeDelta::seconds(1));
    let tokens = app.sign_in(&anna.email).await;
    close(&app, &tokens.access, PASSWORD).await.succeeded();
    let second = token_in(&app.mail_to(&anna.email).await);
    reopen(&app, &first).await.refused(401, "TOKEN_INVALID");
    reopen(&app, &second).await.succeeded();
    app.finish().await;
}

#[tokio::test]
async fn rule_6_a_reopening_link_says_and_costs_the_same_whichever_organisations_there_are() {
    let app = App::start().await;
    let (anna, token) = closed(&app, "closed").await;
    let in_use = app.member("in-use").await;
    let secret = "0".repeat(64);
    let with_id = |id: &str| format!("{id}.{secret}");
    let (unknown, cost) = app.probe.measure(reopen(&app, &with_id("nowhere"))).await;
    unknown.refused(401, "TOKEN_INVALID");
    for id in [&anna.tenant_id, &in_use.tenant_id] {
        let (answer, cost_of_answer) = app.probe.measure(reopen(&app, &with_id(id))).await;
        assert_eq!((answer.status, answer.body, cost_of_answer), (unknown.status, unknown.body.clone(), cost.clone()));
    }
    for malformed in [secret.as_str(), &token.replace('.', ":"), "never-sent"] {
        assert_eq!(reopen(&app, malformed).await.body, unknown.body);
    }
    let refused = reopen(&app, "").await;
    refused.refused(422, "VALIDATION_ERROR").field_error("token");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_25_of_racing_closings_one_counts_and_one_mail_is_sent() {
    let app = App::start().await;
    let anna = app.member("race").await;
    // As many as may try a password at once (rule 7).
    let answers = join_all((0..5).map(|_| close(&app, &anna.tokens.access, PASSWORD))).await;
    assert!(answers.iter().any(|answer| answer.status == 200));
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        // It came after the first one was done.
        answer.refused(403, "TENANT_INACTIVE");
    }
    let token = token_in(&app.mail_to(&anna.email).await);
    let opened = join_all((0..6).map(|_| reopen(&app, &token))).await;
    let (won, lost): (Vec<_>, Vec<_>) = opened.iter().partition(|answer| answer.status == 200);
    assert_eq!((won.len(), lost.len()), (1, 5));
    for answer in lost {
        answer.refused(401, "TOKEN_INVALID");
    }
    app.finish().await;
}

#[tokio::test]
async fn rule_25_a_closing_that_breaks_off_anywhere_happens_with_its_mail_or_not_at_all() {
    for fault in [Fault::RequestLost, Fault::AnswerLost] {
        for call in 0.. {
            let app = App::start().await;
            let anna = app.python_user("anna@example.com").await;
            let token = anna.access_token(&app);
            let before = tenant_row(&app, &anna.tenant_id).await;
            app.probe.break_call(call, fault);
            let (answer, tally) = app.probe.measure(close(&app, &token, python::PASSWORD)).await;
            if app.probe.mend() {
                answer.succeeded();
                assert!(call >= 3, "closing is more than {call} calls");
                app.mail_to(&anna.email).await;
                app.finish().await;
                break;
            }
            answer.refused(503, "SERVICE_UNAVAILABLE");
            // The first one ends the counting of wrong passwords.
            let committed = fault == Fault::AnswerLost && tally.calls.get("TransactWriteItems") == Some(&2);
            assert_eq!(tenant_row(&app, &anna.tenant_id).await != before, committed);
            assert_eq!(app.deliver_mail().await.len(), usize::from(committed));
            app.finish().await;
        }
    }
}
