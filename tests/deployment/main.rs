//! The templates of `deployment/` against the code that they deploy. Nothing here needs AWS; what is deployed to an
//! emulator of `CloudFormation` is in `external`.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod environment;
mod exports;
mod metrics;
mod pipeline;
mod policies;
mod runbook;
mod samconfig;
mod stages;
mod tables;
mod travels;
