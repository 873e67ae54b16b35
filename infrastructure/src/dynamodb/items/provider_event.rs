//! The table of events that the billing provider sent, which is ours alone.

use application::ports::{ProviderEvent, StoreError};
use chrono::Duration;
use domain::{Timestamp, subscription::ProviderSubscriptionId};

use super::{ItemBuilder, Reader};
use crate::dynamodb::{expression::Item, tables::Table};

/// How long an event is remembered: Stripe sends one again for three days by itself, and for thirty at the push of a
/// button.
const KEPT_FOR: Duration = Duration::days(35);

/// An event that was received now.
pub(in crate::dynamodb) fn to_item(event: &ProviderEvent, now: Timestamp) -> Item {
    let ProviderEvent { id, kind, occurred_at, subscription_id } = event;
    ItemBuilder::default()
        .text("event_id", id)
        .text("kind", kind)
        .text_if("provider_subscription_id", subscription_id.as_ref().map(ProviderSubscriptionId::as_str))
        .time("occurred_at", *occurred_at)
        .time("received_at", now)
        .ttl(now + KEPT_FOR)
        .build()
}

/// Reads an event.
pub(in crate::dynamodb) fn read(item: &Item) -> Result<ProviderEvent, StoreError> {
    let row = Reader::new(Table::AccountProviderEvents, item);
    Ok(ProviderEvent {
        id: row.text("event_id")?.to_owned(),
        kind: row.text("kind")?.to_owned(),
        occurred_at: row.time("occurred_at")?,
        subscription_id: row.text_if("provider_subscription_id")?.map(ProviderSubscriptionId::restore),
    })
}
