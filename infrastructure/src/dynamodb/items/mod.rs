//! Item models: how each aggregate looks in its table.
//!
//! Writing destructures the snapshot, so that a new field does not compile until it is stored somewhere.
//! Reading is tolerant of what the Python services write, and of what is not there; what cannot be read is
//! reported by attribute, never by value.

pub(super) mod audit_record;
pub(super) mod billing_account;
mod builder;
pub(super) mod business;
pub(super) mod discount_code;
pub(super) mod email_claim;
pub(super) mod entitlement;
mod event_data;
pub(super) mod failures;
pub(super) mod idempotency_record;
pub(super) mod identity_claim;
pub(super) mod invitation;
pub(super) mod message;
pub(super) mod one_time_token;
pub(super) mod preferences;
pub(super) mod provider_event;
mod reader;
pub(super) mod redemption;
pub(super) mod refresh_token;
pub(super) mod seats;
pub(super) mod session;
pub(super) mod subscription;
pub(super) mod tenant;
pub(super) mod tier;
pub(super) mod time;
pub(super) mod usage;
pub(super) mod user;

use builder::ItemBuilder;
use reader::Reader;
pub(super) use reader::text_of_update;
