//! What the provider says by itself: security rules 28 to 31.

use application::ports::{BillingProvider, NewCustomer, PricedPlan, SubscriptionOrder};
use chrono::TimeDelta;
use domain::{
    EmailAddress, Frequency, SubscriptionId, TenantId, Tier, TierOffer,
    subscription::{CustomerId, PlanChoice},
};
use infrastructure::dynamodb::tables::Table;
use serde_json::json;
use tests::Fault;

use super::Shop;

/// A shop whose order was paid in the browser, and the event that says so.
async fn paid_elsewhere() -> (Shop, infrastructure::billing::local::LocalEvent) {
    let shop = Shop::open().await;
    let order = shop.subscribe("starter", "monthly", None).await.data();
    shop.provider().take_events().await.unwrap();
    shop.provider().confirm(order["client_secret"].as_str().unwrap()).await.unwrap();
    let events = shop.provider().take_events().await.unwrap();
    let event = events.into_iter().find(|event| event.kind == "customer.subscription.updated").unwrap();
    (shop, event)
}

#[tokio::test]
async fn rule_28_only_what_is_signed_lately_and_unchanged_is_taken() {
    let (shop, event) = paid_elsewhere().await;
    let good = shop.provider().sign(&event);
    let mut changed = good.clone();
    changed.body = changed.body.replace("customer.subscription.updated", "customer.subscription.deleted");
    let mut unsigned = good.clone();
    unsigned.signature = String::new();
    let mut forged = good.clone();
    forged.signature = forged.signature.replace("v1=", "v1=0");
    for bad in [changed, unsigned, forged] {
        shop.send(&bad).await.refused(400, "INVALID_INPUT");
    }
    shop.app.clock.advance(TimeDelta::seconds(301));
    shop.send(&good).await.refused(400, "INVALID_INPUT");
    assert_eq!(shop.current().await["status"], "unpaid");
    shop.send(&shop.provider().sign(&event)).await.succeeded();
    assert_eq!(shop.current().await["status"], "active");
    shop.close().await;
}

#[tokio::test]
async fn what_is_no_event_at_all_is_refused() {
    let shop = Shop::open().await;
    let send = |content_type, body: Vec<u8>| {
        let call = shop.app.client.call(axum::http::Method::POST, "/billing/webhook");
        call.body(content_type, body).header("stripe-signature", "t=1,v1=ab").send()
    };
    send("text/plain", b"{}".to_vec()).await.refused(415, "UNSUPPORTED_MEDIA_TYPE");
    send("application/json", vec![b'x'; 256 * 1024 + 1]).await.refused(413, "PAYLOAD_TOO_LARGE");
    send("application/json", vec![0xff]).await.refused(400, "INVALID_INPUT");
    shop.close().await;
}

