//! Proving that an address is one's own.

use domain::{
    OneTimeToken, TokenHash,
    verification::{Purpose, TokenRefused},
};

use super::AuthService;
use crate::{
    actor::TenantScope,
    error::{Classified, ErrorKind, Failure, from_port_errors},
    ports::{Account, ChangeSet, StoreError, Write},
    retry::{Setback, settle},
    security_log,
};

/// Why an address could not be confirmed.
#[derive(Debug, thiserror::Error)]
pub enum ConfirmEmailError {
    /// No such link.
    #[error("this link is not valid")]
    UnknownToken,
    /// The link does not work any more.
    #[error(transparent)]
    Refused(#[from] TokenRefused),
    /// Something else.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl Classified for ConfirmEmailError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Refused(TokenRefused::Expired) => ErrorKind::TokenExpired,
            Self::UnknownToken | Self::Refused(_) => ErrorKind::TokenInvalid,
            Self::Failed(failure) => failure.kind(),
        }
    }
}

from_port_errors!(ConfirmEmailError);

/// What a confirmation link would do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkStatus {
    /// It would confirm the address.
    Valid,
    /// It did already.
    Used,
    /// Its time is over.
    Expired,
    /// It never existed, or a newer one took its place.
    NotFound,
}

impl AuthService {
    /// Takes the proof that a mailed link is.
    ///
    /// # Errors
    ///
    /// [`ConfirmEmailError`] says why not.
    pub async fn confirm_email(&self, token: &str) -> Result<(), ConfirmEmailError> {
        let hash = TokenHash::of(token);
        settle(|| self.try_confirm_email(&hash)).await
    }

    async fn try_confirm_email(&self, hash: &TokenHash) -> Result<(), Setback<ConfirmEmailError>> {
        let Some((mut token, account)) = self.find_token_and_account(Purpose::ConfirmEmail, hash).await? else {
            security_log::refused_token("confirm_email", "unknown_token");
            return Err(ConfirmEmailError::UnknownToken.into());
        };
        let (before, mut user) = (account.user.clone(), account.user);
        let (user_id, tenant_id) = (user.snapshot().id.clone(), user.snapshot().tenant_id.clone());
        let outcome = user.confirm_email(&mut token, self.ports.clock.now());
        let outcome = outcome
            .inspect_err(|why| security_log::refused_link("confirm_email", *why, &user_id, &tenant_id))
            .map_err(ConfirmEmailError::from)?;
        let changes =
            ChangeSet::default().by(&user_id).write(Write::RedeemToken(token)).save_user(before, user).record(outcome);
        self.commit(changes).await?;
        security_log::success("confirm_email", &user_id, &tenant_id);
        Ok(())
    }

    /// Says what a confirmation link would do, without doing it.
    ///
    /// # Errors
    ///
    /// [`Failure`] when that cannot be found out.
    pub async fn check_confirmation_link(&self, token: &str) -> Result<LinkStatus, Failure> {
        let found = self.find_token_and_account(Purpose::ConfirmEmail, &TokenHash::of(token)).await?;
        let Some((token, account)) = found else { return Ok(LinkStatus::NotFound) };
        let verdict = match token.check(self.ports.clock.now()) {
            Ok(()) => account.user.recognises(&token, Purpose::ConfirmEmail),
            refused => refused,
        };
        Ok(match verdict {
            Ok(()) => LinkStatus::Valid,
            Err(TokenRefused::Used) => LinkStatus::Used,
            Err(TokenRefused::Expired) => LinkStatus::Expired,
            Err(TokenRefused::Superseded) => LinkStatus::NotFound,
        })
    }

    /// A one-time token and the account that it is about.
    pub(super) async fn find_token_and_account(
        &self,
        purpose: Purpose,
        hash: &TokenHash,
    ) -> Result<Option<(OneTimeToken, Account)>, StoreError> {
        let Some(token) = self.ports.accounts.find_one_time_token(purpose, hash).await? else { return Ok(None) };
        let account = self.ports.accounts.find(&TenantScope::from(&token), &token.snapshot().user_id).await?;
        Ok(account.map(|account| (token, account)))
    }
}
