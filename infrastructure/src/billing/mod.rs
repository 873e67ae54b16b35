//! Taking money without anybody else, and not taking any.

#[cfg(feature = "embedded")]
pub mod local;
mod none;

pub use none::NoBilling;
