//! Chooses the publisher of events.

use std::sync::Arc;

use application::ports::{Clock, EventPublisher};
use aws_config::SdkConfig;

use super::WiringError;
use crate::{
    aws::credentials_for,
    config::{Config, EventsConfig, Host},
    crypto::key_ring::KeyRing,
    events::{
        CloudEvents, DiscardEvents, EventBridgePublisher, LogEventPublisher, RecentEvents, SnsPublisher, SqsPublisher,
        WebhookPublisher, WebhookSigner,
    },
};

/// What was published lately, where a developer can look at it.
type Recent = Option<Arc<RecentEvents>>;

pub(super) fn publisher(
    config: &Config,
    sdk: &SdkConfig,
    keys: &Arc<KeyRing>,
    clock: &Arc<dyn Clock>,
) -> Result<(Arc<dyn EventPublisher>, Recent), WiringError> {
    let format = CloudEvents::of_stage(config.stage.as_str());
    let publisher = chosen(config, sdk, keys, format.clone(), Arc::clone(clock))?;
    Ok(match config.host {
        Host::Lambda => (publisher, None),
        Host::Local => {
            let recent = Arc::new(RecentEvents::of(publisher, format));
            (Arc::clone(&recent) as Arc<dyn EventPublisher>, Some(recent))
        }
    })
}

fn chosen(
    config: &Config,
    sdk: &SdkConfig,
    keys: &Arc<KeyRing>,
    format: CloudEvents,
    clock: Arc<dyn Clock>,
) -> Result<Arc<dyn EventPublisher>, WiringError> {
    Ok(match config.events.clone() {
        EventsConfig::Log => Arc::new(LogEventPublisher::new(format)),
        EventsConfig::EventBridge(bus) => {
            let credentials = credentials_for(sdk, &bus.endpoint);
            Arc::new(EventBridgePublisher::new(bus, credentials, format, clock))
        }
        EventsConfig::Sns(topic) => {
            let credentials = credentials_for(sdk, &topic.endpoint);
            Arc::new(SnsPublisher::new(topic, credentials, format, clock))
        }
        EventsConfig::Sqs(queue) => {
            let credentials = credentials_for(sdk, &queue.endpoint);
            Arc::new(SqsPublisher::new(queue, credentials, format, clock))
        }
        EventsConfig::Webhook { url, secrets } => {
            let signer = match secrets {
                Some(secrets) => WebhookSigner::Given(secrets),
                None if keys.at_hand().webhook_secrets().is_some() => WebhookSigner::Kept(Arc::clone(keys)),
                None => return Err(WiringError::NoWebhookSecret),
            };
            Arc::new(WebhookPublisher::new(url, signer, format, clock))
        }
        EventsConfig::Nowhere => Arc::new(DiscardEvents),
    })
}
