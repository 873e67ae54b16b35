//! For how long one payment lasts.

use chrono::{Duration, Months};

use crate::Timestamp;

/// How often a subscription is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Frequency {
    /// Every month.
    Monthly,
    /// Every year.
    Yearly,
}

impl Frequency {
    /// Every frequency.
    pub const ALL: [Self; 2] = [Self::Monthly, Self::Yearly];

    /// The frequency's name in tables and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Monthly => "monthly",
            Self::Yearly => "yearly",
        }
    }

    /// The frequency of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|frequency| frequency.as_str() == name)
    }

    /// How many months one payment lasts.
    #[must_use]
    pub const fn months(self) -> u32 {
        match self {
            Self::Monthly => 1,
            Self::Yearly => 12,
        }
    }
}

/// For how long one payment lasts: from its start up to, but not including, its end.
///
/// Months and years are those of UTC, wherever the tenant is: Stripe bills by UTC, and a month of local time would be an
/// hour longer or shorter where clocks change, and another one as soon as somebody sets another time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BillingPeriod {
    start: Timestamp,
    end: Timestamp,
}

/// Why two instants are no period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a billing period ends after it starts")]
pub struct InvalidBillingPeriod;

impl BillingPeriod {
    /// The period that begins `n` periods after the `anchor`, which is where the first one (0) begins; `None` beyond what
    /// dates can express, some hundred thousand years from now.
    ///
    /// Each is counted from the anchor and not from the one before it, so that a subscription of the 31st, which renews on
    /// the last day of a shorter month, renews on the 31st again in a longer one.
    #[must_use]
    pub fn nth(anchor: Timestamp, frequency: Frequency, n: u32) -> Option<Self> {
        let after = |periods: u32| {
            let months = periods.checked_mul(frequency.months())?;
            anchor.checked_add_months(Months::new(months))
        };
        Some(Self { start: after(n)?, end: after(n.checked_add(1)?)? })
    }

    /// The period of this length, which is a second at least: a trial is no month.
    #[must_use]
    pub fn lasting(start: Timestamp, length: Duration) -> Self {
        Self { start, end: start + length.max(Duration::seconds(1)) }
    }

    /// A period that the payment provider or the store knows.
    ///
    /// # Errors
    ///
    /// [`InvalidBillingPeriod`] when it does not end after it starts.
    pub fn restore(start: Timestamp, end: Timestamp) -> Result<Self, InvalidBillingPeriod> {
        if start < end { Ok(Self { start, end }) } else { Err(InvalidBillingPeriod) }
    }

    /// When it begins.
    #[must_use]
    pub const fn start(&self) -> Timestamp {
        self.start
    }

    /// When it is over: the first instant that is not in it.
    #[must_use]
    pub const fn end(&self) -> Timestamp {
        self.end
    }

    /// Whether an instant is in it.
    #[must_use]
    pub fn contains(&self, at: Timestamp) -> bool {
        self.start <= at && at < self.end
    }
}

#[cfg(test)]
mod tests;
