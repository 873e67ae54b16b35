//! Many at once.

use futures::future::join_all;
use infrastructure::dynamodb::tables::Table;
use serde_json::json;
use tests::App;

use super::{Shop, VISA};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_ten_orders_at_once_one_is_charged() {
    let shop = Shop::open().await;
    let orders = (0..10).map(|_| shop.subscribe("starter", "monthly", Some(VISA)));
    for answer in join_all(orders).await {
        assert!(matches!(answer.status, 200 | 409 | 503), "{}", answer.text());
    }
    shop.deliver_events().await;
    assert_eq!(shop.current().await["status"], "active");
    assert_eq!(shop.charges().await, [2_900]);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_has_one_trial_whoever_starts_it() {
    let shop = Shop::open().await;
    let starts = (0..10).map(|_| shop.post("/subscription/trial/start", json!({ "tier_id": "starter" })));
    let answers = join_all(starts).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert_eq!(shop.rows().await, 1);
    shop.close().await;
}

/// Fifty organisations redeem a code of which one redemption is left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_25_of_fifty_who_redeem_the_last_of_a_code_one_gets_it() {
    let app = App::start().await;
    let admin = app.platform_admin().await.tokens.access;
    let code = json!({
        "code": "LASTONE", "type": "percentage", "value": 50, "duration_in_cycles": 1, "max_redemptions": 1,
    });
    app.client.post("/admin/discount-codes", &code).bearer(&admin).send().await.created();
    let mut buyers = Vec::new();
    for number in 0..50 {
        let owner = app.python_user(&format!("owner{number}@example.com")).await;
        buyers.push(owner.access_token(&app));
    }
    let body = json!({
        "tier_id": "starter", "frequency": "monthly", "promo_code": "lastone", "payment_method_id": VISA,
    });
    let orders = buyers.iter().map(|token| app.client.post("/user/subscription", &body).bearer(token).send());
    let answers = join_all(orders).await;
    let won: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(won.len(), 1);
    assert_eq!(won[0].data()["subscription"]["price"], 14.5);
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        answer.refused(422, "PROMO_CODE_INVALID");
    }
    let charged: Vec<_> = app.billing().overview().await.unwrap().ledger;
    assert_eq!(charged.iter().map(|entry| entry.bill.charged).collect::<Vec<_>>(), [1_450]);
    assert_eq!(app.rows(Table::AccountRedemptions).await.len(), 1);
    app.finish().await;
}
