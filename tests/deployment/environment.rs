//! The function's environment is what the settings are read from, no less and no more.

use std::{cell::RefCell, collections::BTreeSet};

use infrastructure::config::{Config, Host};
use serde_json::Value;
use tests::templates::{Template, required};

use crate::samconfig::{self, STAGES};

/// Settings that the function does not get, and why.
const NOT_SET: [(&str, &str); 12] = [
    ("AWS_REGION", "Lambda sets it"),
    ("AWS_XRAY_DAEMON_ADDRESS", "Lambda sets it"),
    ("AWS_ENDPOINT_URL_DYNAMODB", "in AWS there is no other DynamoDB than the region's"),
    ("AWS_ENDPOINT_URL_EVENTBRIDGE", "nor another EventBridge"),
    ("AWS_ENDPOINT_URL_SNS", "nor another SNS"),
    ("JWT_SECRET", "JWT_SECRET_ARN says where it is; a function's variables can be read by many"),
    ("EVENTS_WEBHOOK_SECRET", "it is in the signing secret, for the same reason"),
    ("STRIPE_SECRET_KEY", "STRIPE_SECRET_ARN says where it is, for the same reason"),
    ("STRIPE_WEBHOOK_SECRETS", "so are these"),
    ("STRIPE_API_URL", "it is for what stands in for Stripe on a developer's machine"),
    ("MAIL_TRANSPORT", "the function sends through SES"),
    ("SMTP_URL", "it holds a password, which a function's variables would show"),
];

/// What no setting is read from, and why it is set.
const NOT_READ: [(&str, &str); 1] = [("AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH", "the Lambda adapter reads it")];

fn variables(parameters: &[(&str, &str)]) -> Vec<(String, String)> {
    let stack = Template::read("account-service").stack(parameters);
    let variables = stack.function["Environment"]["Variables"].as_object().unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned();
    variables.iter().map(|(name, value)| (name.clone(), text(value))).collect()
}

/// Every name that reading the settings asks for.
fn settings() -> BTreeSet<String> {
    let asked = RefCell::new(BTreeSet::new());
    // Each choice asks for more.
    for (choice, value) in [
        ("MAIL_TRANSPORT", "smtp"),
        ("EVENTS_PUBLISHER", "eventbridge"),
        ("EVENTS_PUBLISHER", "sns"),
        ("EVENTS_PUBLISHER", "sqs"),
        ("EVENTS_PUBLISHER", "webhook"),
        ("BILLING_PROVIDER", "stripe"),
        ("TRACES", "xray"),
        ("TRACES", "otlp"),
    ] {
        let lookup = |name: &str| {
            asked.borrow_mut().insert(name.to_owned());
            (name == choice).then(|| value.to_owned())
        };
        Config::read(Host::Lambda, &lookup).unwrap_err();
    }
    asked.into_inner()
}

#[test]
fn every_setting_can_be_passed_to_the_function_and_nothing_else_is() {
    let set: BTreeSet<_> = variables(&required("account-service")).into_iter().map(|(name, _)| name).collect();
    let not_set: BTreeSet<_> = NOT_SET.iter().map(|(name, _)| (*name).to_owned()).collect();
    let not_read: BTreeSet<_> = NOT_READ.iter().map(|(name, _)| (*name).to_owned()).collect();
    let expected: BTreeSet<_> = settings().difference(&not_set).cloned().collect();
    let found: BTreeSet<_> = set.difference(&not_read).cloned().collect();
    assert_eq!(found, expected);
    assert!(set.is_disjoint(&not_set) && set.is_superset(&not_read));
}

#[test]
fn the_function_starts_with_what_each_stage_sets() {
    for stage in STAGES {
        let parameters = samconfig::parameters("account-service", stage);
        let mut given: Vec<_> = parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        given.push(("CodeKey", "account.zip"));
        let variables = variables(&given);
        let lookup = |name: &str| variables.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone());
        let config = Config::read(Host::Lambda, &lookup).unwrap_or_else(|error| panic!("{stage}: {error}"));
        assert_eq!(config.stage.as_str(), stage);
    }
}

/// Security rule 1.
#[test]
fn rule_1_production_asks_for_longer_passwords() {
    let parameters = samconfig::parameters("account-service", "prod");
    assert_eq!(parameters["PasswordMinLength"], "12");
}
