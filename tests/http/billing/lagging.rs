//! The index of subscriptions shows what was a moment ago. Here that moment lasts.

use chrono::TimeDelta;
use infrastructure::dynamodb::tables::Table;
use jsonwebtoken::dangerous::insecure_decode;
use serde_json::{Value, json};
use tests::{App, Member, Tokens};

use super::{Shop, VISA};

/// The tier in the next access token, and in how many round trips it was found.
async fn next_tier(app: &App, of: &mut Member) -> (String, usize) {
    let (answer, tally) = app.probe.measure(app.refresh(&of.tokens.refresh)).await;
    of.tokens = Tokens::of(&answer);
    let claims = insecure_decode::<Value>(&of.tokens.access).unwrap().claims;
    (claims["subscription_tier"].as_str().unwrap().to_owned(), tally.round_trips)
}

/// The index follows no more, once it has shown what there is.
async fn let_lag(app: &App, of: &mut Member) -> (String, usize) {
    app.probe.let_lag(app.tables.name(Table::Subscriptions));
    next_tier(app, of).await
}

#[tokio::test]
async fn what_is_paid_for_is_had_at_once_although_the_index_lags() {
    let app = App::start().await;
    let mut anna = app.member("anna").await;
    let path = "/user/subscription";
    let order = json!({ "tier_id": "professional", "frequency": "monthly", "payment_method_id": VISA });
    let steps = [
        ("starter", app.client.post(path, &order), "professional"),
        ("professional", app.client.put(path, &json!({ "tier": "enterprise" })), "enterprise"),
        ("enterprise", app.client.delete(path).json(&json!({ "cancel_at_period_end": false })), "starter"),
    ];
    for (before, change, after) in steps {
        assert_eq!(let_lag(&app, &mut anna).await, (before.to_owned(), 2));
        app.clock.advance(TimeDelta::seconds(1));
        change.bearer(&anna.tokens.access).send().await.succeeded();
        // Only now is the row itself looked at.
        assert_eq!(next_tier(&app, &mut anna).await, (after.to_owned(), 3));
        let features = app.client.get("/user/features").bearer(&anna.tokens.access).send().await.data();
        assert_eq!(features.as_array().unwrap().contains(&json!("reports")), after != "starter");
        app.probe.catch_up();
        assert_eq!(next_tier(&app, &mut anna).await, (after.to_owned(), 2));
    }
    app.finish().await;
}

#[tokio::test]
async fn who_joins_a_moment_after_the_payment_has_what_was_paid_for() {
    let app = App::start().await;
    let mut anna = app.member("anna").await;
    let_lag(&app, &mut anna).await;
    let email = app.address("ben");
    let token = app.invited(&anna.tokens.access, &email).await;
    let order = json!({ "tier_id": "enterprise", "frequency": "yearly", "payment_method_id": VISA });
    app.client.post("/user/subscription", &order).bearer(&anna.tokens.access).send().await.succeeded();
    let joined = app.activate(&token).await;
    let claims = insecure_decode::<Value>(&Tokens::of(&joined).access).unwrap().claims;
    assert_eq!(claims["subscription_tier"], "enterprise");
    app.finish().await;
}

#[tokio::test]
async fn an_order_takes_the_place_of_another_one_although_the_index_lags() {
    let shop = Shop::open().await;
    shop.subscribe("starter", "monthly", None).await.succeeded();
    shop.app.probe.let_lag(shop.app.tables.name(Table::Subscriptions));
    assert_eq!(shop.current().await["tier"]["id"], "starter");
    let paid = shop.subscribed("professional", "monthly").await;
    assert_eq!(shop.current().await, paid);
    shop.app.probe.catch_up();
    assert_eq!(shop.charges().await, [9_900]);
    shop.close().await;
}
