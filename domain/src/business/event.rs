//! What happens to the foundation of a business.

use super::BusinessSnapshot;
use crate::{TenantId, Version};

/// Something that happened to the foundation of a business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BusinessEvent {
    /// Whose business it is.
    pub tenant_id: TenantId,
    /// The version of the foundation that it led to.
    pub version: Version,
    /// What happened.
    pub what: BusinessEventKind,
}

/// What happened to the foundation of a business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BusinessEventKind {
    /// Something was written down, changed or crossed out. Names the fields, not their values.
    Changed {
        /// The fields that changed.
        fields: Vec<&'static str>,
    },
    /// The last step of onboarding was completed, for the first time.
    OnboardingCompleted,
}

impl BusinessEventKind {
    pub(super) fn of(self, business: &BusinessSnapshot) -> BusinessEvent {
        BusinessEvent { tenant_id: business.tenant_id.clone(), version: business.version, what: self }
    }
}
