//! Whatever is asked for, and however time passes: nobody pays twice, what is over stays over, and every amount can be
//! calculated again.

use std::collections::BTreeMap;

use domain::{BillingPeriod, subscription::Renewal};
use proptest::prelude::*;
use tokio::runtime::{Builder, Runtime};

use super::*;
use crate::billing::local::{BillReason, books::Books};

/// Something that the service, a customer or an operator does, with one of a few subscriptions.
#[derive(Clone, Debug)]
enum Command {
    Wait(Duration),
    Order(usize, Item, Option<&'static str>),
    Confirm(usize),
    Pay(usize),
    ChangeNow(usize, Item),
    ChangeAtPeriodEnd(usize, Item),
    SetRenewal(usize, bool),
    Cancel(usize),
    FailPayments(usize, u8),
}

/// What can be ordered: a tier, how often it is paid, and so many hundredths off so many payments.
#[derive(Clone, Copy, Debug)]
struct Item {
    choice: PlanChoice,
    off: Option<(u64, Option<u64>)>,
}

impl Item {
    fn priced(self) -> PricedPlan {
        let item = plan(self.choice.tier, self.choice.frequency);
        let Some(off) = self.off else { return item };
        let mut item = with_percent_off(item, off.0, off.1);
        item.discount.as_mut().unwrap().code = code_of(off);
        item
    }

    /// What is taken off when it begins at an instant: what was given before for the same code goes on.
    fn given(self, from: Timestamp, former: Option<Given>) -> Option<Given> {
        let off = self.off?;
        let payments = off.1.filter(|cycles| *cycles > 1).map(|cycles| u32::try_from(cycles).unwrap());
        let until = payments.map(|count| BillingPeriod::nth(from, self.choice.frequency, count - 1).unwrap().end());
        former.filter(|former| former.off == off).or(Some(Given { off, until }))
    }

    /// What a period of it costs that begins then, and takes what it uses up off what is given.
    fn price(self, given: &mut Option<Given>, begins: Timestamp) -> Money {
        let list = plan(self.choice.tier, self.choice.frequency).list_price.minor_units();
        given.take_if(|given| given.until.is_some_and(|until| until <= begins));
        let Some(Given { off: (percent, cycles), .. }) = *given else { return dollars(list) };
        given.take_if(|_| cycles == Some(1));
        dollars(list - (list * percent + 50) / 100)
    }
}

/// A discount that a subscription has: so many hundredths, off so many payments, and until when, if it ends.
#[derive(Clone, Copy, Debug)]
struct Given {
    off: (u64, Option<u64>),
    until: Option<Timestamp>,
}

impl Given {
    fn code(self) -> PromoCode {
        code_of(self.off)
    }
}

/// A code of its own for each discount.
fn code_of((percent, cycles): (u64, Option<u64>)) -> PromoCode {
    PromoCode::parse(&format!("OFF{percent}X{}", cycles.unwrap_or(0))).unwrap()
}

fn items() -> impl Strategy<Value = Item> {
    let tiers = prop::sample::select(vec![Tier::Starter, Tier::Professional, Tier::Enterprise]);
    let off = prop::option::of((1_u64..=100, prop::option::of(1_u64..=3)));
    let frequencies = prop::sample::select(Frequency::ALL.to_vec());
    (tiers, frequencies, off).prop_map(|(tier, frequency, off)| Item { choice: PlanChoice { tier, frequency }, off })
}

fn commands() -> impl Strategy<Value = Command> {
    const CARDS: [Option<&str>; 4] =
        [None, Some("pm_card_visa"), Some("pm_card_authenticationRequired"), Some("pm_card_chargeDeclined")];
    let one = || 0..3_usize;
    prop_oneof![
        4 => (0_i64..40 * 86_400).prop_map(|seconds| Command::Wait(Duration::seconds(seconds))),
        4 => (one(), items(), prop::sample::select(&CARDS)).prop_map(|(n, item, card)| Command::Order(n, item, card)),
        2 => one().prop_map(Command::Confirm),
        1 => one().prop_map(Command::Pay),
        3 => (one(), items()).prop_map(|(n, item)| Command::ChangeNow(n, item)),
        2 => (one(), items()).prop_map(|(n, item)| Command::ChangeAtPeriodEnd(n, item)),
        1 => (one(), any::<bool>()).prop_map(|(n, renews)| Command::SetRenewal(n, renews)),
        1 => one().prop_map(Command::Cancel),
        1 => (one(), 0..6_u8).prop_map(|(n, count)| Command::FailPayments(n, count)),
    ]
}

/// A subscription as it must be.
struct Expected {
    now: BilledSubscription,
    item: Item,
    /// What is taken off what is still to come.
    given: Option<Given>,
    /// What it goes on as, and what is taken off that.
    pending: Option<(Item, Option<Given>)>,
    /// The secret and the amount of the first payment.
    first_payment: Option<(String, u64)>,
    /// Until when it is paid for.
    paid_until: Option<Timestamp>,
}

struct Model {
    runtime: Runtime,
    shop: Shop,
    expected: BTreeMap<usize, Expected>,
    /// How many entries of the ledger are known.
    known: usize,
    credit: u64,
    attempt: u32,
}

impl Model {
    fn new() -> Self {
        let runtime = Builder::new_current_thread().build().unwrap();
        let shop = runtime.block_on(Shop::open());
        Self { runtime, shop, expected: BTreeMap::new(), known: 0, credit: 0, attempt: 0 }
    }

