//! One's own organisation.

use serde_json::json;

use crate::{App, Member, PASSWORD, token_in};

pub(super) async fn an_owner_names_their_organisation_and_chooses_its_settings(app: &App) {
    let Member { tenant_id, tokens, .. } = app.member("owner").await;
    let put = async |route: &str, body| app.client.put(route, &body).bearer(&tokens.access).send().await.data();
    assert_eq!(put("/tenants/current", json!({ "name": "Acme" })).await["name"], "Acme");
    let settings = json!({ "target_line_mode": "three" });
    assert_eq!(put("/tenants/settings", json!({ "targetLineMode": "three" })).await, settings);
    for route in ["/tenants/current".to_owned(), "/tenants".to_owned(), format!("/tenants/{tenant_id}")] {
        let seen = app.client.get(&route).bearer(&tokens.access).send().await.data();
        assert_eq!((&seen["name"], &seen["settings"], &seen["user_count"]), (&json!("Acme"), &settings, &json!(1)));
    }
}

pub(super) async fn an_owner_closes_their_organisation_and_opens_it_again(app: &App) {
    let Member { email, tokens, .. } = app.member("closing").await;
    let close = app.client.delete("/tenants/current").json(&json!({ "password": PASSWORD })).bearer(&tokens.access);
    close.send().await.succeeded();
    app.profile(&tokens.access).await.refused(403, "TENANT_INACTIVE");
    app.refresh(&tokens.refresh).await.refused(403, "TENANT_INACTIVE");
    app.login(&email, PASSWORD).await.refused(403, "TENANT_INACTIVE");
    let link = json!({ "token": token_in(&app.mail_to(&email).await) });
    let reopen = async || app.client.post("/tenants/reopen", &link).send().await;
    reopen().await.succeeded();
    reopen().await.refused(401, "TOKEN_INVALID");
    app.login(&email, PASSWORD).await.succeeded();
}
