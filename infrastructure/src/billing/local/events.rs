//! What the provider tells, in Stripe's shape as far as anybody reads it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{bill::Bill, books::Customer, subscription::Subscription};

/// Something that happened at the provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalEvent {
    /// Identity.
    pub id: String,
    /// What happened, in Stripe's words.
    #[serde(rename = "type")]
    pub kind: String,
    /// When, in seconds since 1970.
    pub created: i64,
    /// What it happened to, as it was then.
    pub object: Value,
}

/// An event as it is sent to a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedEvent {
    /// The event's identity.
    pub id: String,
    /// The body; the same each time.
    pub body: String,
    /// The header `Stripe-Signature`.
    pub signature: String,
}

impl LocalEvent {
    /// The event as Stripe would send it.
    #[must_use]
    pub fn body(&self) -> String {
        let Self { id, kind, created, object } = self;
        json!({
            "id": id,
            "object": "event",
            "type": kind,
            "created": created,
            "data": { "object": object },
            "livemode": false,
        })
        .to_string()
    }
}

pub(super) fn customer(customer: &Customer) -> Value {
    json!({ "id": customer.id, "object": "customer", "metadata": { "tenant_id": customer.tenant_id } })
}

pub(super) fn subscription(subscription: &Subscription) -> Value {
    json!({
        "id": subscription.id,
        "object": "subscription",
        "customer": subscription.customer_id,
        "status": subscription.status(),
        "metadata": subscription.ordered_as.as_ref().map_or_else(|| json!({}), |ordered_as| json!(ordered_as)),
    })
}

pub(super) fn invoice(subscription: &Subscription, bill: &Bill, status: &str) -> Value {
    json!({
        "id": bill.id,
        "object": "invoice",
        "customer": subscription.customer_id,
        "status": status,
        "currency": bill.currency.as_str().to_ascii_lowercase(),
        "amount_due": bill.charged,
        "parent": {
            "type": "subscription_details",
            "subscription_details": { "subscription": subscription.id },
        },
    })
}
