//! What time brings.

use application::ports::BillingError;
use chrono::Duration;
use domain::{
    Tier,
    subscription::{BilledStatus, Renewal},
};

use super::provider::{Provider, cents_off, dollars, monthly, percent_off, spring, yearly};

pub(super) async fn each_period_is_paid_once(provider: &Provider) {
    let mut before = provider.active(monthly(Tier::Starter)).await;
    for _ in 0..3 {
        provider.world.advance(before.period.end() - provider.world.now()).await;
        let after = provider.look(&before.id).await;
        assert_eq!((after.status, after.period.start()), (BilledStatus::Active, before.period.end()));
        assert_eq!(provider.look(&before.id).await, after);
        before = after;
    }
    provider.paid([2900; 4]).await;
}

pub(super) async fn a_discount_ends_with_the_payments_that_it_was_for(provider: &Provider) {
    let mut now = provider.active(percent_off(monthly(Tier::Starter), 50, Some(2))).await;
    for price in [1450, 1450, 2900] {
        assert_eq!(now.price, dollars(price));
        provider.world.advance(now.period.end() - provider.world.now()).await;
        now = provider.look(&now.id).await;
    }
    provider.paid([1450, 1450, 2900, 2900]).await;
}

/// Three months at half the price, whatever is changed in them: now, or at the end of a period.
pub(super) async fn a_discount_goes_on_over_changes_for_as_long_as_it_was_given(provider: &Provider) {
    let half = |item| percent_off(item, 50, Some(3));
    let mut now = provider.active(half(monthly(Tier::Starter))).await;
    now = provider.billing.change_now(&now.id, &half(monthly(Tier::Professional)), "attempt-1").await.unwrap();
    assert_eq!(now.price, dollars(4950));
    provider.billing.change_at_period_end(&now.id, &half(monthly(Tier::Starter)), "attempt-2").await.unwrap();
    for (price, code) in [(1450, Some(spring())), (1450, Some(spring())), (2900, None)] {
        provider.world.advance(now.period.end() - provider.world.now()).await;
        now = provider.look(&now.id).await;
        assert_eq!((&now.price, &now.promo_code), (&dollars(price), &code));
    }
    provider.paid([1450, 3500, 1450, 1450, 2900]).await;
}

/// Its first year is begun while the discount lasts, and the second one is not.
pub(super) async fn a_discount_goes_on_over_a_change_to_years(provider: &Provider) {
    let before = provider.active(percent_off(monthly(Tier::Starter), 50, Some(3))).await;
    let to = percent_off(yearly(Tier::Starter), 50, Some(3));
    let after = provider.billing.change_now(&before.id, &to, "attempt-1").await.unwrap();
    assert_eq!((&after.price, &after.promo_code), (&dollars(14_500), &Some(spring())));
    provider.world.advance(after.period.end() - provider.world.now()).await;
    let after = provider.look(&before.id).await;
    assert_eq!((after.price, after.promo_code), (dollars(29_000), None));
    provider.paid([1450, 13_050, 29_000]).await;
}

pub(super) async fn an_amount_for_ever_goes_on_over_a_change_at_the_end_of_the_period(provider: &Provider) {
    let before = provider.active(cents_off(monthly(Tier::Professional), 900, None)).await;
    let to = cents_off(monthly(Tier::Starter), 900, None);
    let pending = provider.billing.change_at_period_end(&before.id, &to, "attempt-1").await.unwrap();
    assert_eq!((pending.price, pending.promo_code), (dollars(9000), Some(spring())));
    provider.world.advance(before.period.end() - provider.world.now()).await;
    let after = provider.look(&before.id).await;
    assert_eq!((after.choice, after.price, after.promo_code), (to.choice, dollars(2000), Some(spring())));
    let to = monthly(Tier::Professional);
    let after = provider.billing.change_now(&before.id, &to, "attempt-2").await.unwrap();
    assert_eq!((after.price, after.promo_code), (dollars(9900), None));
    provider.paid([9000, 2000, 7900]).await;
}

