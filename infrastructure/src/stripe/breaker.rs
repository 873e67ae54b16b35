//! A circuit breaker: who does not answer is left alone for a while.

use std::sync::{Arc, Mutex, PoisonError};

use application::ports::Clock;
use chrono::TimeDelta;
use domain::Timestamp;

/// How many requests in a row may fail.
const TOLERATED: u32 = 5;
/// For how long nothing is asked then.
const PAUSE: TimeDelta = TimeDelta::seconds(30);

/// Counts what fails in a row. When too much has, requests are refused at once, so that nobody waits for what will
/// hardly come, and whoever is down is not kept there; after a pause, one request may see whether that is over.
pub(super) struct Breaker {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Clone, Copy)]
enum State {
    Closed { failures: u32 },
    Open { until: Timestamp },
}

/// Nothing may be asked now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Paused;

impl Breaker {
    pub(super) const fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, state: Mutex::new(State::Closed { failures: 0 }) }
    }

    /// Whether something may be asked. Whoever was let in says what came of it; who never does is forgotten after
    /// another pause.
    pub(super) fn admit(&self) -> Result<(), Paused> {
        let now = self.clock.now();
        self.change(|state| match state {
            // Of a clock that was put back, nobody knows when the pause was.
            State::Open { until } if now < until && until - now <= PAUSE => (state, Err(Paused)),
            // This one finds out; the others wait for what it finds.
            State::Open { .. } => (State::Open { until: now + PAUSE }, Ok(())),
            State::Closed { .. } => (state, Ok(())),
        })
    }

    /// There was an answer.
    pub(super) fn succeeded(&self) {
        self.change(|_| (State::Closed { failures: 0 }, ()));
    }

    /// There was none, or one that says that there is none now.
    pub(super) fn failed(&self) {
        let open = State::Open { until: self.clock.now() + PAUSE };
        self.change(|state| match state {
            State::Closed { failures } if failures + 1 < TOLERATED => (State::Closed { failures: failures + 1 }, ()),
            State::Closed { .. } => {
                tracing::warn!(failures = TOLERATED, "Stripe does not answer and is not asked for a while");
                (open, ())
            }
            State::Open { .. } => (open, ()),
        });
    }

    fn change<T>(&self, change: impl FnOnce(State) -> (State, T)) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (next, result) = change(*state);
        *state = next;
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::PinnedClock;

    fn breaker() -> (Breaker, Arc<PinnedClock>) {
        let clock = PinnedClock::new();
        (Breaker::new(Arc::clone(&clock) as Arc<dyn Clock>), clock)
    }

    fn fail(breaker: &Breaker, times: u32) {
        for _ in 0..times {
            breaker.failed();
        }
    }

    #[test]
    fn it_opens_when_too_much_fails_in_a_row() {
        let (breaker, _) = breaker();
        fail(&breaker, TOLERATED - 1);
        assert_eq!(breaker.admit(), Ok(()));
        breaker.succeeded();
        fail(&breaker, TOLERATED - 1);
        assert_eq!(breaker.admit(), Ok(()));
        breaker.failed();
        assert_eq!(breaker.admit(), Err(Paused));
    }

    #[test]
    fn one_request_sees_whether_it_is_over() {
        let (breaker, clock) = breaker();
        fail(&breaker, TOLERATED);
        clock.advance(PAUSE - TimeDelta::seconds(1));
        assert_eq!(breaker.admit(), Err(Paused));
        clock.advance(TimeDelta::seconds(1));
        assert_eq!((breaker.admit(), breaker.admit()), (Ok(()), Err(Paused)));
        breaker.succeeded();
        assert_eq!((breaker.admit(), breaker.admit()), (Ok(()), Ok(())));
    }

    #[test]
    fn a_clock_that_is_put_back_does_not_keep_it_open() {
        let (breaker, clock) = breaker();
        fail(&breaker, TOLERATED);
        clock.advance(TimeDelta::hours(-1));
        assert_eq!((breaker.admit(), breaker.admit()), (Ok(()), Err(Paused)));
    }

    #[test]
    fn it_stays_open_when_that_one_fails_or_is_never_heard_of() {
        let (breaker, clock) = breaker();
        fail(&breaker, TOLERATED);
        for forgotten in [false, true] {
            clock.advance(PAUSE);
            assert_eq!(breaker.admit(), Ok(()), "{forgotten}");
            if !forgotten {
                breaker.failed();
            }
            assert_eq!(breaker.admit(), Err(Paused), "{forgotten}");
        }
        clock.advance(PAUSE);
        assert_eq!(breaker.admit(), Ok(()));
    }
}
