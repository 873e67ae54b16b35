//! `docs/security.md` names the tests of each security rule; here it is held to them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// The rules that this version must keep.
const RULES: [u8; 26] =
    [1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 14, 15, 16, 17, 18, 20, 22, 23, 24, 25, 26, 28, 29, 30, 31];

/// The names of tests in a text, by rule.
fn rule_tests(text: &str, before: &str) -> BTreeMap<u8, BTreeSet<String>> {
    let mut found: BTreeMap<u8, BTreeSet<String>> = BTreeMap::new();
    for rest in text.split(&format!("{before}rule_")).skip(1) {
        let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        if let Some(Ok(rule)) = name.split('_').next().map(str::parse) {
            found.entry(rule).or_default().insert(format!("rule_{name}"));
        }
    }
    found
}

fn read_sources(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_sources(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn every_test_that_the_documentation_names_exists_and_every_rule_has_one() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut sources = String::new();
    for folder in ["domain", "application", "infrastructure", "api", "tests"] {
        read_sources(&root.join(folder), &mut sources);
    }
    let written = rule_tests(&sources, "fn ");
    let documented = rule_tests(&fs::read_to_string(root.join("docs/security.md")).unwrap(), "`");
    for (rule, names) in &documented {
        let missing: Vec<_> = names.difference(&written[rule]).collect();
        assert!(missing.is_empty(), "docs/security.md names tests that there are not: {missing:?}");
    }
    for rule in RULES {
        assert!(documented.contains_key(&rule), "docs/security.md names no test of rule {rule}");
    }
}
