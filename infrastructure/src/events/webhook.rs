//! Events to a webhook, signed as [Standard Webhooks](https://www.standardwebhooks.com) has it.

use std::{sync::Arc, time::Duration};

use application::ports::{Clock, EventEnvelope, EventPublisher, PublishError};
use async_trait::async_trait;
use url::Url;

use super::{CloudEvents, cloud_events::MEDIA_TYPE, not_taken};
use crate::{
    crypto::{key_ring::KeyRing, webhook_secrets::WebhookSecrets},
    https::{HttpsClient, Limits, Trust},
};

/// Well within the minute that a relay has for one delivery. As much of an answer is read as lets the connection be used
/// again; nobody looks at it.
const LIMITS: Limits = Limits { connecting: Duration::from_secs(3), total: Duration::from_secs(15), answer: 16 * 1024 };
/// Who calls. Some servers answer nobody who does not say.
const USER_AGENT: &str = "purposepath-account";

/// Where the secrets are that sign what goes to a webhook.
#[derive(Clone)]
pub enum WebhookSigner {
    /// In the settings.
    Given(WebhookSecrets),
    /// Beside the keys of tokens, where they can be replaced while the service runs.
    Kept(Arc<KeyRing>),
}

impl WebhookSigner {
    fn sign(&self, id: &str, timestamp: i64, body: &str) -> Option<String> {
        match self {
            Self::Given(secrets) => Some(secrets.sign(id, timestamp, body)),
            Self::Kept(ring) => Some(ring.at_hand().webhook_secrets()?.sign(id, timestamp, body)),
        }
    }
}

/// Posts events to an address. An answer of the two hundreds takes an event; any other does not, and neither does a
/// redirect, which is not followed.
pub struct WebhookPublisher {
    client: HttpsClient,
    signer: WebhookSigner,
    format: CloudEvents,
    clock: Arc<dyn Clock>,
}

impl WebhookPublisher {
    /// A publisher to this address.
    #[must_use]
    pub fn new(url: Url, signer: WebhookSigner, format: CloudEvents, clock: Arc<dyn Clock>) -> Self {
        Self { client: HttpsClient::new(url, Trust::Machine, LIMITS), signer, format, clock }
    }
}

#[async_trait]
impl EventPublisher for WebhookPublisher {
    async fn publish(&self, event: &EventEnvelope) -> Result<(), PublishError> {
        let (body, timestamp) = (self.format.text(event)?, self.clock.now().timestamp());
        let signatures = self.signer.sign(&event.id, timestamp, &body);
        let signatures =
            signatures.ok_or_else(|| PublishError("there is no webhook_secret to sign with".to_owned()))?;
        let headers = [
            ("content-type", MEDIA_TYPE),
            ("user-agent", USER_AGENT),
            ("webhook-id", &event.id),
            ("webhook-timestamp", &timestamp.to_string()),
            ("webhook-signature", &signatures),
        ];
        let request = self.client.post(&headers, body).map_err(not_taken)?;
        match self.client.send(request).await {
            Ok(answer) if matches!(answer.status, 200..=299) => Ok(()),
            Ok(answer) => Err(PublishError(format!("the webhook answered {}", answer.status))),
            Err(error) => Err(PublishError(format!("the webhook cannot be asked: {error}"))),
        }
    }
}
