//! What every use of an account elsewhere has in common: the proof that it is one's own, and who signs in with it
//! (security rule 11).

use domain::{IdentityProvider, OutsideIdentity, Timestamp, User};
use secrecy::{ExposeSecret, SecretString};

use super::AuthService;
use crate::{
    actor::TenantScope,
    ports::{Account, ChangeSet, IdentityClaim, IdentityRejected, StoreError, VerifiedIdentity, Write},
};

/// An ID token, as somebody presents it.
pub struct IdToken {
    /// Who is said to have issued it.
    pub provider: IdentityProvider,
    /// The token.
    pub token: SecretString,
    /// What the client had put into the token, if it did.
    pub nonce: Option<String>,
}

/// Who signs in with an outside identity.
pub(super) enum IdentityHolder {
    /// This account.
    Account(IdentityClaim, Box<Account>),
    /// Nobody, or somebody who is gone, of whom a claim was left behind: a removal finds claims through an index, which
    /// may miss one of a moment ago.
    Nobody {
        /// What is in the way of a new claim.
        leftover: Option<IdentityClaim>,
    },
}

impl AuthService {
    /// Whom an ID token is about.
    pub(super) async fn verify_identity(&self, presented: &IdToken) -> Result<VerifiedIdentity, IdentityRejected> {
        let IdToken { provider, token, nonce } = presented;
        self.ports.identity_tokens.verify(*provider, token.expose_secret(), nonce.as_deref()).await
    }

    /// Who signs in with an identity.
    pub(super) async fn holder_of_identity(&self, identity: &OutsideIdentity) -> Result<IdentityHolder, StoreError> {
        let Some(claim) = self.ports.identity_claims.find(identity).await? else {
            return Ok(IdentityHolder::Nobody { leftover: None });
        };
        let account = self.ports.accounts.find(&TenantScope::from(&claim), &claim.user_id).await?;
        Ok(match account {
            Some(account) => IdentityHolder::Account(claim, Box::new(account)),
            None => IdentityHolder::Nobody { leftover: Some(claim) },
        })
    }
}

/// Makes a verified identity, which nobody signs in with, a way to sign in to `user`, who is created or saved by the
/// same change set: claims the identity and records the event. Whether the person may have this user is for the caller
/// to know.
///
/// The commit is refused with [`Refusal::IdentityTaken`](crate::ports::Refusal::IdentityTaken), or as stale, when
/// somebody has the identity by then.
pub(super) fn claim_identity(
    changes: ChangeSet,
    user: &mut User,
    verified: &VerifiedIdentity,
    leftover: Option<IdentityClaim>,
    now: Timestamp,
) -> ChangeSet {
    let linked = user.link_identity(verified.provider, now);
    let claim = claim_for(user, verified, now);
    changes.record(linked).write(match leftover {
        None => Write::ClaimIdentity(claim),
        Some(before) => Write::SaveIdentity { before: Box::new(before), after: Box::new(claim) },
    })
}

/// The claim of a verified identity for a user.
pub(super) fn claim_for(user: &User, verified: &VerifiedIdentity, now: Timestamp) -> IdentityClaim {
    let owner = user.snapshot();
    IdentityClaim {
        identity: verified.identity.clone(),
        provider: verified.provider,
        user_id: owner.id.clone(),
        tenant_id: owner.tenant_id.clone(),
        email: verified.email.clone(),
        claimed_at: now,
    }
}
