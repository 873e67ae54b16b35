//! Taking money without anybody else, and not taking any.

#[cfg(feature = "embedded")]
pub mod local;
mod none;
mod paced;

pub use none::NoBilling;
pub use paced::PacedBilling;
