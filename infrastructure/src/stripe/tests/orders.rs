//! Subscriptions are begun once, and paid once.

use application::ports::{BillingError, BillingProvider, Ordered, PricedPlan, SubscriptionOrder};
use chrono::{DateTime, Datelike, TimeDelta};
use domain::{
    SubscriptionId, Tier,
    discount::{AmountOff, Discount},
    subscription::{BilledStatus, CustomerId, ProviderSubscriptionId, Renewal},
};

use super::{
    Bench, FAULTS, PROFESSIONAL, PROFESSIONAL_YEARLY, STARTER, dollars, order, percent, plan,
    stub::{Card, Fault},
    with_discount,
};

#[tokio::test]
async fn an_order_without_a_payment_method_asks_for_the_payment() {
    let bench = Bench::start();
    let customer = bench.customer().await;
    let Ordered { subscription, payment } = bench.billing.subscribe(&order(&customer, None)).await.unwrap();
    let payment = payment.unwrap();
    assert_eq!((subscription.status, subscription.choice), (BilledStatus::Incomplete, PROFESSIONAL));
    assert_eq!((&subscription.price, &payment.amount), (&dollars(9_900), &dollars(9_900)));
    assert_eq!(subscription.customer_id, customer);
    assert_eq!(subscription.tenant_id.unwrap().as_str(), "tenant-1");
    assert_eq!(subscription.subscription_id.unwrap().as_str(), "subscription-1");
    assert!(!format!("{payment:?}").contains(&payment.client_secret));
    // The browser confirms it.
    bench.stub.with(|state| {
        state.add_card("pm_good", Card::Good);
        state.confirm(&payment.client_secret, "pm_good");
    });
    let paid = bench.billing.subscription(&subscription.id).await.unwrap().unwrap();
    assert_eq!((paid.status, paid.renewal), (BilledStatus::Active, Renewal::Automatic));
    let start = DateTime::from_timestamp(bench.stub.with(|state| state.now), 0).unwrap();
    assert_eq!((paid.period.start(), paid.period.end()), (start, start.with_month(3).unwrap()));
}

#[tokio::test]
async fn an_order_with_a_payment_method_is_paid_at_once() {
    let bench = Bench::start();
    let customer = bench.customer().await;
    bench.stub.with(|state| state.add_card("pm_1", Card::Good));
    let ordered = bench.billing.subscribe(&order(&customer, Some("pm_1"))).await.unwrap();
    assert_eq!((ordered.subscription.status, ordered.payment), (BilledStatus::Active, None));
    assert_eq!(bench.charges(), [9_900]);
    assert_eq!(bench.stub.with(|state| state.only().payment_method.clone()).as_deref(), Some("pm_1"));
}

#[tokio::test]
async fn an_order_that_is_placed_again_charges_once_however_late() {
    let bench = Bench::start();
    let customer = bench.customer().await;
    bench.stub.with(|state| state.add_card("pm_1", Card::Good));
    let order = order(&customer, Some("pm_1"));
    let first = bench.billing.subscribe(&order).await.unwrap().subscription;
    for _ in 0..2 {
        let again = bench.billing.subscribe(&order).await.unwrap();
        assert_eq!((&again.subscription, again.payment), (&first, None));
        bench.stub.forget_keys();
    }
    assert_eq!(bench.charges(), [9_900]);
    bench.stub.with(|state| state.only().id.clone());
}

#[tokio::test]
async fn a_payment_that_needs_its_cardholder_is_handed_to_them() {
    let bench = Bench::start();
    let customer = bench.customer().await;
    bench.stub.with(|state| state.add_card("pm_1", Card::Cautious));
    let ordered = bench.billing.subscribe(&order(&customer, Some("pm_1"))).await.unwrap();
    assert_eq!(ordered.subscription.status, BilledStatus::Incomplete);
    assert_eq!(ordered.payment.map(|payment| payment.amount), Some(dollars(9_900)));
    assert_eq!(bench.charges(), Vec::<i64>::new());
}

