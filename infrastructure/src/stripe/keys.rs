//! The secrets that are shared with Stripe, kept up to date with where they are kept.

use std::{fmt, sync::Arc, time::Duration};

use application::ports::Clock;
use chrono::TimeDelta;
use domain::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::{sync::Mutex, time::timeout};

use super::webhook::{EndpointSecrets, InvalidEndpointSecret};
use crate::secrets::SecretSource;

/// How long fetched secrets are used without looking again.
const LIFETIME: TimeDelta = TimeDelta::minutes(5);
/// How long to wait after a look that failed.
const RETRY_AFTER: TimeDelta = TimeDelta::seconds(10);
/// How often what the secrets do not fit may cause a look, however much of it comes.
const MISS_INTERVAL: TimeDelta = TimeDelta::seconds(15);
/// How long a request waits for the secrets.
const PATIENCE: Duration = Duration::from_secs(5);
/// Greatest length of a key, in bytes. Stripe's have about a hundred.
const LONGEST_KEY: usize = 255;

/// Whether money moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StripeMode {
    /// None does: for every stage but production.
    Test,
    /// It does.
    Live,
}

impl StripeMode {
    const fn word(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Live => "live",
        }
    }
}

/// What is shared with a Stripe account.
#[derive(Clone)]
pub struct AccountSecrets {
    pub(super) key: SecretString,
    pub(super) endpoint: EndpointSecrets,
}

/// Why something is not what is shared with a Stripe account. Holds nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAccountSecrets {
    /// It has another form.
    #[error(r#"must be JSON such as {{"secret_key": "sk_…", "webhook_secrets": ["whsec_…"]}}"#)]
    Form,
    /// The key is none, or of the other mode.
    #[error("the key must be a secret or restricted key of Stripe's {0} mode: sk_{0}_… or rk_{0}_…")]
    Key(&'static str),
    /// A secret of the webhook is none.
    #[error("each secret of the webhook {0}")]
    Endpoint(#[from] InvalidEndpointSecret),
}

#[derive(Deserialize)]
struct Document {
    secret_key: String,
    webhook_secrets: Vec<String>,
}

impl AccountSecrets {
    /// A key of the API, and what events are signed with.
    ///
    /// # Errors
    ///
    /// [`InvalidAccountSecrets`] when they are not. A key of the other mode is refused: production with a test key would
    /// give everything away, and any other stage with a live key would charge real cards.
    pub fn new(key: SecretString, endpoint: &[SecretString], mode: StripeMode) -> Result<Self, InvalidAccountSecrets> {
        let text = key.expose_secret();
        let is_key = ["sk", "rk"].iter().any(|kind| text.starts_with(&format!("{kind}_{}_", mode.word())))
            && text.len() <= LONGEST_KEY
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !is_key {
            return Err(InvalidAccountSecrets::Key(mode.word()));
        }
        Ok(Self { key, endpoint: EndpointSecrets::parse(endpoint)? })
    }

    /// Reads both as they are kept: the JSON object that [`InvalidAccountSecrets::Form`] shows.
    ///
    /// # Errors
    ///
    /// [`InvalidAccountSecrets`] when it is none, and as for [`Self::new`].
    pub fn parse(text: &SecretString, mode: StripeMode) -> Result<Self, InvalidAccountSecrets> {
        let Document { secret_key, webhook_secrets } =
            serde_json::from_str(text.expose_secret()).map_err(|_| InvalidAccountSecrets::Form)?;
        let endpoint: Vec<_> = webhook_secrets.into_iter().map(SecretString::from).collect();
        Self::new(secret_key.into(), &endpoint, mode)
    }

    /// How many secrets events may be signed with.
    #[must_use]
    pub fn webhook_secrets(&self) -> usize {
        self.endpoint.count()
    }
}

impl fmt::Debug for AccountSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountSecrets").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

/// The secrets in use.
///
/// They are fetched with the first request that needs them, so that a start does not wait for them, and again by the one
/// that finds them older than five minutes, or refused: a key is replaced without a deployment.
pub struct AccountKeys {
    source: Source,
    state: Mutex<State>,
}

enum Source {
    Given(Arc<AccountSecrets>),
    Kept { source: Arc<dyn SecretSource>, mode: StripeMode, clock: Arc<dyn Clock> },
}

#[derive(Default)]
struct State {
    secrets: Option<Arc<AccountSecrets>>,
    looked_at: Option<Timestamp>,
    failure: Option<String>,
}

impl AccountKeys {
    /// Secrets that never change.
    #[must_use]
    pub fn given(secrets: AccountSecrets) -> Self {
        Self { source: Source::Given(Arc::new(secrets)), state: Mutex::default() }
    }

    /// The secrets that are kept there, as the JSON object that [`InvalidAccountSecrets::Form`] shows.
    #[must_use]
    pub fn kept(source: Arc<dyn SecretSource>, mode: StripeMode, clock: Arc<dyn Clock>) -> Self {
        Self { source: Source::Kept { source, mode, clock }, state: Mutex::default() }
    }

    /// The secrets, fetched if there are none or if they are old. When that fails, the old ones are used.
    pub(super) async fn current(&self) -> Result<Arc<AccountSecrets>, String> {
        self.look(|state, age| match &state.failure {
            Some(_) => age >= RETRY_AFTER,
            None => age >= LIFETIME,
        })
        .await
    }

    /// Newer secrets than `missed`, which did not fit; `None` when there are none.
    pub(super) async fn newer_than(&self, missed: &Arc<AccountSecrets>) -> Option<Arc<AccountSecrets>> {
        let is_missed = |secrets: &Arc<AccountSecrets>| Arc::ptr_eq(secrets, missed);
        let found = self.look(|state, age| state.secrets.as_ref().is_none_or(is_missed) && age >= MISS_INTERVAL).await;
        found.ok().filter(|secrets| !is_missed(secrets))
    }

    /// The secrets, fetched if there never was a look, or if the last one is due to be repeated. Whoever comes meanwhile
    /// waits for the same look.
    async fn look(&self, is_due: impl FnOnce(&State, TimeDelta) -> bool) -> Result<Arc<AccountSecrets>, String> {
        let (source, mode, clock) = match &self.source {
            Source::Given(secrets) => return Ok(Arc::clone(secrets)),
            Source::Kept { source, mode, clock } => (source, *mode, clock),
        };
        let mut state = self.state.lock().await;
        let now = clock.now();
        // A clock that was put back counts as long ago.
        let age = state.looked_at.map(|looked_at| now - looked_at).filter(|age| *age >= TimeDelta::zero());
        if age.is_none_or(|age| is_due(&state, age)) {
            match fetch(source.as_ref(), mode).await {
                Ok(secrets) => (state.secrets, state.failure) = (Some(Arc::new(secrets)), None),
                Err(why) => {
                    tracing::warn!(error = why, "the secrets of the Stripe account cannot be fetched");
                    state.failure = Some(why);
                }
            }
            state.looked_at = Some(now);
        }
        state.secrets.clone().ok_or_else(|| {
            let why = state.failure.clone().unwrap_or_default();
            format!("the secrets of its account cannot be read: {why}")
        })
    }
}

async fn fetch(source: &dyn SecretSource, mode: StripeMode) -> Result<AccountSecrets, String> {
    match timeout(PATIENCE, source.fetch()).await {
        Ok(Ok(texts)) => AccountSecrets::parse(&texts.current, mode).map_err(|error| error.to_string()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("no answer in time".to_owned()),
    }
}
