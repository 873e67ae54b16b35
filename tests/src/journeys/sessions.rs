//! Staying signed in, and ceasing to be.

use futures::future::join_all;
use infrastructure::dynamodb::tables::Table;
use serde_json::json;

use crate::{App, Member, PASSWORD, Tokens};

pub(super) async fn rule_15_every_refresh_spends_the_token(app: &App) {
    let Member { tokens: first, .. } = app.member("rotate").await;
    let second = Tokens::of(&app.refresh(&first.refresh).await);
    let third = Tokens::of(&app.refresh(&second.refresh).await);
    assert!(first.refresh != second.refresh && second.refresh != third.refresh);
    app.profile(&third.access).await.succeeded();
    app.refresh(&third.refresh).await.succeeded();
}

/// Ten tabs that wake at once hold one token; all of them go on, with the same next token.
pub(super) async fn rule_15_parallel_tabs_stay_signed_in(app: &App) {
    let Member { tokens, .. } = app.member("tabs").await;
    let answers = join_all((0..10).map(|_| app.refresh(&tokens.refresh))).await;
    let next: Vec<_> = answers.iter().map(Tokens::of).collect();
    assert!(next.iter().all(|tab| tab.refresh == next[0].refresh), "one successor");
    for tab in &next {
        app.profile(&tab.access).await.succeeded();
    }
    app.refresh(&next[0].refresh).await.succeeded();
}

pub(super) async fn rule_15_a_lost_answer_is_given_again(app: &App) {
    let Member { tokens, .. } = app.member("lost-answer").await;
    let lost = Tokens::of(&app.refresh(&tokens.refresh).await);
    let again = Tokens::of(&app.refresh(&tokens.refresh).await);
    assert_eq!(again.refresh, lost.refresh);
    app.refresh(&again.refresh).await.succeeded();
}

/// The owner has gone on with the successor when the thief comes.
pub(super) async fn rule_15_a_stolen_token_ends_the_session_for_both(app: &App) {
    let Member { email, tokens: stolen, .. } = app.member("stolen").await;
    let other_device = app.sign_in(&email).await;
    let next = Tokens::of(&app.refresh(&stolen.refresh).await);
    let newest = Tokens::of(&app.refresh(&next.refresh).await);
    app.refresh(&stolen.refresh).await.refused(401, "TOKEN_INVALID");
    app.refresh(&newest.refresh).await.refused(401, "TOKEN_INVALID");
    app.profile(&newest.access).await.refused(401, "TOKEN_INVALID");
    app.profile(&other_device.access).await.succeeded();
}

pub(super) async fn rule_16_signing_out_counts_at_once(app: &App) {
    let Member { tokens, .. } = app.member("out").await;
    app.logout(&tokens.refresh).await.succeeded();
    app.profile(&tokens.access).await.refused(401, "TOKEN_INVALID");
    app.refresh(&tokens.refresh).await.refused(401, "TOKEN_INVALID");
}

pub(super) async fn signing_out_succeeds_whatever_is_presented(app: &App) {
    let Member { tokens, .. } = app.member("whatever").await;
    let logout = |path: &str| app.client.call(axum::http::Method::POST, path);
    for path in ["/auth/logout", "/auth/logout?refresh_token=", "/auth/logout?refresh_token=x.y.z"] {
        logout(path).send().await.succeeded();
    }
    logout("/auth/logout").json(&json!({ "refresh_token": 5 })).send().await.succeeded();
    logout("/auth/logout").body("text/plain", "?").send().await.succeeded();
    app.profile(&tokens.access).await.succeeded();
    let in_the_query = format!("/auth/logout?refreshToken={}", tokens.refresh);
    logout(&in_the_query).send().await.succeeded();
    app.profile(&tokens.access).await.refused(401, "TOKEN_INVALID");
    logout(&in_the_query).send().await.succeeded();
}

pub(super) async fn signing_out_ends_one_session_only(app: &App) {
    let Member { email, tokens, .. } = app.member("two-devices").await;
    let other = app.sign_in(&email).await;
    app.logout(&tokens.refresh).await.succeeded();
    app.profile(&other.access).await.succeeded();
    app.refresh(&other.refresh).await.succeeded();
}

pub(super) async fn rule_16_a_suspended_user_is_out_at_once(app: &App) {
    for status in ["suspended", "inactive"] {
        let Member { email, user_id, tokens, .. } = app.member("suspended").await;
        app.set(Table::Users, &user_id, "status", status).await;
        app.profile(&tokens.access).await.refused(403, "ACCOUNT_INACTIVE");
        app.refresh(&tokens.refresh).await.refused(403, "ACCOUNT_INACTIVE");
        app.login(&email, PASSWORD).await.refused(403, "ACCOUNT_INACTIVE");
        app.login(&email, "not the password").await.refused(401, "INVALID_CREDENTIALS");
    }
}

pub(super) async fn rule_16_a_suspended_tenant_is_out_at_once(app: &App) {
    let Member { email, tenant_id, tokens, .. } = app.member("unpaid").await;
    app.set(Table::Tenants, &tenant_id, "status", "suspended").await;
    app.profile(&tokens.access).await.refused(403, "TENANT_INACTIVE");
    app.refresh(&tokens.refresh).await.refused(403, "TENANT_INACTIVE");
    app.login(&email, PASSWORD).await.refused(403, "TENANT_INACTIVE");
}

pub(super) async fn rule_16_a_new_role_counts_at_once(app: &App) {
    let Member { user_id, tokens, .. } = app.member("demoted").await;
    app.set(Table::Users, &user_id, "role", "viewer").await;
    assert_eq!(app.profile(&tokens.access).await.text_at("role"), "viewer");
}

pub(super) async fn rule_18_the_token_of_another_tenant_is_refused(app: &App) {
    let (anna, ben) = (app.member("anna").await, app.member("ben").await);
    let ask = |tenant: &str| app.client.get("/user/profile").bearer(&anna.tokens.access).header("x-tenant-id", tenant);
    ask(&anna.tenant_id).send().await.succeeded();
    ask(&ben.tenant_id).send().await.refused(403, "TENANT_MISMATCH");
    ask("no tenant").send().await.refused(403, "TENANT_MISMATCH");
}

pub(super) async fn rule_17_people_see_their_sessions_and_end_the_others(app: &App) {
    let Member { email, tokens: phone, .. } = app.member("everywhere").await;
    let here = app.sign_in(&email).await;
    let seen = app.client.get("/user/sessions").bearer(&here.access).send().await.data();
    assert_eq!(seen.as_array().map(Vec::len), Some(2), "{seen}");
    app.client.delete("/user/sessions").bearer(&here.access).send().await.succeeded();
    app.profile(&phone.access).await.refused(401, "TOKEN_INVALID");
    app.refresh(&phone.refresh).await.refused(401, "TOKEN_INVALID");
    let next = Tokens::of(&app.refresh(&here.refresh).await);
    let left = app.client.get("/user/sessions").bearer(&next.access).send().await.data();
    assert_eq!((left.as_array().map(Vec::len), &left[0]["is_current"]), (Some(1), &json!(true)), "{left}");
}