pub(super) async fn a_change_at_the_end_of_the_period_comes(provider: &Provider) {
    let before = provider.active(monthly(Tier::Professional)).await;
    provider.billing.change_at_period_end(&before.id, &yearly(Tier::Starter), "attempt-1").await.unwrap();
    provider.world.advance(before.period.end() - provider.world.now()).await;
    let after = provider.look(&before.id).await;
    assert_eq!((after.choice, after.renewal), (yearly(Tier::Starter).choice, Renewal::Automatic));
    assert_eq!((after.price, after.period.start()), (dollars(29_000), before.period.end()));
    provider.paid([9900, 29_000]).await;
}

pub(super) async fn what_is_not_renewed_ends_with_its_period(provider: &Provider) {
    let before = provider.active(monthly(Tier::Starter)).await;
    provider.billing.set_renewal(&before.id, false).await.unwrap();
    provider.world.advance(before.period.end() - provider.world.now() + Duration::hours(1)).await;
    let over = provider.look(&before.id).await;
    assert_eq!((over.status, over.period), (BilledStatus::Cancelled { at: before.period.end() }, before.period));
    provider.paid([2900]).await;
}

pub(super) async fn a_first_payment_that_does_not_come_ends_the_order(provider: &Provider) {
    let id = provider.order(monthly(Tier::Starter), None).await.subscription.id;
    provider.world.advance(Duration::hours(22)).await;
    assert_eq!(provider.look(&id).await.status, BilledStatus::Incomplete);
    provider.world.advance(Duration::hours(2)).await;
    assert!(provider.look(&id).await.status.is_over());
    let again = provider.order(monthly(Tier::Starter), None).await;
    assert_eq!((again.subscription.status.is_over(), again.payment), (true, None));
    provider.paid([]).await;
}

pub(super) async fn a_renewal_that_is_not_paid_is_past_due(provider: &Provider) {
    let before = provider.active(monthly(Tier::Starter)).await;
    provider.world.fail_next_payment(&before.id).await;
    provider.world.advance(before.period.end() - provider.world.now()).await;
    let after = provider.look(&before.id).await;
    assert_eq!((after.status, after.period.start()), (BilledStatus::PastDue, before.period.end()));
    provider.paid([2900]).await;
}

pub(super) async fn what_is_past_due_cannot_be_changed(provider: &Provider) {
    let before = provider.active(monthly(Tier::Starter)).await;
    provider.world.fail_next_payment(&before.id).await;
    provider.world.advance(before.period.end() - provider.world.now()).await;
    let before = provider.look(&before.id).await;
    let (billing, to) = (&provider.billing, monthly(Tier::Professional));
    for refused in [
        billing.change_now(&before.id, &to, "attempt-1").await,
        billing.change_at_period_end(&before.id, &to, "attempt-2").await,
    ] {
        assert!(matches!(refused, Err(BillingError::Refused(_))), "{refused:?}");
    }
    assert_eq!(provider.look(&before.id).await, before);
    provider.paid([2900]).await;
}

pub(super) async fn a_change_that_is_not_paid_changes_nothing(provider: &Provider) {
    let before = provider.active(monthly(Tier::Starter)).await;
    provider.world.fail_next_payment(&before.id).await;
    let refused = provider.billing.change_now(&before.id, &monthly(Tier::Professional), "attempt-1").await;
    assert!(matches!(refused, Err(BillingError::Declined(_))), "{refused:?}");
    assert_eq!(provider.look(&before.id).await, before);
    provider.paid([2900]).await;
}

pub(super) async fn what_is_left_of_the_period_is_credited(provider: &Provider) {
    let before = provider.active(monthly(Tier::Starter)).await;
    let half = (before.period.end() - before.period.start()) / 2;
    provider.world.advance(before.period.start() + half - provider.world.now()).await;
    provider.billing.change_now(&before.id, &monthly(Tier::Professional), "attempt-1").await.unwrap();
    provider.paid([2900, 3500]).await;
}
