//! Adapters of the cryptographic ports.

pub mod argon2id;
mod bcrypt;
pub mod hash_pool;
mod hasher;
mod passwords;
pub mod sealer;

pub use hasher::Verification;
pub use passwords::PoolPasswordHasher;
pub use sealer::{PayloadSealer, SealError};
