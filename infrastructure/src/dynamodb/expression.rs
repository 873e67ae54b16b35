//! DynamoDB's expressions and the writes of a transaction.
//!
//! In an expression `#name` stands for the attribute of that name, always: many of ours (`role`, `status`,
//! `language`, `ttl`) are reserved words.

use std::collections::HashMap;

use application::ports::StoreError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};

use super::errors::incomplete;

/// An item, or a part of one, as DynamoDB has it.
pub(super) type Item = HashMap<String, AttributeValue>;

/// A text attribute.
pub(super) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// A number attribute.
pub(super) fn number(value: &impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// What must be true of the stored item for a write to happen; by default nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Condition {
    demands: Vec<String>,
    values: Item,
}

impl Condition {
    pub(super) fn new(demand: impl Into<String>) -> Self {
        Self::default().and(demand)
    }

    /// Demands something else as well.
    pub(super) fn and(mut self, demand: impl Into<String>) -> Self {
        self.demands.push(demand.into());
        self
    }

    /// Demands all that another condition does as well.
    pub(super) fn and_all(mut self, other: Self) -> Self {
        self.demands.extend(other.demands);
        self.values.extend(other.values);
        self
    }

    /// Gives the value that `:name` stands for. The values of [`Changes`] have the names of attributes, so a
    /// condition's must have others.
    pub(super) fn with(mut self, name: &str, value: AttributeValue) -> Self {
        self.values.insert(format!(":{name}"), value);
        self
    }

    fn expression(&self) -> Option<String> {
        let joined = self.demands.iter().map(|demand| format!("({demand})")).collect::<Vec<_>>().join(" AND ");
        (!joined.is_empty()).then_some(joined)
    }
}

/// What to change in an item; everything else in it stays.
#[derive(Clone, Debug, Default)]
pub(super) struct Changes {
    set: Vec<String>,
    remove: Vec<String>,
    values: Item,
}

impl Changes {
    pub(super) fn set(mut self, attribute: &str, value: AttributeValue) -> Self {
        self.set.push(format!("#{attribute} = :{attribute}"));
        self.values.insert(format!(":{attribute}"), value);
        self
    }

    pub(super) fn set_if_absent(mut self, attribute: &str, value: AttributeValue) -> Self {
        self.set.push(format!("#{attribute} = if_not_exists(#{attribute}, :{attribute})"));
        self.values.insert(format!(":{attribute}"), value);
        self
    }

    pub(super) fn increment(self, attribute: &str) -> Self {
        self.add(attribute, 1)
    }

    /// Adds to a number that is there.
    pub(super) fn add(mut self, attribute: &str, amount: impl Into<i128>) -> Self {
        self.set.push(format!("#{attribute} = #{attribute} + :{attribute}"));
        self.values.insert(format!(":{attribute}"), number(&amount.into()));
        self
    }

    /// Adds to a number, which begins with what is added where there is none.
    pub(super) fn add_or_begin(mut self, attribute: &str, amount: impl Into<i128>) -> Self {
        self.set.push(format!("#{attribute} = if_not_exists(#{attribute}, :no_{attribute}) + :{attribute}"));
        self.values.insert(format!(":no_{attribute}"), number(&0));
        self.values.insert(format!(":{attribute}"), number(&amount.into()));
        self
    }

    pub(super) fn remove(mut self, attribute: &str) -> Self {
        self.remove.push(format!("#{attribute}"));
        self
    }

    /// Turns `before` into `after`, touching only what differs.
    pub(super) fn between(before: &Item, after: &Item) -> Self {
        let mut changes = Self::default();
        for (attribute, value) in after {
            if before.get(attribute) != Some(value) {
                changes = changes.set(attribute, value.clone());
            }
        }
        for attribute in before.keys().filter(|attribute| !after.contains_key(*attribute)) {
            changes = changes.remove(attribute);
        }
        changes
    }

    fn expression(&self) -> String {
        let clause = |keyword, parts: &[String]| match parts {
            [] => String::new(),
            parts => format!("{keyword} {} ", parts.join(", ")),
        };
        format!("{}{}", clause("SET", &self.set), clause("REMOVE", &self.remove)).trim_end().to_owned()
    }
}

/// Expressions with what their names and values stand for, in the parts that requests ask for.
pub(super) struct Parts {
    pub(super) update: String,
    pub(super) condition: Option<String>,
    pub(super) names: Option<HashMap<String, String>>,
    pub(super) values: Option<Item>,
}

