//! How much is taken off, and for how long.

use crate::{Frequency, Money, Percentage, money::MoneyError};

/// An amount of more than nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AmountOff(Money);

/// Why an amount is not a discount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAmountOff {
    /// It is nothing.
    #[error("must be more than 0")]
    Nothing,
    /// It is more than Stripe takes.
    #[error("must have at most 8 digits")]
    TooMuch,
}

impl AmountOff {
    /// The most that can be taken off, in minor units: Stripe takes amounts of eight digits.
    pub const MAX_MINOR_UNITS: u64 = 99_999_999;

    /// Takes an amount.
    ///
    /// # Errors
    ///
    /// [`InvalidAmountOff`] says what is wrong with it.
    pub fn new(amount: Money) -> Result<Self, InvalidAmountOff> {
        match amount.minor_units() {
            0 => Err(InvalidAmountOff::Nothing),
            1..=Self::MAX_MINOR_UNITS => Ok(Self(amount)),
            _ => Err(InvalidAmountOff::TooMuch),
        }
    }

    /// The amount.
    #[must_use]
    pub const fn money(&self) -> &Money {
        &self.0
    }
}

/// What is taken off each payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Discount {
    /// So many hundredths.
    Percentage(Percentage),
    /// So much.
    Fixed(AmountOff),
}

impl Discount {
    /// What kind of discount it is, in tables and answers.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Percentage(_) => "percentage",
            Self::Fixed(_) => "fixed",
        }
    }

    /// What is left of a price: nothing, when more would be taken off than there is.
    ///
    /// # Errors
    ///
    /// [`MoneyError::OtherCurrency`] when a fixed amount is of another currency.
    pub fn price_of(&self, price: &Money) -> Result<Money, MoneyError> {
        match self {
            Self::Percentage(percentage) => Ok(price.less_percent(*percentage)),
            Self::Fixed(amount) => price.less(amount.money()),
        }
    }
}

/// For how many payments: 2 to 36.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cycles(u8);

impl Cycles {
    /// How many payments.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// On which payments a discount is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiscountDuration {
    /// On the first one.
    Once,
    /// On the first ones.
    Repeating(Cycles),
    /// On every one.
    Forever,
}

/// Why a number of payments is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {}", DiscountDuration::MAX_CYCLES)]
pub struct InvalidDuration;

impl DiscountDuration {
    /// The greatest number of payments, but for all of them.
    pub const MAX_CYCLES: u8 = 36;

    /// Reads a number of payments; `None` is all of them.
    ///
    /// # Errors
    ///
    /// [`InvalidDuration`] when it is none, or too large.
    pub fn from_cycles(cycles: Option<u64>) -> Result<Self, InvalidDuration> {
        let Some(cycles) = cycles else { return Ok(Self::Forever) };
        match u8::try_from(cycles).map_err(|_| InvalidDuration)? {
            1 => Ok(Self::Once),
            cycles @ 2..=Self::MAX_CYCLES => Ok(Self::Repeating(Cycles(cycles))),
            _ => Err(InvalidDuration),
        }
    }

    /// The number of payments; `None` is all of them.
    #[must_use]
    pub const fn cycles(self) -> Option<u8> {
        match self {
            Self::Once => Some(1),
            Self::Repeating(cycles) => Some(cycles.get()),
            Self::Forever => None,
        }
    }

    /// What kind of duration it is, as answers and Stripe call it.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Once => "once",
            Self::Repeating(_) => "repeating",
            Self::Forever => "forever",
        }
    }

    /// For how many months it is given to who pays so often, where it is given several times.
    #[must_use]
    pub fn months(self, frequency: Frequency) -> Option<u32> {
        match self {
            Self::Repeating(cycles) => Some(u32::from(cycles.get()) * frequency.months()),
            Self::Once | Self::Forever => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Currency;

    fn dollars(minor_units: u64) -> Money {
        Money::new(minor_units, Currency::default())
    }

    fn fixed(minor_units: u64) -> Discount {
        Discount::Fixed(AmountOff::new(dollars(minor_units)).unwrap())
    }

    #[test]
    fn a_fixed_discount_takes_off_what_there_is() {
        assert_eq!(fixed(500).price_of(&dollars(2900)), Ok(dollars(2400)));
        assert_eq!(fixed(5000).price_of(&dollars(2900)), Ok(dollars(0)));
        assert_eq!(AmountOff::new(dollars(0)), Err(InvalidAmountOff::Nothing));
        assert_eq!(AmountOff::new(dollars(100_000_000)), Err(InvalidAmountOff::TooMuch));
    }

    #[test]
    fn a_fixed_discount_is_for_its_currency() {
        let euros = Money::new(2900, Currency::parse("EUR").unwrap());
        assert_eq!(fixed(500).price_of(&euros), Err(MoneyError::OtherCurrency));
        let half = Discount::Percentage(Percentage::new(50).unwrap());
        assert_eq!(half.price_of(&euros).map(|price| price.minor_units()), Ok(1450));
    }

    #[test]
    fn a_duration_is_a_number_of_payments() {
        assert_eq!(DiscountDuration::from_cycles(None), Ok(DiscountDuration::Forever));
        assert_eq!(DiscountDuration::from_cycles(Some(1)), Ok(DiscountDuration::Once));
        for cycles in 1..=36 {
            let duration = DiscountDuration::from_cycles(Some(cycles)).unwrap();
            assert_eq!(duration.cycles().map(u64::from), Some(cycles));
        }
        for refused in [0, 37, 256 + 3, u64::MAX] {
            assert_eq!(DiscountDuration::from_cycles(Some(refused)), Err(InvalidDuration), "{refused}");
        }
    }

    #[test]
    fn a_payment_lasts_as_many_months_as_the_frequency_has() {
        let thrice = DiscountDuration::from_cycles(Some(3)).unwrap();
        assert_eq!((thrice.months(Frequency::Monthly), thrice.months(Frequency::Yearly)), (Some(3), Some(36)));
        assert_eq!(DiscountDuration::Once.months(Frequency::Yearly), None);
    }

    proptest! {
        #[test]
        fn a_discount_never_makes_anything_dearer(price in 0..=u64::MAX, off in 1..=AmountOff::MAX_MINOR_UNITS, percent in 1_u64..=100) {
            let percentage = Discount::Percentage(Percentage::new(percent).unwrap());
            for discount in [fixed(off), percentage] {
                let after = discount.price_of(&dollars(price)).unwrap();
                prop_assert!(after.minor_units() <= price);
            }
        }
    }
}
