//! The accounts elsewhere that people sign in with: seeing their own, adding one, and taking one away (security
//! rule 11).

use std::time::Duration;

use domain::{
    IdentityProvider, Timestamp, User,
    user::{LastWayIn, Password},
};

use super::{
    AuthService, ConfirmPasswordError, Throttled,
    outside_identity::{IdToken, IdentityHolder, claim_for, claim_identity},
};
use crate::{
    actor::{Actor, TenantScope},
    error::{Classified, ErrorKind, Failure, from_port_errors},
    ports::{ChangeSet, IdentityClaim, IdentityRejected, SignedInAccount, VerifiedIdentity, Write},
    retry::{Setback, settle},
    security_log,
};

/// Somebody who wants to sign in with an account elsewhere from now on.
pub struct LinkIdentity {
    /// The proof that it is theirs.
    pub token: IdToken,
    /// What they say is their password; not needed shortly after a sign-in.
    pub password: Option<Password>,
}

/// Why an account elsewhere was not linked.
#[derive(Debug, thiserror::Error)]
pub enum LinkIdentityError {
    /// The token proves nothing.
    #[error(transparent)]
    Rejected(#[from] IdentityRejected),
    /// It is another password, or the account has none.
    #[error("the password is wrong")]
    WrongPassword,
    /// The password was not looked at.
    #[error(transparent)]
    Throttled(#[from] Throttled),
    /// Nobody gave a password, and the sign-in is a while ago.
    #[error("send your current password, or sign in again")]
    ReauthenticationRequired,
    /// Somebody else signs in with it.
    #[error("this {0} account is linked to another account")]
    Taken(IdentityProvider),
    /// The person signs in with another account of that provider.
    #[error("another {0} account is linked to your account; unlink it first")]
    AnotherLinked(IdentityProvider),
    /// The user is gone.
    #[error("the user does not exist any more")]
    NotFound,
    /// Something else.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl Classified for LinkIdentityError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Rejected(rejected) => rejected.kind(),
            Self::WrongPassword => ErrorKind::InvalidCredentials,
            Self::Throttled(throttled) => throttled.kind(),
            Self::ReauthenticationRequired => ErrorKind::ReauthenticationRequired,
            Self::Taken(_) | Self::AnotherLinked(_) => ErrorKind::Conflict,
            Self::NotFound => ErrorKind::NotFound,
            Self::Failed(failure) => failure.kind(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Rejected(rejected) => rejected.retry_after(),
            Self::Throttled(throttled) => throttled.retry_after(),
            Self::Failed(failure) => failure.retry_after(),
            _ => None,
        }
    }
}

from_port_errors!(LinkIdentityError);

impl From<ConfirmPasswordError> for LinkIdentityError {
    fn from(error: ConfirmPasswordError) -> Self {
        match error {
            ConfirmPasswordError::Wrong => Self::WrongPassword,
            ConfirmPasswordError::Throttled(throttled) => throttled.into(),
            ConfirmPasswordError::Failed(failure) => failure.into(),
        }
    }
}

impl LinkIdentityError {
    const fn reason(&self) -> Option<&'static str> {
        match self {
            Self::Rejected(rejected) => Some(rejected.reason()),
            Self::WrongPassword => Some("wrong_password"),
            Self::Throttled(throttled) => Some(throttled.reason()),
            Self::ReauthenticationRequired => Some("reauthentication_required"),
            Self::Taken(_) => Some("identity_taken"),
            Self::AnotherLinked(_) => Some("another_linked"),
            Self::NotFound | Self::Failed(_) => None,
        }
    }
}

/// Why an account elsewhere is still linked.
#[derive(Debug, thiserror::Error)]
pub enum UnlinkIdentityError {
    /// The person does not sign in with an account of that provider, or is gone.
    #[error("you have linked no {0} account")]
    NotLinked(IdentityProvider),
    /// The person could not sign in any more.
    #[error(transparent)]
    LastWayIn(#[from] LastWayIn),
    /// Something else.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl Classified for UnlinkIdentityError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotLinked(_) => ErrorKind::NotFound,
            Self::LastWayIn(_) => ErrorKind::LastWayIn,
            Self::Failed(failure) => failure.kind(),
        }
    }
}

from_port_errors!(UnlinkIdentityError);

impl UnlinkIdentityError {
    const fn reason(&self) -> Option<&'static str> {
        match self {
            Self::NotLinked(_) => Some("not_linked"),
            Self::LastWayIn(_) => Some("last_way_in"),
            Self::Failed(_) => None,
        }
    }
}

impl AuthService {
    /// The accounts elsewhere that the actor signs in with, the oldest first. One that was linked a moment ago may be
    /// missing.
    ///
    /// # Errors
    ///
    /// [`Failure`] when they are not shown.
    pub async fn identities(&self, actor: &Actor) -> Result<Vec<IdentityClaim>, Failure> {
        Ok(self.ports.identity_claims.of_user(&TenantScope::from(actor), actor.user_id()).await?)
    }

