use chrono::{DateTime, Datelike, Duration, NaiveDate, TimeZone, Utc};
use proptest::prelude::*;

use super::*;

fn day(year: i32, month: u32, day: u32) -> Timestamp {
    Utc.with_ymd_and_hms(year, month, day, 13, 37, 42).unwrap()
}

fn starts(anchor: Timestamp, frequency: Frequency, periods: u32) -> Vec<(i32, u32, u32)> {
    (0..periods)
        .map(|n| BillingPeriod::nth(anchor, frequency, n).unwrap().start())
        .map(|start| (start.year(), start.month(), start.day()))
        .collect()
}

#[test]
fn the_end_of_a_month_does_not_drift() {
    assert_eq!(
        starts(day(2027, 10, 31), Frequency::Monthly, 7),
        [(2027, 10, 31), (2027, 11, 30), (2027, 12, 31), (2028, 1, 31), (2028, 2, 29), (2028, 3, 31), (2028, 4, 30)]
    );
    assert_eq!(starts(day(2027, 1, 30), Frequency::Monthly, 3), [(2027, 1, 30), (2027, 2, 28), (2027, 3, 30)]);
}

#[test]
fn a_year_from_a_leap_day_ends_on_the_last_of_february() {
    assert_eq!(
        starts(day(2028, 2, 29), Frequency::Yearly, 5),
        [(2028, 2, 29), (2029, 2, 28), (2030, 2, 28), (2031, 2, 28), (2032, 2, 29)]
    );
}

#[test]
fn a_century_is_a_leap_year_only_every_four() {
    assert_eq!(starts(day(2096, 2, 29), Frequency::Yearly, 5)[4], (2100, 2, 28));
    assert_eq!(starts(day(1996, 2, 29), Frequency::Yearly, 5)[4], (2000, 2, 29));
}

#[test]
fn a_period_ends_after_it_starts() {
    let (start, end) = (day(2027, 1, 1), day(2027, 2, 1));
    let period = BillingPeriod::restore(start, end).unwrap();
    assert!(period.contains(start) && period.contains(end - Duration::nanoseconds(1)) && !period.contains(end));
    assert!(!period.contains(start - Duration::nanoseconds(1)));
    assert_eq!(BillingPeriod::restore(start, start), Err(InvalidBillingPeriod));
    assert_eq!(BillingPeriod::restore(end, start), Err(InvalidBillingPeriod));
}

#[test]
fn beyond_the_calendar_there_is_no_period() {
    assert_eq!(BillingPeriod::nth(day(2027, 1, 1), Frequency::Yearly, u32::MAX), None);
    assert_eq!(BillingPeriod::nth(DateTime::<Utc>::MAX_UTC, Frequency::Monthly, 0), None);
}

#[test]
fn every_frequency_is_found_by_its_name() {
    for frequency in Frequency::ALL {
        assert_eq!(Frequency::from_name(frequency.as_str()), Some(frequency));
    }
    assert_eq!(Frequency::from_name("weekly"), None);
}

/// Any instant from 1900 to 2200.
fn instants() -> impl Strategy<Value = Timestamp> {
    (-2_208_988_800_i64..7_258_118_400, 0_u32..1_000_000_000)
        .prop_map(|(seconds, nanoseconds)| DateTime::from_timestamp(seconds, nanoseconds).unwrap())
}

fn frequencies() -> impl Strategy<Value = Frequency> {
    prop::sample::select(Frequency::ALL.to_vec())
}

fn last_day_of_month(at: Timestamp) -> u32 {
    let first = NaiveDate::from_ymd_opt(at.year(), at.month(), 1).unwrap();
    (first + Months::new(1)).pred_opt().unwrap().day()
}

proptest! {
    #[test]
    fn periods_follow_each_other_without_gap_or_overlap(anchor in instants(), frequency in frequencies(), n in 0_u32..600) {
        let period = BillingPeriod::nth(anchor, frequency, n).unwrap();
        let next = BillingPeriod::nth(anchor, frequency, n + 1).unwrap();
        prop_assert!(period.start() < period.end());
        prop_assert_eq!(period.end(), next.start());
        prop_assert!(!period.contains(next.start()) && next.contains(period.end()));
    }

    #[test]
    fn every_instant_after_the_anchor_is_in_exactly_one_period(
        anchor in instants(),
        frequency in frequencies(),
        seconds in 0_i64..30 * 31_622_400,
    ) {
        let at = anchor + Duration::seconds(seconds);
        let found = (0..=30 * 12).filter(|n| BillingPeriod::nth(anchor, frequency, *n).unwrap().contains(at)).count();
        prop_assert_eq!(found, 1);
    }

    #[test]
    fn a_period_begins_on_the_day_of_the_anchor_or_the_last_of_its_month(
        anchor in instants(),
        frequency in frequencies(),
        n in 0_u32..600,
    ) {
        let start = BillingPeriod::nth(anchor, frequency, n).unwrap().start();
        prop_assert_eq!(start.day(), anchor.day().min(last_day_of_month(start)));
        prop_assert_eq!(start.time(), anchor.time());
        let months = i64::from(start.year() - anchor.year()) * 12 + i64::from(start.month()) - i64::from(anchor.month());
        prop_assert_eq!(months, i64::from(n * frequency.months()));
    }
}
