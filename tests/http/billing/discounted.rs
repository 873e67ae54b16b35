//! What becomes of a discount when the plan changes.

use chrono::TimeDelta;
use infrastructure::dynamodb::tables::Table;
use serde_json::{Value, json};

use super::{DECLINED, Shop, VISA};

/// A shop, and a subscription to `starter` by the month that was ordered with this code.
async fn ordered_with(code: &Value) -> Shop {
    let shop = Shop::open().await;
    shop.offer(code).await;
    let order = json!({
        "tier_id": "starter", "frequency": "monthly", "promo_code": code["code"], "payment_method_id": VISA,
    });
    assert_eq!(shop.post("/user/subscription", order).await.data()["subscription"]["status"], "active");
    shop
}

fn half(cycles: Option<u8>, tiers: &[&str]) -> Value {
    json!({ "code": "HALFOFF", "type": "percentage", "value": 50, "duration_in_cycles": cycles, "tiers": tiers })
}

impl Shop {
    async fn offer(&self, code: &Value) {
        let admin = self.app.platform_admin().await.tokens.access;
        self.app.client.post("/admin/discount-codes", code).bearer(&admin).send().await.created();
    }

    /// Changes to another plan, and answers with the price that clients are told; the provider must have the same.
    async fn price_after(&self, change: Value) -> Value {
        self.put("/user/subscription", change).await.succeeded();
        self.price().await
    }

    async fn price(&self) -> Value {
        let (shown, overview) = (self.current().await["price"].clone(), self.overview().await);
        #[expect(clippy::cast_precision_loss, reason = "prices are small")]
        let theirs = overview.subscriptions[0].price as f64 / 100.0;
        assert_eq!(shown, json!(theirs));
        shown
    }
}

#[tokio::test]
async fn a_code_for_ever_survives_changes_to_plans_that_it_is_for() {
    let shop = ordered_with(&half(None, &[])).await;
    assert_eq!(shop.price_after(json!({ "tier": "professional" })).await, 49.5);
    assert_eq!(shop.charges().await, [1_450, 4_950 - 1_450]);
    assert_eq!(shop.price_after(json!({ "frequency": "yearly" })).await, 495.0);
    assert_eq!(shop.price_after(json!({ "tier": "starter" })).await, 495.0);
    shop.wait(TimeDelta::days(365)).await;
    assert_eq!(shop.price().await, 145.0);
    assert_eq!(shop.charges().await, [1_450, 3_500, 49_500 - 4_950, 14_500]);
    shop.close().await;
}

#[tokio::test]
async fn an_amount_for_ever_survives_them_too() {
    let code = json!({ "code": "NINEOFF", "type": "fixed", "value": 9, "duration_in_cycles": null });
    let shop = ordered_with(&code).await;
    assert_eq!(shop.price_after(json!({ "tier": "professional" })).await, 90.0);
    assert_eq!(shop.charges().await, [2_000, 9_000 - 2_000]);
    shop.close().await;
}

#[tokio::test]
async fn a_code_for_some_months_goes_on_for_as_long_as_it_was_given() {
    let shop = ordered_with(&half(Some(2), &[])).await;
    assert_eq!(shop.price_after(json!({ "tier": "professional" })).await, 49.5);
    shop.wait(TimeDelta::days(28)).await;
    assert_eq!(shop.price().await, 49.5);
    shop.wait(TimeDelta::days(31)).await;
    assert_eq!(shop.price().await, 99.0);
    assert_eq!(shop.charges().await, [1_450, 3_500, 4_950, 9_900]);
    shop.close().await;
}

#[tokio::test]
async fn a_code_ends_with_a_change_to_a_plan_that_it_is_not_for() {
    let shop = ordered_with(&half(None, &["starter"])).await;
    let named = json!({ "tier": "professional", "promo_code": "HALFOFF" });
    shop.put("/user/subscription", named).await.refused(422, "PROMO_CODE_INVALID");
    assert_eq!(shop.price_after(json!({ "tier": "professional" })).await, 99.0);
    assert_eq!(shop.charges().await, [1_450, 9_900 - 1_450]);
    // It does not come back with the plan.
    shop.put("/user/subscription", json!({ "tier": "starter" })).await.succeeded();
    shop.wait(TimeDelta::days(28)).await;
    assert_eq!(shop.price().await, 29.0);
    shop.close().await;
}

