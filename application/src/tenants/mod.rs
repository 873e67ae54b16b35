//! Organisations: what they are called, how they want the product to behave, and whether they may use it.

mod suspend;

use std::sync::Arc;

pub use suspend::SuspensionError;

use crate::{
    ports::{Clock, TenantRepository, UnitOfWork},
    use_cases::Ports,
};

/// The use cases of tenants.
#[derive(Clone)]
pub struct TenantService {
    tenants: Arc<dyn TenantRepository>,
    unit_of_work: Arc<dyn UnitOfWork>,
    clock: Arc<dyn Clock>,
}

impl TenantService {
    /// The service on these ports.
    #[must_use]
    pub fn new(ports: &Ports) -> Self {
        let Ports { tenants, unit_of_work, clock, .. } = ports.clone();
        Self { tenants, unit_of_work, clock }
    }
}
