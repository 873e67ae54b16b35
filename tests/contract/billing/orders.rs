//! Customers, and what they order.

use application::ports::{BillingError, Ordered, WebhookRejected};
use domain::{
    SubscriptionId, TenantId, Tier,
    subscription::{BilledStatus, CustomerId, ProviderSubscriptionId, Renewal},
};

use super::provider::{ASKS, DECLINED, Provider, VISA, cents_off, dollars, monthly, percent_off, tenant, yearly};

pub(super) async fn a_customer_that_is_made_again_is_the_same_one(provider: &Provider) {
    assert_eq!(provider.billing.create_customer(&tenant("t1")).await.unwrap(), provider.customer);
    assert_ne!(provider.billing.create_customer(&tenant("t2")).await.unwrap(), provider.customer);
}

pub(super) async fn what_a_card_pays_for_is_active(provider: &Provider) {
    let Ordered { subscription, payment } = provider.order(monthly(Tier::Starter), VISA).await;
    assert_eq!((subscription.status, payment), (BilledStatus::Active, None));
    assert_eq!(subscription.customer_id, provider.customer);
    assert_eq!(subscription.subscription_id, Some(SubscriptionId::restore("s1")));
    assert_eq!(subscription.tenant_id, Some(TenantId::restore("t1")));
    assert_eq!((subscription.choice, &subscription.price), (monthly(Tier::Starter).choice, &dollars(2900)));
    assert_eq!(subscription.renewal, Renewal::Automatic);
    assert!(subscription.period.contains(provider.world.now()));
    let days = (subscription.period.end() - subscription.period.start()).num_days();
    assert!((28..=31).contains(&days), "{days}");
    assert_eq!(provider.look(&subscription.id).await, subscription);
    provider.paid([2900]).await;
}

pub(super) async fn an_order_without_a_card_waits_until_its_payment_is_confirmed(provider: &Provider) {
    let Ordered { subscription, payment } = provider.order(yearly(Tier::Professional), None).await;
    assert_eq!(subscription.status, BilledStatus::Incomplete);
    let payment = payment.unwrap();
    assert_eq!(payment.amount, dollars(99_000));
    provider.paid([]).await;
    provider.world.confirm(&payment.client_secret).await;
    assert_eq!(provider.look(&subscription.id).await.status, BilledStatus::Active);
    provider.paid([99_000]).await;
}

pub(super) async fn the_same_order_twice_is_one_subscription_and_one_charge(provider: &Provider) {
    let first = provider.order(monthly(Tier::Starter), VISA).await;
    let second = provider.order(monthly(Tier::Starter), VISA).await;
    assert_eq!((second.subscription, second.payment), (first.subscription.clone(), None));
    assert_eq!(provider.billing.subscriptions_of(&provider.customer).await.unwrap(), [first.subscription]);
    provider.paid([2900]).await;

    let order = provider.order_of("s2", monthly(Tier::Starter), None);
    let first = provider.billing.subscribe(&order).await.unwrap();
    let second = provider.billing.subscribe(&order).await.unwrap();
    assert_eq!((&second.subscription, &second.payment), (&first.subscription, &first.payment));
    provider.world.confirm(&first.payment.unwrap().client_secret).await;
    let paid = provider.billing.subscribe(&order).await.unwrap();
    assert_eq!((paid.subscription.status, paid.payment), (BilledStatus::Active, None));
    provider.paid([2900, 2900]).await;
}

pub(super) async fn an_order_that_waits_can_be_paid_by_a_card_instead(provider: &Provider) {
    let waiting = provider.order(monthly(Tier::Starter), None).await;
    let paid = provider.order(monthly(Tier::Starter), VISA).await;
    assert_eq!((&paid.subscription.id, paid.subscription.status), (&waiting.subscription.id, BilledStatus::Active));
    assert_eq!(paid.payment, None);
    provider.paid([2900]).await;
}

pub(super) async fn a_declined_card_buys_nothing_and_another_one_can_be_tried(provider: &Provider) {
    let order = |card| provider.order_of("s1", monthly(Tier::Starter), card);
    for _ in 0..2 {
        let declined = provider.billing.subscribe(&order(DECLINED)).await;
        assert!(matches!(&declined, Err(BillingError::Declined(reason)) if !reason.is_empty()), "{declined:?}");
    }
    provider.paid([]).await;
    let paid = provider.billing.subscribe(&order(VISA)).await.unwrap();
    assert_eq!(paid.subscription.status, BilledStatus::Active);
    let open = provider.billing.subscriptions_of(&provider.customer).await.unwrap();
    let open: Vec<_> = open.into_iter().filter(|one| !one.status.is_over()).map(|one| one.id).collect();
    assert_eq!(open, [paid.subscription.id]);
    provider.paid([2900]).await;
}

