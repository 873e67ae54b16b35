//! Beside the Python service, on the same tables.

use infrastructure::dynamodb::tables::Table;
use serde_json::json;

use crate::{App, PASSWORD as NEW_PASSWORD, Tokens, python::PASSWORD, text};

/// And what this service does not know of them stays.
pub(super) async fn rule_4_a_python_user_signs_in_and_is_rehashed_and_claimed(app: &App) {
    let user = app.python_user(&app.address("python")).await;
    let before = app.row(Table::Users, &user.user_id).await.expect("the row");
    app.login(&user.email, "not the password").await.refused(401, "INVALID_CREDENTIALS");
    assert_eq!(app.row(Table::Users, &user.user_id).await.as_ref(), Some(&before), "a refusal changes nothing");
    assert!(app.row(Table::AccountEmailClaims, &user.email).await.is_none());

    let login = app.login(&user.email, PASSWORD).await;
    assert_eq!(login.data()["user"]["user_id"], user.user_id);
    let after = app.row(Table::Users, &user.user_id).await.expect("the row");
    let hash = after["password_hash"].as_s().expect("text");
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    for untouched in ["google_id", "favourites", "created_at", "first_name", "role"] {
        assert_eq!(after[untouched], before[untouched], "{untouched}");
    }
    let claim = app.row(Table::AccountEmailClaims, &user.email).await.expect("the claim");
    assert_eq!(claim["user_id"], text(&user.user_id));
    app.login(&user.email, PASSWORD).await.succeeded();
}

pub(super) async fn two_python_users_of_one_address_are_never_confused(app: &App) {
    let email = app.address("twins");
    let (first, second) = (app.python_user(&email).await, app.python_user(&email).await);
    app.login(&email, PASSWORD).await.refused(409, "RESOURCE_CONFLICT");
    for user in [&first, &second] {
        let body = json!({ "email": email, "password": PASSWORD, "tenant_id": user.tenant_id });
        let login = app.client.post("/auth/login", &body).send().await;
        assert_eq!(login.data()["user"]["user_id"], user.user_id);
    }
    let body = json!({ "email": email, "password": PASSWORD, "tenant_id": "tenant_000000000000" });
    app.client.post("/auth/login", &body).send().await.refused(401, "INVALID_CREDENTIALS");
    app.login(&email, PASSWORD).await.refused(409, "RESOURCE_CONFLICT");
}

pub(super) async fn a_python_access_token_counts_until_all_sessions_end(app: &App) {
    let user = app.python_user(&app.address("still-in")).await;
    let token = app.sign(&user.claims(app));
    assert_eq!(app.profile(&token).await.text_at("user_id"), user.user_id);
    let reset = app.forgot(&user.email).await;
    // A token of the very second in which the sessions end cannot be told from one issued after.
    let mut earlier = user.claims(app);
    earlier["iat"] = json!(app.now().timestamp() - 5);
    app.reset(&reset, NEW_PASSWORD).await.succeeded();
    app.mail_to(&user.email).await;
    app.profile(&app.sign(&earlier)).await.refused(401, "TOKEN_INVALID");
}

pub(super) async fn a_python_refresh_token_is_exchanged_once(app: &App) {
    let user = app.python_user(&app.address("exchange")).await;
    let python = app.python_refresh_token(&user).await;
    let tokens = Tokens::of(&app.refresh(&python).await);
    assert_eq!(app.profile(&tokens.access).await.text_at("user_id"), user.user_id);
    app.refresh(&tokens.refresh).await.succeeded();
}

pub(super) async fn a_lost_answer_to_a_python_refresh_token_is_given_again(app: &App) {
    let user = app.python_user(&app.address("exchange-lost")).await;
    let python = app.python_refresh_token(&user).await;
    let lost = Tokens::of(&app.refresh(&python).await);
    let again = Tokens::of(&app.refresh(&python).await);
    assert_eq!(again.refresh, lost.refresh);
    app.refresh(&again.refresh).await.succeeded();
}

pub(super) async fn rule_15_a_python_refresh_token_used_again_later_ends_the_session(app: &App) {
    let user = app.python_user(&app.address("exchange-theft")).await;
    let python = app.python_refresh_token(&user).await;
    let next = Tokens::of(&app.refresh(&python).await);
    let newest = Tokens::of(&app.refresh(&next.refresh).await);
    app.refresh(&python).await.refused(401, "TOKEN_INVALID");
    app.refresh(&newest.refresh).await.refused(401, "TOKEN_INVALID");
    app.profile(&newest.access).await.refused(401, "TOKEN_INVALID");
}

pub(super) async fn signing_out_with_a_python_refresh_token_spends_it(app: &App) {
    let user = app.python_user(&app.address("exchange-out")).await;
    let python = app.python_refresh_token(&user).await;
    app.logout(&python).await.succeeded();
    app.refresh(&python).await.refused(401, "TOKEN_INVALID");
}

/// A missing version counts as 0, and counts on from there.
pub(super) async fn a_python_user_without_a_version_changes_the_profile(app: &App) {
    let user = app.python_user(&app.address("versionless")).await;
    let token = app.sign(&user.claims(app));
    for name in ["Annabel", "Annelies"] {
        let change = app.client.put("/user/profile", &json!({ "first_name": name })).bearer(&token);
        assert_eq!(change.send().await.text_at("first_name"), name);
    }
    let row = app.row(Table::Users, &user.user_id).await.expect("the row");
    assert_eq!(row["google_id"], text("1234567890"));
}
