//! Storage on DynamoDB.

#[cfg(feature = "embedded")]
pub mod embedded;
pub mod tables;
