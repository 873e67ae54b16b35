//! An organisation and the wall around its data.

use crate::{
    Outcome, PersonName, TenantId, Timestamp, UserId, Version,
    name::{self, InvalidName},
};

/// A tenant's name: 1 to 100 characters, trimmed, without control characters or markup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantName(String);

impl TenantName {
    /// Longest name, in characters.
    pub const MAX_LENGTH: usize = 100;

    /// Reads a name, ignoring white space around it.
    ///
    /// # Errors
    ///
    /// [`InvalidName`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        name::parse(text, Self::MAX_LENGTH).map(Self)
    }

    /// The name of the tenant of somebody who gave none.
    #[must_use]
    pub fn of_person(first_name: &PersonName) -> Self {
        Self(format!("{}'s workspace", first_name.as_str()))
    }

    /// Takes a name from the store as it is.
    #[must_use]
    pub fn restore(stored: impl Into<String>) -> Self {
        Self(stored.into())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a tenant may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TenantStatus {
    /// In use.
    Active,
    /// In use, on trial.
    Trial,
    /// Switched off by the platform.
    Suspended,
    /// Closed by its owner.
    Cancelled,
}

impl TenantStatus {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Active, Self::Trial, Self::Suspended, Self::Cancelled];

    /// The status's name in tables and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Trial => "trial",
            Self::Suspended => "suspended",
            Self::Cancelled => "cancelled",
        }
    }

    /// The status of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }
}

/// Something that happened to a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantEvent {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The version of the tenant that it led to.
    pub version: Version,
    /// What happened.
    pub what: TenantEventKind,
}

/// What happened to a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TenantEventKind {
    /// It was created.
    Created {
        /// Who owns it.
        owner_user_id: UserId,
    },
}

impl TenantEventKind {
    fn of(self, tenant: &TenantSnapshot) -> TenantEvent {
        TenantEvent { tenant_id: tenant.id.clone(), version: tenant.version.next(), what: self }
    }
}

/// Everything a tenant consists of, as read from or written to the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantSnapshot {
    /// Identity.
    pub id: TenantId,
    /// What people call it.
    pub name: TenantName,
    /// Who owns it.
    pub owner_user_id: UserId,
    /// Whether it may be used.
    pub status: TenantStatus,
    /// Creation.
    pub created_at: Timestamp,
    /// Last change.
    pub updated_at: Timestamp,
    /// How often the row was written.
    pub version: Version,
}

/// An organisation. Every user belongs to exactly one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    state: TenantSnapshot,
}

impl Tenant {
    /// Creates a tenant for its owner.
    pub fn create(id: TenantId, name: TenantName, owner: UserId, now: Timestamp) -> (Self, Outcome<TenantEvent>) {
        let state = TenantSnapshot {
            id,
            name,
            owner_user_id: owner,
            status: TenantStatus::Active,
            created_at: now,
            updated_at: now,
            version: Version::UNWRITTEN,
        };
        let created = TenantEventKind::Created { owner_user_id: state.owner_user_id.clone() }.of(&state);
        (Self { state }, Outcome::of(created))
    }

    /// Takes a tenant from the store as it is.
    #[must_use]
    pub const fn restore(state: TenantSnapshot) -> Self {
        Self { state }
    }

    /// What the tenant consists of.
    #[must_use]
    pub const fn snapshot(&self) -> &TenantSnapshot {
        &self.state
    }

    /// Whether its members may use the service.
    #[must_use]
    pub const fn is_usable(&self) -> bool {
        matches!(self.state.status, TenantStatus::Active | TenantStatus::Trial)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_without_a_name_is_called_after_its_owner() {
        let anna = PersonName::parse("Anna").unwrap();
        assert_eq!(TenantName::of_person(&anna).as_str(), "Anna's workspace");
    }

    #[rstest::rstest]
    #[case::empty(" ", InvalidName::Missing)]
    #[case::too_long(&"x".repeat(101), InvalidName::TooLong(100))]
    #[case::link("Prize at http://spam.example", InvalidName::Malformed)]
    fn what_is_no_tenant_name_is_refused(#[case] text: &str, #[case] why: InvalidName) {
        assert_eq!(TenantName::parse(text), Err(why));
    }

    #[test]
    fn a_suspended_or_cancelled_tenant_is_not_usable() {
        let (tenant, outcome) =
            Tenant::create(TenantId::restore("t"), TenantName::restore("T"), UserId::restore("u"), Timestamp::MIN_UTC);
        assert_eq!(outcome.into_events().len(), 1);
        for status in TenantStatus::ALL {
            let tenant = Tenant::restore(TenantSnapshot { status, ..tenant.snapshot().clone() });
            assert_eq!(tenant.is_usable(), matches!(status, TenantStatus::Active | TenantStatus::Trial));
        }
    }
}
