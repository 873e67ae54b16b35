//! From one tenant to another: a user belongs to exactly one.

use super::{User, UserEvent, UserEventKind};
use crate::{Outcome, Role, TenantId, Timestamp};

impl User {
    /// Leaves the tenant for another one that invited the person, in the role that it offers. Ends every session,
    /// because their tokens name the tenant (security rule 16). The invitation came by mail, so it proves the address
    /// as well.
    ///
    /// What happened, happened in the tenant that is left; what the other one gains, its invitation says.
    pub fn move_to(&mut self, tenant_id: TenantId, role: Role, now: Timestamp) -> Outcome<UserEvent> {
        let left = UserEventKind::LeftTenant.of(&self.state);
        self.state.tenant_id = tenant_id;
        self.state.role = role;
        self.state.updated_at = now;
        self.state.sessions.advance(now);
        self.prove_address();
        Outcome::of(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::user::tests::{at, registered_user};

    #[test]
    fn rule_16_moving_to_another_tenant_ends_every_session() {
        let mut user = registered_user();
        let before = user.snapshot().clone();
        let events = user.move_to(TenantId::restore("t2"), Role::Viewer, at(9)).into_events();
        let after = user.snapshot();
        assert_eq!((after.tenant_id.as_str(), after.role), ("t2", Role::Viewer));
        assert_eq!((after.sessions.number, after.sessions.began_at), (before.sessions.number + 1, Some(at(9))));
        assert!(after.email_verified);
        let [left] = events.as_slice() else { panic!("one event, not {events:?}") };
        assert_eq!((&left.tenant_id, &left.what), (&before.tenant_id, &UserEventKind::LeftTenant));
    }
}
