//! Reading an item attribute by attribute.

use std::str::FromStr;

use application::ports::StoreError;
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::DateTime;
use domain::{Timestamp, Version};

use super::time;
use crate::dynamodb::{expression::Item, tables::Table};

/// What is wrong with an item. Holds no value: values are personal data, and errors end up in logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("attribute {attribute} {problem}")]
struct Unreadable {
    attribute: &'static str,
    problem: &'static str,
}

/// An item of one table. Absent, NULL and, for texts, empty are the same: the Python services write all three.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    table: Table,
    item: &'a Item,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(table: Table, item: &'a Item) -> Self {
        Self { table, item }
    }

    /// The error for an attribute that is there and makes no sense.
    pub(super) fn unreadable(&self, attribute: &'static str, problem: &'static str) -> StoreError {
        StoreError::corrupt(self.table.base_name(), Unreadable { attribute, problem })
    }

    fn value(&self, attribute: &str) -> Option<&'a AttributeValue> {
        self.item.get(attribute).filter(|value| !value.is_null())
    }

    fn required<T>(&self, attribute: &'static str, value: Option<T>) -> Result<T, StoreError> {
        value.ok_or_else(|| self.unreadable(attribute, "is missing"))
    }

    pub(super) fn text_if(&self, attribute: &'static str) -> Result<Option<&'a str>, StoreError> {
        match self.value(attribute) {
            None => Ok(None),
            Some(AttributeValue::S(text)) => Ok((!text.is_empty()).then_some(text)),
            Some(_) => Err(self.unreadable(attribute, "is not a text")),
        }
    }

    pub(super) fn text(&self, attribute: &'static str) -> Result<&'a str, StoreError> {
        self.required(attribute, self.text_if(attribute)?)
    }

    /// A text out of a closed list, `None` when there is none.
    pub(super) fn choice_if<T>(
        &self,
        attribute: &'static str,
        of_name: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, StoreError> {
        let name = self.text_if(attribute)?;
        name.map(|name| of_name(name).ok_or_else(|| self.unreadable(attribute, "is not one of its known values")))
            .transpose()
    }

    pub(super) fn number_if<T: FromStr>(&self, attribute: &'static str) -> Result<Option<T>, StoreError> {
        match self.value(attribute) {
            None => Ok(None),
            Some(AttributeValue::N(digits)) => {
                digits.parse().map(Some).map_err(|_| self.unreadable(attribute, "is out of range"))
            }
            Some(_) => Err(self.unreadable(attribute, "is not a number")),
        }
    }

    pub(super) fn flag(&self, attribute: &'static str) -> Result<bool, StoreError> {
        match self.value(attribute) {
            None => Ok(false),
            Some(AttributeValue::Bool(flag)) => Ok(*flag),
            Some(_) => Err(self.unreadable(attribute, "is not a boolean")),
        }
    }

    pub(super) fn list_if(&self, attribute: &'static str) -> Result<Option<&'a [AttributeValue]>, StoreError> {
        match self.value(attribute) {
            None => Ok(None),
            Some(AttributeValue::L(values)) => Ok(Some(values)),
            Some(_) => Err(self.unreadable(attribute, "is not a list")),
        }
    }

    pub(super) fn map_if(&self, attribute: &'static str) -> Result<Option<&'a Item>, StoreError> {
        match self.value(attribute) {
            None => Ok(None),
            Some(AttributeValue::M(values)) => Ok(Some(values)),
            Some(_) => Err(self.unreadable(attribute, "is not a map")),
        }
    }

    pub(super) fn time_if(&self, attribute: &'static str) -> Result<Option<Timestamp>, StoreError> {
        let text = self.text_if(attribute)?;
        text.map(|text| time::parse(text).ok_or_else(|| self.unreadable(attribute, "is not a date"))).transpose()
    }

    pub(super) fn time(&self, attribute: &'static str) -> Result<Timestamp, StoreError> {
        self.required(attribute, self.time_if(attribute)?)
    }

    /// When the item was created and last changed. A row without either is as old as can be.
    pub(super) fn created_and_updated(&self) -> Result<(Timestamp, Timestamp), StoreError> {
        let (created, updated) = (self.time_if("created_at")?, self.time_if("updated_at")?);
        let created_at = created.or(updated).unwrap_or(Timestamp::UNIX_EPOCH);
        Ok((created_at, updated.unwrap_or(created_at)))
    }

    /// The instant in the time-to-live attribute.
    pub(super) fn ttl(&self) -> Result<Timestamp, StoreError> {
        let seconds = self.required("ttl", self.number_if("ttl")?)?;
        DateTime::from_timestamp(seconds, 0).ok_or_else(|| self.unreadable("ttl", "is out of range"))
    }

    pub(super) fn version(&self) -> Result<Version, StoreError> {
        Ok(self.number_if("version")?.map_or(Version::UNWRITTEN, Version::restore))
    }
}

/// The text of `updated_at`, if the item is still the one of `version` and `updated_at`.
pub(in crate::dynamodb) fn text_of_update(
    table: Table,
    item: &Item,
    version: Version,
    updated_at: Timestamp,
) -> Option<&str> {
    let row = Reader::new(table, item);
    let unchanged = row.version().ok()? == version && row.created_and_updated().ok()?.1 == updated_at;
    row.text_if("updated_at").ok()?.filter(|_| unchanged)
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;
    use crate::dynamodb::expression::{number, text};

    fn item(attribute: &str, value: AttributeValue) -> Item {
        Item::from([(attribute.to_owned(), value)])
    }

    #[test]
    fn absent_null_and_empty_are_the_same() {
        for item in [Item::new(), item("phone", AttributeValue::Null(true)), item("phone", text(""))] {
            assert_eq!(Reader::new(Table::Users, &item).text_if("phone").unwrap(), None);
        }
    }

    #[test]
    fn what_is_unreadable_is_named_without_its_value() {
        let item = item("last_login", text("yesterday"));
        let error = Reader::new(Table::Users, &item).time_if("last_login").unwrap_err();
        assert_eq!(error.to_string(), "unreadable item in users");
        assert_eq!(error.source().unwrap().to_string(), "attribute last_login is not a date");
        assert!(!format!("{error:?}").contains("yesterday"));
    }

    #[test]
    fn an_attribute_of_another_type_is_unreadable() {
        let row = item("version", text("1"));
        assert!(Reader::new(Table::Users, &row).version().is_err());
        let row = item("version", number(&-1));
        assert!(Reader::new(Table::Users, &row).version().is_err());
    }
}
