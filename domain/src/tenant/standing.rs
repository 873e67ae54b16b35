//! Where a tenant stands.

use crate::{Timestamp, TokenHash};

/// Whether a tenant may be used, in one word.
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

/// Whether a tenant may be used; if not, since when and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It may.
    InUse,
    /// The platform switched it off.
    Suspended {
        /// Since when.
        since: Timestamp,
        /// Why.
        reason: SuspensionReason,
    },
    /// Its owner closed it.
    Closed {
        /// Since when.
        since: Timestamp,
        /// How it can be opened again; `None` for a tenant that the Python service closed, which promised nothing.
        reopening: Option<Reopening>,
    },
}

/// How a closed tenant can be opened again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reopening {
    /// Until when.
    pub until: Timestamp,
    /// The hash of the one token that does it (security rule 8).
    pub token: TokenHash,
}

/// Why the platform switched a tenant off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SuspensionReason {
    /// It owes money.
    NonPayment,
    /// It broke the terms of service.
    TermsViolation,
    /// Its accounts are in the wrong hands, or may be.
    Security,
    /// An authority demands it.
    Legal,
    /// Something else.
    Other,
}

impl SuspensionReason {
    /// Every reason.
    pub const ALL: [Self; 5] = [Self::NonPayment, Self::TermsViolation, Self::Security, Self::Legal, Self::Other];

    /// The reason's name in tables, events and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NonPayment => "non_payment",
            Self::TermsViolation => "terms_violation",
            Self::Security => "security",
            Self::Legal => "legal",
            Self::Other => "other",
        }
    }

    /// The reason of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_found_by_its_name() {
        for status in TenantStatus::ALL {
            assert_eq!(TenantStatus::from_name(status.as_str()), Some(status));
        }
        for reason in SuspensionReason::ALL {
            assert_eq!(SuspensionReason::from_name(reason.as_str()), Some(reason));
        }
    }
}
