//! What handlers take from a request.

mod authenticated;
mod body;
mod casing;
mod client;
mod decode;
mod path;
mod platform;
mod query;
mod version;

pub(crate) use authenticated::Authenticated;
pub(crate) use body::{IdempotencyKeyHeader, IdempotentJson, Json, RawJson};
pub use client::SourceAddress;
pub(crate) use client::{ClientDevice, ClientSource, LinkBase};
pub(crate) use path::PathId;
pub(crate) use platform::PlatformAuthenticated;
pub(crate) use query::{Query, QueryOrBody};
pub(crate) use version::IfMatch;

#[cfg(test)]
pub(crate) use decode::decode;
