//! The rights of the pipeline's role against the calls that its workflow makes, counted from a run of its commands.

use std::{fs, path::Path};

use serde_json::{Value, json};
use tests::templates::{Template, covers, read_yaml, statements_of_role, texts};

use crate::{
    sandbox::{Sandbox, serve},
    world::{self, ACCOUNT},
};

const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// What `sam deploy` asks of a stack: it looks for it, has a change set made, and waits for that.
const SAM: [&str; 4] = [
    "cloudformation:CreateChangeSet",
    "cloudformation:DescribeChangeSet",
    "cloudformation:DescribeStacks",
    "cloudformation:GetTemplateSummary",
];

/// And of the bucket that it is told to put the template into, if it is.
const SAM_UPLOAD: [&str; 2] = ["s3:GetObject", "s3:PutObject"];

/// What the workflow does with its rights, for one kind of package: its scripts, as one text.
fn scripts(is_image: bool) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.github/workflows/deploy.yml");
    let workflow = read_yaml(&fs::read_to_string(path).unwrap());
    let steps = workflow["jobs"]["deploy"]["steps"].as_array().unwrap().iter();
    let steps = steps.filter(|step| match step["if"].as_str() {
        None => true,
        Some("vars.PACKAGE == 'image'") => is_image,
        Some(other) => panic!("nobody knows when {other} holds"),
    });
    steps.filter_map(|step| step["run"].as_str()).collect::<Vec<_>>().join("\n")
}

/// Every command of ours in the scripts.
fn commands(scripts: &str) -> impl Iterator<Item = &str> {
    scripts.lines().filter_map(|line| line.split_once("cargo xtask ")?.1.split(';').next())
}

/// Every call of AWS that the scripts make themselves.
fn own_calls(scripts: &str) -> Vec<String> {
    let words = scripts.replace("$(", " ").replace('"', "").replace("$STAGE", "dev");
    let words: Vec<_> = words.split_whitespace().collect();
    let calls = words.iter().enumerate().filter(|(_, word)| **word == "aws");
    calls.map(|(at, _)| words[at..(at + 5).min(words.len())].join(" ")).collect()
}

/// A stage where there is something to deploy in every stack, twice.
fn stage_to_deploy(endpoint: &str) -> world::World {
    let mut world = world::everything(endpoint, "2026-01-01T00:00:00Z");
    let sets = |ids: &[&str]| {
        let sets: Vec<_> = ids.iter().map(|id| json!({"ChangeSetId": id, "Status": "CREATE_COMPLETE"})).collect();
        json!({"Summaries": sets})
    };
    for stack in ["purposepath-account-rust-dev", "purposepath-account-rust-observability-dev"] {
        let call = format!("aws cloudformation list-change-sets --stack-name {stack}");
        world
            .set(&call, &sets(&[]))
            .then(&call, &sets(&["1"]))
            .then(&call, &sets(&["1"]))
            .then(&call, &sets(&["1", "2"]));
    }
    let added = json!({
        "Type": "Resource",
        "ResourceChange": {"Action": "Add", "LogicalResourceId": "Alarm", "ResourceType": "AWS::CloudWatch::Alarm"},
    });
    world
        .set_text("sam deploy *", "")
        .set(
            "aws cloudformation describe-change-set *",
            &json!({"Status": "CREATE_COMPLETE", "Changes": [added.clone()]}),
        )
        .set_text("aws cloudformation execute-change-set *", "")
        .set("aws cloudformation describe-stack-events *", &json!({"StackEvents": []}))
        .set_text("aws s3 cp *", "");
    world
}

/// The calls of a run of the workflow.
fn calls_of_a_run(is_image: bool) -> Vec<String> {
    let (_runtime, endpoint) = serve("dev");
    let sandbox = Sandbox::new(&stage_to_deploy(&endpoint));
    sandbox.put_templates();
    sandbox.put("target/lambda/arm64/account-service.zip", "a program");
    let scripts = scripts(is_image);
    let image = format!("--image-uri {ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/account@{DIGEST}");
    for command in commands(&scripts) {
        let command = command
            .replace("\"$STAGE\"", "dev")
            .replace("\"$endpoint\"", &endpoint)
            .replace("\"$@\"", if is_image { &image } else { "" });
        let said = sandbox.run(&command.split_whitespace().collect::<Vec<_>>());
        assert_eq!(said.status, 0, "{command}\n{}\n{}", said.answer, said.errors);
    }
    let mut calls = sandbox.calls();
    calls.extend(own_calls(&scripts));
    calls
}

