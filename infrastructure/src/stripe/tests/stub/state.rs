//! What the stand-in knows.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Error;

/// How a card behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Card {
    Good,
    Declined(&'static str),
    /// Its bank wants every payment to be confirmed.
    Cautious,
}

/// Payment methods that Stripe has for tests. Whoever attaches one gets another.
const FOR_TESTS: [(&str, Card); 3] = [
    ("pm_card_visa", Card::Good),
    ("pm_card_chargeDeclined", Card::Declined("generic_decline")),
    ("pm_card_authenticationRequired", Card::Cautious),
];

pub(crate) struct PaymentMethod {
    pub(crate) card: Card,
    pub(crate) customer: Option<String>,
}

#[derive(Clone)]
pub(crate) struct Price {
    pub(crate) id: String,
    pub(crate) lookup_key: Option<String>,
    pub(crate) active: bool,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) interval: String,
    pub(crate) metadata: BTreeMap<String, String>,
}

#[derive(Clone)]
pub(crate) struct Coupon {
    pub(crate) percent_off: Option<f64>,
    pub(crate) amount_off: Option<i64>,
    pub(crate) currency: Option<String>,
    pub(crate) duration: String,
    pub(crate) months: Option<u32>,
    pub(crate) metadata: BTreeMap<String, String>,
}

#[derive(Clone)]
pub(crate) struct Subscription {
    pub(crate) id: String,
    pub(crate) customer: String,
    pub(crate) status: &'static str,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) price: String,
    pub(crate) period: (i64, i64),
    /// Names of discounts, and their coupons. Those that end do so at an instant of [`State::ends`].
    pub(crate) discounts: Vec<(String, String)>,
    pub(crate) cancel_at_period_end: bool,
    pub(crate) cancel_at: Option<i64>,
    pub(crate) ended_at: Option<i64>,
    pub(crate) created: i64,
    pub(crate) trial_end: Option<i64>,
    pub(crate) schedule: Option<String>,
    pub(crate) payment_method: Option<String>,
    pub(crate) latest_invoice: Option<String>,
}

#[derive(Clone)]
pub(crate) struct Invoice {
    pub(crate) subscription: String,
    pub(crate) price: String,
    pub(crate) period: (i64, i64),
    pub(crate) full: i64,
    pub(crate) amount: i64,
    pub(crate) is_proration: bool,
    pub(crate) currency: String,
    pub(crate) status: &'static str,
}

#[derive(Clone)]
pub(crate) struct Phase {
    pub(crate) start: i64,
    pub(crate) end: i64,
    pub(crate) price: String,
    pub(crate) discounts: Vec<(String, String)>,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) trial_end: Option<i64>,
}

#[derive(Clone)]
pub(crate) struct Schedule {
    pub(crate) subscription: String,
    pub(crate) status: &'static str,
    pub(crate) end_behavior: &'static str,
    pub(crate) phases: Vec<Phase>,
}

pub(crate) struct State {
    pub(crate) now: i64,
    made: usize,
    pub(crate) customers: BTreeMap<String, Value>,
    pub(crate) payment_methods: BTreeMap<String, PaymentMethod>,
    pub(crate) products: BTreeMap<String, String>,
    pub(crate) prices: BTreeMap<String, Price>,
    pub(crate) coupons: BTreeMap<String, Coupon>,
    pub(crate) subscriptions: Vec<Subscription>,
    pub(crate) invoices: BTreeMap<String, Invoice>,
    pub(crate) schedules: BTreeMap<String, Schedule>,
    pub(crate) ends: BTreeMap<String, i64>,
    pub(crate) configurations: BTreeMap<String, BTreeMap<String, String>>,
    /// Every amount that went from a card, in the order of the payments.
    pub(crate) charges: Vec<i64>,
}

impl State {
    pub(super) fn new(now: i64) -> Self {
        let mut state = Self {
            now,
            made: 0,
            customers: BTreeMap::new(),
            payment_methods: BTreeMap::new(),
            products: BTreeMap::new(),
            prices: BTreeMap::new(),
            coupons: BTreeMap::new(),
            subscriptions: Vec::new(),
            invoices: BTreeMap::new(),
            schedules: BTreeMap::new(),
            ends: BTreeMap::new(),
            configurations: BTreeMap::new(),
            charges: Vec::new(),
        };
        for (id, card) in FOR_TESTS {
            state.add_card(id, card);
        }
        state
    }

    pub(super) fn name(&mut self, prefix: &str) -> String {
        self.made += 1;
        format!("{prefix}_{}", self.made)
    }

    /// A payment method that a browser has made.
    pub(crate) fn add_card(&mut self, id: &str, card: Card) {
        self.payment_methods.insert(id.to_owned(), PaymentMethod { card, customer: None });
    }

    pub(crate) fn found(&mut self, id: &str) -> Result<&mut Subscription, Error> {
        self.subscriptions.iter_mut().find(|found| found.id == id).ok_or_else(|| Error::missing("id"))
    }

    /// The only subscription.
    pub(crate) fn only(&mut self) -> &mut Subscription {
        assert_eq!(self.subscriptions.len(), 1);
        &mut self.subscriptions[0]
    }

    /// What a price is with these discounts, in the stand-in's own arithmetic.
    pub(super) fn amount(&self, price: &str, discounts: &[(String, String)]) -> i64 {
        let full = self.prices[price].amount;
        discounts.iter().fold(full, |amount, (_, coupon)| {
            let Coupon { percent_off, amount_off, .. } = &self.coupons[coupon];
            #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "amounts here are small")]
            let off = percent_off.map_or(0, |percent| (amount as f64 * percent / 100.0).round() as i64);
            (amount - off - amount_off.unwrap_or(0)).max(0)
        })
    }

    /// Takes money with a payment method.
    pub(super) fn charge(&mut self, method: &str, amount: i64, confirmation: &str) -> Result<(), Error> {
        match self.payment_methods[method].card {
            Card::Good => {
                self.charges.push(amount);
                Ok(())
            }
            Card::Declined(reason) => Err(Error::card("card_declined", Some(reason))),
            Card::Cautious => Err(Error::card(confirmation, None)),
        }
    }

    pub(super) fn price_json(&self, id: &str) -> Value {
        let Price { id, lookup_key, active, amount, currency, interval, metadata } = &self.prices[id];
        json!({
            "id": id, "object": "price", "active": active, "lookup_key": lookup_key, "metadata": metadata,
            "unit_amount": amount, "unit_amount_decimal": amount.to_string(), "currency": currency, "type": "recurring",
            "recurring": { "interval": interval, "interval_count": 1, "usage_type": "licensed" },
        })
    }

    pub(super) fn coupon_json(&self, id: &str) -> Value {
        let Coupon { percent_off, amount_off, currency, duration, months, metadata } = &self.coupons[id];
        json!({
            "id": id, "object": "coupon", "percent_off": percent_off, "amount_off": amount_off, "currency": currency,
            "duration": duration, "duration_in_months": months, "metadata": metadata, "valid": true,
        })
    }
}
