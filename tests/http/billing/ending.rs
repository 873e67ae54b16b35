//! Ending a subscription, and what becomes of one that is not paid.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{Shop, VISA};

const SUBSCRIPTION: &str = "/user/subscription";

#[tokio::test]
async fn a_subscription_ends_with_what_was_paid_for() {
    let shop = Shop::open().await;
    shop.subscribed("starter", "monthly").await;
    let ended = shop.delete(SUBSCRIPTION, json!({ "reason": "too dear" })).await.data();
    assert_eq!(ended["cancel_effective_date"], "2027-03-01T12:00:00Z");
    let subscription = &ended["subscription"];
    assert_eq!((&subscription["cancel_at_period_end"], &subscription["is_active"]), (&json!(true), &json!(true)));
    assert_eq!(subscription["expiration_date"], "2027-03-01T12:00:00Z");

    let renewed = shop.put("/user/subscription/auto-renewal", json!({ "auto_renewal": true })).await.data();
    assert_eq!((&renewed["cancel_at_period_end"], &renewed["expiration_date"]), (&json!(false), &Value::Null));
    let off = shop.put("/user/subscription/auto-renewal", json!({ "autoRenewal": false })).await.data();
    assert_eq!(off["auto_renewal"], false);

    shop.wait(TimeDelta::days(28)).await;
    let over = shop.current().await;
    assert_eq!((&over["status"], &over["is_active"]), (&json!("cancelled"), &json!(false)));
    assert_eq!(shop.charges().await, [2_900]);
    shop.close().await;
}

#[tokio::test]
async fn a_subscription_ends_at_once_and_another_one_begins() {
    let shop = Shop::open().await;
    shop.subscribed("starter", "monthly").await;
    let ended = shop.delete(SUBSCRIPTION, json!({ "cancel_at_period_end": false })).await.data();
    assert_eq!(
        (&ended["subscription"]["status"], &ended["cancel_effective_date"]),
        (&json!("cancelled"), &json!("2027-02-01T12:00:00Z"))
    );
    shop.delete(SUBSCRIPTION, json!({})).await.refused(404, "SUBSCRIPTION_NOT_FOUND");
    shop.subscribed("professional", "monthly").await;
    assert_eq!(shop.charges().await, [2_900, 9_900]);
    shop.close().await;
}

#[tokio::test]
async fn an_order_and_a_trial_can_be_given_up() {
    let shop = Shop::open().await;
    shop.delete(SUBSCRIPTION, json!({})).await.refused(404, "SUBSCRIPTION_NOT_FOUND");
    shop.post("/subscription/trial/start", json!({ "tier_id": "starter" })).await.succeeded();
    shop.put("/user/subscription/auto-renewal", json!({ "auto_renewal": true }))
        .await
        .refused(409, "RESOURCE_CONFLICT");
    let kept = shop.delete(SUBSCRIPTION, json!({})).await.data();
    assert_eq!(kept["cancel_effective_date"], "2027-02-15T12:00:00Z");
    let ended = shop.delete(SUBSCRIPTION, json!({ "cancel_at_period_end": false })).await.data();
    assert_eq!(ended["subscription"]["status"], "cancelled");

    let order = shop.subscribe("starter", "monthly", None).await.data();
    shop.delete(SUBSCRIPTION, json!({})).await.succeeded();
    assert!(shop.provider().confirm(order["client_secret"].as_str().unwrap()).await.is_err());
    assert!(shop.charges().await.is_empty());
    shop.close().await;
}

#[tokio::test]
async fn who_does_not_pay_keeps_what_they_had_for_a_week() {
    let shop = Shop::open().await;
    shop.subscribed("professional", "monthly").await;
    shop.provider().fail_payments(&shop.at_provider().await, 20).await.unwrap();
    shop.wait(TimeDelta::days(28)).await;
    let look = async || {
        let features = shop.get("/user/features").await.data();
        (shop.current().await, features.as_array().unwrap().contains(&json!("reports")))
    };
    let (subscription, reports) = look().await;
    assert_eq!(
        (&subscription["status"], &subscription["is_active"], reports),
        (&json!("past_due"), &json!(true), true)
    );
    shop.put(SUBSCRIPTION, json!({ "tier": "enterprise" })).await.refused(402, "PAYMENT_REQUIRED");

    shop.wait(TimeDelta::days(7)).await;
    let (subscription, reports) = look().await;
    assert_eq!((&subscription["is_active"], reports), (&json!(false), false));
    // What is owed is not tried away: it stays the subscription that counts.
    let trial = shop.post("/subscription/trial/start", json!({ "tier_id": "enterprise" })).await;
    trial.refused(409, "RESOURCE_CONFLICT");
    shop.subscribe("starter", "monthly", Some(VISA)).await.refused(409, "RESOURCE_CONFLICT");

    shop.wait(TimeDelta::days(60)).await;
    let (subscription, _) = look().await;
    assert_eq!(subscription["status"], "cancelled");
    assert_eq!(shop.charges().await, [9_900]);
    shop.close().await;
}

#[tokio::test]
async fn what_is_renewed_is_charged_again_and_goes_on() {
    let shop = Shop::open().await;
    shop.subscribed("starter", "monthly").await;
    for days in [28, 31, 30] {
        shop.wait(TimeDelta::days(days)).await;
    }
    let current = shop.current().await;
    assert_eq!(
        (&current["status"], &current["current_period_end"]),
        (&json!("active"), &json!("2027-06-01T12:00:00Z"))
    );
    assert_eq!(shop.charges().await, [2_900; 4]);
    shop.close().await;
}
