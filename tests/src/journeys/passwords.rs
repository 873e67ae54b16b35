//! Getting back in.

use serde_json::json;

use crate::{App, Member, Newcomer, PASSWORD, token_in};

const NEW_PASSWORD: &str = "velvet-tundra-mosaic-61";

pub(super) async fn a_forgotten_password_is_reset_with_a_mailed_link(app: &App) {
    let Member { email, .. } = app.member("forgetful").await;
    let token = app.forgot(&email).await;
    app.reset(&token, NEW_PASSWORD).await.succeeded();
    let told = app.mail_to(&email).await;
    assert!(told.links.iter().all(|link| !link.contains("token")), "the news about the change lets nobody in");
    app.login(&email, PASSWORD).await.refused(401, "INVALID_CREDENTIALS");
    app.login(&email, NEW_PASSWORD).await.succeeded();
}

pub(super) async fn rule_8_a_reset_link_works_once(app: &App) {
    let Member { email, .. } = app.member("once").await;
    let token = app.forgot(&email).await;
    app.reset(&token, NEW_PASSWORD).await.succeeded();
    app.mail_to(&email).await;
    app.reset(&token, PASSWORD).await.refused(401, "TOKEN_INVALID");
    app.reset("never-sent", PASSWORD).await.refused(401, "TOKEN_INVALID");
}

pub(super) async fn rule_8_a_newer_reset_link_voids_the_older(app: &App) {
    let Member { email, .. } = app.member("twice").await;
    let first = app.forgot(&email).await;
    let second = app.forgot(&email).await;
    app.reset(&first, NEW_PASSWORD).await.refused(401, "TOKEN_INVALID");
    app.reset(&second, NEW_PASSWORD).await.succeeded();
    app.mail_to(&email).await;
}

pub(super) async fn rule_16_a_reset_ends_every_session(app: &App) {
    let Member { email, tokens: first, .. } = app.member("everywhere").await;
    let second = app.sign_in(&email).await;
    let token = app.forgot(&email).await;
    app.reset(&token, NEW_PASSWORD).await.succeeded();
    app.mail_to(&email).await;
    for session in [first, second] {
        app.profile(&session.access).await.refused(401, "TOKEN_INVALID");
        app.refresh(&session.refresh).await.refused(401, "TOKEN_INVALID");
    }
}

pub(super) async fn a_refused_new_password_leaves_the_link_good(app: &App) {
    let Member { email, .. } = app.member("weak").await;
    let token = app.forgot(&email).await;
    let refused = app.reset(&token, "password1").await;
    refused.refused(422, "WEAK_PASSWORD").field_error("new_password");
    app.reset(&token, NEW_PASSWORD).await.succeeded();
    app.mail_to(&email).await;
}

/// The link came by mail.
pub(super) async fn a_reset_proves_the_address(app: &App) {
    let Newcomer { email, .. } = app.newcomer("lost").await;
    let token = app.forgot(&email).await;
    app.reset(&token, NEW_PASSWORD).await.succeeded();
    app.mail_to(&email).await;
    let login = app.login(&email, NEW_PASSWORD).await;
    assert_eq!(login.data()["user"]["email_verified"], true);
}

pub(super) async fn rule_8_a_token_is_good_for_its_own_purpose_only(app: &App) {
    let Newcomer { email, token: confirmation, .. } = app.newcomer("purpose").await;
    app.reset(&confirmation, NEW_PASSWORD).await.refused(401, "TOKEN_INVALID");
    let body = json!({ "email": email });
    app.client.post("/auth/forgot-password", &body).send().await.succeeded();
    let reset = token_in(&app.mail_to(&email).await);
    app.confirm(&reset).await.refused(401, "TOKEN_INVALID");
    app.confirm(&confirmation).await.succeeded();
}
