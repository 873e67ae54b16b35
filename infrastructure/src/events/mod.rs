//! Publishing of domain events, as [`CloudEvents`](https://cloudevents.io). `docs/events` says what is in them.

mod aws;
mod cloud_events;
mod discard;
mod eventbridge;
mod log;
mod recent;
mod sns;
mod sqs;
#[cfg(test)]
mod tests;
mod webhook;

use application::ports::{EventEnvelope, PublishError};
use aws_lc_rs::digest::{SHA256, digest};
use domain::TenantId;

pub use aws::AwsDestination;
pub use cloud_events::{CloudEvents, SCHEMA_PREFIX};
pub use discard::DiscardEvents;
pub use eventbridge::EventBridgePublisher;
pub use log::LogEventPublisher;
pub use recent::RecentEvents;
pub use sns::SnsPublisher;
pub use sqs::SqsPublisher;
pub use webhook::{WebhookPublisher, WebhookSigner};

/// Longest name of a group of messages that AWS takes.
const LONGEST_GROUP: usize = 128;

/// What subscribers can filter by without reading the event.
fn attributes(event: &EventEnvelope) -> impl Iterator<Item = (&'static str, String)> {
    let tenant_id = event.tenant_id.as_ref().map(|id| ("tenantid", TenantId::as_str(id).to_owned()));
    [("type", cloud_events::type_of(event))].into_iter().chain(tenant_id)
}

/// The group of messages that an event has an order in: its aggregate's. Identifiers that others have made may be longer,
/// or of other characters, than AWS takes; then a hash stands for them.
fn group(event: &EventEnvelope) -> String {
    let stream = event.stream.as_str();
    if stream.len() <= LONGEST_GROUP && stream.chars().all(|c| c.is_ascii_graphic()) {
        stream.to_owned()
    } else {
        hex::encode(digest(&SHA256, stream.as_bytes()))
    }
}

fn not_taken(error: impl std::error::Error) -> PublishError {
    PublishError(error.to_string())
}
