//! What the tests of this crate have in common.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::Duration;
use domain::{
    EmailAddress, OneTimeToken, PersonName, Role, Session, SessionId, Tenant, TenantId, ThrottleSubject, Timestamp,
    TokenHash, TokenId, User, UserId,
    session::SessionPolicy,
    tenant::TenantName,
    throttle::Failures,
    user::{EmailVerification, NewUser, Password, PasswordHash, PasswordPolicy},
    verification::Purpose,
};
use mockall::mock;
use secrecy::SecretString;
use uuid::Uuid;

use crate::{
    AuthService, TenantScope,
    auth::{AuthSettings, Throttling},
    idempotency::IdempotencyRecord,
    links::LinkPolicy,
    ports::{
        AccessTokenClaims, Account, AccountRepository, AddressHolder, Clock, FailureCounter, IdGenerator,
        IssuedAccessToken, LegacyRefreshToken, PasswordHasher, PasswordHashingError, PasswordVerification,
        RefreshTokenClaims, SignedInAccount, StoreError, TokenRejected, TokenSigningError, Tokens, Unreached,
        VerifiedAccessToken, VerifiedRefreshToken, mocks::MockUnitOfWork,
    },
    use_cases,
};

/// A clock that stands still.
pub(crate) struct StoppedClock;

impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000, 0).unwrap()
    }
}

/// Identifiers that count.
#[derive(Default)]
pub(crate) struct CountingIds(Mutex<u128>);

impl IdGenerator for CountingIds {
    fn uuid(&self) -> Uuid {
        let mut next = self.0.lock().unwrap();
        *next += 1;
        Uuid::from_u128(*next)
    }

    fn secret(&self) -> [u8; 32] {
        [7; 32]
    }
}

mock! {
    /// Reads that a test decides. Other reads than these two do not happen in the tests of this crate.
    pub(crate) Accounts {
        pub(crate) fn holders_of(&self, email: &EmailAddress) -> Result<Vec<AddressHolder>, StoreError>;
        pub(crate) fn find(&self, scope: &TenantScope, user_id: &UserId) -> Result<Option<Account>, StoreError>;
    }
}

#[async_trait]
impl AccountRepository for MockAccounts {
    async fn holders_of(&self, email: &EmailAddress) -> Result<Vec<AddressHolder>, StoreError> {
        Self::holders_of(self, email)
    }

    async fn find(&self, scope: &TenantScope, user_id: &UserId) -> Result<Option<Account>, StoreError> {
        Self::find(self, scope, user_id)
    }

    async fn find_with_session(
        &self,
        _: &TenantScope,
        _: &UserId,
        _: &SessionId,
    ) -> Result<Option<(Account, Option<Session>)>, StoreError> {
        unreachable!()
    }

    async fn find_signed_in(
        &self,
        _: &TenantScope,
        _: &UserId,
        _: Option<&SessionId>,
    ) -> Result<Option<SignedInAccount>, StoreError> {
        unreachable!()
    }

    async fn find_one_time_token(&self, _: Purpose, _: &TokenHash) -> Result<Option<OneTimeToken>, StoreError> {
        unreachable!()
    }

    async fn one_time_tokens_of(&self, _: &User) -> Result<Vec<(Purpose, TokenHash)>, StoreError> {
        unreachable!()
    }

    async fn find_legacy_refresh_token(
        &self,
        _: &TokenId,
        _: &SessionId,
    ) -> Result<Option<LegacyRefreshToken>, StoreError> {
        unreachable!()
    }

    async fn find_idempotency_record(&self, _: &TokenHash) -> Result<Option<IdempotencyRecord>, StoreError> {
        unreachable!()
    }
}

mock! {
    /// A hasher that a test decides; `verify` sees whether there is a stored hash.
    pub(crate) Passwords {
        pub(crate) fn hash(&self) -> Result<PasswordHash, PasswordHashingError>;
        pub(crate) fn verify(&self, is_stored: bool) -> Result<PasswordVerification, PasswordHashingError>;
    }
}

#[async_trait]
impl PasswordHasher for MockPasswords {
    async fn hash(&self, _: &Password) -> Result<PasswordHash, PasswordHashingError> {
        Self::hash(self)
    }

    async fn verify(
        &self,
        _: &Password,
        stored: Option<&PasswordHash>,
    ) -> Result<PasswordVerification, PasswordHashingError> {
        Self::verify(self, stored.is_some())
    }
}

mock! {
    /// A counter that a test decides.
    pub(crate) Failures {
        pub(crate) fn find(&self) -> Result<Option<Failures>, StoreError>;
        pub(crate) fn count(&self, attempt: &Failures) -> Result<bool, StoreError>;
        pub(crate) fn add(&self) -> Result<(), StoreError>;
    }
}

