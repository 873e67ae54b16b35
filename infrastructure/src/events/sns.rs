//! Events to a topic of Amazon SNS.

use std::sync::Arc;

use application::ports::{Clock, EventEnvelope, EventPublisher, PublishError};
use async_trait::async_trait;
use aws_sdk_dynamodb::config::SharedCredentialsProvider;
use url::form_urlencoded::Serializer;

use super::{
    CloudEvents, attributes,
    aws::{AwsDestination, AwsService},
    group,
};

/// Publishes events to a topic: if it is a FIFO topic, in order for each aggregate, and once within five minutes.
pub struct SnsPublisher {
    service: AwsService,
    topic: AwsDestination,
    format: CloudEvents,
}

impl SnsPublisher {
    /// A publisher to this topic.
    #[must_use]
    pub fn new(
        topic: AwsDestination,
        credentials: SharedCredentialsProvider,
        format: CloudEvents,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { service: AwsService::new(("SNS", "sns"), &topic, credentials, clock), topic, format }
    }
}

#[async_trait]
impl EventPublisher for SnsPublisher {
    async fn publish(&self, event: &EventEnvelope) -> Result<(), PublishError> {
        self.service.call_form(self.form(event)?).await
    }
}

impl SnsPublisher {
    fn form(&self, event: &EventEnvelope) -> Result<String, PublishError> {
        let mut form = Serializer::new(String::new());
        form.append_pair("Action", "Publish")
            .append_pair("Version", "2010-03-31")
            .append_pair("TopicArn", &self.topic.name)
            .append_pair("Message", &self.format.text(event)?);
        for (number, (name, value)) in (1..).zip(attributes(event)) {
            let entry = format!("MessageAttributes.entry.{number}");
            form.append_pair(&format!("{entry}.Name"), name)
                .append_pair(&format!("{entry}.Value.DataType"), "String")
                .append_pair(&format!("{entry}.Value.StringValue"), &value);
        }
        if self.topic.is_fifo() {
            form.append_pair("MessageGroupId", &group(event)).append_pair("MessageDeduplicationId", &event.id);
        }
        Ok(form.finish())
    }
}
