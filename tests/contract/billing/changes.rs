//! Changes of what is subscribed to.

use application::ports::BillingError;
use domain::{
    Tier,
    subscription::{BilledStatus, ProviderSubscriptionId, Renewal},
};

use super::provider::{Provider, VISA, cents_off, dollars, monthly, percent_off, spring, yearly};

pub(super) async fn a_change_now_charges_the_difference_once(provider: &Provider) {
    let before = provider.active(monthly(Tier::Starter)).await;
    for _ in 0..2 {
        let after = provider.billing.change_now(&before.id, &monthly(Tier::Professional), "attempt-1").await.unwrap();
        assert_eq!((after.id.clone(), after.status), (before.id.clone(), BilledStatus::Active));
        assert_eq!((after.choice, after.price.clone()), (monthly(Tier::Professional).choice, dollars(9900)));
        assert_eq!(after.period, before.period);
        assert_eq!(provider.look(&before.id).await, after);
        provider.paid([2900, 7000]).await;
    }
    provider.billing.change_now(&before.id, &monthly(Tier::Enterprise), "attempt-2").await.unwrap();
    provider.paid([2900, 7000, 15_000]).await;
}

pub(super) async fn a_change_to_years_begins_a_year_and_credits_the_month(provider: &Provider) {
    let before = provider.active(monthly(Tier::Starter)).await;
    let after = provider.billing.change_now(&before.id, &yearly(Tier::Starter), "attempt-1").await.unwrap();
    assert_eq!((after.choice, after.price), (yearly(Tier::Starter).choice, dollars(29_000)));
    assert!(after.period.start() <= provider.world.now());
    assert!((365..=366).contains(&(after.period.end() - after.period.start()).num_days()));
    provider.paid([2900, 26_100]).await;
}

pub(super) async fn a_change_now_can_have_a_discount(provider: &Provider) {
    let before = provider.active(monthly(Tier::Starter)).await;
    let to = percent_off(monthly(Tier::Professional), 10, Some(2));
    let after = provider.billing.change_now(&before.id, &to, "attempt-1").await.unwrap();
    assert_eq!(after.price, dollars(8910));
    provider.paid([2900, 6010]).await;
}

/// A percentage is a discount of its own at Stripe; an amount for ever is a price.
pub(super) async fn a_discount_of_the_same_code_goes_on_over_a_change(provider: &Provider) {
    let before = provider.active(percent_off(monthly(Tier::Starter), 50, None)).await;
    assert_eq!(before.promo_code, Some(spring()));
    let to = percent_off(monthly(Tier::Professional), 50, None);
    let after = provider.billing.change_now(&before.id, &to, "attempt-1").await.unwrap();
    assert_eq!((&after.price, &after.promo_code), (&dollars(4950), &before.promo_code));
    assert_eq!(provider.look(&before.id).await, after);
    provider.paid([1450, 3500]).await;

    let fixed = provider.order_of("s2", cents_off(monthly(Tier::Starter), 900, None), VISA);
    let fixed = provider.billing.subscribe(&fixed).await.unwrap().subscription;
    assert_eq!((&fixed.price, &fixed.promo_code), (&dollars(2000), &Some(spring())));
    let to = cents_off(monthly(Tier::Enterprise), 900, None);
    let after = provider.billing.change_now(&fixed.id, &to, "attempt-2").await.unwrap();
    assert_eq!((after.price, after.promo_code), (dollars(24_000), Some(spring())));
    provider.paid([1450, 3500, 2000, 22_000]).await;
}

pub(super) async fn a_discount_that_is_not_asked_for_again_ends_with_a_change(provider: &Provider) {
    let discounted = [percent_off(monthly(Tier::Starter), 50, None), cents_off(monthly(Tier::Starter), 1450, None)];
    for (id, item) in ["s1", "s2"].into_iter().zip(discounted) {
        let ordered = provider.billing.subscribe(&provider.order_of(id, item, VISA)).await.unwrap().subscription;
        assert_eq!(ordered.price, dollars(1450));
        let after = provider.billing.change_now(&ordered.id, &monthly(Tier::Professional), "attempt-1").await.unwrap();
        assert_eq!((after.price, after.promo_code), (dollars(9900), None));
    }
    provider.paid([1450, 8450, 1450, 8450]).await;
}

pub(super) async fn what_is_taken_off_one_payment_is_used_up_by_it(provider: &Provider) {
    let before = provider.active(percent_off(monthly(Tier::Starter), 50, Some(1))).await;
    assert_eq!((before.price, before.promo_code), (dollars(1450), None));
}

pub(super) async fn a_change_at_the_end_of_the_period_waits_and_can_be_taken_back(provider: &Provider) {
    let before = provider.active(monthly(Tier::Professional)).await;
    let to = monthly(Tier::Starter);
    for _ in 0..2 {
        let after = provider.billing.change_at_period_end(&before.id, &to, "attempt-1").await.unwrap();
        assert_eq!(after.renewal, Renewal::Changing(to.choice));
        assert_eq!((after.choice, &after.price, after.period), (before.choice, &before.price, before.period));
        assert_eq!(provider.look(&before.id).await, after);
    }
    assert_eq!(provider.billing.set_renewal(&before.id, true).await.unwrap(), before);
    assert_eq!(provider.look(&before.id).await, before);
    provider.paid([9900]).await;
}

