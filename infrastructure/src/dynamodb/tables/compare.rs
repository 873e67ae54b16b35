//! Whether an existing table is what the service expects.

use std::fmt;

use aws_sdk_dynamodb::types::{KeySchemaElement, KeyType, TableDescription};

use super::TableDefinition;

impl TableDefinition<'_> {
    /// What of this definition `actual`, from `DescribeTable`, does not have. Empty when the
    /// service can work with the table; indexes and attributes beyond ours are not a difference.
    #[must_use]
    pub fn differences(&self, actual: &TableDescription) -> Vec<Difference> {
        let mut differences = Vec::new();
        let expected = KeyNames::new(self.key, self.sort_key);
        let found = KeyNames::of(actual.key_schema());
        if found != expected {
            differences.push(Difference::Key { expected, found });
        }
        for index in &self.indexes {
            let expected = KeyNames::new(index.key, index.sort_key);
            let found = actual
                .global_secondary_indexes()
                .iter()
                .find(|candidate| candidate.index_name() == Some(index.name))
                .map(|candidate| KeyNames::of(candidate.key_schema()));
            if found.as_ref() != Some(&expected) {
                let index = index.name.to_owned();
                differences.push(Difference::Index { index, expected, found });
            }
        }
        differences
    }
}

/// The attributes of a key: partition, then sort.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyNames(Vec<String>);

impl KeyNames {
    fn new(key: &str, sort_key: Option<&str>) -> Self {
        Self([Some(key), sort_key].into_iter().flatten().map(str::to_owned).collect())
    }

    fn of(schema: &[KeySchemaElement]) -> Self {
        let named = |kind| {
            let of_kind = move |element: &&KeySchemaElement| *element.key_type() == kind;
            schema.iter().filter(of_kind).map(|element| element.attribute_name().to_owned())
        };
        Self(named(KeyType::Hash).chain(named(KeyType::Range)).collect())
    }
}

impl fmt::Display for KeyNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" + "))
    }
}

/// Something an existing table lacks that the service relies on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Difference {
    /// The table's key is another one.
    #[error("its key is {found}, not {expected}")]
    Key {
        /// The key of the definition.
        expected: KeyNames,
        /// The key of the table.
        found: KeyNames,
    },
    /// An index is missing, or has another key.
    #[error("its index {index} on {expected} {}", match found {
        Some(found) => format!("is on {found}"),
        None => "is missing".to_owned(),
    })]
    Index {
        /// The index's name.
        index: String,
        /// The key of the definition.
        expected: KeyNames,
        /// The index's key, when there is one of that name.
        found: Option<KeyNames>,
    },
}
