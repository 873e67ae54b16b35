//! The API as clients see it: the router as in production, on the embedded DynamoDB. Every answer is held against
//! the OpenAPI document.

#![expect(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod admin;
mod audit;
mod budget;
mod enumeration;
mod expiry;
mod hashing;
mod idempotency;
mod invitations;
mod joining;
mod journeys;
mod limits;
mod logs;
mod moving;
mod onboarding;
mod security_rules;
mod settings;
mod signers;
mod snapshots;
mod tokens;
mod transactions;
