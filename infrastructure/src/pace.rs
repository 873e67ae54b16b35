//! Not faster than so much a second.

use std::{
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

/// Spreads capacity over time: what was consumed is waited for by whoever comes next, because how much a call consumes
/// is known only afterwards.
pub(crate) struct Pace {
    units_per_second: f64,
    free_at: Mutex<Instant>,
}

impl Pace {
    pub(crate) fn new(units_per_second: NonZeroU32) -> Self {
        Self { units_per_second: units_per_second.get().into(), free_at: Mutex::new(Instant::now()) }
    }

    /// Waits until what was consumed so far is paid for.
    pub(crate) async fn wait(&self) {
        let free_at = *self.free_at.lock().unwrap_or_else(PoisonError::into_inner);
        sleep_until(free_at).await;
    }

    /// Counts the capacity that a call consumed.
    pub(crate) fn consumed(&self, units: f64) {
        self.take(units);
    }

    /// Waits for one's turn, where each call is a unit: whoever comes meanwhile has a later one.
    pub(crate) async fn turn(&self) {
        let turn = self.take(1.0);
        sleep_until(turn).await;
    }

    /// Takes capacity, and says from when on it is free.
    fn take(&self, units: f64) -> Instant {
        let takes = Duration::try_from_secs_f64(units / self.units_per_second).unwrap_or_default();
        let mut free_at = self.free_at.lock().unwrap_or_else(PoisonError::into_inner);
        // Time that nobody used is not saved up: there are no bursts after a pause.
        let free = (*free_at).max(Instant::now());
        *free_at = free + takes;
        free
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn timed(pace: &Pace, calls: &[f64]) -> Duration {
        let began = Instant::now();
        for units in calls {
            pace.wait().await;
            pace.consumed(*units);
        }
        pace.wait().await;
        began.elapsed()
    }

    fn pace(units_per_second: u32) -> Pace {
        Pace::new(NonZeroU32::new(units_per_second).unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn capacity_is_spread_over_time() {
        let pace = pace(50);
        assert_eq!(timed(&pace, &[100.0, 0.5, 24.5]).await.as_millis(), 2500);
        assert_eq!(timed(&pace, &[]).await.as_millis(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_is_not_made_up_for() {
        let pace = pace(10);
        tokio::time::advance(Duration::from_mins(1)).await;
        assert_eq!(timed(&pace, &[10.0, 10.0]).await.as_millis(), 2000);
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_come_at_once_go_one_after_the_other() {
        let (pace, began) = (pace(10), Instant::now());
        let turns = (0..5).map(async |_| {
            pace.turn().await;
            began.elapsed().as_millis()
        });
        assert_eq!(futures::future::join_all(turns).await, [0, 100, 200, 300, 400]);
    }

    #[tokio::test(start_paused = true)]
    async fn nonsense_is_not_waited_for() {
        assert_eq!(timed(&pace(1), &[-5.0, f64::NAN, f64::INFINITY]).await.as_millis(), 0);
    }
}