#[async_trait]
impl FailureCounter for MockFailures {
    async fn find(&self, _: &ThrottleSubject) -> Result<Option<Failures>, StoreError> {
        Self::find(self)
    }

    async fn count(
        &self,
        _: &ThrottleSubject,
        _: Option<&Failures>,
        attempt: &Failures,
        _: Option<Timestamp>,
    ) -> Result<bool, StoreError> {
        Self::count(self, attempt)
    }

    async fn add(&self, _: &ThrottleSubject, _: Timestamp, _: Timestamp) -> Result<(), StoreError> {
        Self::add(self)
    }
}

/// Signs everything with one word.
struct WordTokens;

#[async_trait]
impl Tokens for WordTokens {
    async fn issue_access(&self, _: &AccessTokenClaims<'_>) -> Result<IssuedAccessToken, TokenSigningError> {
        Ok(IssuedAccessToken { token: "access".into(), expires_in: std::time::Duration::from_hours(1) })
    }

    async fn issue_refresh(&self, _: &RefreshTokenClaims<'_>) -> Result<SecretString, TokenSigningError> {
        Ok("refresh".into())
    }

    async fn verify_access(&self, _: &str) -> Result<VerifiedAccessToken, TokenRejected> {
        Err(TokenRejected::Invalid)
    }

    async fn verify_refresh(&self, _: &str) -> Result<VerifiedRefreshToken, TokenRejected> {
        Err(TokenRejected::Invalid)
    }

    async fn public_keys(&self) -> Result<serde_json::Value, TokenSigningError> {
        Ok(serde_json::json!({ "keys": [] }))
    }
}

/// The ports of an [`AuthService`], to be given expectations.
#[derive(Default)]
pub(crate) struct Ports {
    pub(crate) accounts: MockAccounts,
    pub(crate) unit_of_work: MockUnitOfWork,
    pub(crate) passwords: MockPasswords,
    pub(crate) failures: MockFailures,
}

impl Ports {
    /// The same, where nobody has ever failed.
    pub(crate) fn without_failures(mut self) -> Self {
        self.failures.expect_find().returning(|| Ok(None));
        self.failures.expect_count().returning(|_| Ok(true));
        self.failures.expect_add().returning(|| Ok(()));
        self
    }

    /// The service on these ports.
    pub(crate) fn service(self) -> AuthService {
        AuthService::new(
            &use_cases::Ports {
                accounts: Arc::new(self.accounts),
                tenants: Arc::new(Unreached),
                members: Arc::new(Unreached),
                sessions: Arc::new(Unreached),
                entitlements: Arc::new(Unreached),
                usage: Arc::new(Unreached),
                directory: Arc::new(Unreached),
                audit_trail: Arc::new(Unreached),
                invitations: Arc::new(Unreached),
                business: Arc::new(Unreached),
                billing: Arc::new(Unreached),
                discounts: Arc::new(Unreached),
                tiers: Arc::new(Unreached),
                billing_provider: Arc::new(Unreached),
                identity_claims: Arc::new(Unreached),
                identity_tokens: Arc::new(Unreached),
                unit_of_work: Arc::new(self.unit_of_work),
                failures: Arc::new(self.failures),
                passwords: Arc::new(self.passwords),
                tokens: Arc::new(WordTokens),
                clock: Arc::new(StoppedClock),
                ids: Arc::new(CountingIds::default()),
            },
            AuthSettings {
                email_verification: EmailVerification::Optional,
                passwords: PasswordPolicy { min_length: 8 },
                throttling: Throttling::On,
                sessions: SessionPolicy {
                    refresh_token_lifetime: Duration::days(30),
                    idle_timeout: Duration::days(14),
                    reuse_grace: Duration::seconds(30),
                },
                confirmation_lifetime: Duration::days(7),
                reset_lifetime: Duration::hours(1),
                reopening_lifetime: Duration::days(30),
                links: LinkPolicy::new("https://app.example.com", &[]),
            },
        )
    }
}

/// An address.
pub(crate) fn email() -> EmailAddress {
    EmailAddress::parse("anna@example.com").unwrap()
}

/// An account with that address.
pub(crate) fn account() -> Account {
    let now = StoppedClock.now();
    let (tenant_id, user_id) = (TenantId::restore("t1"), UserId::restore("u1"));
    let new = NewUser {
        id: user_id.clone(),
        tenant_id: tenant_id.clone(),
        email: email(),
        first_name: PersonName::parse("Anna").unwrap(),
        last_name: PersonName::parse("Lee").unwrap(),
        phone: None,
        role: Role::Owner,
        password_hash: Some(PasswordHash::restore("$argon2id$stored")),
    };
    let (user, registered) = User::register(new, EmailVerification::Optional, now);
    let (tenant, created) = Tenant::create(tenant_id, TenantName::restore("Lee"), user_id, now);
    assert!(!registered.is_nothing() && !created.is_nothing());
    Account { user, tenant, plan: None }
}
