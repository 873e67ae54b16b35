//! Amounts of money, exact to the minor unit.

use crate::Currency;

/// An amount of nothing or more: what something costs, or what is taken off.
///
/// It counts minor units (cents of USD, yen of JPY), as Stripe and the subscriptions table do, so that no amount is ever
/// rounded but where [`Money::percent`] says how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Money {
    minor_units: u64,
    currency: Currency,
}

/// Why two amounts cannot be added or subtracted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// They are in different currencies.
    #[error("amounts in different currencies cannot be put together")]
    OtherCurrency,
    /// The result would be less than nothing.
    #[error("an amount cannot be less than nothing")]
    BelowZero,
    /// The result cannot be expressed.
    #[error("the amount is too large")]
    TooLarge,
}

/// Why a text is not an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAmount {
    /// It is no decimal number, or one below nothing.
    #[error("must be an amount of 0 or more")]
    NoAmount,
    /// It says what no coin of the currency can.
    #[error("has more decimal places than the currency")]
    TooPrecise,
    /// It cannot be expressed.
    #[error("is too large")]
    TooLarge,
}

/// A whole number of hundredths, from 1 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Percentage(u8);

/// Why a number is not a percentage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from {} to {}", Percentage::MIN, Percentage::MAX)]
pub struct InvalidPercentage;

impl Percentage {
    /// The least one.
    pub const MIN: u8 = 1;
    /// All of it.
    pub const MAX: u8 = 100;

    /// Reads a percentage.
    ///
    /// # Errors
    ///
    /// [`InvalidPercentage`] when it is nothing, or more than all.
    pub fn new(percent: u64) -> Result<Self, InvalidPercentage> {
        u8::try_from(percent)
            .ok()
            .filter(|percent| (Self::MIN..=Self::MAX).contains(percent))
            .map(Self)
            .ok_or(InvalidPercentage)
    }

    /// The number of hundredths.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl Money {
    /// So many minor units of a currency.
    #[must_use]
    pub const fn new(minor_units: u64, currency: Currency) -> Self {
        Self { minor_units, currency }
    }

