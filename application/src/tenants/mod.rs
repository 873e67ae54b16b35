//! Organisations: what they are called, how they want the product to behave, and whether they may use it.

mod change;
mod close;
mod overview;
mod reopen;
mod suspend;

use std::sync::Arc;

use chrono::Duration;

pub use change::ChangeTenantError;
pub use close::{CloseTenant, CloseTenantError};
pub use overview::{TenantError, TenantOverview};
pub use reopen::{ReopenTenantError, Reopened, ReopeningLink};
pub use suspend::SuspensionError;

use crate::{
    auth::{AuthService, AuthSettings},
    links::LinkPolicy,
    ports::{
        AccountRepository, BillingRepository, Clock, EntitlementRepository, IdGenerator, MemberRepository,
        TenantRepository, UnitOfWork,
    },
    use_cases::Ports,
};

/// The use cases of tenants.
#[derive(Clone)]
pub struct TenantService {
    accounts: Arc<dyn AccountRepository>,
    billing: Arc<dyn BillingRepository>,
    tenants: Arc<dyn TenantRepository>,
    members: Arc<dyn MemberRepository>,
    entitlements: Arc<dyn EntitlementRepository>,
    unit_of_work: Arc<dyn UnitOfWork>,
    auth: AuthService,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGenerator>,
    links: LinkPolicy,
    reopening_lifetime: Duration,
}

impl TenantService {
    /// The service on these ports. `auth` asks owners for their password.
    #[must_use]
    pub fn new(ports: &Ports, settings: &AuthSettings, auth: AuthService) -> Self {
        let Ports { accounts, billing, tenants, members, entitlements, unit_of_work, clock, ids, .. } = ports.clone();
        let AuthSettings { links, reopening_lifetime, .. } = settings.clone();
        Self {
            accounts,
            billing,
            tenants,
            members,
            entitlements,
            unit_of_work,
            auth,
            clock,
            ids,
            links,
            reopening_lifetime,
        }
    }
}
