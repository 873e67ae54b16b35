//! The brake on guessing passwords (security rule 7): every attempt is counted before the password is looked at.

use std::{net::IpAddr, sync::OnceLock, time::Duration};

use domain::{
    EmailAddress, ThrottleSubject,
    throttle::{Failures, ThrottlePolicy, Verdict},
};
use futures::future::{try_join, try_join_all};

use super::{AuthService, mail_to};
use crate::{
    actor::{Actor, TenantScope},
    error::{Classified, ErrorKind, Failure, UseCaseError},
    ports::{Account, ChangeSet, MailKind, StoreError, Write},
    retry::{Setback, settle},
    security_log,
    telemetry::{self, LockOut},
};

/// How often an attempt is judged anew because another one was counted meanwhile. Each that was counted brings the
/// others nearer to their wait, so that of any number at once none comes this far but where successes end the counting.
pub(super) const LOOKS: u32 = ThrottlePolicy::PASSWORD.free + 5;

/// Whether attempts at passwords are throttled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Throttling {
    /// They are.
    On,
    /// They are neither counted nor refused. A password that is disabled works again meanwhile.
    Off,
}

/// Why a password is not even looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Throttled {
    /// Too many failures lately: for so long to wait.
    #[error("too many failed attempts; please try again later")]
    Wait(Duration),
    /// Too many failures altogether.
    #[error("this password is disabled after too many failed attempts; choose a new one to sign in again")]
    PasswordDisabled,
}

impl Classified for Throttled {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Wait(_) => ErrorKind::TooManyAttempts,
            Self::PasswordDisabled => ErrorKind::PasswordDisabled,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Wait(wait) => Some(*wait),
            Self::PasswordDisabled => None,
        }
    }
}

impl Throttled {
    /// The reason as the security log has it.
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::Wait(_) => "too_many_attempts",
            Self::PasswordDisabled => "password_disabled",
        }
    }
}

/// Whose password it is said to be.
#[derive(Clone, Copy)]
enum Whose<'a> {
    /// That of whoever holds an address, if anybody does.
    Address(&'a EmailAddress),
    /// That of somebody who is signed in.
    Own(&'a Actor),
}

impl Whose<'_> {
    fn subject(self) -> ThrottleSubject {
        match self {
            Self::Address(email) => ThrottleSubject::of_address(email),
            Self::Own(actor) => ThrottleSubject::of_user(actor.user_id()),
        }
    }
}

/// One attempt at a password. It is counted once, however often the use case has to look again.
pub(super) struct Attempt<'a> {
    whose: Whose<'a>,
    subject: ThrottleSubject,
    source: Option<ThrottleSubject>,
    counted: OnceLock<Judged>,
}

/// An attempt that may be made, and what it and its failure count as.
#[derive(Clone, Copy)]
pub(super) struct Judged {
    seen: Option<Failures>,
    attempt: Failures,
    seen_of_source: Option<Failures>,
    failure_of_source: Failures,
}

impl<'a> Attempt<'a> {
    /// Somebody signs in with an address, from somewhere.
    pub(super) fn to_sign_in(email: &'a EmailAddress, source: Option<IpAddr>) -> Self {
        Self::new(Whose::Address(email), Some(ThrottleSubject::of_source(source)))
    }

    /// Somebody who is signed in proves again who they are.
    pub(super) fn to_confirm(actor: &'a Actor) -> Self {
        Self::new(Whose::Own(actor), None)
    }

    fn new(whose: Whose<'a>, source: Option<ThrottleSubject>) -> Self {
        Self { whose, subject: whose.subject(), source, counted: OnceLock::new() }
    }
}

