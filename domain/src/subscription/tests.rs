use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::{BillingPeriod, Currency, Frequency, Tier, user::tests::at};

const STARTER: PlanChoice = PlanChoice { tier: Tier::Starter, frequency: Frequency::Monthly };
const STARTER_YEARLY: PlanChoice = PlanChoice { tier: Tier::Starter, frequency: Frequency::Yearly };
const PROFESSIONAL: PlanChoice = PlanChoice { tier: Tier::Professional, frequency: Frequency::Monthly };

fn usd(cents: u64) -> Money {
    Money::new(cents, Currency::default())
}

fn ordered() -> Subscription {
    let order = Order {
        id: SubscriptionId::restore("s1"),
        tenant_id: TenantId::restore("t1"),
        user_id: UserId::restore("u1"),
        choice: STARTER,
        price: usd(2_900),
        promo_code: None,
    };
    let (subscription, outcome) = Subscription::order(order, at(0));
    assert_eq!(outcome.into_events().len(), 1);
    subscription
}

fn billed(status: BilledStatus) -> BilledSubscription {
    BilledSubscription {
        id: ProviderSubscriptionId::restore("sub_1"),
        customer_id: CustomerId::restore("cus_1"),
        subscription_id: Some(SubscriptionId::restore("s1")),
        tenant_id: Some(TenantId::restore("t1")),
        status,
        choice: STARTER,
        price: usd(2_900),
        promo_code: None,
        period: BillingPeriod::lasting(at(0), Duration::days(31)),
        renewal: Renewal::Automatic,
    }
}

fn active() -> Subscription {
    let mut subscription = ordered();
    let _activated = subscription.observe(&billed(BilledStatus::Active), at(1));
    subscription
}

fn kinds(outcome: Outcome<SubscriptionEvent>) -> Vec<SubscriptionEventKind> {
    outcome.into_events().into_iter().map(|event| event.what).collect()
}

#[test]
fn an_order_gives_nothing_before_it_is_paid() {
    let mut subscription = ordered();
    assert!(!subscription.is_live(at(0)));
    assert!(subscription.observe(&billed(BilledStatus::Incomplete), at(1)).is_nothing());
    assert!(!subscription.is_live(at(1)));
    let paid = subscription.observe(&billed(BilledStatus::Active), at(2));
    assert_eq!(kinds(paid), [SubscriptionEventKind::Activated { choice: STARTER }]);
    assert!(subscription.is_live(at(2)));
    assert_eq!(subscription.snapshot().provider_id, Some(ProviderSubscriptionId::restore("sub_1")));
}

#[test]
fn an_order_that_is_never_paid_ends_without_a_period() {
    let mut subscription = ordered();
    let ended = subscription.observe(&billed(BilledStatus::Cancelled { at: at(5) }), at(6));
    assert_eq!(kinds(ended), [SubscriptionEventKind::Cancelled]);
    assert_eq!(subscription.snapshot().state, SubscriptionState::Cancelled { at: at(5), period: None });
}

#[test]
fn a_failed_payment_leaves_a_week_of_grace_and_no_second_one() {
    let mut subscription = active();
    let failed = subscription.observe(&billed(BilledStatus::PastDue), at(10));
    let grace_ends_at = at(10) + GRACE;
    assert_eq!(kinds(failed), [SubscriptionEventKind::PaymentFailed { grace_ends_at }]);
    assert!(subscription.is_live(at(10)) && !subscription.is_live(grace_ends_at));

    let period = BillingPeriod::lasting(at(0) + Duration::days(31), Duration::days(30));
    let next = BilledSubscription { period, ..billed(BilledStatus::PastDue) };
    let _still = subscription.observe(&next, at(20));
    assert!(!subscription.is_live(grace_ends_at));

    let paid = subscription.observe(&billed(BilledStatus::Active), at(30));
    assert_eq!(kinds(paid), [SubscriptionEventKind::Activated { choice: STARTER }]);
    assert!(subscription.is_live(grace_ends_at));
}

#[test]
fn what_is_given_up_gives_nothing() {
    let mut subscription = active();
    assert_eq!(kinds(subscription.observe(&billed(BilledStatus::Unpaid), at(1))), [SubscriptionEventKind::Unpaid]);
    assert!(!subscription.is_live(at(1)));
}

#[test]
fn a_renewal_says_until_when() {
    let mut subscription = active();
    let period = BillingPeriod::lasting(at(0) + Duration::days(31), Duration::days(30));
    let renewed = subscription.observe(&BilledSubscription { period, ..billed(BilledStatus::Active) }, at(32));
    assert_eq!(kinds(renewed), [SubscriptionEventKind::Renewed { period_ends_at: period.end() }]);
}

