//! Trying, ordering and paying.

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::TimeDelta;
use domain::{Frequency, Tier, TierOffer};
use infrastructure::dynamodb::tables::Table;
use serde_json::{Value, json};
use tests::{App, text};

use super::{DECLINED, Shop, VISA};

#[tokio::test]
async fn a_trial_gives_everything_once_and_for_a_fortnight() {
    let shop = Shop::open().await;
    assert_eq!(shop.current().await, Value::Null);
    let began = shop.post("/subscription/trial/start", json!({ "tier_id": "professional" })).await.data();
    let subscription = &began["subscription"];
    assert_eq!((&subscription["status"], &subscription["is_trial"]), (&json!("trialing"), &json!(true)));
    assert_eq!((&subscription["is_active"], &subscription["price"]), (&json!(true), &json!(0.0)));
    assert_eq!(subscription["tier"]["id"], "professional");
    assert_eq!(subscription["billing_provider"], "local");
    assert_eq!(began["trial_end_date"], "2027-02-15T12:00:00Z");
    assert_eq!(shop.current().await, *subscription);
    assert!(shop.get("/user/features").await.data().as_array().unwrap().contains(&json!("reports")));

    let again = shop.post("/subscription/trial/start", json!({ "tier_id": "starter" })).await;
    again.refused(409, "RESOURCE_CONFLICT");
    shop.app.clock.advance(TimeDelta::days(14));
    let over = shop.current().await;
    assert_eq!((&over["is_active"], &over["is_trial"]), (&json!(false), &json!(true)));
    let again = shop.post("/subscription/trial/start", json!({ "tier_id": "starter" })).await;
    again.refused(409, "RESOURCE_CONFLICT");
    shop.close().await;
}

#[tokio::test]
async fn what_an_answer_says_is_what_is_charged() {
    let mut shop = Shop::open().await;
    for tier in Tier::ALL.into_iter().filter(|tier| tier.is_paid()) {
        for frequency in Frequency::ALL {
            shop = shop.of_another(&format!("{}.{}", tier.as_str(), frequency.as_str())).await;
            costs_what_it_says(&shop, tier, frequency).await;
        }
    }
    shop.close().await;
}

async fn costs_what_it_says(shop: &Shop, tier: Tier, frequency: Frequency) {
    let subscription = shop.subscribed(tier.as_str(), frequency.as_str()).await;
    let price = TierOffer::seed(tier).prices.of(frequency).minor_units();
    assert_eq!(shop.charges().await, [price]);
    #[expect(clippy::cast_precision_loss, reason = "prices are small")]
    let shown = price as f64 / 100.0;
    assert_eq!((&subscription["price"], &subscription["currency"]), (&json!(shown), &json!("USD")));
    assert_eq!((&subscription["is_active"], &subscription["auto_renewal"]), (&json!(true), &json!(true)));
    let end = if frequency == Frequency::Monthly { "2027-03-01T12:00:00Z" } else { "2028-02-01T12:00:00Z" };
    assert_eq!(subscription["current_period_end"], end);
}

#[tokio::test]
async fn without_a_card_the_payment_waits_for_the_browser() {
    let shop = Shop::open().await;
    let answer = shop.subscribe("starter", "monthly", None).await.data();
    assert_eq!(answer["requires_payment_confirmation"], true);
    assert_eq!(
        (&answer["subscription"]["status"], &answer["subscription"]["is_active"]),
        (&json!("unpaid"), &json!(false))
    );
    assert!(shop.charges().await.is_empty());
    shop.provider().confirm(answer["client_secret"].as_str().unwrap()).await.unwrap();
    assert_eq!(shop.current().await["status"], "unpaid", "nobody has said so yet");
    shop.deliver_events().await;
    assert_eq!(shop.current().await["status"], "active");
    assert_eq!(shop.charges().await, [2_900]);
    shop.close().await;
}

/// A payment intent beside the subscription would be paid, and the subscription then charged again.
#[tokio::test]
async fn who_pays_the_intent_and_subscribes_pays_once() {
    let shop = Shop::open().await;
    let order = json!({ "tier_id": "professional", "frequency": "yearly" });
    let intent = shop.post("/billing/payment-intent", order.clone()).await.data();
    assert_eq!((&intent["amount"], &intent["currency"]), (&json!(99_000), &json!("USD")));
    shop.provider().confirm(intent["client_secret"].as_str().unwrap()).await.unwrap();
    let subscribed = shop.post("/user/subscription", order.clone()).await.data();
    assert_eq!((&subscribed["subscription"]["status"], &subscribed["client_secret"]), (&json!("active"), &Value::Null));
    assert_eq!(shop.charges().await, [99_000]);
    shop.post("/billing/payment-intent", order.clone()).await.refused(409, "RESOURCE_CONFLICT");
    shop.deliver_events().await;
    assert_eq!(shop.post("/user/subscription", order).await.data(), subscribed, "whenever it is asked for");
    shop.delete("/user/subscription", json!({})).await.succeeded();
    shop.subscribe("professional", "yearly", None).await.refused(409, "RESOURCE_CONFLICT");
    shop.close().await;
}

