//! What a member of a tenant may do.

/// A member's place in their tenant, from most to least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Holds the tenant; may do everything.
    Owner,
    /// Runs the tenant for its owner.
    Admin,
    /// Sees everybody's sessions and data.
    Manager,
    /// Works with their own.
    Member,
    /// Reads.
    Viewer,
}

impl Role {
    /// Every role, from most to least.
    pub const ALL: [Self; 5] = [Self::Owner, Self::Admin, Self::Manager, Self::Member, Self::Viewer];

    /// The role's name in tokens, tables and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Manager => "manager",
            Self::Member => "member",
            Self::Viewer => "viewer",
        }
    }

    /// The role of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }

    /// Whether it stands above another.
    #[must_use]
    pub const fn is_above(self, other: Self) -> bool {
        // They are declared from most to least.
        (self as u8) < (other as u8)
    }

    /// What the role may do, in the order in which tokens list it.
    #[must_use]
    pub const fn permissions(self) -> &'static [Permission] {
        use Permission::{
            AdminAccess, ManageUsers, ReadBusinessData, StartCoaching, ViewAllSessions, WriteBusinessData,
        };
        match self {
            Self::Owner | Self::Admin => {
                &[StartCoaching, ViewAllSessions, ReadBusinessData, WriteBusinessData, ManageUsers, AdminAccess]
            }
            Self::Manager => &[StartCoaching, ViewAllSessions, ReadBusinessData, WriteBusinessData],
            Self::Member => &[StartCoaching, ReadBusinessData, WriteBusinessData],
            Self::Viewer => &[ReadBusinessData],
        }
    }
}

/// One thing that a role may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Start a coaching session.
    StartCoaching,
    /// See the coaching sessions of others.
    ViewAllSessions,
    /// Read the business foundation.
    ReadBusinessData,
    /// Change the business foundation.
    WriteBusinessData,
    /// Invite, change and remove members.
    ManageUsers,
    /// Use the administration of the tenant.
    AdminAccess,
}

impl Permission {
    /// The permission's name in tokens.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StartCoaching => "start_coaching",
            Self::ViewAllSessions => "view_all_sessions",
            Self::ReadBusinessData => "read_business_data",
            Self::WriteBusinessData => "write_business_data",
            Self::ManageUsers => "manage_users",
            Self::AdminAccess => "admin_access",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_is_found_by_its_name() {
        for role in Role::ALL {
            assert_eq!(Role::from_name(role.as_str()), Some(role));
        }
        assert_eq!(Role::from_name("root"), None);
    }

    #[test]
    fn roles_stand_in_one_line() {
        for (place, role) in Role::ALL.into_iter().enumerate() {
            let below: Vec<_> = Role::ALL.into_iter().filter(|other| role.is_above(*other)).collect();
            assert_eq!(below, Role::ALL[place + 1..]);
        }
    }

    #[test]
    fn a_lower_role_never_may_more() {
        for (higher, lower) in Role::ALL.iter().zip(Role::ALL.iter().skip(1)) {
            assert!(lower.permissions().iter().all(|p| higher.permissions().contains(p)), "{lower:?} > {higher:?}");
        }
    }
}
