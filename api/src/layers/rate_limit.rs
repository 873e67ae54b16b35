//! A first brake on what can be guessed or sent in masses, in this process and per source. What must hold across processes is counted
//! in the store.

use std::{
    net::IpAddr,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use domain::throttle::network_of;
use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::DashMapStateStore,
};

use crate::{
    error::{ApiError, RATE_LIMIT_REMAINING, RATE_LIMIT_RESET, whole_seconds},
    extract::SourceAddress,
};

/// After how many requests sources that have been quiet for a minute are forgotten.
const SWEEP_AFTER: u32 = 1024;
const PERIOD: Duration = Duration::from_mins(1);

/// Limits the `POST`s and `PUT`s among `routes`.
pub(crate) fn limit_writes<S>(routes: Router<S>, per_minute: Option<NonZeroU32>) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    match per_minute {
        Some(limit) => {
            let limits = Arc::new(Limits::new(limit, DefaultClock::default()));
            routes.route_layer(from_fn_with_state(limits, limit_write))
        }
        None => routes,
    }
}

async fn limit_write(State(limits): State<Arc<Limits<DefaultClock>>>, request: Request, next: Next) -> Response {
    if !matches!(*request.method(), Method::POST | Method::PUT) {
        return next.run(request).await;
    }
    let source = request.extensions().get::<SourceAddress>().copied();
    let verdict = limits.judge(source);
    let mut response = match verdict.retry_after {
        None => next.run(request).await,
        Some(wait) => {
            tracing::warn!(target: "security", action = "rate_limit", outcome = "refused", reason = "too_many_requests");
            ApiError::too_many_requests(wait).into_response()
        }
    };
    let is_throttled = verdict.retry_after.is_none() && response.status() == StatusCode::TOO_MANY_REQUESTS;
    for (name, value) in verdict.headers() {
        // What is counted in the store is told by whoever counts it.
        if !(is_throttled && response.headers().contains_key(&name)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Whether one request is within its source's limit, and how much of that is left.
#[derive(Debug, PartialEq, Eq)]
struct Verdict {
    limit: u32,
    remaining: u32,
    /// Until the limit is whole again.
    reset: Duration,
    /// Until the next request is allowed, if this one is not.
    retry_after: Option<Duration>,
}

impl Verdict {
    fn headers(&self) -> [(HeaderName, HeaderValue); 3] {
        [
            (HeaderName::from_static("ratelimit-limit"), self.limit.into()),
            (RATE_LIMIT_REMAINING, self.remaining.into()),
            (RATE_LIMIT_RESET, whole_seconds(self.reset).into()),
        ]
    }
}

/// One limit for each source. Sources without an address share one.
struct Limits<C: Clock> {
    per_minute: NonZeroU32,
    limiter: RateLimiter<Option<IpAddr>, DashMapStateStore<Option<IpAddr>>, C, StateInformationMiddleware>,
    judged: AtomicU32,
}

impl<C: Clock> Limits<C> {
    fn new(per_minute: NonZeroU32, clock: C) -> Self {
        let limiter = RateLimiter::new(Quota::per_minute(per_minute), DashMapStateStore::default(), clock);
        Self { per_minute, limiter, judged: AtomicU32::new(0) }
    }

    fn judge(&self, source: Option<SourceAddress>) -> Verdict {
        if self.judged.fetch_add(1, Ordering::Relaxed) % SWEEP_AFTER == SWEEP_AFTER - 1 {
            self.limiter.retain_recent();
            self.limiter.shrink_to_fit();
        }
        let limit = self.per_minute.get();
        let (remaining, retry_after) = match self.limiter.check_key(&source.map(|source| network_of(source.0))) {
            Ok(state) => (state.remaining_burst_capacity(), None),
            Err(refused) => (0, Some(refused.wait_time_from(self.limiter.clock().now()))),
        };
        Verdict { limit, remaining, reset: PERIOD * (limit - remaining) / limit, retry_after }
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    fn limits(per_minute: u32) -> (Limits<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        (Limits::new(NonZeroU32::new(per_minute).unwrap(), clock.clone()), clock)
    }

    fn source(address: &str) -> SourceAddress {
        SourceAddress(address.parse().unwrap())
    }

    #[test]
    fn rule_20_a_source_is_told_when_to_come_back() {
        let (limits, clock) = limits(2);
        let anna = Some(source("192.0.2.1"));
        let seconds = Duration::from_secs;
        let verdict = |remaining, reset, retry_after| Verdict { limit: 2, remaining, reset, retry_after };
        assert_eq!(limits.judge(anna), verdict(1, seconds(30), None));
        assert_eq!(limits.judge(anna), verdict(0, seconds(60), None));
        assert_eq!(limits.judge(anna), verdict(0, seconds(60), Some(seconds(30))));
        assert_eq!(limits.judge(Some(source("192.0.2.2"))).retry_after, None);
        clock.advance(seconds(30));
        assert_eq!(limits.judge(anna).retry_after, None);
    }

    #[test]
    fn one_ipv6_network_is_one_source() {
        let (limits, _) = limits(1);
        assert_eq!(limits.judge(Some(source("2001:db8::1"))).retry_after, None);
        assert!(limits.judge(Some(source("2001:db8::ffff:1"))).retry_after.is_some());
        assert_eq!(limits.judge(Some(source("2001:db8:0:1::1"))).retry_after, None);
    }

    #[test]
    fn an_address_written_as_ipv6_is_the_same_source() {
        let (limits, _) = limits(1);
        assert_eq!(limits.judge(Some(source("192.0.2.1"))).retry_after, None);
        assert!(limits.judge(Some(source("::ffff:192.0.2.1"))).retry_after.is_some());
    }

    #[test]
    fn quiet_sources_are_forgotten() {
        let (limits, clock) = limits(60);
        let judge = |count: u32| {
            for number in 0..count {
                limits.judge(Some(SourceAddress(IpAddr::V4(number.into()))));
            }
        };
        judge(SWEEP_AFTER - 1);
        assert_eq!(limits.limiter.len(), (SWEEP_AFTER - 1) as usize);
        clock.advance(PERIOD);
        judge(1);
        assert_eq!(limits.limiter.len(), 1);
    }
}