    fn run(&mut self, command: &Command) {
        match *command {
            Command::Wait(mut time) => {
                // Never so long that two payments of a subscription could lie between two looks.
                while time > Duration::zero() {
                    let step = time.min(Duration::days(10));
                    self.shop.clock.advance(step);
                    self.look();
                    time -= step;
                }
            }
            Command::Order(n, item, card) => self.order(n, item, card),
            Command::Confirm(n) => self.confirm(n),
            Command::Pay(n) => {
                if let Some(id) = self.id(n) {
                    // Refused when nothing is outstanding.
                    let _ = self.runtime.block_on(self.shop.billing.pay(&id));
                }
            }
            Command::FailPayments(n, count) => {
                if let Some(id) = self.id(n) {
                    self.runtime.block_on(self.shop.billing.fail_payments(&id, count)).unwrap();
                }
            }
            Command::ChangeNow(n, item) => self.change_now(n, item),
            Command::ChangeAtPeriodEnd(n, item) => self.change_at_period_end(n, item),
            Command::SetRenewal(n, renews) => {
                let Some(id) = self.id(n) else { return };
                let set = || self.runtime.block_on(self.shop.billing.set_renewal(&id, renews));
                let answer = set();
                assert_eq!(set(), answer);
                if let Ok(answer) = answer {
                    let expected = self.expected.get_mut(&n).unwrap();
                    expected.now.renewal = if renews { Renewal::Automatic } else { Renewal::Off };
                    expected.pending = None;
                    assert_eq!(answer, expected.now);
                }
            }
            Command::Cancel(n) => {
                let Some(id) = self.id(n) else { return };
                let cancel = || self.runtime.block_on(self.shop.billing.cancel(&id)).unwrap();
                let answer = cancel();
                assert!(answer.status.is_over());
                assert_eq!(cancel(), answer);
            }
        }
        self.look();
    }

    fn id(&self, n: usize) -> Option<ProviderSubscriptionId> {
        self.expected.get(&n).map(|expected| expected.now.id.clone())
    }

