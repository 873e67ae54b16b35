use async_trait::async_trait;
use domain::{Timestamp, UserId};

use crate::{
    actor::{PlatformAdmin, TenantScope},
    audit::AuditRecord,
    page::{Page, PageError, PageRequest},
};

/// Which records to show; what is `None` does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Who did it.
    pub actor: Option<UserId>,
    /// What happened.
    pub action: Option<String>,
    /// Not before this.
    pub from: Option<Timestamp>,
    /// Before this.
    pub to: Option<Timestamp>,
}

/// Reads what [`UnitOfWork::commit`](super::UnitOfWork::commit) keeps of what happened, newest first.
///
/// A page takes a bounded number of calls to the store, whatever the filter: where few records fit, it may hold less
/// than was asked for although there is a next one. What is too old to be kept is not shown.
#[async_trait]
pub trait AuditTrail: Send + Sync {
    /// What happened in one tenant. Strongly consistent.
    ///
    /// # Errors
    ///
    /// [`PageError`] when the cursor is not of this list, or the store fails.
    async fn of_tenant(
        &self,
        scope: &TenantScope,
        filter: &AuditFilter,
        page: &PageRequest,
    ) -> Result<Page<AuditRecord>, PageError>;

    /// What happened anywhere. May miss what was committed a moment ago.
    ///
    /// # Errors
    ///
    /// [`PageError`] when the cursor is not of this list, or the store fails.
    async fn everywhere(
        &self,
        admin: &PlatformAdmin,
        filter: &AuditFilter,
        page: &PageRequest,
    ) -> Result<Page<AuditRecord>, PageError>;
}
