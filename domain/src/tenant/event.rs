//! What happens to tenants.

use super::{SuspensionReason, TenantSettings, TenantSnapshot};
use crate::{TenantId, Timestamp, UserId, Version};

/// Something that happened to a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantEvent {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The version of the tenant that it led to.
    pub version: Version,
    /// What happened.
    pub what: TenantEventKind,
}

/// What happened to a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TenantEventKind {
    /// It was created.
    Created {
        /// Who owns it.
        owner_user_id: UserId,
    },
    /// It was handed over.
    OwnershipTransferred {
        /// Who owned it.
        from: UserId,
        /// Who owns it now.
        to: UserId,
    },
    /// It has another name. Tenants are called after people, so the event does not say which.
    Renamed,
    /// Its settings changed.
    SettingsChanged {
        /// The settings now.
        settings: TenantSettings,
    },
    /// The platform switched it off; all sessions of its people ended.
    Suspended {
        /// Why.
        reason: SuspensionReason,
    },
    /// The platform switched it on again.
    Reactivated,
    /// Its owner closed it; all sessions of its people ended.
    Closed {
        /// Until when it can be opened again.
        reopen_until: Timestamp,
    },
    /// Its owner opened it again.
    Reopened,
}

impl TenantEventKind {
    pub(super) fn of(self, tenant: &TenantSnapshot) -> TenantEvent {
        TenantEvent { tenant_id: tenant.id.clone(), version: tenant.version.next(), what: self }
    }
}
