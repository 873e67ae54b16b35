//! The latest events, for a developer to look at.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use application::ports::{EventEnvelope, EventPublisher, PublishError};
use async_trait::async_trait;
use serde_json::Value;

use super::CloudEvents;

/// How many events are kept; older ones are dropped.
const CAPACITY: usize = 500;

/// Keeps in memory what another publisher has taken.
pub struct RecentEvents {
    publisher: Arc<dyn EventPublisher>,
    format: CloudEvents,
    taken: Mutex<VecDeque<(String, Value)>>,
}

impl RecentEvents {
    /// Watches over what `publisher` takes.
    #[must_use]
    pub fn of(publisher: Arc<dyn EventPublisher>, format: CloudEvents) -> Self {
        Self { publisher, format, taken: Mutex::default() }
    }

    /// The events as others read them, newest first; at most 500.
    #[must_use]
    pub fn events(&self) -> Vec<Value> {
        self.taken().iter().map(|(_, event)| event.clone()).collect()
    }

    fn taken(&self) -> MutexGuard<'_, VecDeque<(String, Value)>> {
        // Whoever panicked with the lock left a whole list: it is changed by single calls only.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl EventPublisher for RecentEvents {
    async fn publish(&self, event: &EventEnvelope) -> Result<(), PublishError> {
        self.publisher.publish(event).await?;
        let mut taken = self.taken();
        if taken.iter().all(|(known, _)| *known != event.id) {
            taken.push_front((event.id.clone(), self.format.json(event)));
            taken.truncate(CAPACITY);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use application::ports::Stream;
    use chrono::DateTime;
    use domain::TenantId;
    use serde_json::json;

    use super::*;

    /// Takes events whose id is even.
    struct Picky;

    #[async_trait]
    impl EventPublisher for Picky {
        async fn publish(&self, event: &EventEnvelope) -> Result<(), PublishError> {
            let even = event.id.parse::<u32>().unwrap() % 2 == 0;
            even.then_some(()).ok_or_else(|| PublishError("odd".to_owned()))
        }
    }

    fn event(id: u32) -> EventEnvelope {
        EventEnvelope {
            id: id.to_string(),
            name: "TenantRenamed".to_owned(),
            version: 1,
            occurred_at: DateTime::UNIX_EPOCH,
            stream: Stream::restore("tenant#1"),
            sequence: format!("{id:020}.000"),
            tenant_id: Some(TenantId::restore("1")),
            actor_id: None,
            data: json!({}),
        }
    }

    fn recent() -> RecentEvents {
        RecentEvents::of(Arc::new(Picky), CloudEvents::of_stage("local"))
    }

    fn ids(recent: &RecentEvents) -> Vec<String> {
        recent.events().iter().map(|event| event["id"].as_str().unwrap().to_owned()).collect()
    }

    #[tokio::test]
    async fn events_are_kept_once_and_newest_first_as_others_read_them() {
        let recent = recent();
        for id in [2, 4, 2] {
            recent.publish(&event(id)).await.unwrap();
        }
        assert_eq!(ids(&recent), ["4", "2"]);
        assert_eq!(recent.events()[0]["type"], "app.purposepath.account.TenantRenamed.v1");
    }

    #[tokio::test]
    async fn an_event_that_the_publisher_refused_is_not_among_them() {
        let recent = recent();
        assert_eq!(recent.publish(&event(3)).await.unwrap_err().0, "odd");
        assert!(recent.events().is_empty());
    }

    #[tokio::test]
    async fn the_oldest_events_make_room() {
        let recent = recent();
        for id in 0..=500 {
            recent.publish(&event(id * 2)).await.unwrap();
        }
        let ids = ids(&recent);
        assert_eq!((ids.len(), ids.first().unwrap().as_str(), ids.last().unwrap().as_str()), (500, "1000", "2"));
    }
}
