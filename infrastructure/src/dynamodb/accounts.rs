//! Reading accounts.

mod rows;

use std::collections::BTreeMap;

use application::{
    TenantScope,
    idempotency::IdempotencyRecord,
    ports::{Account, AccountRepository, AddressHolder, LegacyRefreshToken, SignedInAccount, StoreError},
};
use async_trait::async_trait;
use domain::{
    EmailAddress, OneTimeToken, Session, SessionId, Tenant, TokenHash, TokenId, User, UserId, verification::Purpose,
};
use futures::future::try_join;

use super::{
    DynamoStore,
    items::{email_claim, idempotency_record, one_time_token, refresh_token, session, tenant, user},
    tables::{Table, index},
};
use rows::Rows;

/// A tenant whose row is gone while its users are not.
#[derive(Debug, thiserror::Error)]
#[error("a user's tenant has no row")]
struct NoTenant;

/// Reads accounts from the tables. Whatever has a key is read strongly consistently, in one batch; subscriptions and the
/// holders of unclaimed addresses are found through indexes, which may lag by a moment, but for the subscription that
/// counts.
#[derive(Clone, Debug)]
pub struct DynamoAccountRepository {
    store: DynamoStore,
}

impl DynamoAccountRepository {
    pub(super) const fn new(store: DynamoStore) -> Self {
        Self { store }
    }

    /// The user, their tenant, the session, and what there is in other tables of the tenant.
    async fn rows(
        &self,
        scope: &TenantScope,
        user_id: &UserId,
        session_id: Option<&SessionId>,
        of_tenant: &[Table],
    ) -> Result<Rows, StoreError> {
        let tenant_id = scope.tenant_id().as_str();
        let mut keys = vec![
            (Table::Users, user_id.as_str()),
            (Table::UserPreferences, user_id.as_str()),
            (Table::Tenants, tenant_id),
        ];
        keys.extend(session_id.map(|id| (Table::AccountSessions, id.as_str())));
        keys.extend(of_tenant.iter().map(|table| (*table, tenant_id)));
        Rows::get(&self.store, &keys).await
    }

    async fn load(
        &self,
        scope: &TenantScope,
        user_id: &UserId,
        session_id: Option<&SessionId>,
    ) -> Result<Option<(Account, Option<Session>)>, StoreError> {
        let rows = self.rows(scope, user_id, session_id, &[Table::AccountBilling]);
        let (rows, indexed) = try_join(rows, self.store.indexed_subscriptions(scope)).await?;
        let Some((user, tenant)) = self.user_and_tenant(&rows, scope)? else { return Ok(None) };
        let session = session_of(&rows, &user)?;
        let plan = self.store.live_plan(scope, rows.item(Table::AccountBilling), indexed).await?;
        Ok(Some((Account { user, tenant, plan }, session)))
    }

    async fn tokens_of(&self, user: &User, purpose: Purpose) -> Result<Vec<(Purpose, TokenHash)>, StoreError> {
        let (table, user_id) = (one_time_token::table_of(purpose), user.snapshot().id.as_str());
        let items = self.store.query(table, Some(index::BY_USER), "user_id", user_id).await?;
        items.iter().map(|item| Ok((purpose, one_time_token::read_hash(purpose, item)?))).collect()
    }

    /// The user and tenant among `rows`, unless the user is of another tenant.
    fn user_and_tenant(&self, rows: &Rows, scope: &TenantScope) -> Result<Option<(User, Tenant)>, StoreError> {
        let Some(item) = rows.item(Table::Users) else { return Ok(None) };
        let user = user::read(item, rows.item(Table::UserPreferences), self.store.layout.users_key())?;
        if user.snapshot().tenant_id != *scope.tenant_id() {
            return Ok(None);
        }
        let tenant = rows
            .item(Table::Tenants)
            .ok_or_else(|| StoreError::corrupt(Table::Tenants.base_name(), NoTenant))
            .and_then(tenant::read)?;
        Ok(Some((user, tenant)))
    }
}

/// The session among `rows`, unless it is somebody else's.
fn session_of(rows: &Rows, user: &User) -> Result<Option<Session>, StoreError> {
    let session = rows.item(Table::AccountSessions).map(session::read).transpose()?;
    let owner = user.snapshot();
    Ok(session.filter(|session| {
        let session = session.snapshot();
        session.user_id == owner.id && session.tenant_id == owner.tenant_id
    }))
}

