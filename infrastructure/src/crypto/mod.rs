//! Adapters of the cryptographic ports.

pub mod argon2id;
mod bcrypt;
pub mod hash_pool;
mod hasher;
pub mod key_ring;
pub mod keys;
mod passwords;
pub mod sealer;
pub mod tokens;
pub mod webhook_secrets;

pub use hasher::Verification;
pub use passwords::PoolPasswordHasher;
pub use sealer::{AesGcmSealer, PayloadSealer, SealError};
