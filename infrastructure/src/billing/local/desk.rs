//! Work on the books at one instant.

use std::sync::Arc;

use application::ports::{BillingError, IdGenerator, NewCustomer};
use chrono::Duration;
use domain::Timestamp;
use serde_json::Value;

use super::{
    bill::{Bill, Billed, LedgerEntry},
    books::{Books, Customer},
    events::{self, LocalEvent},
    subscription::{Phase, Subscription},
};

/// For how long a customer that is made again is the one that there is, as with Stripe's idempotency keys.
const SAME_CUSTOMER_FOR: Duration = Duration::days(1);

/// Whoever works on the books. What fails has changed nothing, but that a card was tried.
pub(super) struct Desk {
    pub(super) books: Books,
    pub(super) ids: Arc<dyn IdGenerator>,
    /// Now, in whole seconds.
    pub(super) now: Timestamp,
}

impl Desk {
    /// A new identifier of this kind.
    pub(super) fn id(&self, prefix: &str) -> String {
        format!("{prefix}_local_{}", self.ids.uuid().simple())
    }

    /// Makes a customer, or finds the one that was made for this tenant lately.
    pub(super) fn create_customer(&mut self, new: &NewCustomer) -> Result<String, BillingError> {
        let lately = self.now - SAME_CUSTOMER_FOR;
        let is_it = |known: &&Customer| known.tenant_id == new.tenant_id.as_str() && known.created_at > lately;
        if let Some(known) = self.books.customers.values().find(is_it) {
            return Ok(known.id.clone());
        }
        self.books.have_room()?;
        let customer = Customer {
            id: self.id("cus"),
            tenant_id: new.tenant_id.as_str().to_owned(),
            name: new.name.clone(),
            email: new.email.as_str().to_owned(),
            created_at: self.now,
        };
        let id = customer.id.clone();
        self.tell("customer.created", events::customer(&customer));
        self.books.customers.insert(id.clone(), customer);
        Ok(id)
    }

    /// Writes a subscription down, and tells of what is different.
    pub(super) fn keep(&mut self, mut subscription: Subscription) -> Subscription {
        subscription.updated_at = self.now;
        let kind = match (self.books.subscriptions.get(&subscription.id), &subscription.phase) {
            (None, _) => Some("customer.subscription.created"),
            (Some(before), _) if before.billed() == subscription.billed() => None,
            (Some(_), Phase::Cancelled { never_paid: false, .. }) => Some("customer.subscription.deleted"),
            (Some(_), _) => Some("customer.subscription.updated"),
        };
        if let Some(kind) = kind {
            self.tell(kind, events::subscription(&subscription));
        }
        self.books.subscriptions.insert(subscription.id.clone(), subscription.clone());
        subscription
    }

    /// Makes out a bill, and takes from the customer's balance what that pays of it.
    pub(super) fn bill(&mut self, customer_id: &str, billed: Billed) -> Bill {
        let id = self.id("in");
        let balance = self.books.balance(customer_id, &billed.currency);
        let bill = Bill::new(id, billed, *balance);
        *balance -= bill.from_balance;
        bill
    }

    /// Enters a bill as paid.
    pub(super) fn paid(&mut self, subscription: &Subscription, bill: Bill) {
        let balance = self.books.balance(&subscription.customer_id, &bill.currency);
        *balance = balance.saturating_add(bill.to_balance);
        self.tell("invoice.paid", events::invoice(subscription, &bill, "paid"));
        self.books.enter(LedgerEntry {
            at: self.now,
            customer_id: subscription.customer_id.clone(),
            subscription_id: subscription.id.clone(),
            bill,
        });
    }

    /// Tells that a bill was not paid.
    pub(super) fn not_paid(&mut self, subscription: &Subscription, bill: &Bill) {
        self.tell("invoice.payment_failed", events::invoice(subscription, bill, "open"));
    }

    /// Takes a bill back.
    pub(super) fn void(&mut self, subscription: &Subscription, bill: &Bill) {
        let balance = self.books.balance(&subscription.customer_id, &bill.currency);
        *balance = balance.saturating_add(bill.from_balance);
    }

    fn tell(&mut self, kind: &str, object: Value) {
        let event = LocalEvent { id: self.id("evt"), kind: kind.to_owned(), created: self.now.timestamp(), object };
        self.books.tell(event);
    }
}
