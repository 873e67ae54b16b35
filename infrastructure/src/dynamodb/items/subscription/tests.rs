use chrono::Duration;
use domain::subscription::BilledStatus;

use super::*;
use crate::dynamodb::expression::text;

fn at(day: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + Duration::days(day)
}

fn row<const N: usize>(attributes: [(&str, &str); N]) -> Item {
    let named = [("subscription_id", "sub_1"), ("tenant_id", "tenant_1")];
    named.into_iter().chain(attributes).map(|(name, value)| (name.to_owned(), text(value))).collect()
}

fn subscription(status: &str, tier: &str) -> Item {
    row([("status", status), ("tier", tier)])
}

fn tier_of(items: &[Item]) -> Option<Tier> {
    live_plan(items, Timestamp::UNIX_EPOCH).map(|plan| plan.tier)
}

#[test]
fn an_active_subscription_goes_before_one_that_is_tried() {
    let items = [
        subscription("cancelled", "enterprise"),
        subscription("trialing", "professional"),
        subscription("active", "starter"),
    ];
    assert_eq!(tier_of(&items), Some(Tier::Starter));
    assert_eq!(tier_of(&items[..2]), Some(Tier::Professional));
    assert_eq!(tier_of(&items[..1]), None);
}

#[test]
fn a_subscription_that_cannot_be_read_counts_as_none() {
    let items = [subscription("paused", "starter"), subscription("active", "platinum"), Item::new()];
    assert_eq!(tier_of(&items), None);
}

#[test]
fn a_row_of_python_says_what_it_says() {
    let mut item = row([
        ("tier", "professional"),
        ("status", "trialing"),
        ("billing_cycle", "yearly"),
        ("currency", "EUR"),
        ("trial_ends_at", "1970-01-11T00:00:00+00:00"),
        ("current_period_start", "1970-01-01T00:00:00+00:00"),
        ("current_period_end", "1971-01-01T00:00:00+00:00"),
        ("external_subscription_id", "sub_stripe"),
    ]);
    item.insert("amount".to_owned(), number(&99_000));
    let read = read(&item).unwrap();
    let state = read.snapshot();
    assert_eq!(state.choice, PlanChoice { tier: Tier::Professional, frequency: Frequency::Yearly });
    assert_eq!((state.price.minor_units(), state.price.currency().as_str()), (99_000, "EUR"));
    assert_eq!(state.state.period().unwrap().end(), at(10));
    assert!(read.is_live(at(9)) && !read.is_live(at(10)));
    assert_eq!(state.provider_id.as_ref().unwrap().as_str(), "sub_stripe");
}

/// One of each state, with everything that it can have.
fn every_state() -> Vec<SubscriptionState> {
    let period = BillingPeriod::restore(at(1), at(32)).unwrap();
    let next = PlanChoice { tier: Tier::Starter, frequency: Frequency::Yearly };
    vec![
        SubscriptionState::Incomplete,
        SubscriptionState::Trialing { period, renewal: Renewal::Off },
        SubscriptionState::Active { period, renewal: Renewal::Automatic },
        SubscriptionState::Active { period, renewal: Renewal::Off },
        SubscriptionState::Active { period, renewal: Renewal::Changing(next) },
        SubscriptionState::PastDue { period, renewal: Renewal::Automatic, grace_ends_at: at(40) },
        SubscriptionState::Unpaid { period },
        SubscriptionState::Cancelled { at: at(20), period: Some(period) },
        SubscriptionState::Cancelled { at: at(20), period: None },
    ]
}

#[test]
fn what_is_written_is_read() {
    for state in every_state() {
        let snapshot = SubscriptionSnapshot {
            id: SubscriptionId::restore("s1"),
            tenant_id: TenantId::restore("t1"),
            user_id: Some(UserId::restore("u1")),
            choice: PlanChoice { tier: Tier::Enterprise, frequency: Frequency::Monthly },
            price: Money::new(24_900, Currency::default()),
            state,
            promo_code: Some(PromoCode::parse("SPRING24").unwrap()),
            provider_id: Some(ProviderSubscriptionId::restore("sub_1")),
            last_event_at: Some(at(3)),
            cancellation_reason: Some(CancellationReason::parse("too dear").unwrap()),
            trial_extensions: vec![TrialExtension {
                from: at(14),
                to: at(20),
                reason: TrialExtensionReason::parse("They were on holiday").unwrap(),
                by: UserId::restore("admin"),
                at: at(13),
            }],
            version: domain::Version::UNWRITTEN.next(),
            created_at: at(0),
            updated_at: at(2),
        };
        let unwritten = SubscriptionSnapshot { version: domain::Version::UNWRITTEN, ..snapshot.clone() };
        let item = to_new_item(&unwritten, TierTerms::seed(unwritten.choice.tier));
        assert_eq!(*read(&item).unwrap().snapshot(), snapshot);
    }
}

#[test]
fn the_python_services_find_their_limits() {
    let limits = limits_of(TierTerms::seed(Tier::Starter));
    let limits = limits.as_m().unwrap();
    assert_eq!((limits.get("goals"), limits.get("actions")), (Some(&number(&10)), None));
}

#[test]
fn a_status_of_the_provider_is_none_of_the_store() {
    // A row is never as the provider says it: it is read back as what was made of that.
    assert!(BilledStatus::Cancelled { at: at(1) }.is_over());
    assert!(read(&subscription("incomplete_expired", "starter")).is_err());
}
