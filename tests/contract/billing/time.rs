//! What time brings.

use application::ports::BillingError;
use chrono::Duration;
use domain::{
    Tier,
    subscription::{BilledStatus, Renewal},
};

use super::provider::{Provider, dollars, monthly, percent_off, yearly};

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
