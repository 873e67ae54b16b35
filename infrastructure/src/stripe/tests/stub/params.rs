//! The parameters of a request.

use std::collections::{BTreeMap, BTreeSet};

use url::form_urlencoded;

use super::Error;

pub(super) struct Params {
    values: BTreeMap<String, Vec<String>>,
    expanded: BTreeSet<String>,
}

impl Params {
    pub(super) fn parse(text: &str) -> Self {
        let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            values.entry(name.into_owned()).or_default().push(value.into_owned());
        }
        Self { values, expanded: BTreeSet::new() }
    }

    pub(super) fn read_expansions(&mut self) {
        let asked = self.values.remove("expand[]").unwrap_or_default();
        assert!(asked.iter().all(|path| path.split('.').count() <= 4), "nothing deeper is expanded: {asked:?}");
        self.expanded = asked.into_iter().collect();
    }

    pub(super) fn expands(&self, path: &str) -> bool {
        self.expanded.contains(path)
    }

    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        let values = self.values.remove(name)?;
        assert_eq!(values.len(), 1, "{name} is there twice");
        values.into_iter().next()
    }

    pub(super) fn need(&mut self, name: &str) -> Result<String, Error> {
        self.take(name).ok_or_else(|| Error::invalid("parameter_missing", name))
    }

    pub(super) fn need_number(&mut self, name: &str) -> Result<i64, Error> {
        self.need(name)?.parse().map_err(|_| Error::invalid("parameter_invalid_integer", name))
    }

    pub(super) fn flag(&mut self, name: &str) -> Option<bool> {
        self.take(name).map(|text| text.parse().unwrap())
    }

    /// Everything below a name: `metadata` takes `metadata[tier]`.
    pub(super) fn take_all(&mut self, name: &str) -> BTreeMap<String, String> {
        let prefix = format!("{name}[");
        let names: Vec<_> = self.values.keys().filter(|key| key.starts_with(&prefix)).cloned().collect();
        let inner = |key: &str| key.strip_prefix(&prefix).unwrap().trim_end_matches(']').to_owned();
        names.iter().map(|key| (inner(key), self.take(key).unwrap())).collect()
    }

    pub(super) fn left_over(&self) -> Option<&String> {
        self.values.keys().next()
    }
}
