//! Staying signed in: a refresh token for a new pair of tokens (security rule 15).

use domain::{
    Session, SessionId, Timestamp, TokenHash, TokenId,
    session::{Device, RefreshDecision, RefreshToken},
};
use secrecy::{ExposeSecret, SecretString};

use super::{AuthService, KeptOut};
use crate::{
    actor::TenantScope,
    error::{Classified, ErrorKind, Failure, from_port_errors},
    ports::{
        Account, ChangeSet, CommitError, IssuedAccessToken, LegacyRefreshToken, Refusal, StoreError, TokenRejected,
        VerifiedRefreshToken, Write,
    },
    retry::{Setback, look_again, settle},
    security_log,
};

/// Somebody who wants to stay signed in.
pub struct Refresh {
    /// The token that they hold.
    pub refresh_token: SecretString,
    /// From where; kept when a session of the Python service is carried on.
    pub device: Device,
}

/// The next pair of tokens.
#[derive(Debug)]
pub struct Refreshed {
    /// The new access token.
    pub access_token: IssuedAccessToken,
    /// The refresh token that works from now on.
    pub refresh_token: SecretString,
}

/// Why a session could not be refreshed.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// The token's time is over.
    #[error("the refresh token has expired")]
    Expired,
    /// The token is not one of ours, is spent, or its session is over.
    #[error("the refresh token is not valid")]
    Invalid,
    /// They may not come in.
    #[error(transparent)]
    KeptOut(#[from] KeptOut),
    /// Something else.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl Classified for RefreshError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Expired => ErrorKind::TokenExpired,
            Self::Invalid => ErrorKind::TokenInvalid,
            Self::KeptOut(kept_out) => kept_out.kind(),
            Self::Failed(failure) => failure.kind(),
        }
    }
}

from_port_errors!(RefreshError);

impl From<TokenRejected> for RefreshError {
    fn from(rejected: TokenRejected) -> Self {
        match rejected {
            TokenRejected::Expired => Self::Expired,
            TokenRejected::Invalid => Self::Invalid,
            TokenRejected::Failed(error) => error.into(),
        }
    }
}

impl AuthService {
    /// Exchanges a refresh token for a new pair of tokens.
    ///
    /// # Errors
    ///
    /// [`RefreshError`] says why not. A spent token that is used again ends its session.
    pub async fn refresh(&self, command: Refresh) -> Result<Refreshed, RefreshError> {
        let token = self.ports.tokens.verify_refresh(command.refresh_token.expose_secret()).await.inspect_err(
            |why| match why {
                TokenRejected::Expired => security_log::refused_token("refresh", "expired_token"),
                TokenRejected::Invalid => security_log::refused_token("refresh", "invalid_token"),
                TokenRejected::Failed(_) => {}
            },
        )?;
        match token.session_id.clone() {
            Some(session_id) => settle(|| self.try_refresh(&token, &session_id)).await,
            None => settle(|| self.try_carry_on(&token, &command.device)).await,
        }
    }

    async fn try_refresh(
        &self,
        token: &VerifiedRefreshToken,
        session_id: &SessionId,
    ) -> Result<Refreshed, Setback<RefreshError>> {
        let found =
            self.ports.accounts.find_with_session(&TenantScope::from(token), &token.user_id, session_id).await?;
        let Some((account, Some(session))) = found else {
            return Err(refuse(token, "unknown_session", RefreshError::Invalid));
        };
        self.rotate(token, account, session).await
    }

    /// Exchanges a refresh token of the Python service. The new session's id follows from the token, so that a
    /// second request with the same token finds the session and is judged like any used predecessor.
    async fn try_carry_on(
        &self,
        token: &VerifiedRefreshToken,
        device: &Device,
    ) -> Result<Refreshed, Setback<RefreshError>> {
        let Some(LegacySession { token, session_id, account, session, unspent }) = self.find_legacy(token).await?
        else {
            security_log::refused_token("refresh", "unknown_legacy_token");
            return Err(RefreshError::Invalid.into());
        };
        if let Some(session) = session {
            return self.rotate(&token, account, session).await;
        }
        if !unspent {
            return Err(refuse(&token, "token_reused", RefreshError::Invalid));
        }
        check_usable(&token, &account)?;
        check_signed_in(&token, &account, token.issued_at)?;
        if account.user.snapshot().sessions.began_at.is_some_and(|began| token.issued_at < began) {
            return Err(refuse(&token, "session_over", RefreshError::Invalid));
        }
        let seed = self.seed_for(&session_id);
        let signed_in = self.sign_tokens(account, &seed).await?;
        let changes = ChangeSet::default().write(Write::SpendRefreshToken(token.id.clone()));
        let changes = self.start_session(changes, &signed_in, &seed, device.clone(), Some(token.id.clone()));
        self.commit(changes).await?;
        security_log::success("carry_on_legacy_session", &token.user_id, &token.tenant_id);
        Ok(Refreshed { access_token: signed_in.access_token, refresh_token: signed_in.refresh_token })
    }

