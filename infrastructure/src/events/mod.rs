//! Publishing of domain events, as [`CloudEvents`](https://cloudevents.io). `docs/events` says what is in them.

mod cloud_events;
mod log;
mod recent;

pub use cloud_events::{CloudEvents, SCHEMA_PREFIX};
pub use log::LogEventPublisher;
pub use recent::RecentEvents;
