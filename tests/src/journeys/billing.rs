//! Trying the service, which needs nobody who takes money.

use serde_json::{Value, json};

use crate::{App, Member};

pub(super) async fn an_owner_tries_the_service_once(app: &App) {
    let Member { tokens, .. } = app.member("trial").await;
    let start = async || {
        let trial = json!({ "tierId": "professional" });
        app.client.post("/subscription/trial/start", &trial).bearer(&tokens.access).send().await
    };
    let current = async || app.client.get("/user/subscription").bearer(&tokens.access).send().await.data();
    assert_eq!(current().await, Value::Null);
    let trial = start().await.data()["subscription"].clone();
    assert_eq!((&trial["status"], &trial["is_active"]), (&json!("trialing"), &json!(true)));
    assert_eq!(current().await, trial);
    let features = app.client.get("/user/features").bearer(&tokens.access).send().await.data();
    assert!(features.as_array().is_some_and(|features| features.contains(&json!("reports"))), "{features}");
    start().await.refused(409, "RESOURCE_CONFLICT");

    let end = json!({ "reason": "not for us", "cancel_at_period_end": false });
    let ended = app.client.delete("/user/subscription").json(&end).bearer(&tokens.access).send().await.data();
    assert_eq!(ended["subscription"]["status"], "cancelled");
    start().await.refused(409, "RESOURCE_CONFLICT");
}