#[tokio::test]
async fn rule_29_an_event_that_comes_again_changes_nothing() {
    let (shop, event) = paid_elsewhere().await;
    for _ in 0..3 {
        shop.send(&shop.provider().sign(&event)).await.succeeded();
    }
    let events = shop.app.rows(Table::AccountProviderEvents).await;
    assert_eq!(events.iter().filter(|row| row["event_id"].as_s().unwrap() == &event.id).count(), 1);
    let [row] = shop.app.rows(Table::Subscriptions).await.try_into().unwrap();
    assert_eq!(row["version"].as_n().unwrap(), "3", "ordered, taken by the provider, paid");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_29_of_twenty_deliveries_at_once_one_has_an_effect() {
    let (shop, event) = paid_elsewhere().await;
    let signed = shop.provider().sign(&event);
    for answer in futures::future::join_all((0..20).map(|_| shop.send(&signed))).await {
        answer.succeeded();
    }
    let [row] = shop.app.rows(Table::Subscriptions).await.try_into().unwrap();
    assert_eq!(row["version"].as_n().unwrap(), "3");
    shop.close().await;
}

#[tokio::test]
async fn rule_30_an_old_event_does_not_bring_back_what_is_over() {
    let (shop, paid) = paid_elsewhere().await;
    shop.app.clock.advance(TimeDelta::minutes(1));
    shop.send(&shop.provider().sign(&paid)).await.succeeded();
    shop.app.clock.advance(TimeDelta::minutes(1));
    shop.delete("/user/subscription", json!({ "cancel_at_period_end": false })).await.succeeded();
    shop.deliver_events().await;
    let mut late = paid.clone();
    late.id = "evt_late".to_owned();
    shop.send(&shop.provider().sign(&late)).await.succeeded();
    assert_eq!(shop.current().await["status"], "cancelled");
    shop.close().await;
}

#[tokio::test]
async fn rule_31_an_event_whose_effect_fails_is_sent_again() {
    let (shop, event) = paid_elsewhere().await;
    for call in 0.. {
        let signed = shop.provider().sign(&event);
        shop.app.probe.break_call(call, Fault::RequestLost);
        let answer = shop.send(&signed).await;
        if shop.app.probe.mend() {
            answer.succeeded();
            assert!(call > 2, "{call} calls");
            break;
        }
        assert!((500..600).contains(&answer.status), "{}", answer.status);
        assert_eq!(shop.current().await["status"], "unpaid");
    }
    assert_eq!(shop.current().await["status"], "active");
    shop.close().await;
}

#[tokio::test]
async fn rule_31_what_nobody_knows_is_taken_and_forgotten() {
    let (shop, mut event) = paid_elsewhere().await;
    event.id = "evt_other".to_owned();
    event.kind = "charge.dispute.funds_withdrawn".to_owned();
    event.object = json!({ "id": "dp_1", "object": "dispute" });
    shop.send(&shop.provider().sign(&event)).await.succeeded();
    let mut gone = event.clone();
    gone.id = "evt_gone".to_owned();
    gone.kind = "customer.subscription.updated".to_owned();
    gone.object = json!({ "id": "sub_of_nobody", "object": "subscription", "customer": "cus_1" });
    shop.send(&shop.provider().sign(&gone)).await.succeeded();
    shop.close().await;
}

/// Somebody made a customer and a subscription at the provider, and only later tells us which tenant it is.
#[tokio::test]
async fn what_comes_too_early_is_looked_at_again() {
    let shop = Shop::open().await;
    let stranger = NewCustomer {
        tenant_id: TenantId::restore(shop.owner.tenant_id.clone()),
        name: "Acme".to_owned(),
        email: EmailAddress::parse("acme@example.com").unwrap(),
    };
    let customer = shop.provider().create_customer(&stranger).await.unwrap();
    let item = PricedPlan {
        choice: PlanChoice { tier: Tier::Professional, frequency: Frequency::Monthly },
        list_price: TierOffer::seed(Tier::Professional).prices.monthly,
        discount: None,
    };
    shop.provider().start(&customer, &item, None).await.unwrap();
    shop.deliver_events().await;
    assert_eq!(shop.current().await, serde_json::Value::Null);
    let waiting = shop.app.rows(Table::AccountOutbox).await;
    assert!(!waiting.is_empty() && waiting.iter().all(|row| row["kind"].as_s().unwrap() == "provider_event"));

    let account = [("tenant_id", shop.owner.tenant_id.as_str()), ("customer_id", customer.as_str())];
    let account = account.map(|(name, value)| (name.to_owned(), tests::text(value)));
    shop.app.plant(Table::AccountBilling, account.into()).await;
    shop.app.clock.advance(TimeDelta::hours(1));
    shop.app.deliver_mail().await;
    let current = shop.current().await;
    assert_eq!((&current["status"], &current["tier"]["id"]), (&json!("active"), &json!("professional")));
    shop.close().await;
}

/// Another stage uses the same account of the provider, or somebody copied what it was told.
#[tokio::test]
async fn what_is_said_to_be_for_a_tenant_that_is_not_its_customer_is_not_adopted() {
    let shop = Shop::open().await;
    shop.subscribed("starter", "monthly").await;
    shop.deliver_events().await;
    let other = shop.app.python_user("other@example.com").await;
    let [customer] = shop.overview().await.customers.try_into().unwrap();
    let customer_id = CustomerId::restore(customer.id);
    for (number, tenant_id) in ["tenant_of_another_stage", &other.tenant_id].into_iter().enumerate() {
        let order = SubscriptionOrder {
            customer_id: customer_id.clone(),
            subscription_id: SubscriptionId::restore(format!("copied-{number}")),
            tenant_id: TenantId::restore(tenant_id),
            item: PricedPlan {
                choice: PlanChoice { tier: Tier::Enterprise, frequency: Frequency::Monthly },
                list_price: TierOffer::seed(Tier::Enterprise).prices.monthly,
                discount: None,
            },
            payment_method: Some(super::VISA.to_owned()),
        };
        let made = shop.provider().subscribe(&order).await.unwrap().subscription.id;
        shop.deliver_events().await;
        assert_eq!(shop.rows().await, 1, "the one that was ordered");
        let waiting = shop.app.rows(Table::AccountOutbox).await;
        assert!(waiting.iter().any(|row| row["kind"].as_s().unwrap() == "provider_event"), "{waiting:?}");
        shop.provider().cancel(&made).await.unwrap();
        shop.deliver_events().await;
        shop.app.deliver_mail().await;
    }
    assert_eq!(shop.rows().await, 1, "the one that was ordered");
    shop.close().await;
}