    /// Reads an amount in major units, such as `29` or `29.90`.
    ///
    /// # Errors
    ///
    /// [`InvalidAmount`] says what is wrong with it.
    pub fn from_major(text: &str, currency: Currency) -> Result<Self, InvalidAmount> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !is_digits(whole) || !is_digits(fraction) {
            return Err(InvalidAmount::NoAmount);
        }
        let (fraction, places) = (fraction.trim_end_matches('0'), currency.decimal_places() as usize);
        if fraction.len() > places {
            return Err(InvalidAmount::TooPrecise);
        }
        let minor_units = format!("{whole}{fraction:0<places$}").parse().map_err(|_| InvalidAmount::TooLarge)?;
        Ok(Self::new(minor_units, currency))
    }

    /// How many minor units it is.
    #[must_use]
    pub const fn minor_units(&self) -> u64 {
        self.minor_units
    }

    /// Of which currency.
    #[must_use]
    pub const fn currency(&self) -> &Currency {
        &self.currency
    }

    /// Whether it is nothing.
    #[must_use]
    pub const fn is_zero(&self) -> bool {
        self.minor_units == 0
    }

    /// The sum.
    ///
    /// # Errors
    ///
    /// [`MoneyError`] when the other amount is in another currency, or the sum is too large.
    pub fn checked_add(&self, other: &Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let sum = self.minor_units.checked_add(other.minor_units).ok_or(MoneyError::TooLarge)?;
        Ok(Self::new(sum, self.currency.clone()))
    }

    /// The difference.
    ///
    /// # Errors
    ///
    /// [`MoneyError`] when the other amount is in another currency, or is the larger one.
    pub fn checked_sub(&self, other: &Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let difference = self.minor_units.checked_sub(other.minor_units).ok_or(MoneyError::BelowZero)?;
        Ok(Self::new(difference, self.currency.clone()))
    }

    /// What is left when another amount is taken off: nothing, when that is the larger one.
    ///
    /// # Errors
    ///
    /// [`MoneyError::OtherCurrency`].
    pub fn less(&self, other: &Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        Ok(Self::new(self.minor_units.saturating_sub(other.minor_units), self.currency.clone()))
    }

    /// So many hundredths of it, rounded to the nearest minor unit, halves up (which is away from zero, as nothing is
    /// below it).
    #[must_use]
    pub fn percent(&self, percentage: Percentage) -> Self {
        let hundredths = u128::from(self.minor_units) * u128::from(percentage.get());
        // At most as much as there was, which fits.
        let rounded = u64::try_from((hundredths + 50) / 100).unwrap_or(self.minor_units);
        Self::new(rounded, self.currency.clone())
    }

    /// What is left when so many hundredths are taken off. What is taken off is what is rounded, so that it and the rest
    /// are the whole.
    #[must_use]
    pub fn less_percent(&self, percentage: Percentage) -> Self {
        let off = self.percent(percentage).minor_units;
        Self::new(self.minor_units.saturating_sub(off), self.currency.clone())
    }

    /// The amount in major units with as many decimal places as the currency has: `29.00` for 2900 cents, `2900` for as
    /// many yen.
    #[must_use]
    pub fn to_major(&self) -> String {
        let places = self.currency.decimal_places();
        match 10_u64.checked_pow(places) {
            Some(unit) if places > 0 => {
                let width = places as usize;
                format!("{}.{:0width$}", self.minor_units / unit, self.minor_units % unit)
            }
            _ => self.minor_units.to_string(),
        }
    }

    fn same_currency(&self, other: &Self) -> Result<(), MoneyError> {
        if self.currency == other.currency { Ok(()) } else { Err(MoneyError::OtherCurrency) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn money(minor_units: u64, code: &str) -> Money {
        Money::new(minor_units, Currency::parse(code).unwrap())
    }

    #[rstest::rstest]
    #[case::two_places(2900, "USD", "29.00")]
    #[case::less_than_one(5, "EUR", "0.05")]
    #[case::no_places(2900, "JPY", "2900")]
    #[case::three_places(2900, "KWD", "2.900")]
    #[case::no_minor_unit(3, "XAU", "3")]
    #[case::nothing(0, "USD", "0.00")]
    #[case::much(u64::MAX, "USD", "184467440737095516.15")]
    fn it_is_shown_with_the_decimals_of_its_currency(#[case] units: u64, #[case] code: &str, #[case] shown: &str) {
        assert_eq!(money(units, code).to_major(), shown);
    }

    #[rstest::rstest]
    #[case::whole("29", "USD", Ok(2900))]
    #[case::a_digit_less("29.5", "USD", Ok(2950))]
    #[case::a_digit_more("29.500", "USD", Ok(2950))]
    #[case::no_places("29.0", "JPY", Ok(29))]
    #[case::three_places("0.005", "KWD", Ok(5))]
    #[case::a_tenth_of_a_cent("29.505", "USD", Err(InvalidAmount::TooPrecise))]
    #[case::below_nothing("-1", "USD", Err(InvalidAmount::NoAmount))]
    #[case::an_exponent("1e3", "USD", Err(InvalidAmount::NoAmount))]
    #[case::half_a_number("29.", "USD", Err(InvalidAmount::NoAmount))]
    #[case::the_other_half(".5", "USD", Err(InvalidAmount::NoAmount))]
    #[case::nothing("", "USD", Err(InvalidAmount::NoAmount))]
    #[case::too_much("184467440737095516.16", "USD", Err(InvalidAmount::TooLarge))]
    fn it_is_read_with_the_decimals_of_its_currency(
        #[case] text: &str,
        #[case] code: &str,
        #[case] units: Result<u64, InvalidAmount>,
    ) {
        let read = Money::from_major(text, Currency::parse(code).unwrap());
        assert_eq!(read.map(|money| money.minor_units()), units);
    }

    #[test]
    fn currencies_do_not_mix() {
        let (dollars, euros) = (money(100, "USD"), money(1, "EUR"));
        assert_eq!(dollars.checked_add(&euros), Err(MoneyError::OtherCurrency));
        assert_eq!(dollars.checked_sub(&euros), Err(MoneyError::OtherCurrency));
        assert_eq!(dollars.less(&euros), Err(MoneyError::OtherCurrency));
    }

    #[test]
    fn what_cannot_be_expressed_is_no_amount() {
        assert_eq!(money(u64::MAX, "USD").checked_add(&money(1, "USD")), Err(MoneyError::TooLarge));
        assert_eq!(money(1, "USD").checked_sub(&money(2, "USD")), Err(MoneyError::BelowZero));
        assert_eq!(money(1, "USD").less(&money(2, "USD")), Ok(money(0, "USD")));
    }

    #[rstest::rstest]
    #[case::exact(2900, 25, 725)]
    #[case::a_half_goes_up(2905, 50, 1453)]
    #[case::below_a_half_goes_down(49, 1, 0)]
    #[case::a_half_of_the_least(50, 1, 1)]
    #[case::all(u64::MAX, 100, u64::MAX)]
    fn a_percentage_is_rounded_half_up(#[case] units: u64, #[case] percent: u64, #[case] part: u64) {
        let percentage = Percentage::new(percent).unwrap();
        assert_eq!(money(units, "USD").percent(percentage), money(part, "USD"));
    }

    #[test]
    fn a_percentage_is_from_1_to_100() {
        assert_eq!(Percentage::new(0), Err(InvalidPercentage));
        assert_eq!(Percentage::new(101), Err(InvalidPercentage));
        assert_eq!(Percentage::new(256 + 50), Err(InvalidPercentage));
        assert_eq!(Percentage::new(100).map(Percentage::get), Ok(100));
    }

    proptest! {
        #[test]
        fn adding_and_subtracting_undo_each_other(a in 0..=u64::MAX, b in 0..=u64::MAX) {
            let (a, b) = (money(a, "USD"), money(b, "USD"));
            if let Ok(sum) = a.checked_add(&b) {
                prop_assert_eq!(sum.checked_sub(&b), Ok(a.clone()));
                prop_assert_eq!(b.checked_add(&a), Ok(sum));
            }
            prop_assert_eq!(a.checked_sub(&b).is_err(), a.minor_units() < b.minor_units());
        }

        #[test]
        fn what_is_taken_off_and_what_is_left_are_the_whole(units in 0..=u64::MAX, percent in 1_u64..=100) {
            let (whole, percentage) = (money(units, "USD"), Percentage::new(percent).unwrap());
            let (off, left) = (whole.percent(percentage), whole.less_percent(percentage));
            prop_assert_eq!(off.checked_add(&left), Ok(whole));
            // At most half a minor unit from the exact part.
            let exact = u128::from(units) * u128::from(percent);
            prop_assert!((u128::from(off.minor_units()) * 100).abs_diff(exact) <= 50);
        }

        #[test]
        fn what_is_shown_is_the_amount(units in 0..=u64::MAX, code in prop::sample::select(vec!["USD", "JPY", "KWD", "CLF"])) {
            let shown = money(units, code).to_major();
            prop_assert_eq!(shown.replace('.', "").parse::<u64>(), Ok(units));
            prop_assert_eq!(Money::from_major(&shown, Currency::parse(code).unwrap()), Ok(money(units, code)));
        }
    }
}