    fn order(&mut self, n: usize, item: Item, card: Option<&str>) {
        let order = self.shop.order(&format!("s{n}"), item.priced(), card);
        let place = || self.runtime.block_on(self.shop.billing.subscribe(&order));
        let answer = match place() {
            Ok(answer) => answer,
            // What was declined may be tried again, and work then.
            Err(error) => return assert!(matches!(error, BillingError::Declined(_))),
        };
        let again = place().unwrap();
        assert_eq!((&again.subscription, &again.payment), (&answer.subscription, &answer.payment));
        let Ordered { subscription, payment } = answer;
        assert_eq!(payment.is_some(), subscription.status == BilledStatus::Incomplete);
        let payment = payment.map(|payment| (payment.client_secret, payment.amount.minor_units()));
        let expected = self.expected.entry(n).or_insert_with(|| {
            let (now, begins) = (subscription.clone(), subscription.period.start());
            let mut given = item.given(begins, None);
            let price = item.price(&mut given, begins);
            let expected = (item.choice, price, given.map(Given::code));
            assert_eq!((now.choice, now.price.clone(), now.promo_code.clone()), expected);
            Expected { now, item, given, pending: None, first_payment: payment.clone(), paid_until: None }
        });
        assert_eq!(subscription.id, expected.now.id);
        assert!(payment.is_none() || payment == expected.first_payment);
    }

    fn confirm(&mut self, n: usize) {
        let Some((secret, amount)) = self.expected.get(&n).and_then(|one| one.first_payment.clone()) else { return };
        let confirm = || self.runtime.block_on(self.shop.billing.confirm(&secret));
        if confirm().is_ok() {
            let ledger = self.runtime.block_on(self.shop.ledger());
            assert_eq!(ledger.last().unwrap().bill.charged, amount);
        }
        assert!(confirm().is_err());
    }

    fn change_now(&mut self, n: usize, item: Item) {
        let Some(id) = self.id(n) else { return };
        self.attempt += 1;
        let attempt = self.attempt.to_string();
        let change = || self.runtime.block_on(self.shop.billing.change_now(&id, &item.priced(), &attempt));
        // What was declined may be tried again, and work then.
        let Ok(answer) = change() else { return };
        assert_eq!(change().as_ref(), Ok(&answer));

        let (ledger, now) = (self.runtime.block_on(self.shop.ledger()), self.shop.clock.now());
        let expected = self.expected.get_mut(&n).unwrap();
        let was = expected.now.clone();
        let rest = |price: u64| {
            let seconds = |time: Duration| u64::try_from(time.num_seconds()).unwrap();
            let (whole, left) = (seconds(was.period.end() - was.period.start()), seconds(was.period.end() - now));
            let (part, beyond) = (price * left / whole, price * left % whole);
            if 2 * beyond >= whole { part + 1 } else { part }
        };
        let mut given = item.given(now, expected.given);
        let price = item.price(&mut given, now);
        expected.now.choice = item.choice;
        expected.now.price = price.clone();
        expected.now.promo_code = given.map(Given::code);
        if let Renewal::Changing(_) = was.renewal {
            expected.now.renewal = Renewal::Automatic;
        }
        let price = if item.choice.frequency == was.choice.frequency {
            rest(price.minor_units())
        } else {
            expected.now.period = BillingPeriod::nth(now, item.choice.frequency, 0).unwrap();
            price.minor_units()
        };
        (expected.item, expected.given, expected.pending) = (item, given, None);
        assert_eq!(answer, expected.now);
        assert_eq!(ledger.len(), self.known + 1);
        let bill = &ledger[self.known].bill;
        assert_eq!((bill.reason, bill.unused, bill.price), (BillReason::Change, rest(was.price.minor_units()), price));
    }

    fn change_at_period_end(&mut self, n: usize, item: Item) {
        let Some(id) = self.id(n) else { return };
        self.attempt += 1;
        let attempt = self.attempt.to_string();
        let change = || self.runtime.block_on(self.shop.billing.change_at_period_end(&id, &item.priced(), &attempt));
        let answer = change();
        assert_eq!(change(), answer);
        if let Ok(answer) = answer {
            let expected = self.expected.get_mut(&n).unwrap();
            expected.pending = Some((item, item.given(expected.now.period.end(), expected.given)));
            expected.now.renewal = Renewal::Changing(item.choice);
            assert_eq!(answer, expected.now);
        }
    }

