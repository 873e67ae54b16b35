//! Changing what is subscribed to.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{DECLINED, Shop, VISA};

async fn change(shop: &Shop, body: Value) -> Value {
    shop.put("/user/subscription", body).await.data()
}

#[tokio::test]
async fn more_comes_at_once_and_costs_the_difference() {
    let shop = Shop::open().await;
    shop.subscribed("starter", "monthly").await;
    // Half of the 28 days of February.
    shop.wait(TimeDelta::days(14)).await;
    let changed = change(&shop, json!({ "tierId": "professional" })).await;
    assert_eq!(changed["effective_date"], "2027-02-15T12:00:00Z");
    assert_eq!(changed["subscription"]["tier"]["id"], "professional");
    assert_eq!(shop.charges().await, [2_900, 9_900 / 2 - 2_900 / 2]);
    assert!(shop.get("/user/features").await.data().as_array().unwrap().contains(&json!("reports")));
    shop.close().await;
}

#[tokio::test]
async fn less_comes_with_the_end_of_the_period() {
    let shop = Shop::open().await;
    shop.subscribed("professional", "monthly").await;
    let changed = change(&shop, json!({ "tier": "starter" })).await;
    assert_eq!(changed["effective_date"], "2027-03-01T12:00:00Z");
    let subscription = &changed["subscription"];
    assert_eq!(subscription["tier"]["id"], "professional");
    let pending = json!({ "tier_id": "starter", "frequency": "monthly", "effective_date": "2027-03-01T12:00:00Z" });
    assert_eq!(subscription["pending_change"], pending);
    let again = change(&shop, json!({ "tier": "starter" })).await;
    assert_eq!(
        (&again["subscription"]["pending_change"], &again["effective_date"]),
        (&pending, &pending["effective_date"])
    );

    shop.wait(TimeDelta::days(28)).await;
    let current = shop.current().await;
    assert_eq!((&current["tier"]["id"], &current["pending_change"]), (&json!("starter"), &Value::Null));
    assert_eq!(shop.charges().await, [9_900, 2_900]);
    shop.close().await;
}

#[tokio::test]
async fn choosing_what_there_is_takes_back_what_was_to_come() {
    let shop = Shop::open().await;
    shop.subscribed("professional", "monthly").await;
    change(&shop, json!({ "tier": "starter" })).await;
    let back = change(&shop, json!({ "tier": "professional" })).await;
    assert_eq!(
        (&back["subscription"]["pending_change"], &back["subscription"]["auto_renewal"]),
        (&Value::Null, &json!(true))
    );
    assert_eq!(shop.charges().await, [9_900]);
    shop.close().await;
}

#[tokio::test]
async fn a_change_that_is_declined_changes_nothing() {
    let shop = Shop::open().await;
    shop.subscribed("starter", "monthly").await;
    shop.provider().fail_payments(&shop.at_provider().await, 1).await.unwrap();
    let before = shop.current().await;
    shop.put("/user/subscription", json!({ "tier": "enterprise" })).await.refused(402, "PAYMENT_FAILED");
    assert_eq!((shop.current().await, shop.charges().await), (before, vec![2_900]));
    shop.close().await;
}

#[tokio::test]
async fn what_is_not_paid_for_is_not_changed() {
    let shop = Shop::open().await;
    let body = json!({ "tier": "enterprise" });
    shop.put("/user/subscription", body.clone()).await.refused(404, "SUBSCRIPTION_NOT_FOUND");
    shop.post("/subscription/trial/start", json!({ "tier_id": "starter" })).await.succeeded();
    shop.put("/user/subscription", body.clone()).await.refused(404, "SUBSCRIPTION_NOT_FOUND");
    shop.subscribe("starter", "monthly", Some(DECLINED)).await.refused(402, "PAYMENT_FAILED");
    shop.put("/user/subscription", body.clone()).await.refused(404, "SUBSCRIPTION_NOT_FOUND");
    shop.subscribe("starter", "monthly", Some(VISA)).await.succeeded();
    shop.put("/user/subscription", body).await.succeeded();
    shop.close().await;
}