impl Parts {
    pub(super) fn new(changes: Changes, condition: Condition) -> Self {
        let (update, condition_expression) = (changes.expression(), condition.expression());
        let names = names_in([update.as_str()].into_iter().chain(condition_expression.as_deref()));
        let mut values = changes.values;
        values.extend(condition.values);
        // DynamoDB refuses empty maps.
        Self {
            update,
            condition: condition_expression,
            names: (!names.is_empty()).then_some(names),
            values: (!values.is_empty()).then_some(values),
        }
    }
}

/// Stores a whole item.
pub(super) fn put(table: &str, item: Item, condition: Condition) -> Result<TransactWriteItem, StoreError> {
    let Parts { update: _, condition, names, values } = Parts::new(Changes::default(), condition);
    let put = Put::builder()
        .table_name(table)
        .set_item(Some(item))
        .set_condition_expression(condition)
        .set_expression_attribute_names(names)
        .set_expression_attribute_values(values)
        .build()
        .map_err(incomplete)?;
    Ok(TransactWriteItem::builder().put(put).build())
}

/// Changes an item. A refusal brings the item as it is, where the store can do that.
pub(super) fn update(
    table: &str,
    key: Item,
    changes: Changes,
    condition: Condition,
) -> Result<TransactWriteItem, StoreError> {
    let Parts { update, condition, names, values } = Parts::new(changes, condition);
    let update = Update::builder()
        .table_name(table)
        .set_key(Some(key))
        .update_expression(update)
        .set_condition_expression(condition)
        .set_expression_attribute_names(names)
        .set_expression_attribute_values(values)
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .build()
        .map_err(incomplete)?;
    Ok(TransactWriteItem::builder().update(update).build())
}

/// Removes an item. A refusal brings the item as it is, where the store can do that.
pub(super) fn delete(table: &str, key: Item, condition: Condition) -> Result<TransactWriteItem, StoreError> {
    let Parts { update: _, condition, names, values } = Parts::new(Changes::default(), condition);
    let delete = Delete::builder()
        .table_name(table)
        .set_key(Some(key))
        .set_condition_expression(condition)
        .set_expression_attribute_names(names)
        .set_expression_attribute_values(values)
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .build()
        .map_err(incomplete)?;
    Ok(TransactWriteItem::builder().delete(delete).build())
}

/// Changes nothing, and demands something of an item.
pub(super) fn check(table: &str, key: Item, condition: Condition) -> Result<TransactWriteItem, StoreError> {
    let Parts { update: _, condition, names, values } = Parts::new(Changes::default(), condition);
    let check = ConditionCheck::builder()
        .table_name(table)
        .set_key(Some(key))
        .set_condition_expression(condition)
        .set_expression_attribute_names(names)
        .set_expression_attribute_values(values)
        .build()
        .map_err(incomplete)?;
    Ok(TransactWriteItem::builder().condition_check(check).build())
}

/// What the `#names` in expressions stand for. DynamoDB refuses one that no expression uses.
fn names_in<'a>(expressions: impl Iterator<Item = &'a str>) -> HashMap<String, String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    expressions
        .flat_map(|expression| expression.split('#').skip(1))
        .map(|rest| rest.split(|c| !is_part(c)).next().unwrap_or_default())
        .map(|attribute| (format!("#{attribute}"), attribute.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_changed() {
        let before = Item::from([("a", "1"), ("b", "2"), ("c", "3")].map(|(k, v)| (k.to_owned(), text(v))));
        let after = Item::from([("a", "1"), ("b", "9")].map(|(k, v)| (k.to_owned(), text(v))));
        let parts = Parts::new(Changes::between(&before, &after), Condition::new("attribute_exists(#a)"));
        assert_eq!(parts.update, "SET #b = :b REMOVE #c");
        assert_eq!(parts.values, Some(Item::from([(":b".to_owned(), text("9"))])));
        let mut names: Vec<_> = parts.names.unwrap().into_values().collect();
        names.sort();
        assert_eq!(names, ["a", "b", "c"]);
    }

    #[test]
    fn a_name_ends_where_the_attribute_ends() {
        let names = names_in(["attribute_not_exists(#used_at) OR #ttl<:now", "SET #a=#b"].into_iter());
        let mut names: Vec<_> = names.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["#a", "#b", "#ttl", "#used_at"]);
    }
}
