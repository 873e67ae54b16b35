//! What a plan limits.

use serde_json::json;

use crate::App;

/// As much is used as there is, and given back.
pub(super) async fn a_plan_includes_so_much_and_no_more(app: &App) {
    let token = &app.member("usage").await.tokens.access;
    let count = |route: &str, amount: u16| app.client.post(route, &json!({ "amount": amount })).bearer(token).send();
    assert_eq!(count("/user/usage/goals", 9).await.data(), json!({ "used": 9, "limit": 10 }));
    count("/user/usage/goals", 2).await.refused(403, "QUOTA_EXCEEDED");
    count("/user/usage/goals/release", 5).await.succeeded();
    count("/user/usage/goals", 2).await.succeeded();
    let shown = app.client.get("/user/usage").bearer(token).send().await.data();
    assert_eq!((&shown["goals"], &shown["seats"]["used"]), (&json!({ "used": 6, "limit": 10 }), &json!(1)));
}
