//! Dates as text.

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use domain::Timestamp;

/// The date as Python's `datetime.isoformat` writes it, in UTC: microseconds, or nothing where they are zero.
pub(in crate::dynamodb) fn to_text(at: Timestamp) -> String {
    without_offset(at) + "+00:00"
}

/// The date with the same number of digits always, so that the order of the texts is the order of the dates.
pub(in crate::dynamodb) fn to_sortable_text(at: Timestamp) -> String {
    at.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

/// How the Python services may have written the date: aware, as JSON, or naive, which with them means UTC.
pub(in crate::dynamodb) fn spellings(at: Timestamp) -> [String; 3] {
    [to_text(at), without_offset(at) + "Z", without_offset(at)]
}

fn without_offset(at: Timestamp) -> String {
    let format = if at.timestamp_subsec_micros() == 0 { "%Y-%m-%dT%H:%M:%S" } else { "%Y-%m-%dT%H:%M:%S%.6f" };
    at.format(format).to_string()
}

/// Reads a date in ISO 8601, with any offset; without one it is UTC, and without a time of day midnight.
pub(in crate::dynamodb) fn parse(text: &str) -> Option<Timestamp> {
    let with_offset = || DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc());
    let naive = || {
        ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"]
            .iter()
            .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
    };
    let day = || NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().and_then(|day| day.and_hms_opt(0, 0, 0));
    with_offset().or_else(|| naive().or_else(day).map(|at| at.and_utc()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64, micros: u32) -> Timestamp {
        DateTime::from_timestamp(seconds, micros * 1000).unwrap()
    }

    #[test]
    fn dates_are_written_as_python_writes_them() {
        assert_eq!(to_text(at(1_740_823_200, 0)), "2025-03-01T10:00:00+00:00");
        assert_eq!(to_text(at(1_740_823_200, 1200)), "2025-03-01T10:00:00.001200+00:00");
    }

    #[test]
    fn every_spelling_of_a_date_is_read() {
        for text in [
            "2025-03-01T10:00:00+00:00",
            "2025-03-01T10:00:00.000000Z",
            "2025-03-01T10:00:00Z",
            "2025-03-01T10:00:00",
            "2025-03-01 10:00:00",
            "2025-03-01 10:00:00+00:00",
            "2025-03-01T12:30:00+02:30",
        ] {
            assert_eq!(parse(text), Some(at(1_740_823_200, 0)), "{text}");
        }
        assert_eq!(parse("2025-03-01"), Some(at(1_740_787_200, 0)));
        assert_eq!(parse("1 March 2025"), None);
    }

    #[test]
    fn what_is_written_is_read_to_the_microsecond() {
        for instant in [at(-62_135_596_800, 0), at(0, 1), at(1_740_823_200, 999_999), at(253_402_300_799, 999_999)] {
            for text in spellings(instant) {
                assert_eq!(parse(&text), Some(instant), "{text}");
            }
            assert_eq!(parse(&to_sortable_text(instant)), Some(instant));
        }
    }

    #[test]
    fn sortable_dates_sort() {
        assert!(to_sortable_text(at(0, 0)) < to_sortable_text(at(0, 1)));
        assert!(to_sortable_text(at(0, 999_999)) < to_sortable_text(at(1, 0)));
    }
}
