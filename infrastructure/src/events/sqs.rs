//! Events to a queue of Amazon SQS.

use std::sync::Arc;

use application::ports::{Clock, EventEnvelope, EventPublisher, PublishError};
use async_trait::async_trait;
use aws_sdk_dynamodb::config::SharedCredentialsProvider;
use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};

use super::{
    CloudEvents, attributes,
    aws::{AwsDestination, AwsService},
    group,
};

/// Sends events to a queue: if it is a FIFO queue, in order for each aggregate, and once within five minutes.
pub struct SqsPublisher {
    service: AwsService,
    queue: AwsDestination,
    format: CloudEvents,
}

impl SqsPublisher {
    /// A publisher to this queue.
    #[must_use]
    pub fn new(
        queue: AwsDestination,
        credentials: SharedCredentialsProvider,
        format: CloudEvents,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { service: AwsService::new(("SQS", "sqs"), &queue, credentials, clock), queue, format }
    }
}

#[async_trait]
impl EventPublisher for SqsPublisher {
    async fn publish(&self, event: &EventEnvelope) -> Result<(), PublishError> {
        let attributes: Map<_, _> = attributes(event)
            .map(|(name, value)| (name.to_owned(), json!({ "DataType": "String", "StringValue": value })))
            .collect();
        let mut message = Map::from_iter([
            ("QueueUrl".to_owned(), Value::from(self.queue.name.as_str())),
            ("MessageBody".to_owned(), self.format.text(event)?.into()),
            ("MessageAttributes".to_owned(), attributes.into()),
        ]);
        if self.queue.is_fifo() {
            message.insert("MessageGroupId".to_owned(), group(event).into());
            message.insert("MessageDeduplicationId".to_owned(), event.id.as_str().into());
        }
        let IgnoredAny = self.service.call_json("1.0", "AmazonSQS.SendMessage", &message.into()).await?;
        Ok(())
    }
}
