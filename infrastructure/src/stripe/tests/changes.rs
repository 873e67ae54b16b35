//! Subscriptions are changed now, or at the end of their period.

use std::collections::BTreeMap;

use application::ports::{BillingError, BillingProvider, Clock};
use chrono::{DateTime, TimeDelta};
use domain::subscription::{BilledStatus, BilledSubscription, ProviderSubscriptionId, Renewal};

use super::{
    Bench, FAULTS, PROFESSIONAL, PROFESSIONAL_YEARLY, STARTER, dollars, percent, plan,
    stub::{Card, Fault},
    with_discount,
};

impl Bench {
    /// Half of the period passes.
    fn half_time(&self) {
        self.stub.with(|state| {
            let (start, end) = state.only().period;
            state.now = start + (end - start) / 2;
        });
    }

    /// Stripe answers again, and is asked again.
    fn rest(&self) {
        self.stub.heal();
        self.clock.advance(TimeDelta::minutes(1));
    }

    fn turn(&self, id: &ProviderSubscriptionId) {
        self.stub.with(|state| state.turn(id.as_str()));
    }

    async fn billed(&self, id: &ProviderSubscriptionId) -> BilledSubscription {
        self.billing.subscription(id).await.unwrap().unwrap()
    }
}

#[tokio::test]
async fn an_upgrade_takes_effect_now_and_charges_the_difference() {
    let bench = Bench::start();
    let id = bench.subscribed(plan(STARTER)).await;
    bench.half_time();
    let changed = bench.billing.change_now(&id, &plan(PROFESSIONAL), "a1").await.unwrap();
    assert_eq!((changed.choice, &changed.price, changed.renewal), (PROFESSIONAL, &dollars(9_900), Renewal::Automatic));
    assert_eq!(bench.charges(), [2_900, (9_900 - 2_900) / 2]);
    // The same attempt again, at once and after a day.
    for _ in 0..2 {
        assert_eq!(bench.billing.change_now(&id, &plan(PROFESSIONAL), "a1").await, Ok(changed.clone()));
        bench.stub.forget_keys();
    }
    assert_eq!(bench.charges().len(), 2);
}

#[tokio::test]
async fn a_year_in_place_of_a_month_begins_now() {
    let bench = Bench::start();
    let id = bench.subscribed(plan(PROFESSIONAL)).await;
    bench.half_time();
    let changed = bench.billing.change_now(&id, &plan(PROFESSIONAL_YEARLY), "a1").await.unwrap();
    let now = DateTime::from_timestamp(bench.stub.with(|state| state.now), 0).unwrap();
    assert_eq!((changed.choice, changed.period.start()), (PROFESSIONAL_YEARLY, now));
    assert_eq!(bench.charges(), [9_900, 99_000 - 9_900 / 2]);
}

#[tokio::test]
async fn a_declined_upgrade_changes_nothing_not_even_what_was_to_come() {
    let bench = Bench::start();
    let id = bench.subscribed(plan(PROFESSIONAL)).await;
    bench.billing.change_at_period_end(&id, &plan(STARTER), "a1").await.unwrap();
    let before = bench.billed(&id).await;
    for (card, said) in [
        (Card::Declined("insufficient_funds"), "There is not enough money on the card."),
        (Card::Cautious, "The bank wants the cardholder to confirm this payment."),
    ] {
        bench.stub.with(|state| state.payment_methods.get_mut("pm_good").unwrap().card = card);
        let declined = bench.billing.change_now(&id, &plan(PROFESSIONAL_YEARLY), "a2").await;
        assert_eq!(declined, Err(BillingError::Declined(said.to_owned())));
        assert_eq!(bench.billed(&id).await, before);
    }
    assert_eq!(before.renewal, Renewal::Changing(STARTER));
    // As soon as the card is good, the same attempt succeeds, whatever was remembered of it.
    bench.stub.with(|state| state.payment_methods.get_mut("pm_good").unwrap().card = Card::Good);
    for _ in 0..2 {
        let changed = bench.billing.change_now(&id, &plan(PROFESSIONAL_YEARLY), "a2").await.unwrap();
        assert_eq!(changed.choice, PROFESSIONAL_YEARLY);
    }
    assert_eq!(bench.charges().len(), 2);
}