pub(super) async fn a_later_change_takes_the_place_of_the_one_before(provider: &Provider) {
    let id = provider.active(monthly(Tier::Enterprise)).await.id;
    for (attempt, to) in [("attempt-1", monthly(Tier::Professional)), ("attempt-2", yearly(Tier::Starter))] {
        let after = provider.billing.change_at_period_end(&id, &to, attempt).await.unwrap();
        assert_eq!(after.renewal, Renewal::Changing(to.choice));
    }
    assert_eq!(provider.billing.set_renewal(&id, false).await.unwrap().renewal, Renewal::Off);
    let to = monthly(Tier::Starter);
    let after = provider.billing.change_at_period_end(&id, &to, "attempt-3").await.unwrap();
    assert_eq!(after.renewal, Renewal::Changing(to.choice));
}

pub(super) async fn a_change_now_takes_back_one_that_was_to_come(provider: &Provider) {
    let id = provider.active(monthly(Tier::Professional)).await.id;
    provider.billing.change_at_period_end(&id, &monthly(Tier::Starter), "attempt-1").await.unwrap();
    let after = provider.billing.change_now(&id, &monthly(Tier::Enterprise), "attempt-2").await.unwrap();
    assert_eq!((after.choice, after.renewal), (monthly(Tier::Enterprise).choice, Renewal::Automatic));
    provider.paid([9900, 15_000]).await;
}

pub(super) async fn renewal_is_switched_off_and_on(provider: &Provider) {
    let before = provider.active(monthly(Tier::Starter)).await;
    for _ in 0..2 {
        let off = provider.billing.set_renewal(&before.id, false).await.unwrap();
        assert_eq!((off.renewal, off.status, off.period), (Renewal::Off, BilledStatus::Active, before.period));
        assert_eq!(provider.look(&before.id).await, off);
    }
    assert_eq!(provider.billing.set_renewal(&before.id, true).await.unwrap(), before);
}

pub(super) async fn an_end_stays_over_a_change(provider: &Provider) {
    let id = provider.active(monthly(Tier::Professional)).await.id;
    provider.billing.change_at_period_end(&id, &monthly(Tier::Starter), "attempt-1").await.unwrap();
    provider.billing.set_renewal(&id, false).await.unwrap();
    let after = provider.billing.change_now(&id, &monthly(Tier::Enterprise), "attempt-2").await.unwrap();
    assert_eq!((after.choice, after.renewal), (monthly(Tier::Enterprise).choice, Renewal::Off));
    assert_eq!(provider.look(&id).await, after);
}

pub(super) async fn what_waits_for_its_first_payment_cannot_be_changed(provider: &Provider) {
    let before = provider.order(monthly(Tier::Starter), None).await.subscription;
    let (billing, to) = (&provider.billing, monthly(Tier::Professional));
    for refused in [
        billing.change_now(&before.id, &to, "attempt-1").await,
        billing.change_at_period_end(&before.id, &to, "attempt-2").await,
        billing.set_renewal(&before.id, false).await,
    ] {
        assert!(matches!(refused, Err(BillingError::Refused(_))), "{refused:?}");
    }
    assert_eq!(provider.look(&before.id).await, before);
    provider.paid([]).await;
}

pub(super) async fn what_is_paid_for_is_not_put_on_trial(provider: &Provider) {
    let before = provider.active(monthly(Tier::Starter)).await;
    let in_a_week = provider.world.now() + chrono::Duration::days(7);
    let refused = provider.billing.extend_trial(&before.id, in_a_week).await;
    assert!(matches!(refused, Err(BillingError::Refused(_))), "{refused:?}");
    assert_eq!(provider.look(&before.id).await, before);
}

pub(super) async fn what_is_cancelled_stays_so(provider: &Provider) {
    let before = provider.active(monthly(Tier::Starter)).await;
    let over = provider.billing.cancel(&before.id).await.unwrap();
    let BilledStatus::Cancelled { at } = over.status else { panic!("{over:?}") };
    assert!(before.period.start() <= at && at <= provider.world.now(), "{at}");
    assert_eq!(provider.billing.cancel(&before.id).await.unwrap(), over);
    // Whether it says so or passes over it, it does not come back to life.
    let to = monthly(Tier::Professional);
    drop(provider.billing.set_renewal(&before.id, true).await);
    drop(provider.billing.change_now(&before.id, &to, "attempt-1").await);
    drop(provider.billing.change_at_period_end(&before.id, &to, "attempt-2").await);
    assert_eq!(provider.look(&before.id).await, over);
    provider.paid([2900]).await;
}

pub(super) async fn an_order_can_be_cancelled_before_it_is_paid(provider: &Provider) {
    let ordered = provider.order(monthly(Tier::Starter), None).await;
    let id = ordered.subscription.id;
    assert!(provider.billing.cancel(&id).await.unwrap().status.is_over());
    assert!(provider.look(&id).await.status.is_over());
    provider.paid([]).await;
}

pub(super) async fn what_is_unknown_cannot_be_changed(provider: &Provider) {
    let (billing, id) = (&provider.billing, ProviderSubscriptionId::restore("sub_unknown"));
    let to = monthly(Tier::Starter);
    for refused in [
        billing.change_now(&id, &to, "attempt-1").await,
        billing.change_at_period_end(&id, &to, "attempt-2").await,
        billing.set_renewal(&id, true).await,
        billing.set_renewal(&id, false).await,
        billing.cancel(&id).await,
        billing.extend_trial(&id, provider.world.now() + chrono::Duration::days(1)).await,
    ] {
        assert!(matches!(refused, Err(BillingError::Unknown(_))), "{refused:?}");
    }
}
