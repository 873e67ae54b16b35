//! Who owns a tenant, and handing it over.

use super::{Tenant, TenantEventKind};
use crate::{DomainEvent, Outcome, Role, Timestamp, User, UserId};

/// Why a tenant was not handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransferRefused {
    /// Only the one who owns it can hand it over; others who are owners beside them cannot.
    #[error("only who owns the organisation can hand it over")]
    NotYours,
    /// They own it already.
    #[error("you own this organisation already")]
    ToOneself,
    /// The new owner could not sign in.
    #[error("the new owner must be active and have confirmed their email address")]
    CannotSignIn,
}

impl Tenant {
    /// Whether somebody owns the tenant; being an owner beside the one who does is not enough.
    #[must_use]
    pub fn is_owned_by(&self, user_id: &UserId) -> bool {
        self.state.owner_user_id == *user_id
    }

    /// Hands the tenant over, from who owns it to another member, who becomes an owner; the former one becomes an
    /// admin.
    ///
    /// # Errors
    ///
    /// [`TransferRefused`] says why not; nothing is changed then.
    pub fn transfer_ownership(
        &mut self,
        from: &mut User,
        to: &mut User,
        now: Timestamp,
    ) -> Result<Outcome<DomainEvent>, TransferRefused> {
        let (old, new) = (from.snapshot().id.clone(), to.snapshot().id.clone());
        if !self.is_owned_by(&old) {
            return Err(TransferRefused::NotYours);
        }
        if old == new {
            return Err(TransferRefused::ToOneself);
        }
        if !(to.is_usable() && to.snapshot().email_verified) {
            return Err(TransferRefused::CannotSignIn);
        }
        self.state.owner_user_id = new.clone();
        let transferred = self.happened(TenantEventKind::OwnershipTransferred { from: old, to: new }, now);
        Ok(transferred.and(to.put_into(Role::Owner, now)).and(from.put_into(Role::Admin, now)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        TenantId,
        tenant::TenantName,
        user::{
            UserSnapshot, UserStatus,
            tests::{at, registered_user},
        },
    };

    fn person(id: &str, role: Role) -> User {
        let (id, status) = (UserId::restore(id), UserStatus::Active);
        User::restore(UserSnapshot { id, role, status, email_verified: true, ..registered_user().snapshot().clone() })
    }

    fn tenant_of(owner: &User) -> Tenant {
        let (tenant, _created) =
            Tenant::create(TenantId::restore("t1"), TenantName::restore("T"), owner.snapshot().id.clone(), at(0));
        tenant
    }

    #[test]
    fn a_tenant_is_handed_over_at_once() {
        let (mut anna, mut ben) = (person("anna", Role::Owner), person("ben", Role::Viewer));
        let mut tenant = tenant_of(&anna);
        let events = tenant.transfer_ownership(&mut anna, &mut ben, at(1)).unwrap().into_events();
        assert_eq!(
            events.iter().map(DomainEvent::name).collect::<Vec<_>>(),
            ["OwnershipTransferred", "RoleChanged", "RoleChanged"]
        );
        assert!(tenant.is_owned_by(&ben.snapshot().id) && !tenant.is_owned_by(&anna.snapshot().id));
        assert_eq!((anna.snapshot().role, ben.snapshot().role), (Role::Admin, Role::Owner));
        assert_eq!(tenant.snapshot().updated_at, at(1));
    }

    #[test]
    fn only_who_owns_it_can_hand_it_over_and_not_to_themselves() {
        let (mut anna, mut ben) = (person("anna", Role::Owner), person("ben", Role::Owner));
        let mut tenant = tenant_of(&anna);
        let before = (tenant.clone(), anna.clone(), ben.clone());
        assert_eq!(tenant.transfer_ownership(&mut ben, &mut anna, at(1)), Err(TransferRefused::NotYours));
        let mut same = anna.clone();
        assert_eq!(tenant.transfer_ownership(&mut anna, &mut same, at(1)), Err(TransferRefused::ToOneself));
        assert_eq!((tenant, anna, ben), before);
    }

    #[test]
    fn the_new_owner_can_sign_in() {
        for (status, email_verified) in [
            (UserStatus::Inactive, true),
            (UserStatus::Suspended, true),
            (UserStatus::Pending, false),
            (UserStatus::Active, false),
        ] {
            let mut anna = person("anna", Role::Owner);
            let mut tenant = tenant_of(&anna);
            let ben = person("ben", Role::Member);
            let mut ben = User::restore(UserSnapshot { email_verified, status, ..ben.snapshot().clone() });
            assert_eq!(tenant.transfer_ownership(&mut anna, &mut ben, at(1)), Err(TransferRefused::CannotSignIn));
            assert!(tenant.is_owned_by(&anna.snapshot().id));
        }
    }
}