#[test]
fn what_is_to_come_is_announced_and_then_comes() {
    let mut subscription = active();
    let pending = BilledSubscription { renewal: Renewal::Changing(STARTER_YEARLY), ..billed(BilledStatus::Active) };
    let scheduled = subscription.observe(&pending, at(1));
    assert_eq!(kinds(scheduled), [SubscriptionEventKind::ChangeScheduled { to: STARTER_YEARLY }]);
    assert_eq!(subscription.snapshot().choice, STARTER);

    let period = BillingPeriod::lasting(at(0) + Duration::days(31), Duration::days(365));
    let come = BilledSubscription { choice: STARTER_YEARLY, period, ..billed(BilledStatus::Active) };
    assert_eq!(
        kinds(subscription.observe(&come, at(40))),
        [
            SubscriptionEventKind::Renewed { period_ends_at: period.end() },
            SubscriptionEventKind::Changed { from: STARTER, to: STARTER_YEARLY }
        ]
    );
}

#[test]
fn the_renewal_is_switched_off_and_on() {
    let mut subscription = active();
    let off = BilledSubscription { renewal: Renewal::Off, ..billed(BilledStatus::Active) };
    assert_eq!(kinds(subscription.observe(&off, at(1))), [SubscriptionEventKind::RenewalSwitchedOff]);
    let on = billed(BilledStatus::Active);
    assert_eq!(kinds(subscription.observe(&on, at(1))), [SubscriptionEventKind::RenewalSwitchedOn]);
    assert!(subscription.observe(&on, at(2)).is_nothing());
}

#[test]
fn rule_30_what_is_cancelled_stays_so() {
    let mut subscription = active();
    let _ended = subscription.observe(&billed(BilledStatus::Cancelled { at: at(3) }), at(4));
    let cancelled = subscription.clone();
    assert!(subscription.observe(&billed(BilledStatus::Active), at(5)).is_nothing());
    assert_eq!(subscription, cancelled);
}

#[test]
fn rule_30_an_event_older_than_a_known_one_says_nothing_new() {
    let mut subscription = active();
    assert!(subscription.hears_of(at(5)));
    assert!(subscription.hears_of(at(5)), "of the same second is not older");
    assert!(!subscription.hears_of(at(4)));
    assert_eq!(subscription.snapshot().last_event_at, Some(at(5)));
}

#[rstest]
#[case(STARTER, STARTER, PlanChange::Nothing)]
#[case(STARTER, PROFESSIONAL, PlanChange::Now)]
#[case(STARTER, STARTER_YEARLY, PlanChange::Now)]
#[case(STARTER_YEARLY, PROFESSIONAL, PlanChange::Now)]
#[case(PROFESSIONAL, STARTER, PlanChange::AtPeriodEnd)]
#[case(PROFESSIONAL, STARTER_YEARLY, PlanChange::AtPeriodEnd)]
#[case(STARTER_YEARLY, STARTER, PlanChange::AtPeriodEnd)]
fn more_comes_at_once_and_less_with_the_period(
    #[case] from: PlanChoice,
    #[case] to: PlanChoice,
    #[case] when: PlanChange,
) {
    assert_eq!(from.change_to(to), when);
}

#[test]
fn only_what_is_paid_is_changed() {
    assert_eq!(ordered().change_to(PROFESSIONAL), Err(ChangeRefused::NotPaidFor));
    let mut subscription = active();
    assert_eq!(subscription.change_to(PROFESSIONAL), Ok(PlanChange::Now));
    let _failed = subscription.observe(&billed(BilledStatus::PastDue), at(10));
    assert_eq!(subscription.change_to(PROFESSIONAL), Err(ChangeRefused::PaymentOutstanding));
}

#[test]
fn choosing_what_there_is_takes_back_what_was_to_come() {
    let mut subscription = active();
    let pending = BilledSubscription { renewal: Renewal::Changing(STARTER_YEARLY), ..billed(BilledStatus::Active) };
    let _scheduled = subscription.observe(&pending, at(1));
    assert_eq!(subscription.change_to(STARTER), Ok(PlanChange::TakenBack));
    assert_eq!(subscription.change_to(PROFESSIONAL), Ok(PlanChange::Now));
}

fn trial() -> Subscription {
    let (id, tenant_id) = (SubscriptionId::restore("s1"), TenantId::restore("t1"));
    let (trial, outcome) = Subscription::start_trial(id, tenant_id, UserId::restore("u1"), Tier::Professional, at(0));
    assert_eq!(kinds(outcome), [SubscriptionEventKind::TrialStarted { ends_at: at(0) + TRIAL }]);
    trial
}

