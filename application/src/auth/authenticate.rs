//! From an access token to an [`Actor`].

use domain::TenantId;

use super::{AuthService, KeptOut};
use crate::{
    actor::{Actor, TenantScope},
    error::{Classified, ErrorKind, Failure, from_port_errors},
    ports::{SignedInAccount, TokenRejected, VerifiedAccessToken},
    security_log,
};

/// Why a token authenticates nobody.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticationError {
    /// Its time is over.
    #[error("the access token has expired")]
    Expired,
    /// It is not one of ours, or its session is over.
    #[error("the access token is not valid")]
    Invalid,
    /// The request names another tenant than the token.
    #[error("the token belongs to another tenant than X-Tenant-Id names")]
    TenantMismatch,
    /// They may not come in.
    #[error(transparent)]
    KeptOut(#[from] KeptOut),
    /// Something else.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl Classified for AuthenticationError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Expired => ErrorKind::TokenExpired,
            Self::Invalid => ErrorKind::TokenInvalid,
            Self::TenantMismatch => ErrorKind::TenantMismatch,
            Self::KeptOut(kept_out) => kept_out.kind(),
            Self::Failed(failure) => failure.kind(),
        }
    }
}

from_port_errors!(AuthenticationError);

impl AuthenticationError {
    const fn reason(&self) -> &'static str {
        match self {
            Self::Expired => "expired_token",
            Self::Invalid => "invalid_token",
            Self::TenantMismatch => "tenant_mismatch",
            Self::KeptOut(kept_out) => kept_out.reason(),
            Self::Failed(_) => "failed",
        }
    }
}

impl From<TokenRejected> for AuthenticationError {
    fn from(rejected: TokenRejected) -> Self {
        match rejected {
            TokenRejected::Expired => Self::Expired,
            TokenRejected::Invalid => Self::Invalid,
            TokenRejected::Failed(error) => error.into(),
        }
    }
}

impl AuthService {
    /// Finds out who presents an access token, as they are now: a sign-out, a suspension or a new role counts
    /// at once (security rule 16). `named_tenant` is what the request says in `X-Tenant-Id`, if it does.
    ///
    /// # Errors
    ///
    /// [`AuthenticationError`] says why it is nobody.
    pub async fn authenticate(
        &self,
        access_token: &str,
        named_tenant: Option<&TenantId>,
    ) -> Result<Actor, AuthenticationError> {
        let token = self.ports.tokens.verify_access(access_token).await.map_err(AuthenticationError::from);
        let token = token.inspect_err(|error| {
            if !matches!(error, AuthenticationError::Failed(_)) {
                security_log::refused_token("authenticate", error.reason());
            }
        })?;
        self.identify(&token, named_tenant).await.inspect_err(|error| {
            let reason = match error {
                AuthenticationError::Failed(_) => return,
                AuthenticationError::Invalid => "session_over",
                error => error.reason(),
            };
            security_log::refused("authenticate", reason, &token.user_id, &token.tenant_id);
        })
    }

    async fn identify(
        &self,
        token: &VerifiedAccessToken,
        named_tenant: Option<&TenantId>,
    ) -> Result<Actor, AuthenticationError> {
        if named_tenant.is_some_and(|named| *named != token.tenant_id) {
            return Err(AuthenticationError::TenantMismatch);
        }
        let scope = TenantScope::from(token);
        let found = self.ports.accounts.find_signed_in(&scope, &token.user_id, token.session_id.as_ref()).await?;
        let found = found.ok_or(AuthenticationError::Invalid)?;
        if !self.still_counts(token, &found) {
            return Err(AuthenticationError::Invalid);
        }
        let SignedInAccount { user, tenant, session } = found;
        let signed_in_at = session.map_or(token.issued_at, |session| session.snapshot().started_at);
        if !tenant.is_usable() {
            return Err(KeptOut::TenantInactive.into());
        }
        if tenant.has_signed_out(signed_in_at) {
            return Err(AuthenticationError::Invalid);
        }
        if !user.is_usable() {
            return Err(KeptOut::AccountInactive.into());
        }
        Ok(Actor { user, tenant, session_id: token.session_id.clone() })
    }

    fn still_counts(&self, token: &VerifiedAccessToken, found: &SignedInAccount) -> bool {
        let sessions = found.user.snapshot().sessions;
        match (&token.session_id, &found.session) {
            (Some(_), Some(session)) => session.is_live(sessions, &self.settings.sessions, self.ports.clock.now()),
            (Some(_), None) => false,
            // A token of the Python service names no session; it counts until the user's are all ended.
            (None, _) => sessions.began_at.is_none_or(|began| token.issued_at >= began),
        }
    }
}
