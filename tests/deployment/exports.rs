//! Stacks beside others: what ours give out has names that nobody else uses.

use std::collections::BTreeSet;

use tests::templates::{FOLDERS, Template, with_everything};

#[test]
fn no_export_has_a_name_that_another_stack_uses() {
    let mut names = BTreeSet::new();
    for folder in FOLDERS {
        for (id, output) in Template::read(folder).stack(&with_everything(folder)).outputs {
            let Some(name) = output["Export"]["Name"].as_str() else { continue };
            assert!(name.starts_with("purposepath-account-rust-") && name.ends_with("-dev"), "{id}: {name}");
            assert!(names.insert(name.to_owned()), "{name} is exported twice");
        }
    }
}
