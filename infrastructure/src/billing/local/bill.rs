//! What is to be paid, and the ledger of what was.

use domain::{BillingPeriod, Currency, Timestamp};
use serde::{Deserialize, Serialize};

use super::saved;

/// Why there is a bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BillReason {
    /// A period began.
    Period,
    /// The plan changed in the middle of a period.
    Change,
}

/// What a customer owes for some time. Its amounts are in minor units of its currency, and what is asked for is what is
/// given: `price + to_balance = unused + from_balance + charged`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bill {
    /// Identity.
    pub id: String,
    /// Why there is one.
    pub reason: BillReason,
    /// For which time.
    #[serde(with = "saved::period")]
    pub period: BillingPeriod,
    /// Of what all amounts are.
    #[serde(with = "saved::currency")]
    pub currency: Currency,
    /// What that time costs, after the discount.
    pub price: u64,
    /// What was paid for before and will not be used, and is therefore credited.
    pub unused: u64,
    /// What is paid out of credit that the customer has left from before.
    pub from_balance: u64,
    /// Credit that the customer has left from this bill.
    pub to_balance: u64,
    /// What the card pays.
    pub charged: u64,
}

/// What a bill is for.
pub(super) struct Billed {
    pub(super) reason: BillReason,
    pub(super) period: BillingPeriod,
    pub(super) currency: Currency,
    pub(super) price: u64,
    pub(super) unused: u64,
}

impl Bill {
    /// The bill for something, where the customer has this much credit: what is unused pays first, then the credit, then
    /// the card.
    pub(super) fn new(id: String, Billed { reason, period, currency, price, unused }: Billed, balance: u64) -> Self {
        let owed = price.saturating_sub(unused);
        let from_balance = owed.min(balance);
        Self {
            id,
            reason,
            period,
            currency,
            price,
            unused,
            from_balance,
            to_balance: unused.saturating_sub(price),
            charged: owed - from_balance,
        }
    }
}

/// A bill that was paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerEntry {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub customer_id: String,
    /// For which subscription, as this provider calls it.
    pub subscription_id: String,
    /// What.
    #[serde(flatten)]
    pub bill: Bill,
}

/// What is left of the price of a period at an instant in it: `price × rest ÷ whole`, with the lengths of time in seconds,
/// rounded to the nearest minor unit, halves up.
pub(super) fn rest_of(price: u64, period: &BillingPeriod, at: Timestamp) -> u64 {
    let whole = (period.end() - period.start()).num_seconds().max(1);
    let rest = (period.end() - at).num_seconds().clamp(0, whole);
    let (whole, rest) = (u128::from(whole.unsigned_abs()), u128::from(rest.unsigned_abs()));
    let rounded = (2 * u128::from(price) * rest + whole) / (2 * whole);
    // At most as much as there was, which fits.
    u64::try_from(rounded).unwrap_or(price)
}
