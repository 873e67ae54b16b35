//! Signing out.

use domain::{Session, TokenId};
use secrecy::{ExposeSecret, SecretString};

use super::{AuthService, refresh::LegacySession};
use crate::{
    actor::TenantScope,
    error::Failure,
    ports::{ChangeSet, TokenRejected, VerifiedRefreshToken, Write},
    retry::{Setback, settle},
    security_log,
};

impl AuthService {
    /// Ends the session of a refresh token. A token that is not good has no session to end, which is what was
    /// asked for.
    ///
    /// # Errors
    ///
    /// [`Failure`] when it is not known whether the session has ended.
    pub async fn logout(&self, refresh_token: &SecretString) -> Result<(), Failure> {
        let token = match self.ports.tokens.verify_refresh(refresh_token.expose_secret()).await {
            Ok(token) => token,
            Err(TokenRejected::Expired | TokenRejected::Invalid) => {
                security_log::refused_token("logout", "invalid_token");
                return Ok(());
            }
            Err(TokenRejected::Failed(error)) => return Err(error.into()),
        };
        settle(|| self.try_logout(&token)).await
    }

    async fn try_logout(&self, token: &VerifiedRefreshToken) -> Result<(), Setback<Failure>> {
        let changes = match &token.session_id {
            Some(session_id) => {
                let scope = TenantScope::from(token);
                match self.ports.accounts.find_with_session(&scope, &token.user_id, session_id).await? {
                    Some((_, Some(session))) => self.end(session),
                    _ => None,
                }
            }
            None => match self.find_legacy(token).await? {
                Some(LegacySession { session: Some(session), .. }) => self.end(session),
                Some(LegacySession { token, .. }) => Some(forget(token.id)),
                None => None,
            },
        };
        let Some(changes) = changes else {
            security_log::refused("logout", "session_over", &token.user_id, &token.tenant_id);
            return Ok(());
        };
        self.commit(changes).await?;
        security_log::success("logout", &token.user_id, &token.tenant_id);
        Ok(())
    }

    fn end(&self, mut session: Session) -> Option<ChangeSet> {
        let current = session.current_token()?.id.clone();
        let event = session.sign_out(self.ports.clock.now())?;
        let mut changes = forget(current).write(Write::SaveSession(session));
        changes.events.push(event.into());
        Some(changes)
    }
}

fn forget(token: TokenId) -> ChangeSet {
    ChangeSet::default().write(Write::ForgetRefreshToken(token))
}
