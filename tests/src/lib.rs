//! What the tests of the whole service have in common: the service itself, assembled as in production ([`App`]),
//! clients of it, and the journeys that hold for every host ([`journeys`]).

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    clippy::panic,
    reason = "this library is for tests, and a test fails by panicking"
)]

mod access;
mod app;
mod client;
mod clock;
mod conformance;
mod dynamodb_local;
mod issuer;
pub mod journeys;
mod ministack;
mod people;
mod probe;
pub mod python;
pub mod templates;

pub use access::Access;
pub use app::{App, AppBuilder, JWT_SECRET, PLATFORM_ADMIN, Row, text};
pub use client::{Answer, Call, Client};
pub use clock::TestClock;
pub use conformance::{Operation, operations};
pub use dynamodb_local::DynamoDbLocal;
pub use issuer::Issuer;
pub use ministack::Ministack;
pub use people::{Member, Newcomer, PASSWORD, Registration, Tokens, token_in};
pub use probe::{Fault, Held, Probe, Tally};
