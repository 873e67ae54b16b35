//! Sessions.

use chrono::{DateTime, Utc};
use domain::{
    SessionId,
    session::{Device, SessionSnapshot},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{example_time, schemas};

/// A sign-in on one device.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionInfo {
    #[schema(schema_with = schemas::id)]
    session_id: String,
    /// What the client called itself.
    #[schema(required = true)]
    device: Option<String>,
    /// The network address that the sign-in came from.
    #[schema(required = true)]
    address: Option<String>,
    signed_in_at: DateTime<Utc>,
    /// The sign-in or the last refresh.
    last_used_at: DateTime<Utc>,
    /// Whether this request uses it.
    is_current: bool,
}

impl SessionInfo {
    pub(crate) fn new(session: SessionSnapshot, current: Option<&SessionId>) -> Self {
        let SessionSnapshot { id, device: Device { user_agent, source }, started_at, last_used_at, .. } = session;
        Self {
            session_id: id.to_string(),
            device: user_agent,
            address: source,
            signed_in_at: started_at,
            last_used_at,
            is_current: current == Some(&id),
        }
    }

    pub(crate) fn example() -> Self {
        Self {
            session_id: "0198c5a2-9a10-7d4f-b1c6-7e2a5d8f3b90".to_owned(),
            device: Some("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0".to_owned()),
            address: Some("192.0.2.17".to_owned()),
            signed_in_at: example_time(),
            last_used_at: example_time(),
            is_current: true,
        }
    }
}
