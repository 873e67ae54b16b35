//! Stripe's objects, as far as they matter here. They are not shown: what confirms a payment is among them.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Number;

/// What others have written on an object.
pub(super) type Metadata = HashMap<String, String>;

/// A page of objects.
#[derive(Deserialize)]
pub(super) struct List<T> {
    pub(super) data: Vec<T>,
    #[serde(default)]
    pub(super) has_more: bool,
}

/// An object in a place where it is there as a whole when that was asked for, and named otherwise.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Expandable<T> {
    Name(String),
    Whole(T),
}

impl<T> Expandable<T> {
    pub(super) const fn whole(&self) -> Option<&T> {
        match self {
            Self::Whole(object) => Some(object),
            Self::Name(_) => None,
        }
    }
}

/// An object that nothing but the name matters of.
#[derive(Deserialize)]
pub(super) struct Named {
    pub(super) id: String,
}

impl Expandable<Named> {
    pub(super) fn id(&self) -> &str {
        match self {
            Self::Name(id) | Self::Whole(Named { id }) => id,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Subscription {
    pub(super) id: String,
    pub(super) customer: Expandable<Named>,
    pub(super) status: String,
    #[serde(default)]
    pub(super) metadata: Metadata,
    pub(super) items: List<Item>,
    #[serde(default)]
    pub(super) discounts: Vec<Expandable<Discount>>,
    #[serde(default)]
    pub(super) cancel_at_period_end: bool,
    pub(super) cancel_at: Option<i64>,
    pub(super) canceled_at: Option<i64>,
    pub(super) ended_at: Option<i64>,
    pub(super) created: i64,
    pub(super) trial_end: Option<i64>,
    pub(super) schedule: Option<Expandable<Named>>,
    pub(super) default_payment_method: Option<Expandable<Named>>,
    pub(super) latest_invoice: Option<Expandable<Invoice>>,
}

impl Subscription {
    /// What makes Stripe put everything into an answer that is read of a subscription.
    pub(super) const EXPANDED: [&str; 2] = ["discounts.source.coupon", "latest_invoice.confirmation_secret"];
    /// The same for a list of them, whose invoices are not asked for.
    pub(super) const EXPANDED_IN_LIST: [&str; 1] = ["data.discounts.source.coupon"];

    pub(super) fn is_over(&self) -> bool {
        matches!(self.status.as_str(), "canceled" | "incomplete_expired")
    }

    pub(super) fn is_incomplete(&self) -> bool {
        self.status == "incomplete"
    }
}

#[derive(Deserialize)]
pub(super) struct Item {
    pub(super) id: String,
    pub(super) price: Price,
    pub(super) quantity: Option<u64>,
    // Those of the subscription are gone since version 2025-03-31.
    pub(super) current_period_start: i64,
    pub(super) current_period_end: i64,
}

#[derive(Deserialize)]
pub(super) struct Price {
    pub(super) id: String,
    pub(super) lookup_key: Option<String>,
    #[serde(default)]
    pub(super) metadata: Metadata,
    pub(super) unit_amount: Option<u64>,
    pub(super) currency: String,
    pub(super) recurring: Option<Recurring>,
}

#[derive(Deserialize)]
pub(super) struct Recurring {
    pub(super) interval: String,
    pub(super) interval_count: u64,
}

#[derive(Deserialize)]
pub(super) struct Discount {
    pub(super) id: String,
    pub(super) end: Option<i64>,
    // In place of the coupon itself since version 2025-09-30.
    pub(super) source: DiscountSource,
}

#[derive(Deserialize)]
pub(super) struct DiscountSource {
    pub(super) coupon: Option<Expandable<Coupon>>,
}

#[derive(Deserialize)]
pub(super) struct Coupon {
    pub(super) id: String,
    #[serde(default)]
    pub(super) metadata: Metadata,
    pub(super) percent_off: Option<Number>,
    pub(super) amount_off: Option<u64>,
    pub(super) currency: Option<String>,
    pub(super) duration: String,
    pub(super) duration_in_months: Option<u32>,
}

#[derive(Deserialize)]
pub(super) struct Invoice {
    pub(super) id: String,
    pub(super) status: Option<String>,
    pub(super) amount_due: u64,
    pub(super) currency: String,
    // In place of the payment intent since version 2025-03-31.
    pub(super) confirmation_secret: Option<ConfirmationSecret>,
    pub(super) lines: List<Line>,
}

#[derive(Deserialize)]
pub(super) struct Line {
    pub(super) amount: i64,
    pub(super) discount_amounts: Option<Vec<DiscountAmount>>,
    pub(super) period: LinePeriod,
    pub(super) parent: Option<LineParent>,
    pub(super) pricing: Option<Pricing>,
}

#[derive(Deserialize)]
pub(super) struct DiscountAmount {
    pub(super) amount: i64,
}

#[derive(Deserialize)]
pub(super) struct LinePeriod {
    pub(super) start: i64,
    pub(super) end: i64,
}

#[derive(Deserialize)]
pub(super) struct LineParent {
    pub(super) subscription_item_details: Option<LineItem>,
}

#[derive(Deserialize)]
pub(super) struct LineItem {
    pub(super) subscription_item: String,
    pub(super) proration: bool,
}

#[derive(Deserialize)]
pub(super) struct Pricing {
    pub(super) price_details: Option<PriceDetails>,
}

#[derive(Deserialize)]
pub(super) struct PriceDetails {
    pub(super) price: Expandable<Named>,
}

#[derive(Deserialize)]
pub(super) struct ConfirmationSecret {
    pub(super) client_secret: String,
}

#[derive(Deserialize)]
pub(super) struct Schedule {
    pub(super) id: String,
    pub(super) end_behavior: String,
    pub(super) phases: Vec<Phase>,
    pub(super) current_phase: Option<PhaseTimes>,
}

impl Schedule {
    pub(super) const EXPANDED: [&str; 1] = ["phases.items.price"];

    /// Whether the subscription is over with the schedule, by then.
    pub(super) fn ends_by(&self, by: i64) -> bool {
        self.end_behavior == "cancel" && self.phases.last().is_some_and(|last| last.end_date <= by)
    }
}

#[derive(Deserialize)]
pub(super) struct Phase {
    pub(super) start_date: i64,
    pub(super) end_date: i64,
    pub(super) items: Vec<PhaseItem>,
}

#[derive(Deserialize)]
pub(super) struct PhaseItem {
    pub(super) price: Expandable<Price>,
}

#[derive(Deserialize)]
pub(super) struct PhaseTimes {
    pub(super) start_date: i64,
}

#[derive(Deserialize)]
pub(super) struct PaymentMethod {
    pub(super) id: String,
    pub(super) customer: Option<Expandable<Named>>,
}

#[derive(Deserialize)]
pub(super) struct PortalConfiguration {
    pub(super) id: String,
    #[serde(default)]
    pub(super) metadata: Metadata,
}

#[derive(Deserialize)]
pub(super) struct PortalSession {
    pub(super) url: String,
    pub(super) created: i64,
}
