//! Building an item attribute by attribute.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{Timestamp, Version};

use super::time;
use crate::dynamodb::expression::{Item, number, text};

/// An item in the making. What is `None` is left out: the tables know absence, not NULL.
#[derive(Default)]
pub(super) struct ItemBuilder(Item);

impl ItemBuilder {
    pub(super) fn set(mut self, attribute: &str, value: AttributeValue) -> Self {
        self.0.insert(attribute.to_owned(), value);
        self
    }

    pub(super) fn text(self, attribute: &str, value: &str) -> Self {
        self.set(attribute, text(value))
    }

    pub(super) fn text_if(self, attribute: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.text(attribute, value),
            None => self,
        }
    }

    pub(super) fn number(self, attribute: &str, value: &impl ToString) -> Self {
        self.set(attribute, number(value))
    }

    pub(super) fn number_if(self, attribute: &str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.number(attribute, &value),
            None => self,
        }
    }

    pub(super) fn flag(self, attribute: &str, value: bool) -> Self {
        self.set(attribute, AttributeValue::Bool(value))
    }

    pub(super) fn map(self, attribute: &str, value: Self) -> Self {
        self.set(attribute, AttributeValue::M(value.0))
    }

    /// A date as the Python services write it.
    pub(super) fn time(self, attribute: &str, at: Timestamp) -> Self {
        self.text(attribute, &time::to_text(at))
    }

    pub(super) fn time_if(self, attribute: &str, at: Option<Timestamp>) -> Self {
        match at {
            Some(at) => self.time(attribute, at),
            None => self,
        }
    }

    /// Seconds since 1970, for DynamoDB's time to live and for whoever reads it as an expiry.
    pub(super) fn ttl(self, at: Timestamp) -> Self {
        self.number("ttl", &at.timestamp())
    }

    /// The version that the row has once it is written.
    pub(super) fn version_after(self, loaded: Version) -> Self {
        self.number("version", &loaded.next().get())
    }

    pub(super) fn build(self) -> Item {
        self.0
    }
}
