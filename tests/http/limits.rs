//! Rule 20: how often one source may ask.

use std::net::IpAddr;

use serde_json::json;
use tests::{Answer, App, Operation, operations};

async fn confirm_from(app: &App, source: &str) -> Answer {
    let source: IpAddr = source.parse().unwrap();
    app.client.post("/auth/confirm-email", &json!({ "token": "never-sent" })).sent_from(source).send().await
}

#[tokio::test]
async fn rule_20_a_source_that_asks_too_often_is_told_when_to_come_back() {
    let app = App::builder().setting("RATE_LIMIT_PER_MINUTE", "3").start().await;
    for remaining in ["2", "1", "0"] {
        let answer = confirm_from(&app, "192.0.2.7").await;
        answer.refused(401, "TOKEN_INVALID");
        assert_eq!(answer.header("ratelimit-limit"), Some("3"));
        assert_eq!(answer.header("ratelimit-remaining"), Some(remaining));
    }
    let refused = confirm_from(&app, "192.0.2.7").await;
    refused.refused(429, "RATE_LIMIT_EXCEEDED");
    let seconds = |name: &str| refused.header(name).unwrap().parse::<u64>().unwrap();
    assert!((1..=20).contains(&seconds("retry-after")), "{:?}", refused.headers);
    assert!((41..=60).contains(&seconds("ratelimit-reset")), "{:?}", refused.headers);
    assert_eq!(seconds("ratelimit-remaining"), 0);
    confirm_from(&app, "192.0.2.8").await.refused(401, "TOKEN_INVALID");
    app.client.get("/health").sent_from("192.0.2.7".parse().unwrap()).send().await.succeeded();
    app.finish().await;
}

/// A header that anybody can write is not asked where a request comes from.
#[tokio::test]
async fn rule_20_a_source_cannot_pass_for_another() {
    let app = App::builder().setting("RATE_LIMIT_PER_MINUTE", "1").start().await;
    confirm_from(&app, "192.0.2.7").await.refused(401, "TOKEN_INVALID");
    for header in ["x-forwarded-for", "x-real-ip", "forwarded", "cf-connecting-ip"] {
        let call = app.client.post("/auth/confirm-email", &json!({ "token": "never-sent" }));
        let call = call.sent_from("192.0.2.7".parse().unwrap()).header(header, "198.51.100.1");
        call.send().await.refused(429, "RATE_LIMIT_EXCEEDED");
    }
    app.finish().await;
}

/// Whoever has signed up could try codes all day.
#[tokio::test]
async fn rule_21_an_owner_cannot_try_one_promotion_code_after_the_other() {
    let app = App::builder().setting("RATE_LIMIT_PER_MINUTE", "2").start().await;
    let owner = app.python_user("owner@example.com").await.access_token(&app);
    let order = json!({ "tier_id": "starter", "frequency": "monthly", "promo_code": "GUESSED" });
    for answer in [
        app.client.post("/user/subscription", &order).bearer(&owner).send().await,
        app.client.post("/billing/payment-intent", &order).bearer(&owner).send().await,
    ] {
        answer.refused(422, "PROMO_CODE_INVALID");
    }
    for answer in [
        app.client.post("/user/subscription", &order).bearer(&owner).send().await,
        app.client.put("/user/subscription", &order).bearer(&owner).send().await,
        app.client.post("/billing/payment-intent", &order).bearer(&owner).send().await,
    ] {
        answer.refused(429, "RATE_LIMIT_EXCEEDED");
    }
    app.client.get("/user/subscription").bearer(&owner).send().await.succeeded();
    app.finish().await;
}

#[tokio::test]
async fn rule_21_every_public_post_is_limited() {
    let app = App::builder().setting("RATE_LIMIT_PER_MINUTE", "1").start().await;
    confirm_from(&app, "192.0.2.1").await;
    // What the billing provider sends comes in bursts, and a signature says whose it is.
    let is_open = |operation: &Operation| !operation.signed_in && !operation.path.contains("/billing/webhook");
    for operation in operations().into_iter().filter(|operation| operation.method == "POST" && is_open(operation)) {
        let call = app.client.at(axum::http::Method::POST, &operation.path).json(&json!({}));
        call.send().await.refused(429, "RATE_LIMIT_EXCEEDED");
    }
    app.finish().await;
}