#[tokio::test]
async fn a_declined_order_can_be_placed_again_with_another_card() {
    let bench = Bench::start();
    let customer = bench.customer().await;
    for (card, said) in [
        ("insufficient_funds", "There is not enough money on the card."),
        ("expired_card", "The card has expired, or its date of expiry is wrong."),
        ("incorrect_cvc", "The card's security code is wrong."),
        ("try_again_later", "The bank cannot be reached; please try again."),
        ("authentication_required", "The bank wants the cardholder to confirm this payment."),
        // What a bank knows of a card is not for whoever has it.
        ("stolen_card", "The payment was not accepted; please try another payment method, or ask the bank."),
    ] {
        bench.stub.with(|state| state.add_card("pm_bad", Card::Declined(card)));
        let declined = bench.billing.subscribe(&order(&customer, Some("pm_bad"))).await;
        if card == "authentication_required" {
            assert!(declined.unwrap().payment.is_some());
        } else {
            assert_eq!(declined.unwrap_err(), BillingError::Declined(said.to_owned()));
        }
    }
    bench.stub.with(|state| state.add_card("pm_good", Card::Good));
    let ordered = bench.billing.subscribe(&order(&customer, Some("pm_good"))).await.unwrap();
    assert_eq!((ordered.subscription.status, bench.charges()), (BilledStatus::Active, vec![9_900]));
    bench.stub.with(|state| state.only().id.clone());
}

#[tokio::test]
async fn a_payment_method_that_is_not_the_customers_is_not_known() {
    let bench = Bench::start();
    let customer = bench.customer().await;
    bench.stub.with(|state| {
        state.add_card("pm_theirs", Card::Good);
        state.payment_methods.get_mut("pm_theirs").unwrap().customer = Some("cus_other".to_owned());
    });
    for method in ["pm_theirs", "pm_nobody", "", "../customers/cus_1", "pm_1?expand[]=customer", &"x".repeat(300)] {
        let refused = bench.billing.subscribe(&order(&customer, Some(method))).await.unwrap_err();
        assert_eq!(refused, BillingError::Unknown("the payment method"), "{method}");
    }
    let nobody = CustomerId::restore("cus_nobody");
    let subscription_id = SubscriptionId::restore("subscription-2");
    let theirs = SubscriptionOrder { subscription_id, ..order(&nobody, None) };
    assert_eq!(bench.billing.subscribe(&theirs).await.unwrap_err(), BillingError::Unknown("the customer"));
}

#[tokio::test]
async fn what_is_charged_is_what_stripe_says() {
    let fixed = Discount::Fixed(AmountOff::new(dollars(1_000)).unwrap());
    for (item, charged, later) in [
        (with_discount(plan(PROFESSIONAL), percent(25), None), 7_425, 7_425),
        (with_discount(plan(PROFESSIONAL), percent(25), Some(3)), 7_425, 7_425),
        // The first payment alone is cheaper.
        (with_discount(plan(PROFESSIONAL), percent(25), Some(1)), 7_425, 9_900),
        (with_discount(plan(PROFESSIONAL_YEARLY), fixed.clone(), Some(1)), 98_000, 99_000),
        // Stripe has no coupon for that.
        (with_discount(plan(PROFESSIONAL_YEARLY), fixed, None), 98_000, 98_000),
    ] {
        let bench = Bench::start();
        let customer = bench.customer().await;
        let ordered = SubscriptionOrder { item, ..order(&customer, None) };
        let Ordered { subscription, payment } = bench.billing.subscribe(&ordered).await.unwrap();
        assert_eq!((payment.unwrap().amount, subscription.price), (dollars(charged), dollars(charged)));
        let paid = SubscriptionOrder { payment_method: Some("pm_card_visa".to_owned()), ..ordered };
        let paid = bench.billing.subscribe(&paid).await.unwrap().subscription;
        let all = bench.billing.subscriptions_of(&customer).await.unwrap();
        assert_eq!((&paid.price, all.as_slice()), (&dollars(charged), std::slice::from_ref(&paid)));
        bench.stub.with(|state| state.turn(paid.id.as_str()));
        let renewed = bench.billing.subscription(&paid.id).await.unwrap().unwrap();
        assert_eq!(renewed.price, dollars(later));
        assert_eq!(bench.charges(), [charged, later].map(|cents| i64::try_from(cents).unwrap()));
    }
}

#[tokio::test]
async fn what_costs_nothing_needs_no_payment() {
    let bench = Bench::start();
    let customer = bench.customer().await;
    bench.stub.with(|state| state.add_card("pm_1", Card::Good));
    let item = with_discount(plan(PROFESSIONAL), percent(100), Some(1));
    let ordered = SubscriptionOrder { item, ..order(&customer, Some("pm_1")) };
    let Ordered { subscription, payment } = bench.billing.subscribe(&ordered).await.unwrap();
    assert_eq!((subscription.status, payment, bench.charges()), (BilledStatus::Active, None, vec![]));
    // The next one is paid with it.
    assert_eq!(bench.stub.with(|state| state.only().payment_method.clone()).as_deref(), Some("pm_1"));
}

