use async_trait::async_trait;
use domain::{Session, UserId};

use super::StoreError;
use crate::actor::TenantScope;

/// Reads sessions.
#[async_trait]
pub trait SessionRepository: Send + Sync {
    /// The sessions of a user, those that are over included, the last used first. Those of a user of another tenant do
    /// not exist. May miss what was committed a moment ago, and what lies beyond the few thousand rows that it looks
    /// at.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails.
    async fn of_user(&self, scope: &TenantScope, user_id: &UserId) -> Result<Vec<Session>, StoreError>;
}
