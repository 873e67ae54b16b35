//! The outside identities that a user can sign in with.

use super::{User, UserEvent, UserEventKind};
use crate::{IdentityProvider, Outcome, Timestamp};

/// What was to be taken away is all that the person can sign in with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is your only way to sign in; choose a password first")]
pub struct LastWayIn;

impl User {
    /// Notes that the person can sign in with an outside identity from now on.
    pub fn link_identity(&mut self, provider: IdentityProvider, now: Timestamp) -> Outcome<UserEvent> {
        self.happened(UserEventKind::IdentityLinked { provider }, now)
    }

    /// Notes that the person can no longer sign in with an outside identity, of which `others` are left.
    ///
    /// # Errors
    ///
    /// [`LastWayIn`] when nothing else would be left to sign in with.
    pub fn unlink_identity(
        &mut self,
        provider: IdentityProvider,
        others: usize,
        now: Timestamp,
    ) -> Result<Outcome<UserEvent>, LastWayIn> {
        if others == 0 && self.state.password_hash.is_none() {
            return Err(LastWayIn);
        }
        Ok(self.happened(UserEventKind::IdentityUnlinked { provider }, now))
    }
}
