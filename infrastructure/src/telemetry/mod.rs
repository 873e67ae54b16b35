//! What the service says about itself: metrics in its log, and traces to whoever collects them.

mod metrics;
mod traces;

pub use metrics::{AlreadyRecorded, EmbeddedMetrics};
pub use traces::{Traces, TracesError};
