//! Every adapter of the application's ports. Nothing here decides.

pub mod aws;
pub mod config;
pub mod crypto;
pub mod dynamodb;
