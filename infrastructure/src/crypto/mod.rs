//! Adapters of the cryptographic ports.

pub mod argon2id;
mod bcrypt;
pub mod hash_pool;
mod hasher;
pub mod sealer;

pub use hasher::Verification;
pub use sealer::{PayloadSealer, SealError};
