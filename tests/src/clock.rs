use std::sync::Mutex;

use application::ports::Clock;
use chrono::{DateTime, TimeDelta};
use domain::Timestamp;

/// A clock that goes only when it is told to, so that what expires can be tested without waiting.
#[derive(Debug)]
pub struct TestClock(Mutex<Timestamp>);

impl TestClock {
    /// A clock that stands at noon of 1 February 2027, UTC.
    pub(crate) fn new() -> Self {
        Self(Mutex::new(DateTime::from_timestamp(1_801_483_200, 0).expect("a representable time")))
    }

    /// Moves the hands on.
    pub fn advance(&self, by: TimeDelta) {
        *self.0.lock().expect("no test panics while it holds the clock") += by;
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().expect("no test panics while it holds the clock")
    }
}