#[test]
fn a_trial_gives_everything_for_a_fortnight_and_then_nothing() {
    let trial = trial();
    assert!(trial.is_live(at(0)) && !trial.is_live(at(0) + TRIAL));
    assert_eq!(trial.snapshot().price, usd(0));
    assert_eq!(trial.change_to(PROFESSIONAL), Err(ChangeRefused::NotPaidFor));
}

#[test]
fn a_trial_is_extended_to_a_later_day_and_remembers_it() {
    let mut trial = trial();
    let reason = TrialExtensionReason::parse("They asked nicely").unwrap();
    let (end, admin) = (at(0) + TRIAL, UserId::restore("admin"));
    let mut extend = |to, now| trial.extend_trial(to, reason.clone(), admin.clone(), now).map(kinds);
    assert_eq!(extend(end, at(1)), Err(TrialExtensionRefused::NotLater));
    assert_eq!(extend(at(0) + Duration::days(400), at(1)), Err(TrialExtensionRefused::TooLate));
    let later = end + Duration::days(7);
    assert_eq!(extend(later, at(1)), Ok(vec![SubscriptionEventKind::TrialExtended { ends_at: later }]));
    // Also one that is over.
    let again = later + Duration::days(30);
    assert_eq!(extend(later + Duration::days(1), again), Err(TrialExtensionRefused::NotLater));
    assert_eq!(
        extend(again + Duration::days(1), again),
        Ok(vec![SubscriptionEventKind::TrialExtended { ends_at: again + Duration::days(1) }])
    );
    let history: Vec<_> = trial.snapshot().trial_extensions.iter().map(|entry| (entry.from, entry.to)).collect();
    assert_eq!(history, [(end, later), (later, again + Duration::days(1))]);
    let mut paid = active();
    assert_eq!(paid.extend_trial(again, reason, admin, at(1)).map(kinds), Err(TrialExtensionRefused::NotOnTrial));
}

#[test]
fn the_history_of_a_trial_stays_short() {
    let mut trial = trial();
    let reason = TrialExtensionReason::parse("Again").unwrap();
    let end = at(0) + TRIAL;
    let mut extend = |to| trial.extend_trial(to, reason.clone(), UserId::restore("admin"), at(1)).map(kinds);
    for hour in 1..=50 {
        extend(end + Duration::hours(hour)).unwrap();
    }
    assert_eq!(extend(end + Duration::hours(51)), Err(TrialExtensionRefused::TooOften));
}

fn any_status() -> impl Strategy<Value = BilledStatus> {
    prop_oneof![
        Just(BilledStatus::Incomplete),
        Just(BilledStatus::Trialing),
        Just(BilledStatus::Active),
        Just(BilledStatus::PastDue),
        Just(BilledStatus::Unpaid),
        (0..100_i64).prop_map(|second| BilledStatus::Cancelled { at: at(second) }),
    ]
}

fn any_renewal() -> impl Strategy<Value = Renewal> {
    prop_oneof![Just(Renewal::Automatic), Just(Renewal::Off), Just(Renewal::Changing(PROFESSIONAL))]
}

proptest! {
    /// Whatever the provider says, in whatever order: what is known in the end is what was said last, or the first
    /// cancellation; an observation repeated is no news.
    #[test]
    fn the_last_word_counts(words in prop::collection::vec((any_status(), any_renewal(), 1..60_i64), 1..12)) {
        let mut subscription = ordered();
        let mut ended = false;
        for (status, renewal, days) in words {
            let period = BillingPeriod::lasting(at(0), Duration::days(days));
            let said = BilledSubscription { period, renewal, ..billed(status) };
            let _news = subscription.observe(&said, at(1));
            prop_assert!(subscription.observe(&said, at(2)).is_nothing());
            if ended {
                prop_assert!(subscription.is_over());
                continue;
            }
            ended = status.is_over();
            let state = &subscription.snapshot().state;
            let expected = match status {
                BilledStatus::Incomplete | BilledStatus::Unpaid => SubscriptionStatus::Unpaid,
                BilledStatus::Trialing => SubscriptionStatus::Trialing,
                BilledStatus::Active => SubscriptionStatus::Active,
                BilledStatus::PastDue => SubscriptionStatus::PastDue,
                BilledStatus::Cancelled { .. } => SubscriptionStatus::Cancelled,
            };
            prop_assert_eq!(state.status(), expected);
            if let Some(known) = state.renewal() {
                prop_assert_eq!(known, renewal);
            }
        }
    }
}
