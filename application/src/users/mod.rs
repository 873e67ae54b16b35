//! What people see and change of themselves.

mod profile;

use std::sync::Arc;

pub use profile::ProfileError;

use crate::{
    ports::{AccountRepository, Clock, UnitOfWork},
    use_cases::Ports,
};

/// The use cases of users.
#[derive(Clone)]
pub struct UserService {
    accounts: Arc<dyn AccountRepository>,
    unit_of_work: Arc<dyn UnitOfWork>,
    clock: Arc<dyn Clock>,
}

impl UserService {
    /// The service on these ports.
    #[must_use]
    pub fn new(ports: &Ports) -> Self {
        let Ports { accounts, unit_of_work, clock, .. } = ports.clone();
        Self { accounts, unit_of_work, clock }
    }
}
