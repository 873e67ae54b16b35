//! Whatever happens at the provider, and in whatever order, how often, or not at all its events arrive: what is known
//! here in the end is what the provider says.

use application::ports::PricedPlan;
use chrono::TimeDelta;
use domain::{Frequency, Tier, TierOffer, subscription::PlanChoice};
use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::json;

use super::Shop;

/// Something that happens to a subscription at the provider.
#[derive(Clone, Copy, Debug)]
enum Happening {
    Change(Tier, Frequency),
    SwitchRenewal(bool),
    FailNextPayments(u8),
    Pay,
    Advance,
    Cancel,
    Wait(i64),
    /// What is waiting to be sent is sent, in an order of its own.
    Deliver,
}

/// How an event travels.
#[derive(Clone, Copy, Debug)]
struct Travel {
    /// Its place among the others.
    order: u8,
    /// How often it arrives.
    times: u8,
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let tier = prop_oneof![Just(Tier::Starter), Just(Tier::Professional), Just(Tier::Enterprise)];
    let frequency = prop_oneof![Just(Frequency::Monthly), Just(Frequency::Yearly)];
    let one = prop_oneof![
        3 => (tier, frequency).prop_map(|(tier, frequency)| Happening::Change(tier, frequency)),
        2 => any::<bool>().prop_map(Happening::SwitchRenewal),
        2 => (1..5_u8).prop_map(Happening::FailNextPayments),
        2 => Just(Happening::Pay),
        3 => Just(Happening::Advance),
        1 => Just(Happening::Cancel),
        2 => (0..40_i64).prop_map(Happening::Wait),
        4 => Just(Happening::Deliver),
    ];
    prop::collection::vec(one, 1..14)
}

fn travels() -> impl Strategy<Value = Vec<Travel>> {
    prop::collection::vec((any::<u8>(), 0..4_u8).prop_map(|(order, times)| Travel { order, times }), 64)
}

async fn happen(shop: &Shop, happening: Happening) {
    use application::ports::BillingProvider;

    let (provider, id) = (shop.provider(), shop.at_provider().await);
    // What cannot happen does not: the provider says so.
    let _tried = match happening {
        Happening::Change(tier, frequency) => {
            let choice = PlanChoice { tier, frequency };
            let list_price = TierOffer::seed(tier).prices.of(frequency).clone();
            provider.change_plan(&id, &PricedPlan { choice, list_price, discount: None }).await
        }
        Happening::SwitchRenewal(renews) => provider.set_renewal(&id, renews).await.map(drop),
        Happening::FailNextPayments(count) => provider.fail_payments(&id, count).await,
        Happening::Pay => provider.pay(&id).await,
        Happening::Advance => provider.advance(&id).await,
        Happening::Cancel => provider.cancel(&id).await.map(drop),
        Happening::Wait(days) => {
            shop.app.clock.advance(TimeDelta::days(days));
            provider.settle().await
        }
        Happening::Deliver => Ok(()),
    };
}

/// Sends what waits as the travels say; those that have no travel left arrive once, in order.
async fn deliver(shop: &Shop, travels: &mut impl Iterator<Item = Travel>) {
    let events = shop.provider().take_events().await.unwrap();
    let mut travelling: Vec<_> =
        events.into_iter().map(|event| (travels.next().unwrap_or(Travel { order: 0, times: 1 }), event)).collect();
    travelling.sort_by_key(|(travel, _)| travel.order);
    for (travel, event) in travelling {
        for _ in 0..travel.times {
            shop.send(&shop.provider().sign(&event)).await.succeeded();
        }
    }
}

/// Compares what clients are told with what the provider has.
async fn agrees(shop: &Shop) {
    let overview = shop.overview().await;
    let [theirs] = overview.subscriptions.as_slice() else { panic!("{:?}", overview.subscriptions) };
    let ours = shop.current().await;
    let status = match theirs.status {
        "canceled" | "incomplete_expired" => "cancelled",
        "incomplete" => "unpaid",
        status => status,
    };
    assert_eq!(ours["status"], status, "{theirs:?}");
    if status == "cancelled" {
        return;
    }
    assert_eq!(
        format!("{}, {}", ours["tier"]["id"].as_str().unwrap(), ours["frequency"].as_str().unwrap()),
        theirs.plan
    );
    let end: domain::Timestamp = ours["current_period_end"].as_str().unwrap().parse().unwrap();
    assert_eq!(end, theirs.period_end, "{theirs:?}");
    assert_eq!(ours["cancel_at_period_end"], json!(theirs.at_period_end == "ends"), "{theirs:?}");
}

#[test]
fn rule_30_whatever_order_events_arrive_in_the_provider_is_right() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let cases = ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() };
    let world = (happenings(), travels());
    TestRunner::new(cases)
        .run(&world, |(happenings, travels)| {
            runtime.block_on(async {
                let shop = Shop::open().await;
                shop.subscribed("starter", "monthly").await;
                shop.provider().take_events().await.unwrap();
                let mut travels = travels.into_iter();
                for happening in happenings {
                    happen(&shop, happening).await;
                    if let Happening::Deliver = happening {
                        deliver(&shop, &mut travels).await;
                    }
                }
                deliver(&shop, &mut travels).await;
                // However many were lost: one that arrives is enough.
                happen(&shop, Happening::SwitchRenewal(true)).await;
                happen(&shop, Happening::SwitchRenewal(false)).await;
                shop.deliver_events().await;
                agrees_or_is_over(&shop).await;
                shop.app.finish().await;
            });
            Ok(())
        })
        .unwrap();
}

/// Of what is over, nothing is told again: its last event may have been lost for good, which the reconciliation finds.
async fn agrees_or_is_over(shop: &Shop) {
    let overview = shop.overview().await;
    let is_over = overview.subscriptions.iter().all(|theirs| theirs.status == "canceled");
    if !is_over {
        agrees(shop).await;
    }
}