/// The contract has no payment method there.
#[tokio::test]
async fn asking_for_a_payment_pays_nothing() {
    let shop = Shop::open().await;
    let order = json!({ "tier_id": "starter", "frequency": "monthly", "payment_method_id": VISA });
    let intent = shop.post("/billing/payment-intent", order).await.data();
    assert_eq!((&intent["amount"], shop.charges().await), (&json!(2_900), vec![]));
    shop.close().await;
}

/// The event that says so has not come yet.
#[tokio::test]
async fn an_order_that_was_waited_for_too_long_is_placed_anew() {
    let shop = Shop::open().await;
    shop.subscribe("starter", "monthly", None).await.succeeded();
    shop.app.clock.advance(TimeDelta::hours(24));
    shop.provider().settle().await.unwrap();
    let subscribed = shop.subscribe("starter", "monthly", Some(VISA)).await.data();
    assert_eq!((&subscribed["subscription"]["status"], shop.charges().await), (&json!("active"), vec![2_900]));
    assert_eq!(shop.rows().await, 2);
    shop.close().await;
}

#[tokio::test]
async fn what_cannot_be_ordered_leaves_the_waiting_order_alone() {
    let shop = Shop::open().await;
    let misspelt = json!({ "tier_id": "starter", "frequency": "monthly", "promo_code": "NOSUCHCODE" });
    shop.post("/user/subscription", misspelt.clone()).await.refused(422, "PROMO_CODE_INVALID");
    assert!(shop.overview().await.customers.is_empty(), "nobody has ordered anything");
    let order = shop.subscribe("starter", "monthly", None).await.data();
    shop.post("/user/subscription", misspelt).await.refused(422, "PROMO_CODE_INVALID");
    shop.provider().confirm(order["client_secret"].as_str().unwrap()).await.unwrap();
    assert_eq!(shop.charges().await, [2_900]);
    shop.close().await;
}

#[tokio::test]
async fn a_declined_order_is_tried_again_with_another_card() {
    let shop = Shop::open().await;
    shop.subscribe("starter", "monthly", Some(DECLINED)).await.refused(402, "PAYMENT_FAILED");
    assert_eq!(shop.current().await["status"], "unpaid");
    assert_eq!(shop.subscribe("starter", "monthly", Some(VISA)).await.data()["subscription"]["status"], "active");
    assert_eq!((shop.charges().await, shop.rows().await), (vec![2_900], 1));
    shop.close().await;
}

#[tokio::test]
async fn an_order_for_something_else_takes_the_place_of_one_that_is_not_paid() {
    let shop = Shop::open().await;
    let first = shop.subscribe("starter", "monthly", None).await.data();
    let second = shop.subscribe("enterprise", "monthly", Some(VISA)).await.data();
    assert_eq!(second["subscription"]["tier"]["id"], "enterprise");
    assert!(shop.provider().confirm(first["client_secret"].as_str().unwrap()).await.is_err(), "it is given up");
    assert_eq!(shop.charges().await, [24_900]);
    shop.subscribe("starter", "monthly", Some(VISA)).await.refused(409, "RESOURCE_CONFLICT");
    shop.close().await;
}

/// The event that says so has not come yet.
#[tokio::test]
async fn what_was_paid_meanwhile_is_not_given_up() {
    let shop = Shop::open().await;
    let order = shop.subscribe("starter", "monthly", None).await.data();
    shop.provider().confirm(order["client_secret"].as_str().unwrap()).await.unwrap();
    shop.subscribe("enterprise", "monthly", Some(VISA)).await.refused(409, "RESOURCE_CONFLICT");
    assert_eq!((&shop.current().await["status"], shop.charges().await), (&json!("active"), vec![2_900]));

    let shop = shop.of_another("second").await;
    let order = shop.subscribe("starter", "monthly", None).await.data();
    shop.provider().confirm(order["client_secret"].as_str().unwrap()).await.unwrap();
    let ended = shop.delete("/user/subscription", json!({})).await.data();
    assert_eq!(
        (&ended["subscription"]["status"], &ended["subscription"]["is_active"]),
        (&json!("active"), &json!(true))
    );
    shop.close().await;
}

#[tokio::test]
async fn a_trial_ends_when_the_subscription_is_paid() {
    let shop = Shop::open().await;
    shop.post("/subscription/trial/start", json!({ "tier_id": "enterprise" })).await.succeeded();
    let order = shop.subscribe("starter", "monthly", None).await.data();
    assert_eq!(shop.current().await["tier"]["id"], "enterprise", "what is not paid for takes nothing away");
    shop.provider().confirm(order["client_secret"].as_str().unwrap()).await.unwrap();
    shop.deliver_events().await;
    let current = shop.current().await;
    assert_eq!((&current["tier"]["id"], &current["is_trial"]), (&json!("starter"), &json!(false)));
    assert!(!shop.get("/user/features").await.data().as_array().unwrap().contains(&json!("reports")));
    shop.close().await;
}

