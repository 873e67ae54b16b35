//! What linters say of the templates, as they are written and as `CloudFormation` gets them.

use std::{fs, path::Path, process::Command};

use libtest_mimic::Trial;
use serde::Deserialize;
use serde_json::{Value, json};
use tests::templates::{self, FOLDERS, required, with_everything};

use crate::{
    python,
    samconfig::{self, STAGES},
};

pub(crate) fn trials() -> Vec<Trial> {
    trials![
        cfn_lint_is_content_with_the_templates_as_they_are_written,
        cfn_lint_is_content_with_what_sam_makes_of_the_service,
        what_checkov_finds_is_waived_with_a_reason_and_nothing_else_is,
    ]
}

/// What a program says that the Python packages bring along, and whether it is content.
pub(crate) fn run(program: &str, arguments: &[&str]) -> (bool, String) {
    let deployment = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deployment");
    let program = python().with_file_name(program);
    let ran = Command::new(program).args(arguments).current_dir(deployment).output().unwrap();
    let said = if ran.stdout.is_empty() { ran.stderr } else { ran.stdout };
    (ran.status.success(), String::from_utf8_lossy(&said).into_owned())
}

async fn cfn_lint_is_content_with_the_templates_as_they_are_written() {
    for folder in FOLDERS {
        let (content, said) = run("cfn-lint", &["--regions", "us-east-1", "--", &format!("{folder}/template.yaml")]);
        assert!(content, "{said}");
    }
}

async fn cfn_lint_is_content_with_what_sam_makes_of_the_service() {
    let object = |parameters: Vec<(&str, &str)>| -> Value {
        parameters.into_iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect()
    };
    let mut image = object(required("account-service"));
    image["CodeKey"] = "".into();
    image["ImageUri"] = "123456789012.dkr.ecr.us-east-1.amazonaws.com/account:dev-0123abc".into();
    let stages = STAGES.map(|stage| {
        let mut parameters = json!(samconfig::parameters("account-service", stage));
        parameters["CodeKey"] = "account.zip".into();
        (parameters, &[] as &[&str])
    });
    // It does not see that the function of a zip without a key is not made.
    let packages = [(object(with_everything("account-service")), &[] as &[&str]), (image, &["E3033"])];
    let folder = tempfile::tempdir().unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/deployment/cloud.py");
    for (parameters, ignored) in packages.into_iter().chain(stages) {
        let (translated, said) =
            run("python", &[script, "translate", "account-service/template.yaml", &parameters.to_string()]);
        assert!(translated, "{said}");
        let file = folder.path().join("translated.json");
        fs::write(&file, said).unwrap();
        // SAM has put in what some parameters say, so that they are not used any more, and nothing is left to replace;
        // and it has dropped what the template says to the linter.
        let lint = ["--regions", "us-east-1", "-i", "W2001", "W1020", "W1030", "W6001"];
        let (content, said) = run("cfn-lint", &[&lint, ignored, &["--", file.to_str().unwrap()]].concat());
        assert!(content, "{parameters}: {said}");
    }
}

/// A check that a template fails on purpose.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Waiver {
    check: String,
    /// Types of resources, or one resource of a type.
    on: Vec<String>,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Waivers {
    waiver: Vec<Waiver>,
}

async fn what_checkov_finds_is_waived_with_a_reason_and_nothing_else_is() {
    let arguments =
        ["--directory", ".", "--framework", "cloudformation", "--skip-download", "--quiet", "--output", "json"];
    let (_, said) = run("checkov", &arguments);
    let report: Value = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"));
    assert_eq!(report["summary"]["parsing_errors"], 0, "{}", report["summary"]);
    assert!(report["summary"]["passed"].as_u64() > Some(50), "{}", report["summary"]);
    let failed: Vec<_> = report["results"]["failed_checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|failed| (failed["check_id"].as_str().unwrap(), failed["resource"].as_str().unwrap()))
        .collect();

    let Waivers { waiver: waivers } = toml::from_str(&templates::read("waivers.toml")).unwrap();
    let concerns = |on: &str, resource: &str| {
        resource == on || resource.strip_prefix(on).is_some_and(|rest| rest.starts_with('.'))
    };
    let is_waived = |(check, resource): &(&str, &str)| {
        waivers.iter().any(|waiver| waiver.check == *check && waiver.on.iter().any(|on| concerns(on, resource)))
    };
    let found: Vec<_> = failed.iter().filter(|failed| !is_waived(failed)).collect();
    assert!(found.is_empty(), "{found:?}");
    for Waiver { check, on, reason } in &waivers {
        assert!(reason.len() > 20, "{check} has no reason");
        for on in on {
            let is_needed = failed.iter().any(|(failed, resource)| failed == check && concerns(on, resource));
            assert!(is_needed, "{check} is not found on {on} any more");
        }
    }
}
