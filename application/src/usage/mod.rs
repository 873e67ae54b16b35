//! How much of what its plan limits a tenant has used: counters that other services raise before they make something,
//! and lower after they removed it.
//!
//! A counter raises no event: what is counted is something of the service that counts it, which has its own.

mod count;
mod view;

use std::sync::Arc;

pub use count::{CountUsage, UsageError};

use crate::{
    ports::{AccountRepository, Clock, EntitlementRepository, MemberRepository, UnitOfWork, UsageRepository},
    use_cases::Ports,
};

/// The use cases of counting what is used.
#[derive(Clone)]
pub struct UsageService {
    accounts: Arc<dyn AccountRepository>,
    entitlements: Arc<dyn EntitlementRepository>,
    members: Arc<dyn MemberRepository>,
    usage: Arc<dyn UsageRepository>,
    unit_of_work: Arc<dyn UnitOfWork>,
    clock: Arc<dyn Clock>,
}

impl UsageService {
    /// The service on these ports.
    #[must_use]
    pub fn new(ports: &Ports) -> Self {
        let Ports { accounts, entitlements, members, usage, unit_of_work, clock, .. } = ports.clone();
        Self { accounts, entitlements, members, usage, unit_of_work, clock }
    }
}