#[tokio::test]
async fn the_same_key_orders_once_and_another_body_is_refused() {
    let shop = Shop::open().await;
    let order = json!({ "tier_id": "starter", "frequency": "monthly", "payment_method_id": VISA });
    let send = async |body: &Value| {
        let call = shop.app.client.post("/user/subscription", body).header("idempotency-key", "k1");
        call.bearer(&shop.token()).send().await
    };
    let first = send(&order).await.data();
    assert_eq!(send(&order).await.data(), first);
    let other = json!({ "tier_id": "enterprise", "frequency": "monthly", "payment_method_id": VISA });
    send(&other).await.refused(422, "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(shop.charges().await, [2_900]);
    shop.close().await;
}

/// The first card was declined, and the answer about the second one was lost.
#[tokio::test]
async fn a_key_answers_for_an_order_that_another_request_had_placed() {
    let shop = Shop::open().await;
    let send = async |key: &'static str, card: &str| {
        let body = json!({ "tier_id": "starter", "frequency": "monthly", "payment_method_id": card });
        let call = shop.app.client.post("/user/subscription", &body).header("idempotency-key", key);
        call.bearer(&shop.token()).send().await
    };
    send("k1", DECLINED).await.refused(402, "PAYMENT_FAILED");
    let paid = send("k2", VISA).await.data();
    assert_eq!(send("k2", VISA).await.data(), paid);
    send("k2", DECLINED).await.refused(422, "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(shop.charges().await, [2_900]);
    shop.close().await;
}

#[tokio::test]
async fn what_makes_no_order_is_refused() {
    let shop = Shop::open().await;
    for (body, field) in [
        (json!({ "tier_id": "trial", "frequency": "monthly" }), "tier_id"),
        (json!({ "tier_id": "starter", "frequency": "weekly" }), "frequency"),
        (json!({ "tier_id": "starter", "frequency": "monthly", "promo_code": "no" }), "promo_code"),
        (json!({ "tier_id": "starter", "frequency": "monthly", "payment_method_id": "pm card" }), "payment_method_id"),
        (json!({}), "tier_id"),
    ] {
        shop.post("/user/subscription", body).await.refused(422, "VALIDATION_ERROR").field_error(field);
    }
    let body = json!({ "tier_id": "starter", "frequency": "monthly", "promo_code": "NOSUCHCODE" });
    shop.post("/user/subscription", body).await.refused(422, "PROMO_CODE_INVALID");
    assert!(shop.overview().await.subscriptions.is_empty());
    shop.close().await;
}

#[tokio::test]
async fn the_portal_is_for_customers_and_leads_back_home() {
    let shop = Shop::open().await;
    shop.post("/billing/portal", json!({})).await.refused(404, "SUBSCRIPTION_NOT_FOUND");
    shop.subscribed("starter", "monthly").await;
    let portal = shop.post("/billing/portal", json!({ "returnUrl": "https://evil.example/" })).await.data();
    assert!(!portal["url"].as_str().unwrap().contains("evil"), "{portal}");
    shop.close().await;
}

#[tokio::test]
async fn only_owners_buy() {
    let app = App::start().await;
    let anna = app.python_user("anna@example.com").await;
    let admin = app.python_colleague(&anna, "admin", "admin@example.com").await.access_token(&app);
    let body = json!({ "tier_id": "starter", "frequency": "monthly" });
    let refused = app.client.post("/user/subscription", &body).bearer(&admin).send().await;
    refused.refused(403, "INSUFFICIENT_PERMISSIONS");
    assert_eq!(app.client.get("/user/subscription").bearer(&admin).send().await.data(), Value::Null);
    app.finish().await;
}

/// The Python services look into the row of the subscription for that.
#[tokio::test]
async fn a_subscription_is_stored_with_what_its_tier_includes_now() {
    let shop = Shop::open().await;
    let limits = AttributeValue::M([("goals".to_owned(), AttributeValue::N("3".to_owned()))].into());
    let row = [("tier_id".to_owned(), text("starter")), ("limits".to_owned(), limits)];
    shop.app.plant(Table::Tiers, row.into()).await;
    for (tier, goals) in [("starter", "3"), ("professional", "100")] {
        if tier == "starter" {
            shop.subscribed("starter", "monthly").await;
        } else {
            shop.put("/user/subscription", json!({ "tier": tier })).await.succeeded();
        }
        let rows = shop.app.rows(Table::Subscriptions).await;
        let [row] = rows.as_slice() else { panic!("{rows:?}") };
        let limits = row["limits"].as_m().unwrap();
        assert_eq!(limits["goals"], AttributeValue::N(goals.to_owned()), "{tier}");
    }
    shop.close().await;
}
