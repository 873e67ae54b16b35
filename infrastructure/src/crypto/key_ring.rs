//! The keys that are in use now, kept up to date with where the secret is kept.

use std::sync::Arc;
use std::time::Duration;

use application::ports::{Clock, Component, HealthCheck};
use arc_swap::ArcSwap;
use async_trait::async_trait;
use chrono::TimeDelta;
use domain::Timestamp;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::timeout;

use super::keys::{InvalidKeys, KeySet};
use crate::config::AccessTokenSigner;
use crate::secrets::{SecretError, SecretSource, SecretTexts};

/// How long fetched keys are used without looking again (`contract/tokens.md`, "The secret").
const LIFETIME: TimeDelta = TimeDelta::minutes(5);
/// How long to wait after a look that failed.
const RETRY_AFTER: TimeDelta = TimeDelta::seconds(30);
/// How often tokens that no key fits may cause a look. An instance that has seen a rotation signs with keys that
/// the others have not seen yet; looking costs one call, however many such tokens come.
const MISS_INTERVAL: TimeDelta = TimeDelta::seconds(15);
/// How long a request waits for keys when there are usable ones. The first fetch has no such limit.
const PATIENCE: Duration = Duration::from_secs(2);

/// Why there are no keys to start with.
#[derive(Debug, thiserror::Error)]
pub enum KeyRingError {
    /// The secret cannot be read.
    #[error(transparent)]
    Source(#[from] SecretError),
    /// The secret cannot be used.
    #[error(transparent)]
    Keys(#[from] InvalidKeys),
}

/// The keys in use.
///
/// They are fetched again when they are older than five minutes, by the request that finds them so: a sleeping
/// Lambda has no background. One request fetches; the others go on with the keys at hand, and so do all when
/// the fetch fails.
pub struct KeyRing {
    source: Arc<dyn SecretSource>,
    signer: AccessTokenSigner,
    clock: Arc<dyn Clock>,
    state: ArcSwap<State>,
    fetching: Mutex<()>,
}

struct State {
    keys: Arc<KeySet>,
    looked_at: Timestamp,
    failure: Option<String>,
}

impl KeyRing {
    /// Fetches the keys for the first time.
    ///
    /// # Errors
    ///
    /// [`KeyRingError`] when there are none, or none that `signer` needs.
    pub async fn load(
        source: Arc<dyn SecretSource>,
        signer: AccessTokenSigner,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, KeyRingError> {
        let keys = Arc::new(KeySet::parse(&source.fetch().await?, signer)?);
        let state = ArcSwap::from_pointee(State { keys, looked_at: clock.now(), failure: None });
        Ok(Self { source, signer, clock, state, fetching: Mutex::new(()) })
    }

    /// The keys, fetched again if they are old.
    pub async fn current(&self) -> Arc<KeySet> {
        if self.is_due()
            && let Ok(turn) = self.fetching.try_lock()
        {
            self.fetch(turn).await;
        }
        self.at_hand()
    }

    /// The keys without looking whether they are old, for those who cannot wait.
    #[must_use]
    pub fn at_hand(&self) -> Arc<KeySet> {
        Arc::clone(&self.state.load().keys)
    }

    /// Newer keys than `missed`, none of which fits a token; `None` when there are none.
    pub(super) async fn newer_than(&self, missed: &Arc<KeySet>) -> Option<Arc<KeySet>> {
        if Arc::ptr_eq(&self.at_hand(), missed) && self.looked_before(MISS_INTERVAL) {
            let turn = self.fetching.lock().await;
            // Whoever had the turn before may have done it.
            if self.looked_before(MISS_INTERVAL) {
                self.fetch(turn).await;
            }
        }
        let keys = self.at_hand();
        (!Arc::ptr_eq(&keys, missed)).then_some(keys)
    }

    fn is_due(&self) -> bool {
        let patience = if self.state.load().failure.is_none() { LIFETIME } else { RETRY_AFTER };
        self.looked_before(patience)
    }

    /// Whether the last look is at least this long ago. A clock that was put back counts as long ago.
    fn looked_before(&self, age: TimeDelta) -> bool {
        let since = self.clock.now() - self.state.load().looked_at;
        since >= age || since < TimeDelta::zero()
    }

    async fn fetch(&self, _turn: MutexGuard<'_, ()>) {
        let fetched = match timeout(PATIENCE, self.source.fetch()).await {
            Ok(answer) => answer.map_err(KeyRingError::from).and_then(|texts| self.parse(&texts)),
            Err(_) => Err(SecretError("no answer in time".to_owned()).into()),
        };
        let failure = fetched.as_ref().err().map(ToString::to_string);
        if let Some(error) = &failure {
            tracing::warn!(error, "the signing keys are kept, because they could not be fetched again");
        }
        let keys = fetched.unwrap_or_else(|_| self.at_hand());
        self.state.store(Arc::new(State { keys, looked_at: self.clock.now(), failure }));
    }

    fn parse(&self, texts: &SecretTexts) -> Result<Arc<KeySet>, KeyRingError> {
        Ok(Arc::new(KeySet::parse(texts, self.signer)?))
    }
}

#[async_trait]
impl HealthCheck for KeyRing {
    fn component(&self) -> Component {
        Component::SigningKeys
    }

    /// Fails when the last look did: tokens still work, but not after the next rotation.
    async fn check(&self) -> Result<(), String> {
        self.current().await;
        self.state.load().failure.clone().map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests;
