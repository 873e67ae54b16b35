//! What is charged and credited.

use super::*;

#[tokio::test]
async fn an_upgrade_is_charged_for_the_rest_of_the_period() {
    let shop = Shop::open().await;
    let before = shop.subscribed(monthly(Tier::Starter)).await;
    // February has 28 days; 21 are left.
    shop.clock.advance(Duration::days(7));
    let after = shop.billing.change_now(&before.id, &monthly(Tier::Professional), "a").await.unwrap();
    assert_eq!(
        (after.choice.tier, after.price.clone(), after.period),
        (Tier::Professional, dollars(9900), before.period)
    );
    let ledger = shop.ledger().await;
    let change = &ledger[1].bill;
    assert_eq!((change.unused, change.price, change.charged), (2175, 7425, 5250));
    assert_eq!((change.period.start(), change.period.end()), (at("2027-02-08T12:00:00Z"), before.period.end()));

    shop.clock.advance(Duration::days(21));
    assert_eq!(shop.charges().await, [2900, 5250, 9900]);
}

#[tokio::test]
async fn who_goes_from_months_to_years_begins_a_year() {
    let shop = Shop::open().await;
    let id = shop.subscribed(monthly(Tier::Starter)).await.id;
    shop.clock.advance(Duration::days(7));
    let year = shop.billing.change_now(&id, &yearly(Tier::Starter), "a").await.unwrap();
    assert_eq!(year.period.start(), at("2027-02-08T12:00:00Z"));
    assert_eq!(year.period.end(), at("2028-02-08T12:00:00Z"));
    assert_eq!(shop.charges().await, [2900, 29000 - 2175]);
}

#[tokio::test]
async fn what_is_credited_beyond_the_price_pays_what_comes() {
    let shop = Shop::open().await;
    let id = shop.subscribed(yearly(Tier::Starter)).await.id;
    // From a year of the smaller tier to a month of the larger one, at once.
    shop.billing.change_now(&id, &monthly(Tier::Professional), "a").await.unwrap();
    assert_eq!(shop.credit().await, 19_100);
    shop.clock.advance(Duration::days(28));
    shop.billing.settle().await.unwrap();
    assert_eq!(shop.credit().await, 9_200);
    shop.clock.advance(Duration::days(31));
    assert_eq!(shop.charges().await, [29_000, 0, 0, 700]);
    assert_eq!(shop.credit().await, 0);
}

#[tokio::test]
async fn credit_that_waits_in_an_order_comes_back_when_the_order_is_over() {
    let shop = Shop::open().await;
    let id = shop.subscribed(yearly(Tier::Starter)).await.id;
    shop.billing.change_now(&id, &monthly(Tier::Professional), "a").await.unwrap();
    shop.billing.cancel(&id).await.unwrap();
    let order = shop.order("s2", monthly(Tier::Enterprise), None);
    let ordered = shop.billing.subscribe(&order).await.unwrap();
    assert_eq!(ordered.payment.unwrap().amount, dollars(24_900 - 19_100));
    assert_eq!(shop.credit().await, 0);
    shop.billing.cancel(&ordered.subscription.id).await.unwrap();
    assert_eq!(shop.credit().await, 19_100);
}

#[tokio::test]
async fn a_change_that_cannot_be_paid_changes_nothing() {
    let shop = Shop::open().await;
    let before = shop.subscribed(monthly(Tier::Starter)).await;
    shop.billing.fail_payments(&before.id, 1).await.unwrap();
    let to = monthly(Tier::Professional);
    let change = || shop.billing.change_now(&before.id, &to, "a");
    assert!(matches!(change().await, Err(BillingError::Declined(_))));
    assert_eq!(shop.look(&before.id).await, before);
    assert_eq!(shop.charges().await, [2900]);
    // Nothing happened, so the same attempt may be made again.
    assert_eq!(change().await.unwrap().choice.tier, Tier::Professional);
    assert_eq!(shop.charges().await, [2900, 7000]);
}

#[tokio::test]
async fn a_card_that_asks_its_owner_pays_no_renewal_alone() {
    let shop = Shop::open().await;
    let ordered = shop.subscribe(monthly(Tier::Starter), Some("pm_card_authenticationRequired")).await.unwrap();
    shop.billing.confirm(&ordered.payment.unwrap().client_secret).await.unwrap();
    let id = ordered.subscription.id;
    shop.clock.advance(Duration::days(28));
    assert_eq!(shop.look(&id).await.status, BilledStatus::PastDue);
    shop.billing.pay(&id).await.unwrap();
    assert_eq!(shop.look(&id).await.status, BilledStatus::Active);
    assert!(matches!(shop.billing.pay(&id).await, Err(BillingError::Refused(_))));
    assert_eq!(shop.charges().await, [2900, 2900]);
}

#[tokio::test]
async fn a_subscription_stays_in_its_currency() {
    let shop = Shop::open().await;
    let id = shop.subscribed(monthly(Tier::Starter)).await.id;
    let in_euros = |tier| {
        let item = monthly(tier);
        PricedPlan { list_price: Money::new(100, Currency::parse("EUR").unwrap()), ..item }
    };
    let refused = shop.billing.change_now(&id, &in_euros(Tier::Professional), "a").await;
    assert!(matches!(refused, Err(BillingError::Refused(_))));
}

#[tokio::test]
async fn a_change_while_a_payment_is_outstanding_is_refused() {
    let shop = Shop::open().await;
    let id = shop.subscribe(monthly(Tier::Starter), None).await.unwrap().subscription.id;
    let to = monthly(Tier::Professional);
    let outstanding = || Err(BillingError::Refused("a payment is outstanding".to_owned()));
    assert_eq!(shop.billing.change_now(&id, &to, "a").await, outstanding());
    assert_eq!(shop.billing.change_at_period_end(&id, &to, "b").await, outstanding());
    assert_eq!(shop.billing.set_renewal(&id, false).await, outstanding());
}

#[tokio::test]
async fn a_customer_is_made_anew_after_a_day() {
    let shop = Shop::open().await;
    let tenant = new_customer("t1");
    let make = || shop.billing.create_customer(&tenant);
    shop.clock.advance(Duration::days(1) - Duration::seconds(1));
    assert_eq!(make().await.unwrap(), shop.customer);
    shop.clock.advance(Duration::seconds(1));
    assert_ne!(make().await.unwrap(), shop.customer);
}

#[tokio::test]
async fn a_subscription_changes_a_hundred_times_a_day() {
    let shop = Shop::open().await;
    let id = shop.subscribed(monthly(Tier::Starter)).await.id;
    let change = async |n: usize| shop.billing.change_at_period_end(&id, &yearly(Tier::Starter), &n.to_string()).await;
    for n in 0..100 {
        change(n).await.unwrap();
    }
    assert!(matches!(change(100).await, Err(BillingError::Refused(_))));
    assert!(change(99).await.is_ok());
    shop.clock.advance(Duration::days(1));
    assert!(change(100).await.is_ok());
}
