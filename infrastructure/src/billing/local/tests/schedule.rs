//! What time brings.

use domain::subscription::Renewal;

use super::*;

#[tokio::test]
async fn a_subscription_of_the_31st_is_renewed_on_the_last_day_of_each_month() {
    let shop = Shop::open().await;
    shop.wait_until(at("2027-03-31T09:30:00Z"));
    let id = shop.subscribed(monthly(Tier::Starter)).await.id;
    for end in ["2027-04-30T09:30:00Z", "2027-05-31T09:30:00Z", "2027-06-30T09:30:00Z"] {
        assert_eq!(shop.look(&id).await.period.end(), at(end));
        shop.wait_until(at(end) - Duration::seconds(1));
        assert_eq!(shop.look(&id).await.period.end(), at(end));
        shop.wait_until(at(end));
    }
    assert_eq!(shop.charges().await, [2900; 4]);
}

#[tokio::test]
async fn what_nobody_looked_at_happened_when_it_was_due() {
    let shop = Shop::open().await;
    let id = shop.subscribed(monthly(Tier::Starter)).await.id;
    shop.clock.advance(Duration::days(100));
    assert_eq!(shop.look(&id).await.period.start(), at("2027-05-01T12:00:00Z"));
    let paid_at: Vec<_> = shop.ledger().await.iter().map(|entry| entry.at.to_rfc3339()).collect();
    let months = ["2027-02", "2027-03", "2027-04", "2027-05"];
    assert_eq!(paid_at, months.map(|month| format!("{month}-01T12:00:00+00:00")));
}

#[tokio::test]
async fn a_discount_is_given_as_often_as_was_promised() {
    let shop = Shop::open().await;
    let once = shop.subscribed(with_percent_off(monthly(Tier::Starter), 50, Some(2))).await;
    assert_eq!(once.price, dollars(1450));
    shop.clock.advance(Duration::days(31));
    assert_eq!(shop.look(&once.id).await.price, dollars(1450));
    shop.clock.advance(Duration::days(31));
    assert_eq!(shop.look(&once.id).await.price, dollars(2900));
    assert_eq!(shop.charges().await, [1450, 1450, 2900]);
}

#[tokio::test]
async fn a_first_payment_is_waited_for_for_23_hours() {
    let shop = Shop::open().await;
    let ordered = shop.subscribe(monthly(Tier::Starter), None).await.unwrap();
    let (id, secret) = (ordered.subscription.id, ordered.payment.unwrap().client_secret);
    shop.clock.advance(Duration::hours(23) - Duration::seconds(1));
    assert_eq!(shop.look(&id).await.status, BilledStatus::Incomplete);
    shop.clock.advance(Duration::seconds(1));
    assert_eq!(shop.look(&id).await.status, BilledStatus::Cancelled { at: at("2027-02-02T11:00:00Z") });
    assert_eq!(shop.billing.confirm(&secret).await, Err(BillingError::Unknown("this payment")));
    assert_eq!(shop.charges().await, [0; 0]);
    // The order is over, too.
    let again = shop.subscribe(monthly(Tier::Starter), Some("pm_card_visa")).await.unwrap();
    assert!(again.subscription.status.is_over());
}

#[tokio::test]
async fn a_failed_payment_is_tried_again_and_given_up_in_the_end() {
    let shop = Shop::open().await;
    let id = shop.subscribed(monthly(Tier::Starter)).await.id;
    shop.billing.fail_payments(&id, u8::MAX).await.unwrap();
    let renewal = at("2027-03-01T12:00:00Z");
    let mut before = (BilledStatus::Active, 0);
    for (days, status, tries) in [
        (0, BilledStatus::PastDue, 1),
        (3, BilledStatus::PastDue, 2),
        (8, BilledStatus::PastDue, 3),
        (15, BilledStatus::Unpaid, 4),
        (30, BilledStatus::Cancelled { at: renewal + Duration::days(30) }, 4),
    ] {
        for (at, expected) in [(Duration::seconds(-1), before), (Duration::zero(), (status, tries))] {
            shop.wait_until(renewal + Duration::days(days) + at);
            let overview = shop.billing.overview().await.unwrap();
            let found = (shop.look(&id).await.status, u8::MAX - overview.subscriptions[0].failures_to_come);
            assert_eq!(found, expected, "after {days} days");
        }
        assert_eq!(shop.look(&id).await.period.start(), renewal);
        before = (status, tries);
    }
    assert_eq!(shop.charges().await, [2900]);
}

#[tokio::test]
async fn a_payment_that_failed_once_is_made_three_days_later() {
    let shop = Shop::open().await;
    let id = shop.subscribed(monthly(Tier::Starter)).await.id;
    shop.billing.fail_payments(&id, 1).await.unwrap();
    shop.clock.advance(Duration::days(28));
    assert_eq!(shop.look(&id).await.status, BilledStatus::PastDue);
    shop.clock.advance(Duration::days(3));
    assert_eq!(shop.look(&id).await.status, BilledStatus::Active);
    assert_eq!(shop.charges().await, [2900, 2900]);
    // Days are not lost: the period is the one that was not paid.
    assert_eq!(shop.look(&id).await.period.end(), at("2027-04-01T12:00:00Z"));
}