#[tokio::test]
async fn a_change_that_is_tried_again_on_other_terms_is_another_one() {
    let bench = Bench::start();
    let id = bench.subscribed(plan(STARTER)).await;
    bench.stub.with(|state| state.payment_methods.get_mut("pm_good").unwrap().card = Card::Declined("expired_card"));
    assert!(bench.billing.change_now(&id, &plan(PROFESSIONAL), "a1").await.is_err());
    bench.stub.with(|state| state.payment_methods.get_mut("pm_good").unwrap().card = Card::Good);
    let cheaper = with_discount(plan(PROFESSIONAL), percent(50), None);
    assert_eq!(bench.billing.change_now(&id, &cheaper, "a1").await.unwrap().price, dollars(4_950));
}

#[tokio::test]
async fn an_upgrade_takes_back_what_was_to_come() {
    let bench = Bench::start();
    let id = bench.subscribed(plan(PROFESSIONAL)).await;
    bench.billing.change_at_period_end(&id, &plan(STARTER), "a1").await.unwrap();
    let changed = bench.billing.change_now(&id, &plan(PROFESSIONAL_YEARLY), "a2").await.unwrap();
    assert_eq!((changed.choice, changed.renewal), (PROFESSIONAL_YEARLY, Renewal::Automatic));
}

#[tokio::test]
async fn a_downgrade_takes_effect_with_the_next_period() {
    let bench = Bench::start();
    let id = bench.subscribed(plan(PROFESSIONAL)).await;
    bench.half_time();
    let pending = bench.billing.change_at_period_end(&id, &plan(STARTER), "a1").await.unwrap();
    assert_eq!((pending.choice, pending.renewal), (PROFESSIONAL, Renewal::Changing(STARTER)));
    assert_eq!(bench.billing.change_at_period_end(&id, &plan(STARTER), "a1").await, Ok(pending));
    bench.turn(&id);
    let changed = bench.billed(&id).await;
    assert_eq!((changed.choice, changed.renewal, changed.price), (STARTER, Renewal::Automatic, dollars(2_900)));
    bench.turn(&id);
    assert_eq!(bench.billed(&id).await.choice, STARTER);
    assert_eq!(bench.charges(), [9_900, 2_900, 2_900]);
}

#[tokio::test]
async fn the_latest_of_two_changes_to_come_counts() {
    let bench = Bench::start();
    let id = bench.subscribed(plan(PROFESSIONAL_YEARLY)).await;
    bench.billing.change_at_period_end(&id, &plan(STARTER), "a1").await.unwrap();
    let pending = bench.billing.change_at_period_end(&id, &plan(PROFESSIONAL), "a2").await.unwrap();
    assert_eq!(pending.renewal, Renewal::Changing(PROFESSIONAL));
    // And one takes the place of an end.
    bench.billing.set_renewal(&id, false).await.unwrap();
    let pending = bench.billing.change_at_period_end(&id, &plan(STARTER), "a3").await.unwrap();
    assert_eq!(pending.renewal, Renewal::Changing(STARTER));
    bench.turn(&id);
    assert_eq!(bench.billed(&id).await.choice, STARTER);
}

#[tokio::test]
async fn a_subscription_ends_with_its_period_or_goes_on() {
    let bench = Bench::start();
    let id = bench.subscribed(plan(PROFESSIONAL)).await;
    bench.billing.change_at_period_end(&id, &plan(STARTER), "a1").await.unwrap();
    bench.billing.set_renewal(&id, false).await.unwrap();
    // Whether the subscription itself says so, too, or only the schedule that it follows.
    bench.stub.with(|state| state.only().cancel_at = None);
    assert_eq!(bench.billed(&id).await.renewal, Renewal::Off);
    // Each as often as somebody likes, within the day in which Stripe remembers keys.
    for _ in 0..2 {
        for (renews, renewal) in [(false, Renewal::Off), (false, Renewal::Off), (true, Renewal::Automatic)] {
            let switched = bench.billing.set_renewal(&id, renews).await.unwrap();
            assert_eq!((switched.choice, switched.renewal), (PROFESSIONAL, renewal));
        }
    }
    bench.billing.set_renewal(&id, false).await.unwrap();
    bench.turn(&id);
    let ended = bench.billed(&id).await;
    let at = DateTime::from_timestamp(bench.stub.with(|state| state.now), 0).unwrap();
    assert_eq!((ended.status, ended.period.end()), (BilledStatus::Cancelled { at }, at));
}