/// A tenant redeems a code once, however often it changes its plan.
#[tokio::test]
async fn a_code_that_is_used_up_is_not_given_again_with_a_change() {
    let shop = ordered_with(&half(Some(1), &[])).await;
    let named = json!({ "tier": "professional", "promo_code": "halfoff" });
    shop.put("/user/subscription", named).await.refused(422, "PROMO_CODE_INVALID");
    assert_eq!(shop.price_after(json!({ "tier": "professional" })).await, 99.0);
    assert_eq!(shop.charges().await, [1_450, 8_450]);
    shop.close().await;
}

/// Not by going back and forth either, nor for a plan that it is not for.
#[tokio::test]
async fn a_code_is_given_with_one_change_and_given_back_when_that_is_declined() {
    let shop = Shop::open().await;
    shop.offer(&half(Some(1), &["professional"])).await;
    shop.subscribed("starter", "monthly").await;
    let named = |tier: &str| json!({ "tier": tier, "promo_code": "HALFOFF" });
    shop.put("/user/subscription", named("enterprise")).await.refused(422, "PROMO_CODE_INVALID");
    shop.provider().fail_payments(&shop.at_provider().await, 1).await.unwrap();
    shop.put("/user/subscription", named("professional")).await.refused(402, "PAYMENT_FAILED");
    assert!(shop.app.rows(Table::AccountRedemptions).await.is_empty(), "it can be used yet");
    shop.app.clock.advance(TimeDelta::minutes(1));
    assert_eq!(shop.price_after(named("professional")).await, 49.5);
    for _ in 0..2 {
        shop.app.clock.advance(TimeDelta::minutes(1));
        shop.price_after(json!({ "frequency": "yearly" })).await;
        shop.put("/user/subscription", json!({ "frequency": "monthly", "promo_code": "HALFOFF" }))
            .await
            .refused(422, "PROMO_CODE_INVALID");
    }
    shop.close().await;
}

/// Naming a code that goes on says what happens anyway; naming another one takes its place.
#[tokio::test]
async fn another_code_takes_the_place_of_the_one_that_goes_on() {
    let shop = ordered_with(&half(None, &[])).await;
    let named = json!({ "tier": "professional", "promo_code": "HALFOFF" });
    assert_eq!(shop.price_after(named).await, 49.5);
    shop.offer(&json!({ "code": "TENOFF", "type": "percentage", "value": 10, "duration_in_cycles": null })).await;
    let named = json!({ "tier": "enterprise", "promo_code": "TENOFF" });
    assert_eq!(shop.price_after(named).await, 224.1);
    shop.close().await;
}

#[tokio::test]
async fn a_declined_change_leaves_the_discount_where_it_is() {
    let shop = ordered_with(&half(None, &[])).await;
    shop.provider().fail_payments(&shop.at_provider().await, 1).await.unwrap();
    shop.put("/user/subscription", json!({ "tier": "enterprise" })).await.refused(402, "PAYMENT_FAILED");
    assert_eq!(shop.price().await, 14.5);
    assert_eq!(shop.price_after(json!({ "tier": "enterprise" })).await, 124.5);
    assert_eq!(shop.charges().await, [1_450, 12_450 - 1_450]);
    shop.close().await;
}

/// Who ends an order in favour of another one may use its code again.
#[tokio::test]
async fn an_order_that_another_one_replaces_gives_its_code_back() {
    let shop = Shop::open().await;
    shop.offer(&half(Some(1), &[])).await;
    let order = |tier: &str, card: &str| json!({ "tier_id": tier, "frequency": "monthly", "promo_code": "HALFOFF", "payment_method_id": card });
    shop.post("/user/subscription", order("starter", DECLINED)).await.refused(402, "PAYMENT_FAILED");
    let taken = shop.post("/user/subscription", order("professional", VISA)).await.data();
    assert_eq!(taken["subscription"]["price"], 49.5);
    assert_eq!(shop.charges().await, [4_950]);
    shop.close().await;
}
