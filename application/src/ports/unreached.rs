//! Stands in for the ports that a test must not reach.

mod billing;
mod credentials;
mod identities;

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::{
    BusinessFoundation, EmailAddress, Entitlements, Invitation, InvitationId, InvitationToken, LimitName, Session,
    Subscription, Tenant, Timestamp, User, UserId, invitation::InvitationStatus,
};

use super::{
    AuditFilter, AuditTrail, BusinessRepository, EntitlementRepository, HeldInvitation, InvitationRepository, Member,
    MemberRepository, PlatformDirectory, SeatRecord, SessionRepository, StoreError, SubscriptionFilter, TenantFilter,
    TenantRepository, UsageRecord, UsageRepository, UserFilter,
};
use crate::{
    actor::{PlatformAdmin, TenantScope},
    audit::AuditRecord,
    members::MemberFilter,
    page::{Page, PageError, PageRequest},
};

/// A world in which nothing but what a test puts there can be reached.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unreached;

fn unreached<T>() -> Result<T, StoreError> {
    Err(StoreError::Unavailable("this test does not reach that far".into()))
}

#[async_trait]
impl TenantRepository for Unreached {
    async fn find(&self, _: &TenantScope) -> Result<Option<Tenant>, StoreError> {
        unreached()
    }
}

#[async_trait]
impl MemberRepository for Unreached {
    async fn page(&self, _: &TenantScope, _: &MemberFilter, _: &PageRequest) -> Result<Page<Member>, PageError> {
        Ok(unreached()?)
    }

    async fn seats(&self, _: &TenantScope) -> Result<SeatRecord, StoreError> {
        unreached()
    }
}

#[async_trait]
impl EntitlementRepository for Unreached {
    async fn find(&self, _: &TenantScope) -> Result<Entitlements, StoreError> {
        unreached()
    }
}

#[async_trait]
impl UsageRepository for Unreached {
    async fn find(&self, _: &TenantScope, _: &LimitName) -> Result<UsageRecord, StoreError> {
        unreached()
    }

    async fn all(&self, _: &TenantScope) -> Result<BTreeMap<String, UsageRecord>, StoreError> {
        unreached()
    }
}

#[async_trait]
impl SessionRepository for Unreached {
    async fn of_user(&self, _: &TenantScope, _: &UserId) -> Result<Vec<Session>, StoreError> {
        unreached()
    }
}

#[async_trait]
impl AuditTrail for Unreached {
    async fn of_tenant(
        &self,
        _: &TenantScope,
        _: &AuditFilter,
        _: &PageRequest,
    ) -> Result<Page<AuditRecord>, PageError> {
        Ok(unreached()?)
    }

    async fn everywhere(
        &self,
        _: &PlatformAdmin,
        _: &AuditFilter,
        _: &PageRequest,
    ) -> Result<Page<AuditRecord>, PageError> {
        Ok(unreached()?)
    }
}

#[async_trait]
impl PlatformDirectory for Unreached {
    async fn users(&self, _: &PlatformAdmin, _: &UserFilter, _: &PageRequest) -> Result<Page<User>, PageError> {
        Ok(unreached()?)
    }

    async fn user(&self, _: &PlatformAdmin, _: &UserId) -> Result<Option<User>, StoreError> {
        unreached()
    }

    async fn subscriptions(
        &self,
        _: &PlatformAdmin,
        _: &SubscriptionFilter,
        _: &PageRequest,
    ) -> Result<Page<Subscription>, PageError> {
        Ok(unreached()?)
    }

    async fn tenants(&self, _: &PlatformAdmin, _: &TenantFilter, _: &PageRequest) -> Result<Page<Tenant>, PageError> {
        Ok(unreached()?)
    }
}

#[async_trait]
impl InvitationRepository for Unreached {
    async fn find(&self, _: &TenantScope, _: &InvitationId) -> Result<Option<Invitation>, StoreError> {
        unreached()
    }

    async fn find_by_token(&self, _: &InvitationToken) -> Result<Option<HeldInvitation>, StoreError> {
        unreached()
    }

    async fn list(
        &self,
        _: &TenantScope,
        _: Option<InvitationStatus>,
        _: Timestamp,
        _: &PageRequest,
    ) -> Result<Page<Invitation>, PageError> {
        Ok(unreached()?)
    }

    async fn is_open_to(&self, _: &TenantScope, _: &EmailAddress, _: Timestamp) -> Result<bool, StoreError> {
        unreached()
    }

    async fn count_open(&self, _: &TenantScope, _: Timestamp, _: usize) -> Result<usize, StoreError> {
        unreached()
    }
}

#[async_trait]
impl BusinessRepository for Unreached {
    async fn find(&self, _: &TenantScope) -> Result<Option<BusinessFoundation>, StoreError> {
        unreached()
    }
}
