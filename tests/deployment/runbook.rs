//! Every alarm has its section in the runbook, and every section its alarm.

use std::collections::BTreeSet;

use tests::templates::{FOLDERS, Template, read, with_everything};

#[test]
fn the_runbook_starts_from_each_alarm() {
    let mut alarms = BTreeSet::new();
    for folder in FOLDERS {
        let stack = Template::read(folder).stack(&with_everything(folder));
        for (id, alarm) in stack.of_type("AWS::CloudWatch::Alarm") {
            let name = alarm["Properties"]["AlarmName"].as_str().unwrap();
            let name = name.strip_prefix("purposepath-account-rust-").and_then(|name| name.strip_suffix("-dev"));
            alarms.insert(name.unwrap_or_else(|| panic!("{id} has another name: {alarm}")).to_owned());
        }
    }
    let page = read("../docs/runbook.md");
    let headings = page.lines().filter(|line| line.starts_with("## "));
    let sections: BTreeSet<_> = headings.flat_map(|heading| heading.split('`').skip(1).step_by(2)).collect();
    assert_eq!(sections, alarms.iter().map(String::as_str).collect());
}
