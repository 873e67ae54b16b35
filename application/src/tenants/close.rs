//! Closing a tenant, for the person who owns it.

use std::time::Duration;

use domain::{
    TokenSecret,
    tenant::{CloseRefused, Reopening},
    user::Password,
};

use super::{ReopeningLink, TenantService};
use crate::{
    actor::{Actor, Denied, TenantScope},
    auth::{ConfirmPasswordError, Throttled},
    error::{Classified, ErrorKind, Failure, from_port_errors},
    ports::{ChangeSet, ClosedTenant, Mail, MailKind},
    retry::{Setback, look_again, settle},
    security_log,
};

/// An owner who closes their tenant.
pub struct CloseTenant {
    /// What they say is their password.
    pub password: Password,
    /// The site to link to, if the client asks for one.
    pub link_base: Option<String>,
}

/// Why a tenant was not closed.
#[derive(Debug, thiserror::Error)]
pub enum CloseTenantError {
    /// The role does not allow it.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The tenant does not allow it.
    #[error(transparent)]
    Refused(#[from] CloseRefused),
    /// It is another password, or the account has none.
    #[error("the password is wrong")]
    WrongPassword,
    /// The password was not looked at.
    #[error(transparent)]
    Throttled(#[from] Throttled),
    /// The tenant is gone.
    #[error("this organisation does not exist any more")]
    NotFound,
    /// Something else.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl Classified for CloseTenantError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Denied(denied) => denied.kind(),
            Self::Refused(CloseRefused::NotItsOwner) => ErrorKind::InsufficientPermissions,
            Self::Refused(CloseRefused::Suspended) => ErrorKind::TenantInactive,
            Self::WrongPassword => ErrorKind::InvalidCredentials,
            Self::Throttled(throttled) => throttled.kind(),
            Self::NotFound => ErrorKind::TenantNotFound,
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

from_port_errors!(CloseTenantError);

impl From<ConfirmPasswordError> for CloseTenantError {
    fn from(error: ConfirmPasswordError) -> Self {
        match error {
            ConfirmPasswordError::Wrong => Self::WrongPassword,
            ConfirmPasswordError::Throttled(throttled) => throttled.into(),
            ConfirmPasswordError::Failed(failure) => failure.into(),
        }
    }
}

impl CloseTenantError {
    const fn reason(&self) -> Option<&'static str> {
        match self {
            Self::Refused(CloseRefused::NotItsOwner) => Some("not_the_owner"),
            Self::Refused(CloseRefused::Suspended) => Some("tenant_inactive"),
            Self::WrongPassword => Some("wrong_password"),
            Self::Throttled(throttled) => Some(throttled.reason()),
            // A denial has been logged where it was found.
            Self::Denied(_) | Self::NotFound | Self::Failed(_) => None,
        }
    }
}

impl TenantService {
    /// Closes the actor's own tenant: signs everybody out, mails its owner a link that opens it again for a while, and has
    /// what it pays for end with what is paid, once that is committed and the billing provider answers. One that was closed meanwhile stays as it is, with the link that was sent then.
    ///
    /// # Errors
    ///
    /// [`CloseTenantError`] says why not.
    pub async fn close(&self, actor: &Actor, command: CloseTenant) -> Result<(), CloseTenantError> {
        let closed = self.verify_and_close(actor, &command).await;
        match &closed {
            Ok(()) => security_log::success("close_tenant", actor.user_id(), actor.tenant_id()),
            Err(error) => {
                if let Some(reason) = error.reason() {
                    security_log::refused("close_tenant", reason, actor.user_id(), actor.tenant_id());
                }
            }
        }
        closed
    }

    async fn verify_and_close(&self, actor: &Actor, command: &CloseTenant) -> Result<(), CloseTenantError> {
        actor.require_owner()?;
        self.auth.confirm_password(actor, &command.password).await?;
        settle(|| self.try_close(actor, command)).await
    }

    async fn try_close(&self, actor: &Actor, command: &CloseTenant) -> Result<(), Setback<CloseTenantError>> {
        let before = self.tenants.find(&TenantScope::from(actor)).await?.ok_or(CloseTenantError::NotFound)?;
        let mut tenant = before.clone();
        let now = self.clock.now();
        let secret = TokenSecret::from_random(self.ids.secret());
        let reopening = Reopening { until: now + self.reopening_lifetime, token: secret.hash() };
        let outcome = tenant.close(actor.user_id(), reopening, now).map_err(CloseTenantError::from)?;
        if outcome.is_nothing() {
            return Ok(());
        }
        let owner = actor.user.snapshot();
        let link = ReopeningLink::token(actor.tenant_id(), &secret);
        let mail = Mail {
            to: owner.email.clone(),
            first_name: Some(owner.first_name.as_str().to_owned()),
            language: owner.language.clone(),
            kind: MailKind::TenantClosed,
            link: self.links.reopen_tenant(command.link_base.as_deref(), &link),
        };
        let changes = ChangeSet::default()
            .by(actor.user_id())
            .save_tenant(before, tenant)
            .record(outcome)
            .stop_renewal_of(ClosedTenant { tenant_id: actor.tenant_id().clone() })
            .mail(mail);
        self.unit_of_work.commit(changes).await.map_err(look_again::<CloseTenantError>)?;
        Ok(())
    }
}
