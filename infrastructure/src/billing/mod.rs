//! Taking money, and not taking any.

mod none;

pub use none::NoBilling;
