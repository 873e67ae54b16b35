//! Signing in with a password.

use std::{net::IpAddr, time::Duration};

use domain::{
    EmailAddress, TenantId,
    session::Device,
    user::{Password, PasswordHash},
};
use futures::{TryFutureExt, future::try_join};

use super::{
    AuthService, KeptOut, SignedIn, Throttled,
    throttle::{Attempt, LOOKS},
};
use crate::{
    actor::TenantScope,
    error::{Classified, ErrorKind, Failure, from_port_errors},
    ports::{Account, AddressHolder, ChangeSet, PasswordVerification, Write},
    retry::{Setback, settle_within},
    security_log,
};

/// Somebody who wants to sign in.
pub struct Login {
    /// Their address.
    pub email: EmailAddress,
    /// What they say is their password.
    pub password: Password,
    /// Their tenant; needed only where the Python service let two accounts share an address.
    pub tenant_id: Option<TenantId>,
    /// With what.
    pub device: Device,
    /// From where.
    pub source: Option<IpAddr>,
}

/// Why somebody could not sign in.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// Unknown address or wrong password; which of the two is not said.
    #[error("email address or password is wrong")]
    InvalidCredentials,
    /// The address stands for several accounts and no tenant was named.
    #[error("several accounts use this email address; name the tenant to sign in to")]
    AmbiguousAddress,
    /// There were too many failures before, and the password was not looked at.
    #[error(transparent)]
    Throttled(#[from] Throttled),
    /// They may not come in.
    #[error(transparent)]
    KeptOut(#[from] KeptOut),
    /// Something else.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl Classified for LoginError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::InvalidCredentials => ErrorKind::InvalidCredentials,
            Self::AmbiguousAddress => ErrorKind::Conflict,
            Self::Throttled(throttled) => throttled.kind(),
            Self::KeptOut(kept_out) => kept_out.kind(),
            Self::Failed(failure) => failure.kind(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Throttled(throttled) => throttled.retry_after(),
            Self::Failed(failure) => failure.retry_after(),
            _ => None,
        }
    }
}

from_port_errors!(LoginError);

impl LoginError {
    const fn reason(&self) -> &'static str {
        match self {
            Self::InvalidCredentials => "wrong_password",
            Self::AmbiguousAddress => "ambiguous_address",
            Self::Throttled(throttled) => throttled.reason(),
            Self::KeptOut(kept_out) => kept_out.reason(),
            Self::Failed(_) => "failed",
        }
    }
}

impl AuthService {
    /// Signs somebody in with their password. An unknown address costs what a wrong password costs (security
    /// rule 6), and both are slowed down and locked alike (security rule 7).
    ///
    /// # Errors
    ///
    /// [`LoginError`] says why not.
    pub async fn login(&self, command: Login) -> Result<SignedIn, LoginError> {
        let attempt = Attempt::to_sign_in(&command.email, command.source);
        let signed_in = settle_within(LOOKS, || self.try_login(&command, &attempt)).await;
        if let Err(LoginError::Throttled(throttled)) = &signed_in {
            security_log::refused_address("login", throttled.reason(), &command.email);
        }
        signed_in
    }

    async fn try_login(&self, command: &Login, attempt: &Attempt<'_>) -> Result<SignedIn, Setback<LoginError>> {
        let holders = self.ports.accounts.holders_of(&command.email).err_into();
        let (holders, judged) = try_join(holders, self.judge_attempt(attempt)).await?;
        let ambiguous = holders.len() > 1 && command.tenant_id.is_none();
        // An address with several accounts is claimed for none of them: the claim would decide for all time
        // who is meant when no tenant is named.
        let unique = holders.len() == 1;
        let named = |holder: &AddressHolder| command.tenant_id.as_ref().is_none_or(|id| *id == holder.tenant_id);
        let holder = holders.into_iter().filter(|_| !ambiguous).find(named);
        let claim = holder.as_ref().filter(|holder| unique && !holder.claimed).cloned();
        let holder = holder.unwrap_or_else(|| self.nobody());

        let scope = TenantScope::from(&holder);
        let account = self.ports.accounts.find(&scope, &holder.user_id).err_into();
        let (account, ()) = try_join(account, self.count_attempt(attempt, judged)).await?;
        let stored = account.as_ref().and_then(|account| account.user.snapshot().password_hash.as_ref());
        let verification = self.ports.passwords.verify(&command.password, stored).await?;
        if ambiguous {
            security_log::refused_address("login", LoginError::AmbiguousAddress.reason(), &command.email);
            return Err(LoginError::AmbiguousAddress.into());
        }
        let Some(account) = account else {
            self.note_failure(attempt).await.map_err(LoginError::from)?;
            security_log::refused_address("login", "unknown_address", &command.email);
            return Err(LoginError::InvalidCredentials.into());
        };
        let (user_id, tenant_id) = (holder.user_id, holder.tenant_id);
        match self.admit(command, account, verification, claim, attempt).await {
            Ok(signed_in) => {
                security_log::success("login", &user_id, &tenant_id);
                Ok(signed_in)
            }
            Err(Setback::Final(error)) => {
                match &error {
                    LoginError::InvalidCredentials => self.note_failure(attempt).await.map_err(LoginError::from)?,
                    // The password was right.
                    LoginError::KeptOut(_) => self.commit_success(attempt).await?,
                    _ => {}
                }
                security_log::refused("login", error.reason(), &user_id, &tenant_id);
                Err(error.into())
            }
            Err(outdated) => Err(outdated),
        }
    }

    /// Decides about somebody whose account is known, and stores the sign-in.
    async fn admit(
        &self,
        command: &Login,
        account: Account,
        verification: PasswordVerification,
        claim: Option<AddressHolder>,
        attempt: &Attempt<'_>,
    ) -> Result<SignedIn, Setback<LoginError>> {
        if verification == PasswordVerification::Mismatch {
            return Err(LoginError::InvalidCredentials.into());
        }
        self.admits(&account).map_err(LoginError::from)?;
        let rehashed = self.rehash(&command.password, verification).await;
        let (before, mut account) = (account.user.clone(), account);
        let outcome = account.user.sign_in(self.settings.email_verification, rehashed, self.ports.clock.now());
        let outcome = outcome.map_err(KeptOut::from).map_err(LoginError::from)?;
        let changes = ChangeSet::default()
            .write_if(claim.map(|AddressHolder { user_id, tenant_id, .. }| Write::ClaimEmail {
                email: command.email.clone(),
                user_id,
                tenant_id,
            }))
            .save_user(before, account.user.clone())
            .write_if(self.note_success(attempt))
            .record(outcome);
        let seed = self.new_seed();
        let signed_in = self.sign_tokens(account, &seed).await?;
        let changes = self.start_session(changes, &signed_in, &seed, command.device.clone(), None);
        self.commit(changes).await?;
        Ok(signed_in)
    }

    /// A new hash of a password whose stored hash is of an older kind. Sign-in does not depend on it: when the
    /// hasher is too busy, the next sign-in tries again.
    async fn rehash(&self, password: &Password, verification: PasswordVerification) -> Option<PasswordHash> {
        if verification != PasswordVerification::MatchOutdated {
            return None;
        }
        self.ports.passwords.hash(password).await.ok()
    }
}