#[tokio::test]
async fn an_end_that_somebody_set_at_stripe_is_seen_and_taken_back() {
    let bench = Bench::start();
    let id = bench.subscribed(plan(PROFESSIONAL)).await;
    bench.stub.with(|state| {
        let found = state.only();
        found.cancel_at = Some(found.period.1);
    });
    assert_eq!(bench.billed(&id).await.renewal, Renewal::Off);
    assert_eq!(bench.billing.set_renewal(&id, true).await.unwrap().renewal, Renewal::Automatic);
    // In a later period is not with this one.
    bench.stub.with(|state| {
        let found = state.only();
        found.cancel_at = Some(found.period.1 + 1);
    });
    assert_eq!(bench.billed(&id).await.renewal, Renewal::Automatic);
}

#[tokio::test]
async fn what_is_ended_stays_so() {
    let bench = Bench::start();
    let id = bench.subscribed(plan(PROFESSIONAL)).await;
    bench.billing.change_at_period_end(&id, &plan(STARTER), "a1").await.unwrap();
    let ended = bench.billing.cancel(&id).await.unwrap();
    let at = DateTime::from_timestamp(bench.stub.with(|state| state.now), 0).unwrap();
    assert_eq!(ended.status, BilledStatus::Cancelled { at });
    bench.stub.with(|state| state.now += 60);
    assert_eq!(bench.billing.cancel(&id).await, Ok(ended));
    assert_eq!(bench.charges(), [9_900]);
    let nobody = ProviderSubscriptionId::restore("sub_nobody");
    let unknown = BillingError::Unknown("the subscription");
    assert_eq!(bench.billing.cancel(&nobody).await, Err(unknown.clone()));
    for id in [id, nobody] {
        let in_a_day = bench.clock.now() + TimeDelta::days(1);
        for refused in [
            bench.billing.change_now(&id, &plan(STARTER), "a2").await,
            bench.billing.change_at_period_end(&id, &plan(STARTER), "a3").await,
            bench.billing.set_renewal(&id, true).await,
            bench.billing.set_renewal(&id, false).await,
            bench.billing.extend_trial(&id, in_a_day).await,
        ] {
            assert_eq!(refused, Err(unknown.clone()));
        }
    }
}

#[tokio::test]
async fn a_trial_ends_at_another_time() {
    let bench = Bench::start();
    let id = bench.subscribed(plan(PROFESSIONAL)).await;
    bench.stub.with(|state| state.only().status = "trialing");
    let ends_at = DateTime::from_timestamp(bench.stub.with(|state| state.now), 0).unwrap() + TimeDelta::days(20);
    let trial = bench.billing.extend_trial(&id, ends_at).await.unwrap();
    assert_eq!((trial.status, trial.period.end()), (BilledStatus::Trialing, ends_at));
    // The trial is not lost over a change at its end.
    let pending = bench.billing.change_at_period_end(&id, &plan(STARTER), "a1").await.unwrap();
    assert_eq!((pending.period.end(), pending.renewal), (ends_at, Renewal::Changing(STARTER)));
}