#[async_trait]
impl AccountRepository for DynamoAccountRepository {
    async fn holders_of(&self, email: &EmailAddress) -> Result<Vec<AddressHolder>, StoreError> {
        let (claim, unclaimed) = try_join(
            self.store.get(Table::AccountEmailClaims, email.as_str()),
            self.store.query(Table::Users, Some(index::USERS_BY_EMAIL), "email", email.as_str()),
        )
        .await?;
        let mut holders = BTreeMap::new();
        for item in &unclaimed {
            let (user_id, tenant_id) = user::read_ids(item, self.store.layout.users_key())?;
            holders.insert(user_id.clone(), AddressHolder { user_id, tenant_id, claimed: false });
        }
        if let Some(item) = &claim {
            let holder = email_claim::read(item)?;
            holders.insert(holder.user_id.clone(), holder);
        }
        Ok(holders.into_values().collect())
    }

    async fn find(&self, scope: &TenantScope, user_id: &UserId) -> Result<Option<Account>, StoreError> {
        Ok(self.load(scope, user_id, None).await?.map(|(account, _)| account))
    }

    async fn find_with_session(
        &self,
        scope: &TenantScope,
        user_id: &UserId,
        session_id: &SessionId,
    ) -> Result<Option<(Account, Option<Session>)>, StoreError> {
        self.load(scope, user_id, Some(session_id)).await
    }

    async fn find_signed_in(
        &self,
        scope: &TenantScope,
        user_id: &UserId,
        session_id: Option<&SessionId>,
    ) -> Result<Option<SignedInAccount>, StoreError> {
        let rows = self.rows(scope, user_id, session_id, &[]).await?;
        let Some((user, tenant)) = self.user_and_tenant(&rows, scope)? else { return Ok(None) };
        let session = session_of(&rows, &user)?;
        Ok(Some(SignedInAccount { user, tenant, session }))
    }

    async fn find_one_time_token(
        &self,
        purpose: Purpose,
        hash: &TokenHash,
    ) -> Result<Option<OneTimeToken>, StoreError> {
        let Some(item) = self.store.get(one_time_token::table_of(purpose), hash.as_str()).await? else {
            return Ok(None);
        };
        let owner = if let Some(owner) = one_time_token::read_tenant_and_email(purpose, &item)? {
            owner
        } else {
            let user_id = one_time_token::read_user_id(purpose, &item)?;
            let Some(user) = self.store.get(Table::Users, user_id.as_str()).await? else { return Ok(None) };
            user::read_tenant_and_email(&user)?
        };
        one_time_token::read(purpose, &item, owner).map(Some)
    }

    async fn one_time_tokens_of(&self, user: &User) -> Result<Vec<(Purpose, TokenHash)>, StoreError> {
        let (mut tokens, resets) =
            try_join(self.tokens_of(user, Purpose::ConfirmEmail), self.tokens_of(user, Purpose::ResetPassword)).await?;
        tokens.extend(resets);
        Ok(tokens)
    }

    async fn find_legacy_refresh_token(
        &self,
        id: &TokenId,
        exchanged_for: &SessionId,
    ) -> Result<Option<LegacyRefreshToken>, StoreError> {
        let keys = [(Table::RefreshTokens, id.as_str()), (Table::AccountSessions, exchanged_for.as_str())];
        let rows = Rows::get(&self.store, &keys).await?;
        if let Some(item) = rows.item(Table::AccountSessions) {
            let session = session::read(item)?;
            let session = session.snapshot();
            let (user_id, tenant_id) = (session.user_id.clone(), session.tenant_id.clone());
            return Ok(Some(LegacyRefreshToken { user_id, tenant_id, unspent: false }));
        }
        match rows.item(Table::RefreshTokens) {
            Some(item) => refresh_token::read_legacy(item, self.store.clock.now()),
            None => Ok(None),
        }
    }

    async fn find_idempotency_record(&self, id: &TokenHash) -> Result<Option<IdempotencyRecord>, StoreError> {
        let item = self.store.get(Table::AccountIdempotency, id.as_str()).await?;
        item.as_ref().map(idempotency_record::read).transpose()
    }
}
