//! Whatever happens at the provider, and in whatever order, how often, or not at all its events arrive: what is known
//! here in the end is what the provider says.

use application::{
    billing::{Done, Run},
    ports::PricedPlan,
};
use chrono::TimeDelta;
use domain::{Frequency, TenantId, Tier, TierOffer, subscription::PlanChoice};
use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::Value;

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

/// Everything that happened, with what has arrived of it. What is left to be sent is lost unless it is delivered at the end.
async fn played(happenings: Vec<Happening>, travels: Vec<Travel>, delivers_at_the_end: bool) -> Shop {
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
    if delivers_at_the_end {
        deliver(&shop, &mut travels).await;
    }
    shop
}

/// Compares what clients are told with what the provider has, also of what is over.
async fn agrees(shop: &Shop) {
    let overview = shop.overview().await;
    let [theirs] = overview.subscriptions.as_slice() else { panic!("{:?}", overview.subscriptions) };
    let ours = shop.current().await;
    let status = match theirs.status {
        "canceled" | "incomplete_expired" => "cancelled",
        "incomplete" => "unpaid",
        status => status,
    };
    // What is over, or given up, has no end to come.
    let ends_at_all = !matches!(status, "cancelled" | "unpaid");
    let pending = (ends_at_all && !matches!(theirs.at_period_end.as_str(), "ends" | "renews"))
        .then(|| theirs.at_period_end.clone());
    let plan = |tier: &Value, frequency: &Value| format!("{}, {}", tier.as_str().unwrap(), frequency.as_str().unwrap());
    let told = (
        ours["status"].as_str().unwrap(),
        plan(&ours["tier"]["id"], &ours["frequency"]),
        ours["price"].as_f64().unwrap(),
        ours["current_period_end"].as_str().unwrap().parse().unwrap(),
        ours["cancel_at_period_end"].as_bool().unwrap(),
        ours["pending_change"].as_object().map(|change| plan(&change["tier_id"], &change["frequency"])),
    );
    #[expect(clippy::cast_precision_loss, reason = "prices are small")]
    let price = theirs.price as f64 / 100.0;
    let ends = ends_at_all && theirs.at_period_end == "ends";
    assert_eq!(told, (status, theirs.plan.clone(), price, theirs.period_end, ends, pending), "{theirs:?}");
}

/// Runs a check in worlds of all kinds.
fn in_many_worlds<W: Strategy>(world: &W, check: impl AsyncFn(W::Value)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let cases = ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() };
    let run = |world| {
        runtime.block_on(check(world));
        Ok(())
    };
    TestRunner::new(cases).run(world, run).unwrap();
}

/// However many were lost: while anything can still happen, one that arrives is enough.
#[test]
fn rule_30_whatever_order_events_arrive_in_the_provider_is_right() {
    in_many_worlds(&(happenings(), travels()), async |(happenings, travels)| {
        let shop = played(happenings, travels, true).await;
        happen(&shop, Happening::SwitchRenewal(true)).await;
        happen(&shop, Happening::SwitchRenewal(false)).await;
        shop.deliver_events().await;
        let is_over = shop.overview().await.subscriptions.iter().all(|theirs| theirs.status == "canceled");
        if !is_over {
            agrees(&shop).await;
        }
        shop.app.finish().await;
    });
}

/// Of what is over, nothing is told again, and nothing may happen for a month to what is not: whatever was lost, the
/// reconciliation finds it, at once and all of it.
#[test]
fn whatever_is_lost_for_good_one_reconciliation_finds() {
    in_many_worlds(&(happenings(), travels(), any::<bool>()), async |(happenings, travels, delivers_at_the_end)| {
        let shop = played(happenings, travels, delivers_at_the_end).await;
        let tenant = TenantId::restore(&shop.owner.tenant_id);
        let report = shop.app.reconciliation().tenant(Run::Repair, tenant.clone()).await;
        assert!(report.failure.is_none(), "{report:?}");
        assert!(report.findings.iter().all(|finding| finding.done == Done::Repaired), "{report:?}");
        agrees(&shop).await;
        let again = shop.app.reconciliation().tenant(Run::Repair, tenant).await;
        assert!(again.failure.is_none() && again.findings.is_empty(), "{again:?}");
        shop.app.finish().await;
    });
}
