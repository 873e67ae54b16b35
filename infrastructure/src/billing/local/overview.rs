//! The books, for people to look at.

use std::collections::BTreeMap;

use domain::Timestamp;
use serde::Serialize;

use super::{
    bill::{Bill, LedgerEntry},
    books::{Books, Customer},
    subscription::{AtPeriodEnd, Subscription},
};

/// Everything that there is to look at. Amounts are in minor units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Overview {
    /// Who pays, oldest first.
    pub customers: Vec<CustomerOverview>,
    /// For what, oldest first.
    pub subscriptions: Vec<SubscriptionOverview>,
    /// What was paid, oldest first.
    pub ledger: Vec<LedgerEntry>,
}

/// A customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CustomerOverview {
    /// Identity.
    pub id: String,
    /// Which tenant it is.
    pub tenant_id: String,
    /// What the tenant is called.
    pub name: String,
    /// Where receipts would go.
    pub email: String,
    /// Credit from changes of plans, by currency.
    pub credit: BTreeMap<String, u64>,
}

/// A subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SubscriptionOverview {
    /// Identity.
    pub id: String,
    /// Whose it is.
    pub customer_id: String,
    /// Which subscription of the service it is; `None` when it was made on the dashboard.
    pub subscription_id: Option<String>,
    /// Where it stands, in Stripe's words.
    pub status: &'static str,
    /// What is paid for, like `starter, monthly`.
    pub plan: String,
    /// What the current period costs, after the discount.
    pub price: u64,
    /// Of what the amounts are.
    pub currency: String,
    /// When the current period began.
    pub period_start: Timestamp,
    /// When it ends.
    pub period_end: Timestamp,
    /// What becomes of it then: `renews`, `ends`, or the plan that it goes on as.
    pub at_period_end: String,
    /// What waits to be paid.
    pub outstanding: Option<u64>,
    /// When time alone changes something about it next.
    pub due_at: Option<Timestamp>,
    /// How many of its next payments will fail.
    pub failures_to_come: u8,
}

impl Overview {
    pub(super) fn of(books: &Books) -> Self {
        let mut customers: Vec<_> = books.customers.values().collect();
        customers.sort_by_key(|customer| (customer.created_at, &customer.id));
        let mut subscriptions: Vec<_> = books.subscriptions.values().collect();
        subscriptions.sort_by_key(|subscription| (subscription.created_at, &subscription.id));
        Self {
            customers: customers.into_iter().map(|customer| customer_overview(books, customer)).collect(),
            subscriptions: subscriptions.into_iter().map(subscription_overview).collect(),
            ledger: books.ledger.iter().cloned().collect(),
        }
    }
}

fn customer_overview(books: &Books, customer: &Customer) -> CustomerOverview {
    let Customer { id, tenant_id, name, email, created_at: _ } = customer.clone();
    let credit = books.balances.get(&id).into_iter().flatten().filter(|(_, units)| **units > 0);
    let credit = credit.map(|(currency, units)| (currency.clone(), *units)).collect();
    CustomerOverview { id, tenant_id, name, email, credit }
}

fn subscription_overview(subscription: &Subscription) -> SubscriptionOverview {
    SubscriptionOverview {
        id: subscription.id.clone(),
        customer_id: subscription.customer_id.clone(),
        subscription_id: subscription.ordered_as.as_ref().map(|ordered| ordered.subscription_id.clone()),
        status: subscription.status(),
        plan: subscription.plan.name(),
        price: subscription.price,
        currency: subscription.plan.currency().as_str().to_owned(),
        period_start: subscription.period.start(),
        period_end: subscription.period.end(),
        at_period_end: match &subscription.at_period_end {
            AtPeriodEnd::Renew => "renews".to_owned(),
            AtPeriodEnd::Change(plan) => plan.name(),
            AtPeriodEnd::End => "ends".to_owned(),
        },
        outstanding: subscription.outstanding().map(|Bill { charged, .. }| *charged),
        due_at: subscription.due_at(),
        failures_to_come: subscription.failures_to_come,
    }
}
