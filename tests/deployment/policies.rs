//! The function's role allows the calls that the code makes, no less and no more: what it makes is counted from a run.

use std::collections::BTreeSet;

use serde_json::Value;
use tests::{
    Access,
    templates::{FOLDERS, Template, allowed, required, statements_of_role, texts, with_everything},
};

use crate::travels;

/// An action that is allowed on an index is allowed on its table as well, which shows nothing else: every index has
/// all of every item.
fn follows(access: &Access, made: &BTreeSet<Access>) -> bool {
    access.action == "Query" && made.contains(&Access { is_of_index: true, ..access.clone() })
}

/// That what the service does is allowed, every test of it proves: see [`tests::App::finish`].
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_role_allows_nothing_that_the_code_does_not_do() {
    let made = travels::accesses().await;
    let idle = allowed().difference(&made).filter(|access| !follows(access, &made));
    assert_eq!(idle.map(ToString::to_string).collect::<Vec<_>>(), Vec::<String>::new());
}

/// Every statement of every policy, with the logical id of its resource.
fn statements() -> Vec<(String, Value, Value)> {
    let mut found = Vec::new();
    for folder in FOLDERS {
        for (id, resource) in Template::read(folder).stack(&with_everything(folder)).resources {
            let reasons = resource["Metadata"]["AnyResource"].clone();
            let mut documents = Vec::new();
            collect(&resource["Properties"], &mut documents);
            let here = format!("{id} of {folder}");
            found.extend(documents.into_iter().map(|statement| (here.clone(), statement, reasons.clone())));
        }
    }
    found
}

fn collect(value: &Value, statements: &mut Vec<Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, statements)),
        Value::Object(members) => {
            if let Some(Value::Array(found)) = members.get("Statement") {
                statements.extend(found.iter().cloned());
            }
            members.values().for_each(|member| collect(member, statements));
        }
        _ => {}
    }
}

#[test]
fn nothing_is_allowed_on_any_resource_without_a_reason() {
    for (place, statement, reasons) in statements() {
        let sid = statement["Sid"].as_str().unwrap_or_default();
        if statement["Effect"] == "Allow"
            && statement.get("Resource").is_some_and(|resource| texts(resource).contains(&"*"))
        {
            assert!(reasons[sid].is_string(), "{place}: {sid} says nothing about any resource in AnyResource");
        }
    }
}

#[test]
fn no_policy_allows_every_action_of_a_service() {
    for (place, statement, _) in statements() {
        for action in texts(&statement["Action"]).into_iter().filter(|_| statement["Effect"] == "Allow") {
            assert!(!action.contains('*'), "{place}: {action}");
            // Its items need their own actions.
            assert_ne!(action, "dynamodb:TransactWriteItems", "{place}");
        }
    }
}

#[test]
fn the_function_may_publish_where_events_go_and_nowhere_else() {
    let template = Template::read("account-service");
    let destination = "arn:aws:sns:us-east-1:123456789012:events";
    for (publisher, action) in [
        ("eventbridge", Some("events:PutEvents")),
        ("sns", Some("sns:Publish")),
        ("sqs", Some("sqs:SendMessage")),
        ("webhook", None),
        ("log", None),
        ("", None),
    ] {
        let mut parameters = required("account-service");
        parameters.extend([("EventsPublisher", publisher), ("EventsDestinationArn", destination)]);
        let stack = template.stack(&parameters);
        let policies = stack.resources["FunctionRole"]["Properties"]["Policies"].as_array().unwrap();
        let found = policies.iter().find(|policy| policy["PolicyName"] == "events");
        let statement = found.map(|policy| &policy["PolicyDocument"]["Statement"][0]);
        assert_eq!(statement.and_then(|statement| statement["Action"].as_str()), action, "{publisher}");
        assert!(statement.is_none_or(|statement| statement["Resource"] == destination), "{publisher}");
    }
}

#[test]
fn the_function_may_read_the_secret_of_stripe_where_there_is_one() {
    let template = Template::read("account-service");
    let secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:stripe";
    for given in ["", secret] {
        let mut parameters = required("account-service");
        parameters.push(("StripeSecretArn", given));
        let stack = template.stack(&parameters);
        let policies = stack.resources["FunctionRole"]["Properties"]["Policies"].as_array().unwrap();
        let policy = policies.iter().find(|policy| policy["PolicyName"] == "secret").unwrap();
        let statements = policy["PolicyDocument"]["Statement"].as_array().unwrap();
        let found: Vec<_> = statements.iter().filter(|statement| statement["Sid"] == "StripeSecret").collect();
        assert_eq!(found.len(), usize::from(!given.is_empty()));
        for statement in found {
            assert_eq!(
                (&statement["Action"], &statement["Resource"]),
                (&"secretsmanager:GetSecretValue".into(), &secret.into())
            );
        }
    }
}

/// A mail goes out by the identity's default set, whether it is named or not.
#[test]
fn the_function_may_send_by_the_configuration_set_where_there_is_one() {
    let arn = |resource: &str| format!("arn:aws:ses:us-east-1:123456789012:{resource}");
    for (set, expected) in [("", 1), ("deliveries", 2)] {
        let mut parameters = required("account-service");
        parameters.push(("MailConfigurationSet", set));
        let stack = Template::read("account-service").stack(&parameters);
        let statements = statements_of_role(&stack, "FunctionRole");
        let mail = statements.into_iter().find(|statement| statement["Sid"] == "Mail").unwrap();
        let resources = texts(&mail["Resource"]);
        assert_eq!(resources.len(), expected);
        assert_eq!(resources[0], arn("identity/example.com"));
        assert!(resources.iter().skip(1).all(|resource| *resource == arn("configuration-set/deliveries")));
    }
}
