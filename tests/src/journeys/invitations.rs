//! From a colleague's wish to a new colleague.

use serde_json::json;

use crate::{App, Member, PASSWORD, Registration, Tokens, token_in};

pub(super) async fn somebody_is_invited_and_comes_in(app: &App) {
    let anna = app.member("inviter").await;
    let email = app.address("Invited");
    let body =
        json!({ "email": email, "role": "manager", "message": "Welcome!\nSee you on Monday.", "expiresInDays": 3 });
    let invitation = app.client.post("/invitations", &body).bearer(&anna.tokens.access).send().await.created();
    assert_eq!((&invitation["status"], &invitation["role"]), (&json!("pending"), &json!("manager")));
    assert_eq!(invitation["email"], email.to_lowercase());
    assert_eq!(invitation["invited_by_user_id"], anna.user_id);

    let mail = app.mail_to(&email).await;
    assert!(mail.text.contains("Anna Lee invites you to join Anna's workspace"), "{}", mail.text);
    assert!(mail.text.contains("> Welcome!\n> See you on Monday."), "{}", mail.text);
    assert!(mail.links[0].starts_with("https://app.example.com/auth/accept-invitation?token="), "{:?}", mail.links);
    let token = token_in(&mail);
    for _ in 0..2 {
        let check = app.check_invitation(&token).await;
        assert_eq!(check["is_valid"], true);
        let seen = &check["invitation"];
        assert_eq!((&seen["email"], &seen["role"]), (&invitation["email"], &json!("manager")));
        assert_eq!(seen["tenant"], json!({ "id": anna.tenant_id, "name": "Anna's workspace" }));
        assert_eq!(seen["expires_at"], invitation["expires_at"]);
    }

    let joined = app.activate(&token).await;
    let (user, tenant) = (&joined.data()["user"], &joined.data()["tenant"]);
    assert_eq!((&user["role"], &user["email_verified"]), (&json!("manager"), &json!(true)));
    assert_eq!((&user["tenant_id"], &tenant["owner_user_id"]), (&json!(anna.tenant_id), &json!(anna.user_id)));
    app.profile(&Tokens::of(&joined).access).await.succeeded();
    app.login(&email, PASSWORD).await.succeeded();

    assert_eq!(app.check_invitation(&token).await, json!({ "is_valid": false }));
    app.activate(&token).await.refused(401, "TOKEN_INVALID");
    let list = app.client.get("/invitations?status=accepted").bearer(&anna.tokens.access).send().await.json();
    assert_eq!(list["data"][0]["accepted_user_id"], user["user_id"]);
}

pub(super) async fn somebody_signs_up_into_the_tenant_that_invited_them(app: &App) {
    let anna = app.member("inviter").await;
    let email = app.address("invited");
    let token = app.invited(&anna.tokens.access, &email).await;
    let registration = Registration::of(&email).with("invite_token", token.as_str()).with("phone", "+49 30 901820");
    let elsewhere = registration.clone().with("email", app.address("other"));
    app.register(&elsewhere).await.refused(422, "VALIDATION_ERROR").field_error("email");

    let joined = app.register(&registration).await;
    let user = &joined.data()["user"];
    assert_eq!((&user["tenant_id"], &user["role"]), (&json!(anna.tenant_id), &json!("member")));
    assert_eq!(user["phone"], "+49 30 901820");
    app.profile(&Tokens::of(&joined).access).await.succeeded();
    app.register(&registration).await.refused(401, "TOKEN_INVALID");
}

/// Taking somebody for the owner of a new tenant who was invited into another one would be worse than turning them
/// away.
pub(super) async fn an_invitation_is_refused_rather_than_ignored(app: &App) {
    let invited = Registration::of(&app.address("invited")).with("invite_token", "some-token");
    app.register(&invited).await.refused(401, "TOKEN_INVALID");
}

pub(super) async fn rule_8_a_newer_invitation_mail_voids_the_older(app: &App) {
    let Member { tokens, .. } = app.member("inviter").await;
    let email = app.address("invited");
    let invitation = app.invite(&tokens.access, &email, "viewer").await.created();
    let first = token_in(&app.mail_to(&email).await);
    let path = format!("/invitations/{}/resend", invitation["invitation_id"].as_str().expect("an id"));
    let resent = app.client.post(&path, &json!({})).bearer(&tokens.access).send().await.data();
    assert_eq!((&resent["reminders_sent"], &resent["status"]), (&json!(1), &json!("pending")));
    let second = token_in(&app.mail_to(&email).await);
    assert_eq!(app.check_invitation(&first).await, json!({ "is_valid": false }));
    app.activate(&first).await.refused(401, "TOKEN_INVALID");
    app.activate(&second).await.succeeded();
}

pub(super) async fn rule_8_an_invitation_link_leads_to_listed_sites_only(app: &App) {
    let anna = app.member("inviter").await;
    for (wanted, expected) in [
        ("https://beta.example.com", "https://beta.example.com/"),
        ("https://evil.example", "https://app.example.com/"),
    ] {
        let email = app.address("site");
        let call = app.client.post("/invitations", &json!({ "email": email, "role": "member" }));
        call.bearer(&anna.tokens.access).header("x-frontend-base-url", wanted).send().await.created();
        let mail = app.mail_to(&email).await;
        assert!(mail.links[0].starts_with(expected), "{wanted} led to {}", mail.links[0]);
    }
}
