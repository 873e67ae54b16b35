//! The API as clients see it: the router as in production, on the embedded DynamoDB. Every answer is held against
//! the OpenAPI document.

#![expect(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod admin;
mod audit;
mod billing;
mod budget;
mod data;
mod discounts;
mod entitlements;
mod enumeration;
mod expiry;
mod hashing;
mod idempotency;
mod identities;
mod invitations;
mod joining;
mod joining_with_identity;
mod journeys;
mod large_tenant;
mod limits;
mod lockouts;
mod logs;
mod members;
mod membership;
mod moving;
mod onboarding;
mod own_identities;
mod ownership;
mod removal;
mod security_rules;
mod settings;
mod signers;
mod snapshots;
mod team;
mod telemetry;
mod tenants;
mod tokens;
mod transactions;
mod trials;
mod usage;
mod user_sessions;
