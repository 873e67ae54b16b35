//! Opening a closed tenant again with the mailed link.

use domain::{
    BillingPeriod, TenantId, Timestamp, TokenHash, TokenSecret,
    subscription::{Renewal, SubscriptionState},
    verification::TokenRefused,
};
use secrecy::SecretString;

use super::TenantService;
use crate::{
    actor::TenantScope,
    error::{Classified, ErrorKind, Failure, from_port_errors},
    ports::ChangeSet,
    retry::{Setback, look_again, settle},
    security_log,
};

/// What a link says that opens a tenant again: which one, and the secret that proves the claim.
///
/// The tenant stands in the link because its row keeps the secret's hash: there is no second row to write, to find
/// the tenant by, or to disagree with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReopeningLink {
    pub(crate) tenant_id: TenantId,
    token: TokenHash,
}

impl ReopeningLink {
    /// Reads the token of a link; `None` when it cannot be one.
    #[must_use]
    pub fn parse(token: &str) -> Option<Self> {
        let (tenant_id, secret) = token.rsplit_once('.')?;
        Some(Self { tenant_id: TenantId::parse(tenant_id).ok()?, token: TokenHash::of(secret) })
    }

    /// The token of a link.
    pub(super) fn token(tenant_id: &TenantId, secret: &TokenSecret) -> SecretString {
        format!("{tenant_id}.{}", secret.expose()).into()
    }
}

/// A tenant that is open again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reopened {
    /// When what it pays for ends unless its renewal is switched on; `None` when it renews, or there is nothing.
    pub subscription_ends_at: Option<Timestamp>,
}

/// Why a tenant was not opened again.
#[derive(Debug, thiserror::Error)]
pub enum ReopenTenantError {
    /// No such link, or one that is used or void. Which tenants there are is not said.
    #[error("this link is not valid")]
    UnknownToken,
    /// The time to open the tenant again is over.
    #[error("this link has expired")]
    Expired,
    /// Something else.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl Classified for ReopenTenantError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::UnknownToken => ErrorKind::TokenInvalid,
            Self::Expired => ErrorKind::TokenExpired,
            Self::Failed(failure) => failure.kind(),
        }
    }
}

from_port_errors!(ReopenTenantError);

impl TenantService {
    /// Puts a tenant that its owner closed back into use. Nobody is signed in by that, and a renewal that the closing
    /// switched off stays so: whoever opens the tenant again has not said that they want to pay again.
    ///
    /// # Errors
    ///
    /// [`ReopenTenantError`] says why not.
    pub async fn reopen(&self, token: &str) -> Result<Reopened, ReopenTenantError> {
        let Some(link) = ReopeningLink::parse(token) else { return Err(unknown()) };
        settle(|| self.try_reopen(&link)).await
    }

    async fn try_reopen(&self, link: &ReopeningLink) -> Result<Reopened, Setback<ReopenTenantError>> {
        let scope = TenantScope::from(link);
        let Some(before) = self.tenants.find(&scope).await? else { return Err(unknown().into()) };
        let mut tenant = before.clone();
        let owner = before.snapshot().owner_user_id.clone();
        let outcome = tenant.reopen(&link.token, self.clock.now()).map_err(|why| {
            security_log::refused_link("reopen_tenant", why, &owner, &link.tenant_id);
            match why {
                TokenRefused::Expired => ReopenTenantError::Expired,
                TokenRefused::Used | TokenRefused::Superseded => ReopenTenantError::UnknownToken,
            }
        })?;
        // Before the link is used up: nobody could ask again.
        let billing = self.billing.find(&scope).await?;
        let changes = ChangeSet::default().by(&owner).save_tenant(before, tenant).record(outcome);
        self.unit_of_work.commit(changes).await.map_err(look_again::<ReopenTenantError>)?;
        security_log::success("reopen_tenant", &owner, &link.tenant_id);
        let paid = billing.at_provider().map(|subscription| &subscription.snapshot().state);
        let ending = paid.filter(|state| state.renewal() == Some(Renewal::Off));
        Ok(Reopened { subscription_ends_at: ending.and_then(SubscriptionState::period).map(BillingPeriod::end) })
    }
}

fn unknown() -> ReopenTenantError {
    security_log::refused_token("reopen_tenant", "unknown_token");
    ReopenTenantError::UnknownToken
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_link_names_its_tenant_whatever_its_id_looks_like() {
        let secret = TokenSecret::from_random([7; 32]);
        for id in ["0198c5a2-8f00-7c3e-9d2b-4a6f1e0b7c55", "tenant_3f2a9c0d1b2e", "a.b.c"] {
            let tenant_id = TenantId::parse(id).unwrap();
            let token = ReopeningLink::token(&tenant_id, &secret);
            let link = ReopeningLink { tenant_id, token: secret.hash() };
            assert_eq!(ReopeningLink::parse(token.expose_secret()), Some(link));
        }
        for text in ["", "x", ".", ".secret", "not an id.secret"] {
            assert_eq!(ReopeningLink::parse(text), None, "{text}");
        }
    }
}