#[tokio::test]
async fn an_order_whose_payment_never_came_is_over() {
    let bench = Bench::start();
    let customer = bench.customer().await;
    let first = bench.billing.subscribe(&order(&customer, None)).await.unwrap().subscription;
    bench.stub.with(|state| state.advance(TimeDelta::hours(24)));
    for method in [None, Some("pm_card_visa")] {
        let again = bench.billing.subscribe(&order(&customer, method)).await.unwrap();
        assert_eq!((again.subscription.id == first.id, again.subscription.status.is_over()), (true, true));
        assert_eq!(again.payment, None);
    }
    assert_eq!(bench.charges(), Vec::<i64>::new());
}

#[tokio::test]
async fn what_is_sold_is_made_once() {
    let bench = Bench::start();
    let customer = bench.customer().await;
    let discounted = |item, id: &str| SubscriptionOrder {
        item: with_discount(item, percent(20), Some(2)),
        subscription_id: SubscriptionId::restore(id),
        ..order(&customer, None)
    };
    for (item, id) in [(PROFESSIONAL, "s1"), (PROFESSIONAL, "s2"), (STARTER, "s3"), (PROFESSIONAL_YEARLY, "s4")] {
        bench.billing.subscribe(&discounted(plan(item), id)).await.unwrap();
        bench.stub.forget_keys();
    }
    bench.stub.with(|state| {
        let keys: Vec<_> = state.prices.values().filter_map(|price| price.lookup_key.clone()).collect();
        let expected = [
            "purposepath_professional_monthly_9900_usd",
            "purposepath_starter_monthly_2900_usd",
            "purposepath_professional_yearly_99000_usd",
        ];
        assert!(keys.len() == 3 && expected.iter().all(|key| keys.contains(&(*key).to_owned())), "{keys:?}");
        assert_eq!(state.products["purposepath_professional"], "PurposePath Professional");
        // Two payments are two months or two years.
        let coupons: Vec<_> = state.coupons.keys().map(String::as_str).collect();
        assert_eq!(coupons, ["SPRING27-20percent-24months", "SPRING27-20percent-2months"]);
    });
}

#[tokio::test]
async fn a_price_or_a_coupon_that_somebody_else_put_in_place_is_not_used() {
    let bench = Bench::start();
    let customer = bench.customer().await;
    let discounted =
        SubscriptionOrder { item: with_discount(plan(PROFESSIONAL), percent(20), None), ..order(&customer, None) };
    bench.billing.subscribe(&discounted).await.unwrap();
    let another =
        |item| SubscriptionOrder { item, subscription_id: SubscriptionId::restore("s2"), ..order(&customer, None) };
    bench.stub.with(|state| state.coupons.get_mut("SPRING27-20percent-forever").unwrap().percent_off = Some(90.0));
    let refused = bench.billing.subscribe(&another(discounted.item)).await.unwrap_err();
    assert_eq!(refused, BillingError::Refused("the coupon SPRING27-20percent-forever is another one".to_owned()));
    bench.stub.with(|state| state.prices.values_mut().for_each(|price| price.amount = 1));
    let refused = bench.billing.subscribe(&another(plan(PROFESSIONAL))).await.unwrap_err();
    let key = "purposepath_professional_monthly_9900_usd";
    assert_eq!(refused, BillingError::Refused(format!("the price with the lookup key {key} is another one")));
}

#[tokio::test]
async fn an_archived_price_is_made_anew() {
    let bench = Bench::start();
    let customer = bench.customer().await;
    bench.billing.subscribe(&order(&customer, None)).await.unwrap();
    bench.stub.with(|state| state.prices.values_mut().for_each(|price| price.active = false));
    bench.stub.forget_keys();
    let another = SubscriptionOrder { subscription_id: SubscriptionId::restore("s2"), ..order(&customer, None) };
    assert!(bench.billing.subscribe(&another).await.is_ok());
    bench.stub.with(|state| {
        let active: Vec<_> = state.prices.values().filter(|price| price.active).collect();
        assert_eq!((state.prices.len(), active.len(), active[0].amount), (2, 1, 9_900));
    });
}

