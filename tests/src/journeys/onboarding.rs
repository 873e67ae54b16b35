//! What a tenant says about its business.

use axum::http::Method;
use serde_json::json;

use crate::App;

/// Two windows show the same form, and a third knows it by its other name.
pub(super) async fn a_form_is_filled_in_from_several_windows(app: &App) {
    let token = &app.member("onboarding").await.tokens.access;
    let put = |route: &str, body| app.client.put(route, &body).bearer(token).send();
    let shown = app.client.get("/onboarding").bearer(token).send().await;
    assert_eq!((&shown.data()["version"], shown.header("etag")), (&json!(0), Some("\"0\"")));

    put("/onboarding", json!({ "businessName": "Lee & Co", "version": 0 })).await.succeeded();
    let purpose = json!({ "purpose": "Help", "core_values": ["Candour"] });
    put("/business/foundation", purpose).await.succeeded();
    let product = json!({ "name": "Retreat", "problem": "No time to think" });
    let product = app.client.post("/onboarding/products", &product).bearer(token).send().await.created();

    let overtaken = put("/business/onboarding", json!({ "business_name": "Lee", "version": 0 })).await;
    overtaken.refused(409, "RESOURCE_CONFLICT");
    assert_eq!(overtaken.json()["current_version"], 3);
    let call = app.client.call(Method::PUT, "/business/onboarding").header("if-match", "\"3\"").bearer(token);
    let now = call.json(&json!({ "employee_count": 12 })).send().await.data();
    assert_eq!((&now["business_name"], &now["employee_count"]), (&json!("Lee & Co"), &json!("12")));
    assert_eq!((&now["step4"]["purpose"], &now["products"]), (&json!("Help"), &json!([product])));

    let route = format!("/business/onboarding/products/{}", product["id"].as_str().expect("an id"));
    app.client.delete(&route).bearer(token).send().await.succeeded();
    assert_eq!(app.client.get("/onboarding").bearer(token).send().await.data()["products"], json!([]));
}
