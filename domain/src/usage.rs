//! How much a tenant has used of what its plan limits.

/// How much is used, or given back, at once: 1 to 1000.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsageAmount(u16);

/// Why a number is no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {}", UsageAmount::MAX)]
pub struct InvalidUsageAmount;

impl UsageAmount {
    /// The largest amount.
    pub const MAX: u16 = 1000;
    /// The usual amount.
    pub const ONE: Self = Self(1);

    /// Reads an amount.
    ///
    /// # Errors
    ///
    /// [`InvalidUsageAmount`] when it is none.
    pub fn new(amount: i64) -> Result<Self, InvalidUsageAmount> {
        let amount = u16::try_from(amount).map_err(|_| InvalidUsageAmount)?;
        if (1..=Self::MAX).contains(&amount) { Ok(Self(amount)) } else { Err(InvalidUsageAmount) }
    }

    const fn get(self) -> u64 {
        // Widening; `u64::from` is not const.
        self.0 as u64
    }
}

/// What happens to how much of something is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UsageChange {
    /// So much more is used.
    Take(UsageAmount),
    /// So much is not used any more.
    Release(UsageAmount),
}

/// How much of something is used, and how much may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// How much is used.
    pub used: u64,
    /// How much may be; `None` is unlimited.
    pub limit: Option<u64>,
}

/// There is not as much left as was to be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuotaExceeded {
    /// How much may be used.
    pub limit: u64,
    /// How much of it is left.
    pub left: u64,
}

impl Usage {
    /// The usage after a change. What is over its limit, because the limit went down, stays in use, and no more of it
    /// is. Less than nothing is never used.
    ///
    /// # Errors
    ///
    /// [`QuotaExceeded`] when more is to be used than is left; nothing of it is used then.
    pub fn after(self, change: UsageChange) -> Result<Self, QuotaExceeded> {
        let Self { used, limit } = self;
        let used = match change {
            UsageChange::Release(amount) => used.saturating_sub(amount.get()),
            UsageChange::Take(amount) => {
                if let Some(limit) = limit
                    && limit.saturating_sub(used) < amount.get()
                {
                    return Err(QuotaExceeded { limit, left: limit.saturating_sub(used) });
                }
                used.saturating_add(amount.get())
            }
        };
        Ok(Self { used, limit })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn amount(amount: i64) -> UsageAmount {
        UsageAmount::new(amount).unwrap()
    }

    #[test]
    fn an_amount_is_one_to_a_thousand() {
        for none in [i64::MIN, -1, 0, 1001, 65_537, i64::MAX] {
            assert_eq!(UsageAmount::new(none), Err(InvalidUsageAmount), "{none}");
        }
        assert_eq!((amount(1), amount(1000).get()), (UsageAmount::ONE, 1000));
    }

    #[test]
    fn as_much_is_used_as_there_is_and_no_more() {
        let usage = Usage { used: 7, limit: Some(10) };
        assert_eq!(usage.after(UsageChange::Take(amount(3))), Ok(Usage { used: 10, limit: Some(10) }));
        assert_eq!(usage.after(UsageChange::Take(amount(4))), Err(QuotaExceeded { limit: 10, left: 3 }));
    }

    #[test]
    fn what_is_over_a_limit_that_went_down_stays_and_gets_no_more() {
        let over = Usage { used: 30, limit: Some(10) };
        assert_eq!(over.after(UsageChange::Take(UsageAmount::ONE)), Err(QuotaExceeded { limit: 10, left: 0 }));
        assert_eq!(over.after(UsageChange::Release(amount(5))), Ok(Usage { used: 25, limit: Some(10) }));
    }

    proptest! {
        #[test]
        fn no_history_of_changes_oversells_or_goes_below_nothing(
            limit in proptest::option::of(0_u64..50),
            changes in proptest::collection::vec((any::<bool>(), 1_i64..20), 0..40),
        ) {
            let mut usage = Usage { used: 0, limit };
            let mut model = 0_i64;
            for (takes, number) in changes {
                let change = if takes { UsageChange::Take(amount(number)) } else { UsageChange::Release(amount(number)) };
                let fits = limit.is_none_or(|limit| model + number <= i64::try_from(limit).unwrap());
                match (takes, usage.after(change)) {
                    (_, Ok(after)) => {
                        prop_assert!(!takes || fits);
                        model = if takes { model + number } else { (model - number).max(0) };
                        usage = after;
                    }
                    (takes, Err(exceeded)) => {
                        prop_assert!(takes && !fits);
                        prop_assert_eq!(Some(exceeded.limit), limit);
                    }
                }
                prop_assert_eq!(i64::try_from(usage.used).unwrap(), model);
            }
        }
    }
}