#[tokio::test]
async fn what_is_paid_when_its_period_is_over_is_followed_by_the_next_period() {
    let shop = Shop::open().await;
    shop.wait_until(at("2028-01-01T12:00:00Z"));
    let id = shop.subscribed(monthly(Tier::Starter)).await.id;
    shop.billing.fail_payments(&id, 4).await.unwrap();
    // February is not paid for until the second day of March.
    shop.wait_until(at("2028-03-02T00:00:00Z"));
    assert_eq!(shop.look(&id).await.status, BilledStatus::Unpaid);
    shop.billing.pay(&id).await.unwrap();
    let renewed = shop.look(&id).await;
    assert_eq!((renewed.status, renewed.period.start()), (BilledStatus::Active, at("2028-03-01T12:00:00Z")));
    let ledger = shop.ledger().await;
    assert_eq!(ledger.iter().map(|entry| entry.bill.charged).collect::<Vec<_>>(), [2900; 3]);
    assert!(ledger.is_sorted_by_key(|entry| entry.at));
}

#[tokio::test]
async fn a_subscription_that_does_not_renew_ends_with_its_period_even_if_that_is_not_paid() {
    let shop = Shop::open().await;
    let id = shop.subscribed(monthly(Tier::Starter)).await.id;
    shop.billing.set_renewal(&id, false).await.unwrap();
    shop.clock.advance(Duration::days(40));
    assert_eq!(shop.look(&id).await.status, BilledStatus::Cancelled { at: at("2027-03-01T12:00:00Z") });
    assert_eq!(shop.look(&id).await.renewal, Renewal::Off);

    let id = shop.billing.subscribe(&shop.order("s2", monthly(Tier::Starter), Some("pm_card_visa"))).await.unwrap();
    let (id, end) = (id.subscription.id, id.subscription.period.end());
    shop.billing.fail_payments(&id, u8::MAX).await.unwrap();
    shop.wait_until(end);
    let unpaid_until = shop.look(&id).await.period.end();
    shop.billing.set_renewal(&id, false).await.unwrap();
    shop.clock.advance(Duration::days(60));
    let BilledStatus::Cancelled { at } = shop.look(&id).await.status else { panic!("it goes on") };
    assert!(at <= unpaid_until, "{at}");
}

#[tokio::test]
async fn a_trial_ends_with_the_first_payment() {
    let shop = Shop::open().await;
    let ends_at = shop.clock.now() + Duration::days(14);
    let trial = shop.billing.start(&shop.customer, &monthly(Tier::Professional), Some(ends_at)).await.unwrap();
    assert_eq!((trial.status, trial.period.end()), (BilledStatus::Trialing, ends_at));
    assert_eq!((trial.tenant_id, trial.subscription_id), (None, None));

    let later = ends_at + Duration::days(7);
    assert_eq!(shop.billing.extend_trial(&trial.id, later).await.unwrap().period.end(), later);
    for refused in [shop.clock.now(), shop.clock.now() + Duration::days(731)] {
        assert!(matches!(shop.billing.extend_trial(&trial.id, refused).await, Err(BillingError::Refused(_))));
    }
    shop.wait_until(later);
    let paid = shop.look(&trial.id).await;
    assert_eq!((paid.status, paid.period.start(), paid.price), (BilledStatus::Active, later, dollars(9900)));
    assert_eq!(shop.charges().await, [9900]);
    assert!(matches!(shop.billing.extend_trial(&trial.id, later).await, Err(BillingError::Refused(_))));
}

#[tokio::test]
async fn what_time_would_bring_can_be_brought_forward() {
    let shop = Shop::open().await;
    let id = shop.subscribed(monthly(Tier::Starter)).await.id;
    shop.clock.advance(Duration::days(10));
    shop.billing.advance(&id).await.unwrap();
    let renewed = shop.look(&id).await;
    assert_eq!(
        (renewed.period.start(), renewed.period.end()),
        (at("2027-02-11T12:00:00Z"), at("2027-03-11T12:00:00Z"))
    );

    shop.billing.fail_payments(&id, u8::MAX).await.unwrap();
    for status in [BilledStatus::PastDue, BilledStatus::PastDue, BilledStatus::PastDue, BilledStatus::Unpaid] {
        shop.billing.advance(&id).await.unwrap();
        assert_eq!(shop.look(&id).await.status, status);
    }
    shop.billing.advance(&id).await.unwrap();
    assert!(shop.look(&id).await.status.is_over());
    assert!(matches!(shop.billing.advance(&id).await, Err(BillingError::Refused(_))));
    assert_eq!(shop.charges().await, [2900, 2900]);
}

#[tokio::test]
async fn a_clock_that_goes_back_undoes_nothing() {
    let shop = Shop::open().await;
    let id = shop.subscribed(monthly(Tier::Starter)).await.id;
    shop.clock.advance(Duration::days(30));
    let renewed = shop.look(&id).await;
    shop.clock.advance(-Duration::days(30));
    assert_eq!(shop.look(&id).await, renewed);
    let BilledStatus::Cancelled { at } = shop.billing.cancel(&id).await.unwrap().status else { panic!("it goes on") };
    assert!(at >= renewed.period.start(), "{at}");
}
