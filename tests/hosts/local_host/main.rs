//! The local host as a real process: how it starts, keeps data, mails, and stops.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "a test that fails shows what the process said")]

#[path = "../support/api.rs"]
mod api;
mod billing;
mod dead_letters;
mod durability;
mod events;
#[path = "../support/local.rs"]
mod local;
mod mail;
#[path = "../support/program.rs"]
mod program;
mod publishing;
mod reconcile;
#[path = "../support/smtp.rs"]
mod smtp;
mod start;
mod stop;
mod switch;

/// The setting that lets people in before they confirm their address.
const UNVERIFIED: (&str, &str) = ("REQUIRE_EMAIL_VERIFICATION", "false");
