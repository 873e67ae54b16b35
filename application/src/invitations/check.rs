//! What the link of an invitation leads to.

use domain::InvitationToken;

use super::InvitationService;
use crate::{error::Failure, ports::HeldInvitation};

impl InvitationService {
    /// The invitation of a token, if it can be accepted now. What is wrong with any other token is not said.
    /// Uses nothing up.
    ///
    /// # Errors
    ///
    /// [`Failure`] when that cannot be found out.
    pub async fn check(&self, token: &InvitationToken) -> Result<Option<HeldInvitation>, Failure> {
        let now = self.clock.now();
        let held = self.invitations.find_by_token(token).await?;
        Ok(held.filter(|held| held.invitation.check(now).is_ok() && held.tenant.is_usable()))
    }
}
