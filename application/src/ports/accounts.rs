use std::error::Error;

use async_trait::async_trait;
use domain::{
    EmailAddress, OneTimeToken, Plan, Session, SessionId, Tenant, TenantId, Tier, TokenHash, TokenId, User, UserId,
    verification::Purpose,
};

use crate::{actor::TenantScope, idempotency::IdempotencyRecord};

/// A user with the tenant that they belong to and what it has subscribed to: what a sign-in needs.
#[derive(Clone, Debug)]
pub struct Account {
    /// The person.
    pub user: User,
    /// Their organisation.
    pub tenant: Tenant,
    /// Its live subscription, if it has one.
    pub plan: Option<Plan>,
}

impl Account {
    /// The tier that the account's tokens carry. Readers know the paid tiers only, so a tenant without a
    /// subscription, or on a trial of no tier in particular, carries the smallest.
    #[must_use]
    pub fn tier(&self) -> Tier {
        match self.plan.as_ref().map(|plan| plan.tier) {
            None | Some(Tier::Trial) => Tier::Starter,
            Some(tier) => tier,
        }
    }
}

/// A user, their tenant and one of their sessions: what a request with a token needs.
#[derive(Clone, Debug)]
pub struct SignedInAccount {
    /// The person.
    pub user: User,
    /// Their organisation.
    pub tenant: Tenant,
    /// The session, if the token names one and it exists and is theirs.
    pub session: Option<Session>,
}

/// Who holds an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressHolder {
    /// The user.
    pub user_id: UserId,
    /// Their tenant.
    pub tenant_id: TenantId,
    /// Whether the address is claimed for them. Users that the Python service registered have no claim until
    /// their first sign-in here.
    pub claimed: bool,
}

/// A refresh token of the Python service, as the shared table knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegacyRefreshToken {
    /// Whose it is.
    pub user_id: UserId,
    /// Their tenant.
    pub tenant_id: TenantId,
    /// Whether it can still be exchanged; `false` when it has become a session of ours.
    pub unspent: bool,
}

/// Reads accounts and what belongs to them. Reads are strongly consistent, so that what was acknowledged is
/// seen, except where a method says otherwise.
#[async_trait]
pub trait AccountRepository: Send + Sync {
    /// Everybody who holds the address. More than one only where the Python service let it happen. The work
    /// does not depend on whether anybody does (security rule 6). A user that the Python service registered a
    /// moment ago may be missed.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails or holds something unreadable.
    async fn holders_of(&self, email: &EmailAddress) -> Result<Vec<AddressHolder>, StoreError>;

    /// The account of a user. A user of another tenant is `None`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails or holds something unreadable.
    async fn find(&self, scope: &TenantScope, user_id: &UserId) -> Result<Option<Account>, StoreError>;

    /// The account of a user together with one of their sessions. A user or a session of another tenant, and a
    /// session of another user, are `None`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails or holds something unreadable.
    async fn find_with_session(
        &self,
        scope: &TenantScope,
        user_id: &UserId,
        session_id: &SessionId,
    ) -> Result<Option<(Account, Option<Session>)>, StoreError>;

    /// What a request with an access token needs, in one round trip. A user of another tenant is `None`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails or holds something unreadable.
    async fn find_signed_in(
        &self,
        scope: &TenantScope,
        user_id: &UserId,
        session_id: Option<&SessionId>,
    ) -> Result<Option<SignedInAccount>, StoreError>;

    /// The one-time token with this hash, used or not. One that the Python service issued is completed from
    /// its user.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails or holds something unreadable.
    async fn find_one_time_token(&self, purpose: Purpose, hash: &TokenHash)
    -> Result<Option<OneTimeToken>, StoreError>;

    /// The one-time tokens of a user, used or not, that an index knows: one of a moment ago may be missing.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails or holds something unreadable.
    async fn one_time_tokens_of(&self, user: &User) -> Result<Vec<(Purpose, TokenHash)>, StoreError>;

    /// The refresh token of the Python service with this id; or, once it was exchanged, the session
    /// `exchanged_for` as what has become of it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails or holds something unreadable.
    async fn find_legacy_refresh_token(
        &self,
        id: &TokenId,
        exchanged_for: &SessionId,
    ) -> Result<Option<LegacyRefreshToken>, StoreError>;

    /// The first answer to a request with an idempotency key.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails or holds something unreadable.
    async fn find_idempotency_record(&self, id: &TokenHash) -> Result<Option<IdempotencyRecord>, StoreError>;
}

/// Why the store did not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be reached, or is overloaded; later may be better.
    #[error("the store is unavailable")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// It refused a request that we think right.
    #[error("the store refused a request")]
    Refused(#[source] Box<dyn Error + Send + Sync>),
    /// It holds something that cannot be read.
    #[error("unreadable item in {what}")]
    Corrupt {
        /// Where: a table's name, not the item's content.
        what: &'static str,
        /// What is wrong with it.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
}

impl StoreError {
    /// Something in `what` cannot be read.
    pub fn corrupt(what: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Corrupt { what, source: source.into() }
    }
}
