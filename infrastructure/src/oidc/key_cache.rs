//! The keys of a provider at hand, kept up to date with what it publishes.

use std::sync::Arc;

use application::ports::Clock;
use arc_swap::ArcSwap;
use async_trait::async_trait;
use chrono::TimeDelta;
use domain::Timestamp;
use tokio::sync::{Mutex, MutexGuard};

use super::key_set::ProviderKeys;

/// For how long fetched keys are used, whatever the provider says: a key that it takes back must go, and a key set
/// that it calls out of date at once must not be fetched for every sign-in.
const SHORTEST_LIFETIME: TimeDelta = TimeDelta::minutes(5);
const LONGEST_LIFETIME: TimeDelta = TimeDelta::hours(24);
/// Where the provider says nothing.
const USUAL_LIFETIME: TimeDelta = TimeDelta::hours(1);
/// For how long keys that are out of date are used while no newer ones can be had.
const GRACE: TimeDelta = TimeDelta::hours(24);
/// How long to wait after a look that failed.
const RETRY_AFTER: TimeDelta = TimeDelta::seconds(10);
/// How often tokens of unknown keys may cause a look, however many come.
const MISS_INTERVAL: TimeDelta = TimeDelta::minutes(1);

/// Where keys come from.
#[async_trait]
pub(super) trait KeySource: Send + Sync {
    /// Fetches the key set as it is now, within seconds and of bounded size.
    async fn fetch(&self) -> Result<Fetched, FetchError>;
}

/// A key set as it was published.
#[derive(Clone)]
pub(super) struct Fetched {
    /// The JWK set.
    pub(super) document: Vec<u8>,
    /// For how long it is good, if the provider says so.
    pub(super) max_age: Option<TimeDelta>,
}

/// Why a key set cannot be had: a sentence for the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct FetchError(pub(super) String);

/// The keys of one provider.
///
/// They are fetched by the request that needs them: a sleeping Lambda has no background. One request fetches; the
/// others go on with the keys at hand, if there are any, and so do all when the fetch fails.
pub(super) struct KeyCache {
    source: Arc<dyn KeySource>,
    clock: Arc<dyn Clock>,
    state: ArcSwap<State>,
    fetching: Mutex<()>,
}

#[derive(Clone, Default)]
struct State {
    keys: Option<Arc<ProviderKeys>>,
    fresh_until: Timestamp,
    looked_at: Option<Timestamp>,
    failure: Option<FetchError>,
}

impl KeyCache {
    pub(super) fn new(source: Arc<dyn KeySource>, clock: Arc<dyn Clock>) -> Self {
        Self { source, clock, state: ArcSwap::from_pointee(State::default()), fetching: Mutex::new(()) }
    }

    /// The keys, fetched if there are none or if they are out of date.
    pub(super) async fn current(&self) -> Result<Arc<ProviderKeys>, FetchError> {
        if self.at_hand().is_err() {
            let turn = self.fetching.lock().await;
            // Whoever had the turn before may have done it, or found that it cannot be done.
            if self.is_due() {
                self.fetch(turn).await;
            }
        } else if self.is_due()
            && let Ok(turn) = self.fetching.try_lock()
        {
            self.fetch(turn).await;
        }
        self.at_hand()
    }

    /// Newer keys than `missed`, none of which fits a token; `None` when there are none.
    pub(super) async fn newer_than(&self, missed: &Arc<ProviderKeys>) -> Option<Arc<ProviderKeys>> {
        let is_missed = |keys: &Arc<ProviderKeys>| Arc::ptr_eq(keys, missed);
        if self.at_hand().is_ok_and(|keys| is_missed(&keys)) && self.looked_before(MISS_INTERVAL) {
            let turn = self.fetching.lock().await;
            if self.looked_before(MISS_INTERVAL) {
                self.fetch(turn).await;
            }
        }
        self.at_hand().ok().filter(|keys| !is_missed(keys))
    }

    fn at_hand(&self) -> Result<Arc<ProviderKeys>, FetchError> {
        let state = self.state.load();
        let keys = state.keys.clone().filter(|_| self.clock.now() < state.fresh_until + GRACE);
        keys.ok_or_else(|| state.failure.clone().unwrap_or_else(|| FetchError("not fetched yet".to_owned())))
    }

    fn is_due(&self) -> bool {
        let state = self.state.load();
        match state.failure {
            Some(_) => self.looked_before(RETRY_AFTER),
            None => self.clock.now() >= state.fresh_until,
        }
    }

    /// Whether the last look is at least this long ago. A clock that was put back counts as long ago.
    fn looked_before(&self, age: TimeDelta) -> bool {
        let Some(looked_at) = self.state.load().looked_at else { return true };
        let since = self.clock.now() - looked_at;
        since >= age || since < TimeDelta::zero()
    }

    async fn fetch(&self, _turn: MutexGuard<'_, ()>) {
        let fetched = self.source.fetch().await.and_then(|Fetched { document, max_age }| {
            let keys = ProviderKeys::parse(&document).map_err(|error| FetchError(error.to_string()))?;
            Ok((keys, max_age.unwrap_or(USUAL_LIFETIME).clamp(SHORTEST_LIFETIME, LONGEST_LIFETIME)))
        });
        let now = self.clock.now();
        let mut state = State::clone(&self.state.load());
        state.looked_at = Some(now);
        match fetched {
            Ok((keys, lifetime)) => {
                (state.keys, state.fresh_until, state.failure) = (Some(Arc::new(keys)), now + lifetime, None);
            }
            Err(error) => {
                tracing::warn!(%error, "the keys of an identity provider cannot be fetched");
                state.failure = Some(error);
            }
        }
        self.state.store(Arc::new(state));
    }
}
