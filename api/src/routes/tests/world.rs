//! A world without any account, in which everything works.

use std::{sync::Arc, time::Duration};

use application::{
    Ports, TenantScope, UseCases,
    actor::PlatformAdmins,
    auth::{AuthSettings, Throttling},
    idempotency::IdempotencyRecord,
    links::LinkPolicy,
    ports::{
        AccessTokenClaims, Account, AccountRepository, AddressHolder, ChangeSet, Clock, CommitError, Component,
        HealthCheck, IdGenerator, IssuedAccessToken, LegacyRefreshToken, PasswordHasher, PasswordHashingError,
        PasswordVerification, RefreshTokenClaims, SignedInAccount, StoreError, TokenRejected, TokenSigningError,
        Tokens, UnitOfWork, Unreached, VerifiedAccessToken, VerifiedRefreshToken,
    },
};
use async_trait::async_trait;
use domain::{
    EmailAddress, OneTimeToken, Session, SessionId, Timestamp, TokenHash, TokenId, User, UserId,
    session::SessionPolicy,
    user::{EmailVerification, Password, PasswordHash, PasswordPolicy},
    verification::Purpose,
};
use secrecy::SecretString;
use uuid::Uuid;

use crate::{ApiState, HealthService, ServiceInfo};

#[derive(Clone, Copy)]
pub(super) struct World {
    pub(super) store_answers: bool,
}

impl World {
    pub(super) fn state(self, verification: EmailVerification) -> ApiState {
        let world = Arc::new(self);
        let ports = Ports {
            accounts: world.clone(),
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
            unit_of_work: world.clone(),
            failures: Arc::new(Unreached),
            passwords: world.clone(),
            tokens: world.clone(),
            clock: world.clone(),
            ids: world.clone(),
        };
        let settings = AuthSettings {
            email_verification: verification,
            passwords: PasswordPolicy { min_length: 8 },
            throttling: Throttling::Off,
            sessions: SessionPolicy {
                refresh_token_lifetime: chrono::Duration::days(30),
                idle_timeout: chrono::Duration::days(14),
                reuse_grace: chrono::Duration::seconds(30),
            },
            confirmation_lifetime: chrono::Duration::days(7),
            reset_lifetime: chrono::Duration::hours(1),
            reopening_lifetime: chrono::Duration::days(30),
            links: LinkPolicy::new("https://app.example.com", &[]),
        };
        let about =
            ServiceInfo { name: "account-service".into(), version: "1.2.3".into(), environment: "local".into() };
        let health = HealthService::new(about, world.clone(), vec![world.clone()]);
        ApiState::new(UseCases::new(&ports, settings, PlatformAdmins::default()), health, world)
    }
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        Timestamp::from_timestamp(1_795_000_000, 0).unwrap()
    }
}

impl IdGenerator for World {
    fn uuid(&self) -> Uuid {
        Uuid::from_u128(7)
    }

    fn secret(&self) -> [u8; 32] {
        [7; 32]
    }
}

#[async_trait]
impl HealthCheck for World {
    fn component(&self) -> Component {
        Component::Store
    }

    async fn check(&self) -> Result<(), String> {
        if self.store_answers { Ok(()) } else { Err("connection refused by 10.0.0.7".into()) }
    }
}

#[async_trait]
impl UnitOfWork for World {
    async fn commit(&self, _: ChangeSet) -> Result<(), CommitError> {
        Ok(())
    }
}

#[async_trait]
impl PasswordHasher for World {
    async fn hash(&self, _: &Password) -> Result<PasswordHash, PasswordHashingError> {
        Ok(PasswordHash::restore("hash"))
    }

    async fn verify(
        &self,
        _: &Password,
        _: Option<&PasswordHash>,
    ) -> Result<PasswordVerification, PasswordHashingError> {
        Ok(PasswordVerification::Mismatch)
    }
}

#[async_trait]
impl Tokens for World {
    async fn issue_access(&self, _: &AccessTokenClaims<'_>) -> Result<IssuedAccessToken, TokenSigningError> {
        Ok(IssuedAccessToken { token: "access".into(), expires_in: Duration::from_hours(1) })
    }

    async fn issue_refresh(&self, _: &RefreshTokenClaims<'_>) -> Result<SecretString, TokenSigningError> {
        Ok("refresh".into())
    }

    async fn verify_access(&self, token: &str) -> Result<VerifiedAccessToken, TokenRejected> {
        // Stands for a fault that nobody thought of.
        assert_ne!(token, "panic", "s3cr3t");
        Err(TokenRejected::Invalid)
    }

    async fn verify_refresh(&self, _: &str) -> Result<VerifiedRefreshToken, TokenRejected> {
        Err(TokenRejected::Invalid)
    }

    async fn public_keys(&self) -> Result<serde_json::Value, TokenSigningError> {
        Ok(serde_json::json!({ "keys": [] }))
    }
}

#[async_trait]
impl AccountRepository for World {
    async fn holders_of(&self, _: &EmailAddress) -> Result<Vec<AddressHolder>, StoreError> {
        if self.store_answers { Ok(vec![]) } else { Err(StoreError::Unavailable("10.0.0.7 refused".into())) }
    }

    async fn find(&self, _: &TenantScope, _: &UserId) -> Result<Option<Account>, StoreError> {
        Ok(None)
    }

    async fn find_with_session(
        &self,
        _: &TenantScope,
        _: &UserId,
        _: &SessionId,
    ) -> Result<Option<(Account, Option<Session>)>, StoreError> {
        Ok(None)
    }

    async fn find_signed_in(
        &self,
        _: &TenantScope,
        _: &UserId,
        _: Option<&SessionId>,
    ) -> Result<Option<SignedInAccount>, StoreError> {
        Ok(None)
    }

    async fn find_one_time_token(&self, _: Purpose, _: &TokenHash) -> Result<Option<OneTimeToken>, StoreError> {
        Ok(None)
    }

    async fn one_time_tokens_of(&self, _: &User) -> Result<Vec<(Purpose, TokenHash)>, StoreError> {
        Ok(Vec::new())
    }

    async fn find_legacy_refresh_token(
        &self,
        _: &TokenId,
        _: &SessionId,
    ) -> Result<Option<LegacyRefreshToken>, StoreError> {
        Ok(None)
    }

    async fn find_idempotency_record(&self, _: &TokenHash) -> Result<Option<IdempotencyRecord>, StoreError> {
        Ok(None)
    }
}