    /// What has become of a refresh token of the Python service.
    pub(super) async fn find_legacy(&self, token: &VerifiedRefreshToken) -> Result<Option<LegacySession>, StoreError> {
        let session_id = session_in_place_of(&token.id);
        let Some(legacy) = self.ports.accounts.find_legacy_refresh_token(&token.id, &session_id).await? else {
            return Ok(None);
        };
        // The table, not the token, says whose it is: what the old tokens claim is not written down.
        let LegacyRefreshToken { user_id, tenant_id, unspent } = legacy;
        let token = VerifiedRefreshToken { user_id, tenant_id, ..token.clone() };
        let found =
            self.ports.accounts.find_with_session(&TenantScope::from(&token), &token.user_id, &session_id).await?;
        Ok(found.map(|(account, session)| LegacySession { token, session_id, account, session, unspent }))
    }

    async fn rotate(
        &self,
        token: &VerifiedRefreshToken,
        account: Account,
        mut session: Session,
    ) -> Result<Refreshed, Setback<RefreshError>> {
        check_usable(token, &account)?;
        check_signed_in(token, &account, session.snapshot().started_at)?;
        let user = account.user.snapshot();
        let session_id = session.snapshot().id.clone();
        let (id, issued_at) = (TokenId::from(self.ports.ids.uuid()), self.ports.clock.now());
        let signed = self.sign_refresh_token(user, &session_id, &id, issued_at).await?;
        let successor = RefreshToken { id, hash: TokenHash::of(signed.expose_secret()), issued_at };
        let presented = (&token.id, &token.hash);
        let refresh_token = match session.refresh(presented, successor.clone(), user.sessions, &self.settings.sessions)
        {
            RefreshDecision::Rotated { spent } => {
                let changes = ChangeSet::default()
                    .write(Write::SaveSession(session.clone()))
                    .write(Write::SpendRefreshToken(spent))
                    .write(self.list_refresh_token(successor, session.clone()));
                match self.ports.unit_of_work.commit(changes).await {
                    Err(CommitError::Refused(Refusal::RefreshTokenSpent)) => {
                        return self.revoke_spent_elsewhere(token, session).await;
                    }
                    committed => committed.map_err(look_again::<RefreshError>)?,
                }
                signed
            }
            RefreshDecision::Repeat { current } => {
                self.sign_refresh_token(user, &session_id, &current.id, current.issued_at).await?
            }
            RefreshDecision::FamilyRevoked { event, current } => {
                let mut changes =
                    ChangeSet::default().write(Write::SaveSession(session)).write(Write::ForgetRefreshToken(current));
                changes.events.push(event.into());
                self.commit(changes).await?;
                return Err(refuse(token, "token_reused", RefreshError::Invalid));
            }
            RefreshDecision::Refused => {
                return Err(refuse(token, "session_over", RefreshError::Invalid));
            }
        };
        let access_token_id = TokenId::from(self.ports.ids.uuid());
        let access_token =
            self.sign_access_token(&account, &session_id, &access_token_id, self.ports.clock.now()).await?;
        security_log::success("refresh", &token.user_id, &token.tenant_id);
        Ok(Refreshed { access_token, refresh_token })
    }

    /// A Python service exchanged the token that this service holds for current: whoever presents it now is
    /// the second one to do so.
    async fn revoke_spent_elsewhere(
        &self,
        token: &VerifiedRefreshToken,
        session: Session,
    ) -> Result<Refreshed, Setback<RefreshError>> {
        let mut session = session;
        let mut changes = ChangeSet::default();
        changes.events.extend(session.revoke(self.ports.clock.now()).map(Into::into));
        self.commit(changes.write(Write::SaveSession(session))).await?;
        Err(refuse(token, "token_spent_elsewhere", RefreshError::Invalid))
    }
}

/// A refresh token of the Python service, and the session that has taken its place, if one has.
pub(super) struct LegacySession {
    /// The token, completed from the table.
    pub(super) token: VerifiedRefreshToken,
    /// The id that the session has, or will have.
    session_id: SessionId,
    account: Account,
    /// The session.
    pub(super) session: Option<Session>,
    unspent: bool,
}

fn check_usable(token: &VerifiedRefreshToken, account: &Account) -> Result<(), Setback<RefreshError>> {
    let kept_out = if !account.tenant.is_usable() {
        KeptOut::TenantInactive
    } else if !account.user.is_usable() {
        KeptOut::AccountInactive
    } else {
        return Ok(());
    };
    Err(refuse(token, kept_out.reason(), kept_out.into()))
}

/// Everybody may have been signed out since the tenant was last out of use.
fn check_signed_in(
    token: &VerifiedRefreshToken,
    account: &Account,
    at: Timestamp,
) -> Result<(), Setback<RefreshError>> {
    if account.tenant.has_signed_out(at) {
        return Err(refuse(token, "session_over", RefreshError::Invalid));
    }
    Ok(())
}

fn refuse(token: &VerifiedRefreshToken, reason: &'static str, error: RefreshError) -> Setback<RefreshError> {
    security_log::refused("refresh", reason, &token.user_id, &token.tenant_id);
    error.into()
}

/// The id of the session that takes the place of a refresh token of the Python service.
fn session_in_place_of(token: &TokenId) -> SessionId {
    SessionId::restore(format!("legacy-{}", TokenHash::of(token.as_str()).as_str()))
}