    /// Compares everything with what it must be.
    fn look(&mut self) {
        for expected in self.expected.values_mut() {
            let found = self.runtime.block_on(self.shop.look(&expected.now.id));
            if expected.now.status.is_over() {
                assert_eq!(found, expected.now);
                continue;
            }
            if found.period.start() == expected.now.period.start() {
                assert_eq!(found.period, expected.now.period);
            } else {
                assert_eq!(found.period.start(), expected.now.period.end());
                if let Some(pending) = expected.pending.take() {
                    (expected.item, expected.given) = pending;
                }
                expected.now.choice = expected.item.choice;
                expected.now.price = expected.item.price(&mut expected.given, found.period.start());
                expected.now.promo_code = expected.given.map(Given::code);
            }
            assert_eq!((found.choice, &found.price), (expected.now.choice, &expected.now.price));
            assert_eq!(found.promo_code, expected.now.promo_code);
            expected.now = found;
        }
        self.audit();
    }

    /// Goes through what is new in the ledger.
    fn audit(&mut self) {
        let overview = self.runtime.block_on(self.shop.billing.overview()).unwrap();
        for LedgerEntry { subscription_id, at, bill, .. } in &overview.ledger[self.known..] {
            let is_it = |expected: &&mut Expected| expected.now.id.as_str() == subscription_id;
            let expected = self.expected.values_mut().find(is_it).unwrap();
            assert_eq!(bill.price + bill.to_balance, bill.unused + bill.from_balance + bill.charged);
            self.credit = self.credit + bill.to_balance - bill.from_balance;
            match bill.reason {
                BillReason::Period => {
                    assert_eq!((bill.period, bill.price), (expected.now.period, expected.now.price.minor_units()));
                    assert!(expected.paid_until.is_none_or(|until| until <= bill.period.start()), "paid twice");
                }
                // The rest of what was paid for before is credited.
                BillReason::Change => assert_eq!(bill.period.start(), *at),
            }
            expected.paid_until = Some(bill.period.end());
        }
        self.known = overview.ledger.len();
        for expected in self.expected.values() {
            let is_paid = expected.paid_until == Some(expected.now.period.end());
            match expected.now.status {
                BilledStatus::Active => assert!(is_paid),
                BilledStatus::Incomplete | BilledStatus::PastDue | BilledStatus::Unpaid => assert!(!is_paid),
                BilledStatus::Trialing | BilledStatus::Cancelled { .. } => {}
            }
        }
        let credit = overview.customers[0].credit.get("USD").copied().unwrap_or(0);
        let waits = overview.subscriptions.iter().any(|one| one.outstanding.is_some());
        assert!(credit == self.credit || waits && credit < self.credit, "{credit} of {}", self.credit);
    }

    /// What was told is what became of everything, in the order in which it did.
    fn listen(&self) {
        let (events, overview) = self.runtime.block_on(async {
            (self.shop.billing.events().await.unwrap(), self.shop.billing.overview().await.unwrap())
        });
        for subscription in overview.subscriptions {
            let about: Vec<_> = events.iter().filter(|event| event.object["id"] == subscription.id).collect();
            assert!(about.is_sorted_by_key(|event| event.created));
            assert_eq!(about.last().unwrap().object["status"], subscription.status);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nobody_pays_twice_and_every_amount_is_right(commands in prop::collection::vec(commands(), 1..40)) {
        let mut model = Model::new();
        for command in &commands {
            model.run(command);
        }
        model.listen();
        let books = model.shop.billing.shared.books.lock().unwrap();
        let written = serde_json::to_string(&*books).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Books>(&written).unwrap(), &*books);
    }
}