    /// Lets the actor sign in with an account elsewhere, of which there is one for each provider. One that they sign in
    /// with already stays as it is.
    ///
    /// # Errors
    ///
    /// [`LinkIdentityError`] says why not.
    pub async fn link_identity(
        &self,
        actor: &Actor,
        command: LinkIdentity,
    ) -> Result<IdentityClaim, LinkIdentityError> {
        let linked = self.verify_and_link(actor, &command).await;
        log("link_identity", actor, linked.as_ref().map(drop).map_err(LinkIdentityError::reason));
        linked
    }

    async fn verify_and_link(
        &self,
        actor: &Actor,
        LinkIdentity { token, password }: &LinkIdentity,
    ) -> Result<IdentityClaim, LinkIdentityError> {
        // Before the password: only the holder of a good token may keep the hashing threads busy.
        let verified = self.verify_identity(token).await?;
        if let Some(password) = password {
            self.confirm_password(actor, password).await?;
        }
        settle(|| self.try_link(actor, &verified, password.is_some())).await
    }

    async fn try_link(
        &self,
        actor: &Actor,
        verified: &VerifiedIdentity,
        is_reauthenticated: bool,
    ) -> Result<IdentityClaim, Setback<LinkIdentityError>> {
        let found = self.as_they_are_now(actor, actor.session_id()).await?.ok_or(LinkIdentityError::NotFound)?;
        let now = self.ports.clock.now();
        if !is_reauthenticated && !has_just_signed_in(&found, now) {
            return Err(LinkIdentityError::ReauthenticationRequired.into());
        }
        let leftover = match self.holder_of_identity(&verified.identity).await? {
            IdentityHolder::Account(claim, _) if claim.user_id == *actor.user_id() => return Ok(claim),
            IdentityHolder::Account(..) => return Err(LinkIdentityError::Taken(verified.provider).into()),
            IdentityHolder::Nobody { leftover } => leftover,
        };
        let linked = self.ports.identity_claims.of_user(&TenantScope::from(actor), actor.user_id()).await?;
        match linked.into_iter().find(|claim| claim.provider == verified.provider) {
            // By the same person, who asked twice at once.
            Some(claim) if claim.identity == verified.identity => return Ok(claim),
            Some(_) => return Err(LinkIdentityError::AnotherLinked(verified.provider).into()),
            None => {}
        }
        let (before, mut user) = (found.user.clone(), found.user);
        let changes = ChangeSet::default().by(actor.user_id());
        let changes = claim_identity(changes, &mut user, verified, leftover, now);
        let claim = claim_for(&user, verified, now);
        self.commit(changes.save_user(before, user)).await?;
        Ok(claim)
    }

    /// Takes the account elsewhere of a provider away from the ways in which the actor signs in.
    ///
    /// # Errors
    ///
    /// [`UnlinkIdentityError`] says why not.
    pub async fn unlink_identity(&self, actor: &Actor, provider: IdentityProvider) -> Result<(), UnlinkIdentityError> {
        let unlinked = settle(|| self.try_unlink(actor, provider)).await;
        log("unlink_identity", actor, unlinked.as_ref().map(drop).map_err(UnlinkIdentityError::reason));
        unlinked
    }

    async fn try_unlink(&self, actor: &Actor, provider: IdentityProvider) -> Result<(), Setback<UnlinkIdentityError>> {
        let found = self.as_they_are_now(actor, None).await?;
        let before = found.ok_or(UnlinkIdentityError::NotLinked(provider))?.user;
        // After the user, whose version each of these changes counts: what is decided on older identities than the
        // user's would take two ways in at once, of which each looks like the last but one.
        let linked = self.ports.identity_claims.of_user(&TenantScope::from(actor), actor.user_id()).await?;
        let (gone, others): (Vec<_>, Vec<_>) = linked.into_iter().partition(|claim| claim.provider == provider);
        if gone.is_empty() {
            return Err(UnlinkIdentityError::NotLinked(provider).into());
        }
        let mut user: User = before.clone();
        let outcome = user.unlink_identity(provider, others.len(), self.ports.clock.now());
        let outcome = outcome.map_err(UnlinkIdentityError::from)?;
        let changes = ChangeSet::default()
            .by(actor.user_id())
            .record(outcome)
            .save_user(before, user)
            .write_all(gone.into_iter().map(Write::ReleaseIdentity));
        self.commit(changes).await
    }
}

/// Whether the session began with a sign-in of a moment ago. A token of the Python service has no session that could.
fn has_just_signed_in(account: &SignedInAccount, now: Timestamp) -> bool {
    let last_login = account.user.snapshot().last_login;
    account.session.as_ref().is_some_and(|session| session.is_fresh(last_login, now))
}

/// Logs how something that the actor tried with an own account elsewhere ended (security rule 24).
fn log(action: &'static str, actor: &Actor, result: Result<(), Option<&'static str>>) {
    match result {
        Ok(()) => security_log::success(action, actor.user_id(), actor.tenant_id()),
        Err(Some(reason)) => security_log::refused(action, reason, actor.user_id(), actor.tenant_id()),
        Err(None) => {}
    }
}