#[tokio::test]
async fn a_discount_is_for_what_it_was_given_for() {
    let bench = Bench::start();
    let discounted = |choice| with_discount(plan(choice), percent(50), None);
    let id = bench.subscribed(discounted(STARTER)).await;
    // The same code goes on where it was; what somebody gave by hand, too.
    bench.stub.with(|state| {
        let mut by_hand = state.coupons.values().next().unwrap().clone();
        (by_hand.percent_off, by_hand.metadata) = (Some(12.5), BTreeMap::new());
        state.coupons.insert("by-hand".to_owned(), by_hand);
        state.only().discounts.push(("di_by_hand".to_owned(), "by-hand".to_owned()));
    });
    let before = bench.stub.with(|state| state.only().discounts.clone());
    let changed = bench.billing.change_now(&id, &discounted(PROFESSIONAL), "a1").await.unwrap();
    assert_eq!(changed.price, dollars(4_950 - 619));
    assert_eq!(bench.stub.with(|state| state.only().discounts.clone()), before);
    // Without the code, it ends with the period.
    bench.billing.change_at_period_end(&id, &plan(STARTER), "a2").await.unwrap();
    assert_eq!(bench.billed(&id).await.price, dollars(4_950 - 619));
    bench.turn(&id);
    assert_eq!(bench.stub.with(|state| state.only().discounts.clone()), before[1..]);
    assert_eq!(bench.billed(&id).await.price, dollars(2_900 - 363));
    // And without anything, at once.
    bench.stub.with(|state| state.only().discounts.clear());
    let changed = bench.billing.change_now(&id, &plan(PROFESSIONAL), "a3").await.unwrap();
    assert_eq!(changed.price, dollars(9_900));
}

#[tokio::test]
async fn a_change_that_breaks_off_anywhere_is_made_once_when_it_is_tried_again() {
    for fault in FAULTS {
        let mut steps = 0;
        loop {
            let bench = Bench::start();
            let id = bench.subscribed(plan(STARTER)).await;
            bench.half_time();
            bench.stub.fail_after(steps, fault.clone());
            let upgrade = bench.billing.change_now(&id, &plan(PROFESSIONAL), "a1").await;
            bench.stub.heal();
            let upgraded = bench.billing.change_now(&id, &plan(PROFESSIONAL), "a1").await.unwrap();
            assert_eq!((upgraded.choice, bench.charges()), (PROFESSIONAL, vec![2_900, 3_500]), "{steps}");
            bench.stub.fail_after(steps, fault.clone());
            let downgrade = bench.billing.change_at_period_end(&id, &plan(STARTER), "a2").await;
            bench.stub.heal();
            let pending = bench.billing.change_at_period_end(&id, &plan(STARTER), "a2").await.unwrap();
            assert_eq!(pending.renewal, Renewal::Changing(STARTER), "{steps}");
            bench.stub.fail_after(steps, fault.clone());
            let end = bench.billing.set_renewal(&id, false).await;
            bench.stub.heal();
            let ending = bench.billing.set_renewal(&id, false).await.unwrap();
            assert_eq!((ending.renewal, bench.charges().len()), (Renewal::Off, 2), "{steps}");
            if upgrade.is_ok() && downgrade.is_ok() && end.is_ok() {
                break;
            }
            steps += 1;
        }
        assert!(steps >= 4, "{steps}");
    }
}

/// Wherever a change breaks off, whoever is told so is not worse off than before.
#[tokio::test]
async fn a_change_that_breaks_off_leaves_what_was_to_come() {
    for fault in [Fault::Lost, Fault::BreakDown { is_fulfilled: false }] {
        let mut steps = 0;
        loop {
            let bench = Bench::start();
            let id = bench.subscribed(plan(PROFESSIONAL)).await;
            // A cheaper plan is to come, and it shall end.
            bench.billing.change_at_period_end(&id, &plan(STARTER), "a1").await.unwrap();
            let before = bench.billed(&id).await;
            bench.stub.fail_after(steps, fault.clone());
            let end = bench.billing.set_renewal(&id, false).await;
            bench.rest();
            if end.is_err() {
                let after = bench.billed(&id).await;
                assert!(after == before || after.renewal == Renewal::Off, "{steps}: {after:?}");
            }
            // It ends, and shall go on with a cheaper plan. What fails once fails only once.
            for to_end in ["cancel_at_period_end", "cancel_at"] {
                bench.billing.set_renewal(&id, true).await.unwrap();
                bench.stub.with(|state| {
                    let found = state.only();
                    found.cancel_at_period_end = to_end == "cancel_at_period_end";
                    found.cancel_at = (to_end == "cancel_at").then_some(found.period.1);
                });
                let before = bench.stub.with(|state| (state.only().cancel_at_period_end, state.only().cancel_at));
                bench.stub.fail_once_after(steps, vec![fault.clone(); 3]);
                let attempt = format!("{to_end}-{steps}");
                let change = bench.billing.change_at_period_end(&id, &plan(STARTER), &attempt).await;
                bench.rest();
                let after = bench.billed(&id).await.renewal;
                if change.is_err() && after == Renewal::Off {
                    let after = bench.stub.with(|state| (state.only().cancel_at_period_end, state.only().cancel_at));
                    assert_eq!(after, before, "{steps}");
                } else {
                    assert_eq!(after, Renewal::Changing(STARTER), "{steps}");
                }
            }
            if end.is_ok() && steps > 10 {
                break;
            }
            steps += 1;
        }
    }
}

