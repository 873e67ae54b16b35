//! The audit trail: what happened that matters to security, and who did it to whom (security rule 26).
//!
//! Records of changes are made by [`UnitOfWork::commit`](crate::ports::UnitOfWork::commit) from the events of the
//! change, so that no use case can forget one. They hold identifiers and words out of closed lists, never anything
//! that says who a person is, and so outlast the person (security rule 27).

mod own_tenant;

use std::sync::Arc;

use domain::{TenantId, Timestamp, UserId};
use serde_json::Value;

use crate::{ports::AuditTrail, use_cases::Ports};

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditActor {
    /// Somebody of the tenant, to others or to themself.
    Member(UserId),
    /// An administrator of the platform, as such.
    Platform(UserId),
    /// The service, of its own accord.
    System,
}

impl AuditActor {
    /// What kind of actor it is.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Member(_) => "member",
            Self::Platform(_) => "platform",
            Self::System => "system",
        }
    }

    /// Every kind of actor.
    pub const KINDS: [&'static str; 3] = ["member", "platform", "system"];

    /// Who it was, where it was a person.
    #[must_use]
    pub const fn user_id(&self) -> Option<&UserId> {
        match self {
            Self::Member(id) | Self::Platform(id) => Some(id),
            Self::System => None,
        }
    }
}

/// What something was done to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditTarget {
    /// What kind of thing it is, as [`domain::event::Aggregate::kind`] says it.
    pub kind: String,
    /// Its identifier.
    pub id: String,
}

/// Something for the audit trail to keep.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditEntry {
    /// The tenant that it happened in; `None` when it was about the platform as a whole.
    pub tenant_id: Option<TenantId>,
    /// What happened, in one word: the name of an event, or of a use of the platform's administration.
    pub action: String,
    /// Who did it.
    pub actor: AuditActor,
    /// To what, where that is one thing.
    pub target: Option<AuditTarget>,
    /// How, by identifiers and words out of closed lists only.
    pub details: Value,
}

/// Something that the audit trail holds.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditRecord {
    /// Unique. That of an event is the id under which it is published.
    pub id: String,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub entry: AuditEntry,
}

/// Shows tenants what happened in them.
#[derive(Clone)]
pub struct AuditService {
    trail: Arc<dyn AuditTrail>,
}

impl AuditService {
    /// The service on these ports.
    #[must_use]
    pub fn new(ports: &Ports) -> Self {
        Self { trail: Arc::clone(&ports.audit_trail) }
    }
}
