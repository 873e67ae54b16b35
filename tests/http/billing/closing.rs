//! What becomes of a subscription when its organisation is closed, and opened again.

use application::billing::Run;
use chrono::TimeDelta;
use domain::TenantId;
use infrastructure::dynamodb::tables::Table;
use serde_json::{Value, json};
use tests::{Answer, python, token_in};

use super::{
    Shop,
    breaking_off::{at_every_step, broken_off},
};

impl Shop {
    async fn end_organisation(&self) -> Answer {
        self.delete("/tenants/current", json!({ "password": python::PASSWORD })).await
    }

    /// Closes it, with what follows. Answers with the body of the request that opens it again.
    async fn closed(&self) -> Value {
        self.app.clock.advance(TimeDelta::seconds(1));
        self.end_organisation().await.succeeded();
        json!({ "token": token_in(&self.app.mail_to(&self.owner.email).await) })
    }

    async fn reopen(&self, link: &Value) -> Value {
        self.app.clock.advance(TimeDelta::seconds(1));
        let opened = self.app.client.post("/tenants/reopen", link).send().await;
        opened.succeeded();
        self.app.clock.advance(TimeDelta::seconds(1));
        opened.json()
    }

    async fn ends_at_provider(&self) -> bool {
        let overview = self.overview().await;
        let id = overview.customers.iter().find(|customer| customer.tenant_id == self.owner.tenant_id);
        let id = &id.unwrap().id;
        overview.subscriptions.iter().find(|one| one.customer_id == *id).unwrap().at_period_end == "ends"
    }

    async fn is_closed(&self) -> bool {
        let row = self.app.row(Table::Tenants, &self.owner.tenant_id).await.unwrap();
        row["status"].as_s().unwrap() == "cancelled"
    }
}

#[tokio::test]
async fn nobody_pays_again_for_an_organisation_that_is_closed() {
    let shop = Shop::open().await;
    shop.subscribed("starter", "monthly").await;
    shop.closed().await;
    assert!(shop.ends_at_provider().await);
    let tenant = TenantId::restore(&shop.owner.tenant_id);
    let report = shop.app.reconciliation().tenant(Run::Repair, tenant).await;
    assert!(report.failure.is_none() && report.findings.is_empty(), "{report:?}");
    for _ in 0..3 {
        shop.wait(TimeDelta::days(31)).await;
    }
    assert_eq!(shop.charges().await, [2_900]);
    shop.close().await;
}

#[tokio::test]
async fn who_opens_it_again_is_told_that_nothing_renews_and_can_have_it_renew() {
    let shop = Shop::open().await;
    shop.subscribed("starter", "monthly").await;
    let opened = shop.reopen(&shop.closed().await).await;
    assert_eq!(opened["subscription_ends_at"], "2027-03-01T12:00:00Z");
    assert!(opened["message"].as_str().unwrap().contains("does not renew"), "{opened}");
    let current = shop.current().await;
    assert_eq!((&current["status"], &current["is_active"]), (&json!("active"), &json!(true)));
    assert_eq!((&current["auto_renewal"], &current["cancel_at_period_end"]), (&json!(false), &json!(true)));

    shop.put("/user/subscription/auto-renewal", json!({ "auto_renewal": true })).await.succeeded();
    shop.wait(TimeDelta::days(28)).await;
    assert_eq!(shop.charges().await, [2_900, 2_900]);
    shop.close().await;
}

#[tokio::test]
async fn who_paid_for_nothing_is_told_of_nothing() {
    let shop = Shop::open().await;
    assert_eq!(shop.reopen(&shop.closed().await).await["subscription_ends_at"], Value::Null);
    shop.post("/subscription/trial/start", json!({ "tier_id": "starter" })).await.succeeded();
    assert_eq!(shop.reopen(&shop.closed().await).await["subscription_ends_at"], Value::Null);
    assert_eq!(shop.current().await["status"], "trialing");
    shop.close().await;
}

/// The closing is there with what follows from it, or not at all.
#[tokio::test]
async fn a_closing_that_breaks_off_leaves_nothing_that_goes_on_being_charged() {
    at_every_step("closing", 6, async |shop, steps, dropped| {
        shop.subscribed("starter", "monthly").await;
        let done = broken_off(steps, dropped, shop.end_organisation()).await;
        shop.app.deliver_mail().await;
        let (is_closed, ends) = (shop.is_closed().await, shop.ends_at_provider().await);
        assert_eq!(is_closed, ends, "{steps} steps, {dropped:?}");
        assert!(is_closed || !done);
        done
    })
    .await;
}