pub(super) async fn a_card_may_ask_its_owner(provider: &Provider) {
    let Ordered { subscription, payment } = provider.order(monthly(Tier::Starter), ASKS).await;
    assert_eq!(subscription.status, BilledStatus::Incomplete);
    let payment = payment.unwrap();
    assert_eq!(payment.amount, dollars(2900));
    provider.paid([]).await;
    provider.world.confirm(&payment.client_secret).await;
    assert_eq!(provider.look(&subscription.id).await.status, BilledStatus::Active);
    provider.paid([2900]).await;
}

pub(super) async fn the_first_payment_is_the_price_after_the_discount(provider: &Provider) {
    let cases = [
        ("s1", percent_off(monthly(Tier::Starter), 15, Some(1)), 2465),
        ("s2", percent_off(yearly(Tier::Starter), 50, Some(3)), 14_500),
        ("s3", cents_off(monthly(Tier::Professional), 950, None), 8950),
    ];
    let mut paid = Vec::new();
    for (id, item, price) in cases {
        let ordered = provider.billing.subscribe(&provider.order_of(id, item, VISA)).await.unwrap();
        assert_eq!((&ordered.subscription.price, ordered.payment), (&dollars(price), None));
        assert_eq!(provider.look(&ordered.subscription.id).await.price, dollars(price));
        paid.push(price);
    }
    provider.paid([paid[0], paid[1], paid[2]]).await;

    let waits = provider.order_of("s4", percent_off(monthly(Tier::Enterprise), 33, Some(2)), None);
    let waits = provider.billing.subscribe(&waits).await.unwrap();
    assert_eq!((&waits.subscription.price, waits.payment.unwrap().amount), (&dollars(16_683), dollars(16_683)));
}

pub(super) async fn what_costs_nothing_is_active_at_once(provider: &Provider) {
    let free = [percent_off(monthly(Tier::Starter), 100, Some(1)), cents_off(monthly(Tier::Starter), 5000, Some(1))];
    for (id, item) in ["s1", "s2"].into_iter().zip(free) {
        let ordered = provider.billing.subscribe(&provider.order_of(id, item, None)).await.unwrap();
        assert_eq!((ordered.subscription.status, ordered.payment), (BilledStatus::Active, None));
        assert_eq!(ordered.subscription.price, dollars(0));
    }
    provider.paid([]).await;
}

pub(super) async fn what_nobody_knows_is_unknown(provider: &Provider) {
    let nothing = ProviderSubscriptionId::restore("sub_unknown");
    assert_eq!(provider.billing.subscription(&nothing).await.unwrap(), None);
    let nobody = CustomerId::restore("cus_unknown");
    let known = provider.order_of("s1", monthly(Tier::Starter), VISA);
    let orders = [
        application::ports::SubscriptionOrder { customer_id: nobody.clone(), ..known.clone() },
        application::ports::SubscriptionOrder { payment_method: Some("pm_card_unknown".to_owned()), ..known },
    ];
    for order in orders {
        let refused = provider.billing.subscribe(&order).await;
        assert!(matches!(refused, Err(BillingError::Unknown(_))), "{refused:?}");
    }
    let refused = provider.billing.subscriptions_of(&nobody).await;
    assert!(matches!(refused, Err(BillingError::Unknown(_))), "{refused:?}");
    provider.paid([]).await;
}

pub(super) async fn subscriptions_of_a_customer_are_listed_newest_first(provider: &Provider) {
    let first = provider.active(monthly(Tier::Starter)).await;
    let first = provider.billing.cancel(&first.id).await.unwrap();
    provider.world.advance(chrono::Duration::seconds(1)).await;
    let order = provider.order_of("s2", monthly(Tier::Professional), VISA);
    let second = provider.billing.subscribe(&order).await.unwrap().subscription;
    assert_eq!(provider.billing.subscriptions_of(&provider.customer).await.unwrap(), [second, first]);
    let other = provider.billing.create_customer(&tenant("t2")).await.unwrap();
    assert_eq!(provider.billing.subscriptions_of(&other).await.unwrap(), []);
}

pub(super) async fn the_portal_is_for_customers_and_works_for_a_while(provider: &Provider) {
    let back = "https://app.example.com/billing?tab=plan&x=1";
    let session = provider.billing.open_portal(&provider.customer, back).await.unwrap();
    assert!(session.url.starts_with("http"), "{}", session.url);
    assert!(session.expires_at > provider.world.now());
    let nobody = provider.billing.open_portal(&CustomerId::restore("cus_unknown"), back).await;
    assert!(matches!(nobody, Err(BillingError::Unknown(_))), "{nobody:?}");
}

pub(super) async fn an_event_that_is_not_the_providers_is_refused(provider: &Provider) {
    let body = br#"{"id":"evt_1","type":"customer.subscription.deleted","created":1,"data":{"object":{"id":"sub_1"}}}"#;
    let now = provider.world.now();
    let forged = format!("t={},v1={}", now.timestamp(), "00".repeat(32));
    for signature in ["", "t=1,v1=00", &forged] {
        let refused = provider.billing.read_event(body, signature, now).await;
        assert_eq!(refused, Err(WebhookRejected::Signature), "{signature}");
    }
}
