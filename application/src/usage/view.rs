//! What is used, and how much may be.

use std::collections::BTreeMap;

use domain::{Usage, entitlement::SEATS};
use futures::future::try_join3;

use super::UsageService;
use crate::{
    actor::{Actor, TenantScope},
    error::Failure,
};

impl UsageService {
    /// How much the actor's tenant has used of everything that its plan limits, or says not to.
    ///
    /// # Errors
    ///
    /// [`Failure`] when it cannot be found out.
    pub async fn of_tenant(&self, actor: &Actor) -> Result<BTreeMap<String, Usage>, Failure> {
        let scope = TenantScope::from(actor);
        let loads = try_join3(self.entitlements.find(&scope), self.usage.all(&scope), self.members.seats(&scope));
        let (entitlements, records, seats) = loads.await?;
        let used = |name: &str| match name {
            SEATS => u64::from(seats.seats.taken),
            name => records.get(name).map_or(0, |record| record.used),
        };
        let limits = entitlements.limits().iter();
        Ok(limits.map(|(name, limit)| (name.clone(), Usage { used: used(name), limit: *limit })).collect())
    }
}
