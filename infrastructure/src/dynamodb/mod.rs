//! Storage on DynamoDB.

mod accounts;
#[cfg(feature = "embedded")]
pub mod embedded;
mod errors;
mod expression;
mod health;
mod items;
mod outbox;
mod store;
pub mod tables;
mod unit_of_work;

pub use accounts::DynamoAccountRepository;
pub use health::DynamoHealthCheck;
pub use outbox::DynamoOutbox;
pub use store::DynamoStore;
pub use unit_of_work::DynamoUnitOfWork;
