//! Every adapter of the application's ports. Nothing here decides.

pub mod aws;
pub mod billing;
pub mod config;
pub mod crypto;
pub mod dynamodb;
pub mod events;
#[cfg(test)]
mod fixtures;
mod https;
pub mod mail;
pub mod oidc;
mod pace;
pub mod secrets;
pub mod stripe;
pub mod system;
pub mod telemetry;
pub mod wiring;
