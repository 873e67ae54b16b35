//! Everything that the provider knows.

use std::collections::{BTreeMap, VecDeque};

use application::ports::BillingError;
use domain::{Currency, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    bill::LedgerEntry,
    events::LocalEvent,
    subscription::{Phase, Subscription},
};

/// Most customers, and most subscriptions.
const MOST: usize = 5_000;
/// How many payments are remembered; older ones are forgotten.
const LEDGER: usize = 20_000;
/// How many events wait to be taken; older ones are given up.
const EVENTS: usize = 2_000;

/// The books of the provider.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Books {
    pub(super) customers: BTreeMap<String, Customer>,
    pub(super) subscriptions: BTreeMap<String, Subscription>,
    /// Credit of customers from changes of plans, in minor units by currency.
    pub(super) balances: BTreeMap<String, BTreeMap<String, u64>>,
    /// What was paid, oldest first.
    pub(super) ledger: VecDeque<LedgerEntry>,
    /// What was not told yet, oldest first.
    pub(super) events: VecDeque<LocalEvent>,
    /// When they were looked into last. They do not go back in time with the clock.
    pub(super) as_of: Timestamp,
}

/// Who pays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Customer {
    pub(super) id: String,
    pub(super) tenant_id: String,
    pub(super) name: String,
    pub(super) email: String,
    pub(super) created_at: Timestamp,
}

impl Books {
    /// The customer of that id.
    pub(super) fn customer(&self, id: &str) -> Result<&Customer, BillingError> {
        self.customers.get(id).ok_or(BillingError::Unknown("this customer"))
    }

    /// The subscription of that id.
    pub(super) fn subscription(&self, id: &str) -> Result<&Subscription, BillingError> {
        self.subscriptions.get(id).ok_or(BillingError::Unknown("this subscription"))
    }

    /// The subscription that was ordered under an id of whoever ordered it.
    pub(super) fn ordered_as(&self, subscription_id: &str) -> Option<&Subscription> {
        let is_it = |subscription: &&Subscription| {
            subscription.ordered_as.as_ref().is_some_and(|ordered| ordered.subscription_id == subscription_id)
        };
        self.subscriptions.values().find(is_it)
    }

    /// The subscription whose first payment is confirmed with this.
    pub(super) fn confirmed_with(&self, secret: &str) -> Option<&Subscription> {
        self.subscriptions.values().find(|subscription| match &subscription.phase {
            Phase::Incomplete { client_secret, .. } => client_secret.0 == secret,
            _ => false,
        })
    }

    /// Which subscription time changes next, and when.
    pub(super) fn next_due(&self) -> Option<(Timestamp, String)> {
        let due = |subscription: &Subscription| Some((subscription.due_at()?, subscription.id.clone()));
        self.subscriptions.values().filter_map(due).min()
    }

    /// The credit that a customer has.
    pub(super) fn balance(&mut self, customer_id: &str, currency: &Currency) -> &mut u64 {
        let of_customer = self.balances.entry(customer_id.to_owned()).or_default();
        of_customer.entry(currency.as_str().to_owned()).or_default()
    }

    /// Whether there is room for one more customer and one more subscription.
    pub(super) fn have_room(&self) -> Result<(), BillingError> {
        if self.customers.len() < MOST && self.subscriptions.len() < MOST {
            return Ok(());
        }
        Err(BillingError::Refused(format!("the local provider keeps at most {MOST} customers and subscriptions")))
    }

    /// Notes a payment.
    pub(super) fn enter(&mut self, entry: LedgerEntry) {
        self.ledger.push_back(entry);
        self.ledger.drain(..self.ledger.len().saturating_sub(LEDGER));
    }

    /// Notes something to tell.
    pub(super) fn tell(&mut self, event: LocalEvent) {
        self.events.push_back(event);
        self.events.drain(..self.events.len().saturating_sub(EVENTS));
    }
}
