use async_trait::async_trait;
use domain::{
    EmailAddress, Subscription, SubscriptionStatus, Tenant, TenantId, Tier, User, UserId, tenant::TenantStatus,
    user::UserStatus,
};

use super::StoreError;
use crate::{
    actor::PlatformAdmin,
    page::{Page, PageError, PageRequest},
};

/// Which users to show; what is `None` does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserFilter {
    /// Whose they are.
    pub tenant_id: Option<TenantId>,
    /// Their whole address.
    pub email: Option<EmailAddress>,
    /// Where they stand.
    pub status: Option<UserStatus>,
}

impl UserFilter {
    /// Whether a user is one to show.
    #[must_use]
    pub fn admits(&self, user: &User) -> bool {
        let Self { tenant_id, email, status } = self;
        let user = user.snapshot();
        tenant_id.as_ref().is_none_or(|wanted| user.tenant_id == *wanted)
            && email.as_ref().is_none_or(|wanted| user.email == *wanted)
            && status.is_none_or(|wanted| user.status == wanted)
    }
}

/// Which tenants to show; what is `None` does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TenantFilter {
    /// Where they stand.
    pub status: Option<TenantStatus>,
    /// How their names begin, in upper or lower case.
    pub name_prefix: Option<String>,
}

impl TenantFilter {
    /// Whether a tenant is one to show.
    #[must_use]
    pub fn admits(&self, tenant: &Tenant) -> bool {
        let Self { status, name_prefix } = self;
        let begins =
            |prefix: &String| tenant.snapshot().name.as_str().to_lowercase().starts_with(&prefix.to_lowercase());
        status.is_none_or(|wanted| tenant.snapshot().status() == wanted) && name_prefix.as_ref().is_none_or(begins)
    }
}

/// Which subscriptions to show; what is `None` does not matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SubscriptionFilter {
    /// Where they stand.
    pub status: Option<SubscriptionStatus>,
    /// What they are for.
    pub tier: Option<Tier>,
}

impl SubscriptionFilter {
    /// Whether a subscription is one to show.
    #[must_use]
    pub fn admits(&self, subscription: &Subscription) -> bool {
        let (Self { status, tier }, plan) = (self, subscription.plan());
        status.is_none_or(|wanted| plan.status == wanted) && tier.is_none_or(|wanted| plan.tier == wanted)
    }
}

/// Reads the users, tenants and subscriptions of the whole platform, which takes an administrator of it.
///
/// A page takes a bounded number of calls to the store, whatever the filter: where few rows fit, it may hold less than
/// was asked for although there is a next one. A row that cannot be read is left out, and logged. What changed a moment
/// ago may be missed.
#[async_trait]
pub trait PlatformDirectory: Send + Sync {
    /// Users, without their preferences.
    ///
    /// # Errors
    ///
    /// [`PageError`] when the cursor is not of this list, or the store fails.
    async fn users(
        &self,
        admin: &PlatformAdmin,
        filter: &UserFilter,
        page: &PageRequest,
    ) -> Result<Page<User>, PageError>;

    /// One user, without their preferences, as they are now.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails or holds something unreadable.
    async fn user(&self, admin: &PlatformAdmin, id: &UserId) -> Result<Option<User>, StoreError>;

    /// Tenants.
    ///
    /// # Errors
    ///
    /// [`PageError`] when the cursor is not of this list, or the store fails.
    async fn tenants(
        &self,
        admin: &PlatformAdmin,
        filter: &TenantFilter,
        page: &PageRequest,
    ) -> Result<Page<Tenant>, PageError>;

    /// Subscriptions, those that are over included.
    ///
    /// # Errors
    ///
    /// [`PageError`] when the cursor is not of this list, or the store fails.
    async fn subscriptions(
        &self,
        admin: &PlatformAdmin,
        filter: &SubscriptionFilter,
        page: &PageRequest,
    ) -> Result<Page<Subscription>, PageError>;
}