impl AuthService {
    /// Whether the attempt may be made, by what was counted so far. `None`: it is counted already, or nothing is.
    pub(super) async fn judge_attempt<E>(&self, attempt: &Attempt<'_>) -> Result<Option<Judged>, Setback<E>>
    where
        E: UseCaseError + From<Throttled>,
    {
        if self.settings.throttling == Throttling::Off || attempt.counted.get().is_some() {
            return Ok(None);
        }
        let of_source = async {
            match &attempt.source {
                Some(source) => self.ports.failures.find(source).await,
                None => Ok(None),
            }
        };
        let (seen, seen_of_source) = try_join(self.ports.failures.find(&attempt.subject), of_source).await?;
        let now = self.ports.clock.now();
        let verdicts = (
            ThrottlePolicy::PASSWORD.judge(seen.as_ref(), now),
            ThrottlePolicy::SOURCE.judge(seen_of_source.as_ref(), now),
        );
        let wait = match verdicts {
            (Verdict::Allowed(attempt), Verdict::Allowed(failure_of_source)) => {
                return Ok(Some(Judged { seen, attempt, seen_of_source, failure_of_source }));
            }
            (Verdict::Locked, _) | (_, Verdict::Locked) => {
                // Whoever counted the last failure may not have come to say so.
                if seen.is_some_and(|seen| !seen.is_disabled) {
                    self.disable(attempt).await.map_err(E::from)?;
                }
                telemetry::lock_out(LockOut::Refused);
                return Err(E::from(Throttled::PasswordDisabled).into());
            }
            (Verdict::Wait(one), Verdict::Wait(other)) => one.max(other),
            (Verdict::Wait(wait), _) | (_, Verdict::Wait(wait)) => wait,
        };
        telemetry::lock_out(LockOut::Delayed);
        Err(E::from(Throttled::Wait(wait.to_std().unwrap_or_default())).into())
    }

    /// Counts an attempt that may be made as a failure, which it is until it has succeeded.
    pub(super) async fn count_attempt<E: UseCaseError>(
        &self,
        attempt: &Attempt<'_>,
        judged: Option<Judged>,
    ) -> Result<(), Setback<E>> {
        let Some(judged) = judged else { return Ok(()) };
        let forgotten_at = ThrottlePolicy::PASSWORD.forgotten_at(&judged.attempt);
        let counting = self.ports.failures.count(&attempt.subject, judged.seen.as_ref(), &judged.attempt, forgotten_at);
        if !counting.await? {
            return Err(Setback::Outdated);
        }
        attempt.counted.get_or_init(|| judged);
        Ok(())
    }

    /// Counts a failure of the source, which the attempt was not counted as: those of the people behind one network
    /// address who succeed are none. The last failure that a password has disables it.
    pub(super) async fn note_failure(&self, attempt: &Attempt<'_>) -> Result<(), Failure> {
        let Some(judged) = attempt.counted.get() else { return Ok(()) };
        if let Some(source) = &attempt.source {
            self.count_for_source(source, judged).await?;
        }
        if ThrottlePolicy::PASSWORD.locks(&judged.attempt) {
            self.disable(attempt).await?;
        }
        Ok(())
    }

    /// Adds to the failures of a source, or begins anew over those that were forgotten, unless somebody else has.
    async fn count_for_source(&self, source: &ThrottleSubject, judged: &Judged) -> Result<(), StoreError> {
        let Judged { seen_of_source, failure_of_source: failure, .. } = judged;
        let forgotten_at = failure.last_at + ThrottlePolicy::SOURCE.remembered_for;
        let forgotten = seen_of_source.as_ref().filter(|_| failure.count == 1);
        if forgotten.is_some() && self.ports.failures.count(source, forgotten, failure, Some(forgotten_at)).await? {
            return Ok(());
        }
        self.ports.failures.add(source, failure.last_at, forgotten_at).await
    }

    /// What ends the counting, as a part of what an attempt that succeeded commits.
    pub(super) fn note_success(&self, attempt: &Attempt<'_>) -> Option<Write> {
        (self.settings.throttling == Throttling::On).then(|| Write::EndFailures(attempt.subject.clone()))
    }

    /// Ends the counting where an attempt succeeded that commits nothing.
    pub(super) async fn commit_success<E: UseCaseError>(&self, attempt: &Attempt<'_>) -> Result<(), Setback<E>> {
        self.commit(ChangeSet::default().write_if(self.note_success(attempt))).await
    }

    /// Disables the password and tells its owner, unless that has been done or the password was reset. It is the same
    /// work where there is nobody to tell (security rule 6).
    async fn disable(&self, attempt: &Attempt<'_>) -> Result<(), Failure> {
        settle(|| self.try_disable(attempt)).await
    }

    async fn try_disable(&self, attempt: &Attempt<'_>) -> Result<(), Setback<Failure>> {
        // Who guesses from within may not go on from without.
        let of_address = match attempt.whose {
            Whose::Address(_) => None,
            Whose::Own(actor) => Some(ThrottleSubject::of_address(&actor.user.snapshot().email)),
        };
        let subjects: Vec<_> = [Some(attempt.subject.clone()), of_address].into_iter().flatten().collect();
        let found = try_join_all(subjects.iter().map(|subject| self.ports.failures.find(subject)));
        let (found, accounts) = try_join(found, self.accounts_of(attempt.whose)).await?;
        let is_due = |failures: &Failures| ThrottlePolicy::PASSWORD.locks(failures) && !failures.is_disabled;
        if !found.first().copied().flatten().as_ref().is_some_and(is_due) {
            return Ok(());
        }
        let open = subjects.into_iter().zip(found).filter(|(_, found)| !found.is_some_and(|found| found.is_disabled));
        let mut changes = ChangeSet::default().write_all(open.map(|(subject, _)| Write::DisablePassword(subject)));
        let (now, mut told) = (self.ports.clock.now(), Vec::new());
        for Account { user: before, .. } in accounts {
            let mut user = before.clone();
            let disabled = user.note_password_disabled(now);
            if disabled.is_nothing() {
                continue;
            }
            let link = self.settings.links.forgot_password(None);
            told.push((user.snapshot().id.clone(), user.snapshot().tenant_id.clone()));
            changes =
                changes.mail(mail_to(&user, MailKind::PasswordDisabled, link)).save_user(before, user).record(disabled);
        }
        self.commit::<Failure>(changes).await?;
        telemetry::lock_out(LockOut::Locked);
        for (user_id, tenant_id) in &told {
            security_log::password_disabled(user_id, tenant_id);
        }
        Ok(())
    }

    async fn accounts_of(&self, whose: Whose<'_>) -> Result<Vec<Account>, StoreError> {
        match whose {
            Whose::Address(email) => self.accounts_with(email).await,
            Whose::Own(actor) => {
                let account = self.ports.accounts.find(&TenantScope::from(actor), actor.user_id()).await?;
                Ok(account.into_iter().collect())
            }
        }
    }
}
