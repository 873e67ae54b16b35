//! Reading sessions.

use application::{
    TenantScope,
    ports::{SessionRepository, StoreError},
};
use async_trait::async_trait;
use domain::{Session, UserId};

use super::{
    DynamoStore,
    items::session,
    store::PageOf,
    tables::{Table, index},
};

/// How many calls, of 1 MB each, look for the sessions of one user: far more than anybody who is not a program has in
/// the two months for which rows are kept.
const MOST_CALLS: usize = 4;

/// Reads sessions through the index of their users.
#[derive(Clone, Debug)]
pub struct DynamoSessionRepository {
    store: DynamoStore,
}

impl DynamoSessionRepository {
    pub(super) const fn new(store: DynamoStore) -> Self {
        Self { store }
    }
}

#[async_trait]
impl SessionRepository for DynamoSessionRepository {
    async fn of_user(&self, scope: &TenantScope, user_id: &UserId) -> Result<Vec<Session>, StoreError> {
        let (mut sessions, mut after) = (Vec::new(), None);
        for _ in 0..MOST_CALLS {
            let (key, page) = (("user_id", user_id.as_str()), PageOf { after, ..PageOf::default() });
            let page = self.store.query_page(Table::AccountSessions, Some(index::BY_USER), key, page).await?;
            for item in &page.items {
                sessions.push(session::read(item)?);
            }
            after = page.last;
            if after.is_none() {
                break;
            }
        }
        sessions.retain(|session| session.snapshot().tenant_id == *scope.tenant_id());
        sessions.sort_by_key(|session| std::cmp::Reverse(session.snapshot().last_used_at));
        Ok(sessions)
    }
}
