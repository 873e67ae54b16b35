mod aws;
mod signature;
mod webhook;

use application::ports::{EventEnvelope, Stream};
use chrono::DateTime;
use domain::{TenantId, UserId};
use serde_json::{Value, json};

use super::CloudEvents;

/// An event about this aggregate.
fn event_of(stream: &str) -> EventEnvelope {
    EventEnvelope {
        id: "0199a3c4-7f10-7cc2-9d2b-6a4d3f0b5e21".to_owned(),
        name: "RoleChanged".to_owned(),
        version: 1,
        occurred_at: DateTime::from_timestamp_micros(1_800_000_000_123_456).unwrap(),
        stream: Stream::restore(stream),
        sequence: "00000000000000000007.000".to_owned(),
        tenant_id: Some(TenantId::restore("tenant-1")),
        actor_id: Some(UserId::restore("user-2")),
        data: json!({ "tenant_id": "tenant-1", "user_id": "user-1", "from": "member", "to": "admin" }),
    }
}

fn event() -> EventEnvelope {
    event_of("user#user-1")
}

/// One that nobody takes.
fn enormous_event() -> EventEnvelope {
    EventEnvelope { data: json!({ "fields": "x".repeat(256 * 1024) }), ..event() }
}

fn format() -> CloudEvents {
    CloudEvents::of_stage("dev")
}

/// The event as it must arrive.
fn cloud_event() -> Value {
    json!({
        "specversion": "1.0",
        "id": "0199a3c4-7f10-7cc2-9d2b-6a4d3f0b5e21",
        "source": "urn:purposepath:account:dev",
        "type": "app.purposepath.account.RoleChanged.v1",
        "subject": "user/user-1",
        "time": "2027-01-15T08:00:00.123456+00:00",
        "datacontenttype": "application/json",
        "dataschema": "urn:purposepath:account:event:RoleChanged:v1",
        "sequence": "00000000000000000007.000",
        "partitionkey": "user#user-1",
        "tenantid": "tenant-1",
        "actorid": "user-2",
        "data": { "tenant_id": "tenant-1", "user_id": "user-1", "from": "member", "to": "admin" },
    })
}
