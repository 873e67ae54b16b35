//! Using something, and giving it back.

use domain::{LimitName, Permission, Usage, UsageAmount, UsageChange, entitlement::SEATS, usage::QuotaExceeded};
use futures::future::try_join;
use serde::{Deserialize, Serialize};

use super::UsageService;
use crate::{
    actor::{Actor, Denied, TenantScope},
    error::{Classified, ErrorKind, Failure, from_port_errors},
    idempotency::{IdempotentRequest, KeyReused, ReplayError},
    ports::{ChangeSet, Write},
    retry::{Setback, look_again, settle_within},
};

/// How often a change is tried while others count the same thing.
const ATTEMPTS: u32 = 60;

/// Somebody who uses something, or gives it back.
#[derive(Clone)]
pub struct CountUsage {
    /// The limit that it counts towards.
    pub name: LimitName,
    /// How much.
    pub amount: UsageAmount,
    /// The request, if it may come twice.
    pub idempotency: Option<IdempotentRequest>,
}

/// Why nothing was counted.
#[derive(Debug, thiserror::Error)]
pub enum UsageError {
    /// The role does not allow it.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The plan says nothing about it.
    #[error("no plan limits anything of this name")]
    NoSuchLimit,
    /// Seats are taken by joining and freed by leaving.
    #[error("seats are counted when people come and go")]
    Seats,
    /// There is not as much left.
    #[error("the plan of your organisation includes {limit} {name}; {left} left")]
    QuotaExceeded {
        /// What was to be used.
        name: LimitName,
        /// How much may be used.
        limit: u64,
        /// How much of it is left.
        left: u64,
    },
    /// The idempotency key was used for something else.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// Something else.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl Classified for UsageError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Denied(denied) => denied.kind(),
            Self::NoSuchLimit => ErrorKind::NotFound,
            Self::Seats => ErrorKind::Conflict,
            Self::QuotaExceeded { .. } => ErrorKind::QuotaExceeded,
            Self::KeyReused(_) => ErrorKind::IdempotencyKeyReused,
            Self::Failed(failure) => failure.kind(),
        }
    }
}

from_port_errors!(UsageError);

impl From<ReplayError> for UsageError {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::KeyReused(error) => error.into(),
            ReplayError::Store(error) => error.into(),
        }
    }
}

/// How a count is remembered under its idempotency key.
#[derive(Serialize, Deserialize)]
struct RememberedUsage {
    used: u64,
    limit: Option<u64>,
}

impl UsageService {
    /// Counts that the actor's tenant uses something, if as much is left.
    ///
    /// # Errors
    ///
    /// [`UsageError`] says why not; nothing is counted then.
    pub async fn take(&self, actor: &Actor, command: CountUsage) -> Result<Usage, UsageError> {
        let change = UsageChange::Take(command.amount);
        self.count(actor, command, change).await
    }

    /// Counts that the actor's tenant does not use something any more. Less than nothing is never used.
    ///
    /// # Errors
    ///
    /// [`UsageError`] says why not; nothing is counted then.
    pub async fn release(&self, actor: &Actor, command: CountUsage) -> Result<Usage, UsageError> {
        let change = UsageChange::Release(command.amount);
        self.count(actor, command, change).await
    }

    async fn count(&self, actor: &Actor, command: CountUsage, change: UsageChange) -> Result<Usage, UsageError> {
        actor.require(Permission::WriteBusinessData)?;
        let CountUsage { name, idempotency, .. } = command;
        let idempotency = idempotency.map(|request| request.of(actor).about(name.as_str()));
        settle_within(ATTEMPTS, || self.try_count(actor, &name, idempotency.as_ref(), change)).await
    }

    async fn try_count(
        &self,
        actor: &Actor,
        name: &LimitName,
        idempotency: Option<&IdempotentRequest>,
        change: UsageChange,
    ) -> Result<Usage, Setback<UsageError>> {
        let (scope, now) = (TenantScope::from(actor), self.clock.now());
        let loads = try_join(self.entitlements.find(&scope), self.usage.find(&scope, name));
        let (first_answer, (entitlements, record)) =
            try_join(self.first_answer(idempotency), async { Ok(loads.await?) }).await?;
        if let Some(usage) = first_answer {
            return Ok(usage);
        }
        let limit = *entitlements.limits().get(name.as_str()).ok_or(UsageError::NoSuchLimit)?;
        if name.as_str() == SEATS {
            return Err(UsageError::Seats.into());
        }
        let exceeded = |QuotaExceeded { limit, left }| UsageError::QuotaExceeded { name: name.clone(), limit, left };
        let usage = Usage { used: record.used, limit }.after(change).map_err(exceeded)?;
        let write = (usage.used != record.used).then(|| Write::SaveUsage {
            tenant_id: actor.tenant_id().clone(),
            name: name.clone(),
            before: record,
            after: usage,
        });
        let remembered = RememberedUsage { used: usage.used, limit };
        let remember = idempotency.map(|request| request.record(&remembered, now)).transpose()?;
        let changes = ChangeSet::default().by(actor.user_id()).write_if(write).write_if(remember.map(Write::Remember));
        self.unit_of_work.commit(changes).await.map_err(look_again::<UsageError>)?;
        Ok(usage)
    }

    async fn first_answer(
        &self,
        idempotency: Option<&IdempotentRequest>,
    ) -> Result<Option<Usage>, Setback<UsageError>> {
        let Some(request) = idempotency else { return Ok(None) };
        let Some(record) = self.accounts.find_idempotency_record(request.id()).await? else { return Ok(None) };
        let remembered = record.replay(request, self.clock.now()).map_err(UsageError::from)?;
        Ok(remembered.map(|RememberedUsage { used, limit }| Usage { used, limit }))
    }
}