/// The action that a call needs, and the resource as far as the call names one.
fn needed(call: &str) -> Vec<(String, Option<String>)> {
    let words: Vec<_> = call.split_whitespace().collect();
    let option = |name: &str| words.iter().position(|word| *word == name).and_then(|at| words.get(at + 1));
    match words[..] {
        ["sam", ..] => {
            let stack = arn("cloudformation", &format!("stack/{}/1", option("--stack-name").unwrap()));
            let object = option("--s3-bucket").map(|bucket| format!("arn:aws:s3:::{bucket}/templates/1.template"));
            let uploads = object.iter().flat_map(|object| SAM_UPLOAD.map(|action| (action, object)));
            let needed = SAM.map(|action| (action, &stack)).into_iter().chain(uploads);
            needed.map(|(action, resource)| (action.to_owned(), Some(resource.clone()))).collect()
        }
        ["aws", "apigatewayv2", operation, ..] if operation.starts_with("get-") => {
            vec![("apigateway:GET".to_owned(), None)]
        }
        ["aws", "ecr", "get-login-password", ..] => vec![("ecr:GetAuthorizationToken".to_owned(), None)],
        ["aws", "s3", "cp", _, destination, ..] => {
            let object = destination.strip_prefix("s3://").unwrap();
            vec![("s3:PutObject".to_owned(), Some(format!("arn:aws:s3:::{object}")))]
        }
        ["aws", service, operation, ..] => {
            let words = operation.split('-').map(|word| word.split_at(1));
            let action = words.map(|(first, rest)| first.to_uppercase() + rest).collect::<String>();
            let table = option("--table-name").map(|name| arn("dynamodb", &format!("table/{name}")));
            let stack = option("--stack-name").map(|name| arn("cloudformation", &format!("stack/{name}/1")));
            let secret = option("--secret-id").map(|secret| (*secret).to_owned());
            vec![(format!("{service}:{action}"), table.or(stack).or(secret))]
        }
        _ => panic!("{call} is neither of AWS nor of SAM"),
    }
}

fn arn(service: &str, resource: &str) -> String {
    format!("arn:aws:{service}:us-east-1:{ACCOUNT}:{resource}")
}

/// What the role is allowed in the stage `dev`.
fn statements() -> Vec<Value> {
    let stack = Template::read("ci-oidc").stack(&[("Stage", "dev"), ("Repository", "example/account")]);
    statements_of_role(&stack, "DeployRole").into_iter().cloned().collect()
}

fn is_allowed(statements: &[Value], action: &str, resource: Option<&str>) -> bool {
    statements.iter().any(|statement| {
        let names = |resource| texts(&statement["Resource"]).iter().any(|pattern| covers(pattern, resource));
        statement["Effect"] == "Allow" && texts(&statement["Action"]).contains(&action) && resource.is_none_or(names)
    })
}

#[test]
fn the_pipeline_s_role_allows_every_call_that_its_workflow_makes() {
    let statements = statements();
    for is_image in [false, true] {
        let calls = calls_of_a_run(is_image);
        let made = |beginning: &str| calls.iter().any(|call| call.starts_with(beginning));
        for expected in ["sam deploy", "aws cloudformation execute-change-set", "aws secretsmanager"] {
            assert!(made(expected), "the run made no {expected}");
        }
        assert_eq!((made("aws s3 cp"), made("aws ecr")), (!is_image, is_image));
        let deployed = |stack: &str| calls.iter().any(|call| call.contains(&format!("--stack-name {stack} --region")));
        assert!(deployed("purposepath-account-rust-observability-dev"), "nobody would be told of alarms");
        for call in &calls {
            for (action, resource) in needed(call) {
                assert!(is_allowed(&statements, &action, resource.as_deref()), "{action} on {resource:?}: {call}");
            }
        }
    }
}

#[test]
fn the_pipeline_s_role_leads_no_traffic_between_services_and_deletes_no_stack() {
    let statements = statements();
    assert!(is_allowed(&statements, "apigateway:PATCH", Some("arn:aws:apigateway:us-east-1::/apis/a1")));
    let mapping = "arn:aws:apigateway:us-east-1::/domainnames/api.dev.purposepath.app/apimappings/1";
    assert!(!is_allowed(&statements, "apigateway:PATCH", Some(mapping)));
    for action in ["ssm:PutParameter", "cloudformation:DeleteStack", "dynamodb:PutItem"] {
        assert!(!is_allowed(&statements, action, None), "{action}");
    }
}
