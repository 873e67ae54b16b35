//! Administration of the platform: what no role of a tenant allows.
//!
//! Every method takes a [`PlatformAdmin`], and puts the use of it on record before anything else: where that cannot be
//! written, nothing is shown or changed. Only whose tenant it is about is looked up before, where a user is named.

mod audit;
mod discounts;
mod subscriptions;
mod suspend;
mod tenants;
mod trials;
mod users;

use std::sync::Arc;

use domain::{PromoCode, TenantId};
use serde_json::json;

pub use discounts::DiscountCodeError;
pub use suspend::AdminSuspensionError;
pub use trials::AdminTrialError;

use crate::{
    actor::{Actor, Denied, PlatformAdmin, PlatformAdmins},
    audit::{AuditActor, AuditEntry, AuditTarget},
    billing::BillingService,
    error::Failure,
    ports::{AuditTrail, ChangeSet, Clock, DiscountRepository, IdGenerator, PlatformDirectory, UnitOfWork, Write},
    retry::{look_again, settle},
    tenants::TenantService,
    use_cases::Ports,
};

/// The use cases of who administers the platform.
#[derive(Clone)]
pub struct AdminService {
    admins: PlatformAdmins,
    directory: Arc<dyn PlatformDirectory>,
    discounts: Arc<dyn DiscountRepository>,
    trail: Arc<dyn AuditTrail>,
    unit_of_work: Arc<dyn UnitOfWork>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGenerator>,
    tenants: TenantService,
    billing: BillingService,
}

/// What an administrator asks for.
struct Use<'a> {
    action: &'static str,
    /// The tenant that it is about, if it is about one.
    tenant_id: Option<&'a TenantId>,
    /// What a list is narrowed down by. The names only: a value may be an address.
    filters: Vec<&'static str>,
}

impl<'a> Use<'a> {
    /// Something that is asked for one tenant.
    const fn of_tenant(action: &'static str, tenant_id: &'a TenantId) -> Self {
        Self { action, tenant_id: Some(tenant_id), filters: Vec::new() }
    }
}

impl AdminService {
    /// The service on these ports, for these administrators; what they do to tenants and trials, the services of those
    /// do.
    #[must_use]
    pub fn new(ports: &Ports, tenants: TenantService, billing: BillingService, admins: PlatformAdmins) -> Self {
        let Ports { directory, discounts, audit_trail, unit_of_work, clock, ids, .. } = ports.clone();
        Self { admins, directory, discounts, trail: audit_trail, unit_of_work, clock, ids, tenants, billing }
    }

    /// Takes somebody who is signed in for an administrator of the platform, as the list of them is now.
    ///
    /// # Errors
    ///
    /// [`Denied`] when they are none.
    pub fn admit(&self, actor: &Actor) -> Result<PlatformAdmin, Denied> {
        self.admins.admit(actor)
    }

    /// Puts a use on record.
    async fn record(&self, admin: &PlatformAdmin, used: Use<'_>) -> Result<(), Failure> {
        let Use { action, tenant_id, filters } = used;
        let entry = AuditEntry {
            tenant_id: tenant_id.cloned(),
            action: action.to_owned(),
            actor: AuditActor::Platform(admin.user_id().clone()),
            target: tenant_id.map(|id| AuditTarget { kind: "tenant".to_owned(), id: id.to_string() }),
            details: if filters.is_empty() { json!({}) } else { json!({ "filters": filters }) },
        };
        self.keep(admin, entry).await
    }

    /// Puts a use that is about one discount code on record.
    async fn record_code(&self, admin: &PlatformAdmin, action: &str, code: &PromoCode) -> Result<(), Failure> {
        let entry = AuditEntry {
            tenant_id: None,
            action: action.to_owned(),
            actor: AuditActor::Platform(admin.user_id().clone()),
            target: None,
            details: json!({ "code": code.as_str() }),
        };
        self.keep(admin, entry).await
    }

    async fn keep(&self, admin: &PlatformAdmin, entry: AuditEntry) -> Result<(), Failure> {
        settle(|| async {
            let changes = ChangeSet::default().by_platform_admin(admin).write(Write::Audit(entry.clone()));
            self.unit_of_work.commit(changes).await.map_err(look_again)
        })
        .await
    }
}

/// The names of the filters that are set.
fn names<const N: usize>(filters: [(&'static str, bool); N]) -> Vec<&'static str> {
    filters.into_iter().filter_map(|(name, is_set)| is_set.then_some(name)).collect()
}
