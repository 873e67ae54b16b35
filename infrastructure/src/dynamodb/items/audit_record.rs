//! The audit table, which is ours alone. Its rows hold nothing that says who a person is.

use application::{
    audit::{AuditActor, AuditEntry, AuditRecord, AuditTarget},
    ports::StoreError,
};
use chrono::Duration;
use domain::{DomainEvent, TenantId, Timestamp, UserId};

use super::{ItemBuilder, Reader, event_data, time};
use crate::dynamodb::{expression::Item, tables::Table};

/// Stands for the platform where a record is about no tenant. No tenant can be called that.
const PLATFORM: &str = "*";

/// What the trail keeps of an event.
pub(in crate::dynamodb) fn of_event(event: &DomainEvent, actor: AuditActor) -> AuditEntry {
    let (aggregate, tenant_id) = (event.aggregate(), event.tenant_id().cloned());
    AuditEntry {
        tenant_id,
        action: event.name().to_owned(),
        actor,
        target: Some(AuditTarget { kind: aggregate.kind().to_owned(), id: aggregate.id().to_owned() }),
        details: event_data::of(event),
    }
}

/// The month of a record, or of anything else whose text begins with a date.
fn month(position: &str) -> &str {
    position.get(..7).unwrap_or(position)
}

/// A record as it is stored.
pub(in crate::dynamodb) fn to_item(id: &str, entry: &AuditEntry, at: Timestamp, kept_for: Duration) -> Item {
    let AuditEntry { tenant_id, action, actor, target, details } = entry;
    // By time, and among those of one instant by id.
    let position = format!("{}#{id}", time::to_sortable_text(at));
    ItemBuilder::default()
        .text("tenant_id", tenant_id.as_ref().map_or(PLATFORM, TenantId::as_str))
        .text("position", &position)
        .text("month", month(&position))
        .text("id", id)
        .time("at", at)
        .text("action", action)
        .text("actor_kind", actor.kind())
        .text_if("actor_id", actor.user_id().map(UserId::as_str))
        .text_if("target_kind", target.as_ref().map(|target| target.kind.as_str()))
        .text_if("target_id", target.as_ref().map(|target| target.id.as_str()))
        .text("details", &details.to_string())
        .ttl(at + kept_for)
        .build()
}

/// Where a record stands among the others.
pub(in crate::dynamodb) fn read_position(item: &Item) -> Result<&str, StoreError> {
    Reader::new(Table::AccountAudit, item).text("position")
}

/// Reads a record.
pub(in crate::dynamodb) fn read(item: &Item) -> Result<AuditRecord, StoreError> {
    let row = Reader::new(Table::AccountAudit, item);
    let actor_id = row.text_if("actor_id")?.map(UserId::restore);
    let actor = match (row.text("actor_kind")?, actor_id) {
        ("member", Some(id)) => AuditActor::Member(id),
        ("platform", Some(id)) => AuditActor::Platform(id),
        ("system", None) => AuditActor::System,
        _ => return Err(row.unreadable("actor_kind", "does not go with actor_id")),
    };
    let target = match (row.text_if("target_kind")?, row.text_if("target_id")?) {
        (Some(kind), Some(id)) => Some(AuditTarget { kind: kind.to_owned(), id: id.to_owned() }),
        _ => None,
    };
    let tenant_id = row.text("tenant_id")?;
    let entry = AuditEntry {
        tenant_id: (tenant_id != PLATFORM).then(|| TenantId::restore(tenant_id)),
        action: row.text("action")?.to_owned(),
        actor,
        target,
        details: serde_json::from_str(row.text("details")?).map_err(|_| row.unreadable("details", "is not JSON"))?,
    };
    Ok(AuditRecord { id: row.text("id")?.to_owned(), at: row.time("at")?, entry })
}