#[tokio::test]
async fn an_end_stays_over_a_change_whatever_was_to_come_before() {
    for is_changing in [false, true] {
        let bench = Bench::start();
        let id = bench.subscribed(plan(PROFESSIONAL)).await;
        if is_changing {
            bench.billing.change_at_period_end(&id, &plan(STARTER), "a1").await.unwrap();
        }
        bench.billing.set_renewal(&id, false).await.unwrap();
        let changed = bench.billing.change_now(&id, &plan(PROFESSIONAL_YEARLY), "a2").await.unwrap();
        assert_eq!((changed.choice, changed.renewal), (PROFESSIONAL_YEARLY, Renewal::Off));
        bench.turn(&id);
        let at = DateTime::from_timestamp(bench.stub.with(|state| state.now), 0).unwrap();
        assert_eq!(bench.billed(&id).await.status, BilledStatus::Cancelled { at });
        assert_eq!(bench.charges().len(), 2);
    }
}

#[tokio::test]
async fn what_is_not_paid_is_not_changed_and_what_is_paid_not_tried() {
    let bench = Bench::start();
    let id = bench.subscribed(plan(STARTER)).await;
    let in_a_day = bench.clock.now() + TimeDelta::days(1);
    let outstanding = BillingError::Refused("a payment is outstanding".to_owned());
    for status in ["incomplete", "past_due", "unpaid", "paused"] {
        bench.stub.with(|state| state.only().status = status);
        for refused in [
            bench.billing.change_now(&id, &plan(PROFESSIONAL), "a1").await,
            bench.billing.change_at_period_end(&id, &plan(PROFESSIONAL), "a2").await,
        ] {
            assert_eq!(refused, Err(outstanding.clone()), "{status}");
        }
        assert_eq!(bench.billing.set_renewal(&id, false).await.is_err(), status == "incomplete");
    }
    for status in ["incomplete", "active", "past_due", "unpaid", "paused"] {
        bench.stub.with(|state| state.only().status = status);
        let refused = bench.billing.extend_trial(&id, in_a_day).await;
        assert_eq!(refused, Err(BillingError::Refused("the subscription is not on trial".to_owned())), "{status}");
    }
    assert_eq!(bench.charges(), [2_900]);
}

#[tokio::test]
async fn what_is_past_due_or_given_up_is_said_so() {
    let bench = Bench::start();
    let id = bench.subscribed(plan(PROFESSIONAL)).await;
    for (status, expected) in [
        ("past_due", BilledStatus::PastDue),
        ("unpaid", BilledStatus::Unpaid),
        ("paused", BilledStatus::Unpaid),
        ("trialing", BilledStatus::Trialing),
    ] {
        bench.stub.with(|state| state.only().status = status);
        assert_eq!(bench.billed(&id).await.status, expected);
    }
    bench.stub.with(|state| state.only().status = "hibernating");
    let unreadable = "its answer about the subscription cannot be read".to_owned();
    assert_eq!(bench.billing.subscription(&id).await, Err(BillingError::Unavailable(unreadable)));
}
