//! The clock, and waiting for others.

use std::time::Duration;

use application::ports::Clock;
use chrono::{DateTime, Utc};
use infrastructure::system::SystemClock;

/// What time it is, and how it passes; tests need not wait.
pub(crate) trait Time: Sync {
    fn now(&self) -> DateTime<Utc>;
    fn pause(&self, duration: Duration);
}

/// This machine's time.
pub(crate) struct SystemTime;

impl Time for SystemTime {
    fn now(&self) -> DateTime<Utc> {
        SystemClock.now()
    }

    fn pause(&self, duration: Duration) {
        std::thread::sleep(duration);
    }
}
