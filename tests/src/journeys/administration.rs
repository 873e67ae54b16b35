//! What is kept of what happens.

use crate::{App, Member, Tokens};

const NEW_PASSWORD: &str = "velvet-tundra-mosaic-61";

/// An owner reads what happened in their tenant, newest first and a page at a time.
pub(super) async fn rule_26_what_matters_to_security_is_on_record(app: &App) {
    let Member { email, tenant_id, .. } = app.member("on-record").await;
    let token = app.forgot(&email).await;
    app.reset(&token, NEW_PASSWORD).await.succeeded();
    app.mail_to(&email).await;
    let tokens = Tokens::of(&app.login(&email, NEW_PASSWORD).await);
    let (mut actions, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/tenants/current/audit?limit=1{cursor}");
        let answer = app.client.get(&path).bearer(&tokens.access).send().await;
        for record in answer.data().as_array().expect("a list") {
            assert_eq!(record["tenant_id"], tenant_id.as_str());
            actions.push(record["action"].as_str().expect("a word").to_owned());
        }
        match answer.json()["pagination"]["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(actions, ["PasswordReset", "EmailConfirmed", "TenantCreated"]);
}