#[tokio::test]
async fn an_order_that_broke_off_can_be_placed_again_at_another_price() {
    for fault in FAULTS {
        let bench = Bench::start();
        let customer = bench.customer().await;
        bench.billing.subscribe(&order(&customer, None)).await.unwrap();
        let order = |item| {
            let subscription_id = SubscriptionId::restore("subscription-2");
            SubscriptionOrder { subscription_id, item, ..order(&customer, None) }
        };
        // The list of subscriptions and the price are found, and then it breaks off.
        bench.stub.fail_after(2, fault.clone());
        assert!(bench.billing.subscribe(&order(plan(PROFESSIONAL))).await.is_err());
        bench.stub.heal();
        let dearer = PricedPlan { list_price: dollars(12_900), ..plan(PROFESSIONAL) };
        let again = bench.billing.subscribe(&order(dearer)).await.unwrap();
        // What has begun stays as it is.
        let has_begun = matches!(fault, Fault::AnswerLost | Fault::BreakDown { is_fulfilled: true });
        assert_eq!(again.subscription.price, dollars(if has_begun { 9_900 } else { 12_900 }));
        assert_eq!(bench.stub.with(|state| state.subscriptions.len()), 2);
    }
}

/// Whatever breaks off wherever: the next try ends with one subscription, which is paid once.
#[tokio::test]
async fn an_order_that_breaks_off_anywhere_is_paid_once_when_it_is_placed_again() {
    for fault in FAULTS {
        for later in [false, true] {
            let mut steps = 0;
            loop {
                let bench = Bench::start();
                let customer = bench.customer().await;
                bench.stub.with(|state| state.add_card("pm_1", Card::Good));
                let item = with_discount(plan(PROFESSIONAL), percent(25), Some(1));
                let order = SubscriptionOrder { item, ..order(&customer, Some("pm_1")) };
                bench.stub.fail_after(steps, fault.clone());
                let broken_off = bench.billing.subscribe(&order).await;
                bench.stub.heal();
                if later {
                    bench.stub.forget_keys();
                }
                let ordered = bench.billing.subscribe(&order).await.unwrap();
                assert_eq!((ordered.subscription.status, ordered.payment), (BilledStatus::Active, None), "{steps}");
                assert_eq!(bench.charges(), [7_425], "{steps}");
                let billed = bench.billing.subscriptions_of(&customer).await.unwrap();
                assert_eq!(billed.len(), 1, "{steps}");
                if broken_off.is_ok() {
                    break;
                }
                steps += 1;
            }
            assert!(steps >= 8, "{steps}");
        }
    }
}

#[tokio::test]
async fn orders_that_are_placed_at_once_begin_one_subscription() {
    let bench = Bench::start();
    let customer = bench.customer().await;
    bench.stub.with(|state| state.add_card("pm_1", Card::Good));
    let order = order(&customer, Some("pm_1"));
    let orders = (0..4).map(|_| bench.billing.subscribe(&order));
    for ordered in futures::future::join_all(orders).await {
        assert_eq!(ordered.unwrap().subscription.status, BilledStatus::Active);
    }
    assert_eq!(bench.charges(), [9_900]);
    bench.stub.with(|state| state.only().id.clone());
}

#[tokio::test]
async fn what_is_not_sold_here_is_no_subscription_of_ours() {
    let bench = Bench::start();
    let id = bench.subscribed(plan(PROFESSIONAL)).await;
    let customer = bench.billing.subscription(&id).await.unwrap().unwrap().customer_id;
    bench.stub.with(|state| {
        for price in state.prices.values_mut() {
            price.lookup_key = Some("somebody_elses".to_owned());
            price.metadata.clear();
        }
    });
    assert_eq!(bench.billing.subscription(&id).await, Ok(None));
    assert_eq!(bench.billing.subscriptions_of(&customer).await, Ok(vec![]));
    let nobody = ProviderSubscriptionId::restore("sub_nobody");
    assert_eq!(bench.billing.subscription(&nobody).await, Ok(None));
    // A price of another service is adopted by what is written on it.
    bench.stub.with(|state| {
        let price = state.prices.values_mut().next().unwrap();
        price.metadata.insert("tier".to_owned(), "enterprise".to_owned());
    });
    let adopted = bench.billing.subscription(&id).await.unwrap().unwrap();
    assert_eq!(adopted.choice.tier, Tier::Enterprise);
}
