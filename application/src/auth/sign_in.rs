//! The last step of every way to sign in: a session and its first two tokens.

use domain::{
    Session, SessionId, Timestamp, TokenHash, TokenId,
    session::{Device, NewSession, RefreshToken},
    user::UserSnapshot,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::AuthService;
use crate::ports::{
    AccessTokenClaims, Account, ChangeSet, IssuedAccessToken, RefreshTokenClaims, TokenSigningError, Write,
};

/// Somebody who has just signed in.
#[derive(Debug)]
pub struct SignedIn {
    /// For every route and every other service that needs somebody.
    pub access_token: IssuedAccessToken,
    /// For the next access token.
    pub refresh_token: SecretString,
    /// Who signed in, where, and what their tenant has subscribed to.
    pub account: Account,
}

/// What is made up for a new session. Together with the account it determines both tokens, so that remembering
/// a seed is enough to give the same answer again without having stored a token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct SessionSeed {
    session_id: String,
    refresh_token_id: String,
    access_token_id: String,
    started_at: Timestamp,
}

impl AuthService {
    /// Makes up a session.
    pub(super) fn new_seed(&self) -> SessionSeed {
        self.seed_for(&SessionId::from(self.ports.ids.uuid()))
    }

    /// Makes up a session with this id.
    pub(super) fn seed_for(&self, session_id: &SessionId) -> SessionSeed {
        SessionSeed {
            session_id: session_id.to_string(),
            refresh_token_id: self.ports.ids.uuid().to_string(),
            access_token_id: self.ports.ids.uuid().to_string(),
            started_at: self.ports.clock.now(),
        }
    }

    /// Signs both tokens of a session.
    pub(super) async fn sign_tokens(
        &self,
        account: Account,
        seed: &SessionSeed,
    ) -> Result<SignedIn, TokenSigningError> {
        let session_id = SessionId::restore(&seed.session_id);
        let token_id = TokenId::restore(&seed.refresh_token_id);
        let user = account.user.snapshot();
        let refresh_token = self.sign_refresh_token(user, &session_id, &token_id, seed.started_at).await?;
        let access_token_id = TokenId::restore(&seed.access_token_id);
        let access_token = self.sign_access_token(&account, &session_id, &access_token_id, seed.started_at).await?;
        Ok(SignedIn { access_token, refresh_token, account })
    }

    /// What has to be stored for somebody to be signed in. `predecessor` is the token of the Python service
    /// that the session carries on, if it does.
    pub(super) fn start_session(
        &self,
        changes: ChangeSet,
        signed_in: &SignedIn,
        seed: &SessionSeed,
        device: Device,
        predecessor: Option<TokenId>,
    ) -> ChangeSet {
        let user = signed_in.account.user.snapshot();
        let token = RefreshToken {
            id: TokenId::restore(&seed.refresh_token_id),
            hash: TokenHash::of(signed_in.refresh_token.expose_secret()),
            issued_at: seed.started_at,
        };
        let session = Session::start(NewSession {
            id: SessionId::restore(&seed.session_id),
            user_id: user.id.clone(),
            tenant_id: user.tenant_id.clone(),
            generation: user.sessions,
            device,
            token: token.clone(),
            predecessor,
        });
        changes.write(Write::StartSession(session.clone())).write(self.list_refresh_token(token, session))
    }

    /// Signs the refresh token with this id and birth; again and again the same.
    pub(super) async fn sign_refresh_token(
        &self,
        user: &UserSnapshot,
        session_id: &SessionId,
        id: &TokenId,
        issued_at: Timestamp,
    ) -> Result<SecretString, TokenSigningError> {
        let claims = RefreshTokenClaims {
            id,
            session_id,
            user_id: &user.id,
            tenant_id: &user.tenant_id,
            issued_at,
            expires_at: issued_at + self.settings.sessions.refresh_token_lifetime,
        };
        self.ports.tokens.issue_refresh(&claims).await
    }

    /// Signs an access token for a session.
    pub(super) async fn sign_access_token(
        &self,
        account: &Account,
        session_id: &SessionId,
        id: &TokenId,
        issued_at: Timestamp,
    ) -> Result<IssuedAccessToken, TokenSigningError> {
        let user = account.user.snapshot();
        let claims = AccessTokenClaims {
            id,
            session_id,
            user_id: &user.id,
            tenant_id: &user.tenant_id,
            role: user.role,
            email: &user.email,
            email_verified: user.email_verified,
            user_status: user.status,
            tier: account.tier(),
            issued_at,
        };
        self.ports.tokens.issue_access(&claims).await
    }

    /// Lists a refresh token where the Python services look for it.
    pub(super) fn list_refresh_token(&self, token: RefreshToken, session: Session) -> Write {
        let expires_at = token.issued_at + self.settings.sessions.refresh_token_lifetime;
        Write::ListRefreshToken { token, session: Box::new(session), expires_at }
    }
}
