//! The table of failures, which is ours alone: one item for each subject that failed lately, under a hash of who it is.

use application::ports::StoreError;
use domain::{ThrottleSubject, Timestamp, throttle::Failures};

use super::{ItemBuilder, Reader};
use crate::dynamodb::{expression::Item, tables::Table};

/// The attribute that counts.
pub(in crate::dynamodb) const COUNT: &str = "count";

/// The failures of a subject that are forgotten at a time, or never.
pub(in crate::dynamodb) fn to_item(
    subject: &ThrottleSubject,
    failures: &Failures,
    forgotten_at: Option<Timestamp>,
) -> Item {
    let Failures { count, last_at, is_disabled: _ } = failures;
    let item = ItemBuilder::default().text("subject", subject.as_str()).number(COUNT, count).time("last_at", *last_at);
    match forgotten_at {
        Some(forgotten_at) => item.ttl(forgotten_at).build(),
        None => item.build(),
    }
}

/// Reads the failures of a subject. A password that was disabled without a failure of its own has no count.
pub(in crate::dynamodb) fn read(item: &Item) -> Result<Failures, StoreError> {
    let row = Reader::new(Table::AccountThrottles, item);
    let (count, disabled_at) = (row.number_if(COUNT)?, row.time_if("disabled_at")?);
    let (count, last_at) = match (count, disabled_at) {
        (None, Some(disabled_at)) => (0, disabled_at),
        (None, None) => return Err(row.unreadable(COUNT, "is missing")),
        (Some(count), _) => (count, row.time("last_at")?),
    };
    Ok(Failures { count, last_at, is_disabled: disabled_at.is_some() })
}
