//! The system's clock and random generator: the one place where time, identifiers and randomness enter.

use application::ports::{Clock, IdGenerator};
use chrono::{SubsecRound, Utc};
use domain::Timestamp;
use uuid::Uuid;

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the adapter behind the Clock port")]
    fn now(&self) -> Timestamp {
        // The store keeps microseconds; an instant must equal itself once it was written and read.
        Utc::now().trunc_subsecs(6)
    }
}

/// Identifiers and secrets from the system's cryptographic generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemIds;

impl SystemIds {
    /// 128 bits for the salt of one password hash.
    #[must_use]
    pub fn salt(&self) -> [u8; 16] {
        random()
    }
}

impl IdGenerator for SystemIds {
    #[expect(clippy::disallowed_methods, reason = "this is the adapter behind the IdGenerator port")]
    fn uuid(&self) -> Uuid {
        Uuid::now_v7()
    }

    fn secret(&self) -> [u8; 32] {
        random()
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the adapter behind the IdGenerator port")]
#[expect(
    clippy::expect_used,
    reason = "without randomness every secret could be guessed; no answer is better than one"
)]
fn random<const LENGTH: usize>() -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    aws_lc_rs::rand::fill(&mut bytes).expect("the system gives random bytes");
    bytes
}

#[cfg(test)]
mod tests {
    use chrono::Timelike;

    use super::*;

    #[test]
    fn the_clock_has_the_precision_of_the_store() {
        assert_eq!(SystemClock.now().nanosecond() % 1000, 0);
    }

    #[test]
    fn later_identifiers_sort_after_earlier_ones() {
        let made: Vec<_> = (0..1000).map(|_| SystemIds.uuid()).collect();
        assert!(made.is_sorted_by(|earlier, later| earlier < later));
        assert!(made.iter().all(|id| id.get_version_num() == 7));
    }

    #[test]
    fn secrets_and_salts_do_not_repeat() {
        assert_ne!(SystemIds.secret(), SystemIds.secret());
        assert_ne!(SystemIds.salt(), SystemIds.salt());
    }
}
