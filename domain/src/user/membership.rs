//! What those who manage a tenant do with its members.

use super::{User, UserEvent, UserEventKind, UserSnapshot, UserStatus};
use crate::{Outcome, Role, Tenant, Timestamp, UserId};

/// Somebody who manages the members of a tenant.
#[derive(Clone, Copy, Debug)]
pub struct Authority<'a> {
    /// Who.
    pub user_id: &'a UserId,
    /// Their own place in the tenant.
    pub role: Role,
    /// The tenant.
    pub tenant: &'a Tenant,
}

/// Why a member is left as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MembershipRefused {
    /// It was asked for by the member.
    #[error("you cannot do this to yourself")]
    Oneself,
    /// The member stands above who asks.
    #[error("this member's role is above your own")]
    Outranked,
    /// The new role is above that of who asks.
    #[error("you cannot give a role above your own")]
    AboveOwnRole,
    /// The member owns the tenant.
    #[error("the owner of the organisation has to hand it over first")]
    OwnsTheTenant,
    /// The platform switched the account off.
    #[error("this account was suspended by the platform")]
    Suspended,
}

impl Authority<'_> {
    /// Nobody changes somebody who stands above them.
    fn over(&self, member: &UserSnapshot) -> Result<(), MembershipRefused> {
        if member.role.is_above(self.role) { Err(MembershipRefused::Outranked) } else { Ok(()) }
    }

    fn over_another(&self, member: &UserSnapshot) -> Result<(), MembershipRefused> {
        if member.id == *self.user_id {
            return Err(MembershipRefused::Oneself);
        }
        self.over(member)
    }

    /// There is always an owner, because the one in the tenant's row stays one.
    fn spare_the_owner(&self, member: &UserSnapshot) -> Result<(), MembershipRefused> {
        if self.tenant.is_owned_by(&member.id) { Err(MembershipRefused::OwnsTheTenant) } else { Ok(()) }
    }
}

impl User {
    /// Puts the member into another role.
    ///
    /// # Errors
    ///
    /// [`MembershipRefused`] says why not.
    pub fn change_role(
        &mut self,
        to: Role,
        by: &Authority<'_>,
        now: Timestamp,
    ) -> Result<Outcome<UserEvent>, MembershipRefused> {
        by.over(&self.state)?;
        if to.is_above(by.role) {
            return Err(MembershipRefused::AboveOwnRole);
        }
        if to != Role::Owner {
            by.spare_the_owner(&self.state)?;
        }
        Ok(self.put_into(to, now))
    }

    /// Switches the account off and ends all its sessions (security rule 16).
    ///
    /// # Errors
    ///
    /// [`MembershipRefused`] says why not.
    pub fn deactivate(&mut self, by: &Authority<'_>, now: Timestamp) -> Result<Outcome<UserEvent>, MembershipRefused> {
        by.over_another(&self.state)?;
        by.spare_the_owner(&self.state)?;
        match self.state.status {
            UserStatus::Inactive => Ok(Outcome::nothing()),
            // Switching it off and on again would undo what the platform did.
            UserStatus::Suspended => Err(MembershipRefused::Suspended),
            UserStatus::Pending | UserStatus::Active => {
                self.state.status = UserStatus::Inactive;
                self.state.sessions.advance(now);
                Ok(self.happened(UserEventKind::Deactivated, now))
            }
        }
    }

    /// Switches the account on again. Somebody who has not proved the address still has to.
    ///
    /// # Errors
    ///
    /// [`MembershipRefused`] says why not.
    pub fn reactivate(&mut self, by: &Authority<'_>, now: Timestamp) -> Result<Outcome<UserEvent>, MembershipRefused> {
        by.over_another(&self.state)?;
        match self.state.status {
            UserStatus::Pending | UserStatus::Active => Ok(Outcome::nothing()),
            UserStatus::Suspended => Err(MembershipRefused::Suspended),
            UserStatus::Inactive => {
                self.state.status = if self.state.email_verified { UserStatus::Active } else { UserStatus::Pending };
                Ok(self.happened(UserEventKind::Reactivated, now))
            }
        }
    }

    /// Removes the member from the tenant.
    ///
    /// # Errors
    ///
    /// [`MembershipRefused`] says why not.
    pub fn remove(&self, by: &Authority<'_>) -> Result<Outcome<UserEvent>, MembershipRefused> {
        by.over_another(&self.state)?;
        by.spare_the_owner(&self.state)?;
        Ok(Outcome::of(UserEventKind::Removed.of(&self.state)))
    }

    /// Ends all sessions of the member (security rule 17).
    ///
    /// # Errors
    ///
    /// [`MembershipRefused`] says why not.
    pub fn sign_out_by(&mut self, by: &Authority<'_>, now: Timestamp) -> Result<Outcome<UserEvent>, MembershipRefused> {
        by.over(&self.state)?;
        Ok(self.sign_out_everywhere(now))
    }

    /// Ends all of one's own sessions; one of them may [outlive](crate::Session::outlive) it.
    pub fn sign_out_everywhere(&mut self, now: Timestamp) -> Outcome<UserEvent> {
        self.state.sessions.advance(now);
        self.happened(UserEventKind::SessionsEnded, now)
    }

    pub(crate) fn put_into(&mut self, to: Role, now: Timestamp) -> Outcome<UserEvent> {
        let from = std::mem::replace(&mut self.state.role, to);
        if from == to {
            return Outcome::nothing();
        }
        self.happened(UserEventKind::RoleChanged { from, to }, now)
    }
}

#[cfg(test)]
mod tests;
