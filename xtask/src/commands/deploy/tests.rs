use clap::Parser;
use serde_json::{Value, json};

use super::*;
use crate::{
    cli::{Cli, Command},
    fakes::{
        Bench,
        world::{self, World},
    },
    stage::Stage,
};

mod sam;

const STACK: &str = "purposepath-account-rust-dev";
const TEMPLATE: &str = "
Parameters:
  Stage: {Type: String}
  Release: {Type: String}
  CodeKey: {Type: String}
  ImageUri: {Type: String}
  CreateImageRepository: {Type: String}
  UsersTableSource: {Type: String}
  EmailFrom: {Type: String}
Resources:
  Table: {Type: AWS::DynamoDB::Table, Properties: {TableName: !Ref UsersTableSource}}
";
const SAMCONFIG: &str = r#"
version = 0.1
[dev.deploy.parameters]
stack_name = "purposepath-account-rust-dev"
[dev.deploy.parameters.parameter_overrides]
Stage = "dev"
EmailFrom = "PurposePath <no-reply@example.com>"
UsersTableSource = "fixed"
[prod.deploy.parameters]
stack_name = "purposepath-account-rust-prod"
"#;

fn options(arguments: &[&str]) -> DeployOptions {
    let all = ["xtask", "deploy"].iter().chain(arguments);
    let Command::Deploy(options) = Cli::parse_from(all).command else { panic!("deploy") };
    options
}

fn describe(stack: &str) -> String {
    format!("aws cloudformation describe-stacks --stack-name {stack}")
}

const SETS: &str = "aws cloudformation list-change-sets --stack-name purposepath-account-rust-dev";
const EVENTS: &str =
    "aws cloudformation describe-stack-events --stack-name purposepath-account-rust-dev --max-items 100";
const SET: &str = "aws cloudformation describe-change-set --change-set-name new";
const EXECUTE: &str = "aws cloudformation execute-change-set --change-set-name new";
const DISCARD: &str = "aws cloudformation delete-change-set --change-set-name new";
const SAM: &str = "sam deploy --template-file <root>/deployment/account-service/template.yaml --config-file \
                   <root>/deployment/account-service/samconfig.toml --config-env dev --stack-name \
                   purposepath-account-rust-dev --region us-east-1 --no-execute-changeset --no-confirm-changeset \
                   --s3-bucket artifacts-dev --s3-prefix templates --image-repository \
                   000000000000.dkr.ecr.us-east-1.amazonaws.com/unused --no-fail-on-empty-changeset \
                   --parameter-overrides file://<root>/target/xtask/account-service-dev.yaml";

fn change(action: &str, resource: &str, resource_type: &str, replacement: Option<&str>) -> Value {
    let mut change = json!({"Action": action, "LogicalResourceId": resource, "ResourceType": resource_type});
    change["Replacement"] = json!(replacement);
    if replacement.is_none() {
        change.as_object_mut().unwrap().remove("Replacement");
    }
    json!({"Type": "Resource", "ResourceChange": change})
}

fn event(id: &str, resource: &str, status: &str, reason: Option<&str>) -> Value {
    let mut event = json!({
        "EventId": id, "StackName": STACK, "LogicalResourceId": resource, "ResourceType": "AWS::X::Y",
        "Timestamp": "2026-01-01T10:00:00.000000+00:00", "ResourceStatus": status,
    });
    if let Some(reason) = reason {
        event["ResourceStatusReason"] = json!(reason);
    }
    event
}

/// A world in which the change set consists of these changes, and then succeeds.
fn proposing(changes: &[Value]) -> World {
    let mut world = World::default();
    let old = json!({"ChangeSetId": "old", "Status": "FAILED"});
    world
        .set(&describe(STACK), &json!({"Stacks": [world::stack(STACK, "UPDATE_COMPLETE", &[])]}))
        .then(&describe(STACK), &json!({"Stacks": [world::stack(STACK, "UPDATE_IN_PROGRESS", &[])]}))
        .then(&describe(STACK), &json!({"Stacks": [world::stack(STACK, "UPDATE_COMPLETE", &[])]}))
        .set(SETS, &json!({"Summaries": [old]}))
        .then(SETS, &json!({"Summaries": [{"ChangeSetId": "new", "Status": "CREATE_COMPLETE"}, old]}))
        .set(
            "aws cloudformation list-exports",
            &json!({"Exports": [world::export("purposepath-account-rust-artifact-bucket-dev", "artifacts-dev")]}),
        )
        .set_text(SAM, "")
        .set(SET, &json!({"ChangeSetId": "new", "Status": "CREATE_COMPLETE", "Changes": changes}))
        .set_text(EXECUTE, "")
        .set_text(DISCARD, "")
        .set(EVENTS, &json!({"StackEvents": [event("1", STACK, "CREATE_FAILED", Some("long ago"))]}));
    world
}

fn bench(world: World) -> Bench {
    let bench = Bench::new(world);
    bench.put("deployment/account-service/template.yaml", TEMPLATE);
    bench.put("deployment/account-service/samconfig.toml", SAMCONFIG);
    let found =
        json!({"Stage": "dev", "UsersTableSource": "purposepath-users-table-dev", "Unknown": "to the template"});
    bench.put("deployment/parameters/dev.json", &found.to_string());
    bench.put("target/lambda/package-dev.json", &json!({"CodeKey": "account-service/1.zip"}).to_string());
    bench
}

fn deploy(bench: &Bench, arguments: &[&str]) -> Report {
    run(&bench.context(), &options(&[&["account"], arguments].concat())).unwrap()
}

#[test]
fn what_is_fixed_what_was_found_and_what_was_built_are_told_to_the_template_and_nothing_else() {
    let bench = bench(proposing(&[change("Modify", "ZipFunction", "AWS::Lambda::Function", Some("False"))]));
    let report = deploy(&bench, &[]);
    assert_eq!(report.failure, None);
    assert_eq!(bench.changes(), [SAM, EXECUTE]);
    let told: Value = serde_json::from_str(&bench.read("target/xtask/account-service-dev.yaml").unwrap()).unwrap();
    let release = told["Release"].as_str().unwrap();
    assert_eq!(
        told,
        json!({
            "Stage": "dev",
            "EmailFrom": "PurposePath <no-reply@example.com>",
            "UsersTableSource": "purposepath-users-table-dev",
            "CodeKey": "account-service/1.zip",
            "Release": release,
        })
    );
    assert_eq!(release.len(), 12);
}

#[test]
fn the_release_changes_with_the_code_the_settings_and_the_template() {
    let release = |prepare: &dyn Fn(&Bench)| {
        let bench = bench(World::default());
        prepare(&bench);
        let settings = settings::gather(&bench.context(), &options(&["account"])).unwrap();
        settings.parameters["Release"].clone()
    };
    let plain = release(&|_| {});
    assert_eq!(plain, release(&|_| {}));
    assert_ne!(plain, release(&|bench| bench.put("target/lambda/package-dev.json", r#"{"CodeKey": "2.zip"}"#)));
    let other = SAMCONFIG.replace("no-reply", "hello");
    assert_ne!(plain, release(&|bench| bench.put("deployment/account-service/samconfig.toml", &other)));
    let with_template =
        |template: &str| release(&|bench| bench.put("deployment/account-service/template.yaml", template));
    assert_ne!(plain, with_template(&TEMPLATE.replace("!Ref UsersTableSource", "users")));
    assert_eq!(plain, with_template(&TEMPLATE.replace('\n', "\r\n")));
}

#[test]
fn data_and_traffic_are_neither_replaced_nor_deleted() {
    let refused = [
        change("Remove", "UsersTable", "AWS::DynamoDB::Table", None),
        change("Modify", "UsersTable", "AWS::DynamoDB::Table", Some("True")),
        change("Modify", "JwtSecret", "AWS::SecretsManager::Secret", Some("Conditional")),
        change("Dynamic", "LogBucket", "AWS::S3::Bucket", None),
        change("Remove", "ZipFunction", "AWS::Lambda::Function", None),
        change("Modify", "Mapping", "AWS::ApiGatewayV2::ApiMapping", Some("True")),
        change("Remove", "Api", "AWS::ApiGatewayV2::Api", None),
    ];
    for refused in refused {
        let fine = change("Add", "Alarm", "AWS::CloudWatch::Alarm", None);
        let bench = bench(proposing(&[fine, refused.clone()]));
        let report = deploy(&bench, &[]);
        let failure = report.failure.as_ref().unwrap();
        assert_eq!(failure.code, Code::StatefulChange, "{refused}");
        let name = refused["ResourceChange"]["LogicalResourceId"].as_str().unwrap();
        assert_eq!(failure.message, format!("{name} would be replaced or deleted"));
        assert_eq!(bench.changes(), [SAM, DISCARD]);
        assert!(report.text().contains(name));
    }
}

#[test]
fn what_keeps_nothing_may_be_replaced_and_what_is_named_too() {
    let version = change("Remove", "Version1", "AWS::Lambda::Version", None);
    let alarm = change("Modify", "Alarm", "AWS::CloudWatch::Alarm", Some("True"));
    let bucket = change("Remove", "LogBucket", "AWS::S3::Bucket", None);
    let bench = bench(proposing(&[version, alarm, bucket]));
    assert_eq!(deploy(&bench, &["--allow", "LogBucket"]).failure, None);
    assert_eq!(bench.changes(), [SAM, EXECUTE]);
}

#[test]
fn nothing_to_change_is_a_success_however_it_is_said() {
    let mut world = proposing(&[]);
    world.set(SETS, &json!({"Summaries": []}));
    let none = bench(world);
    assert_eq!(deploy(&none, &[]).failure, None);
    assert_eq!(none.changes(), [SAM]);

    let mut world = proposing(&[]);
    let reason =
        "The submitted information didn't contain changes. Submit different information to create a change set.";
    world.set(SET, &json!({"Status": "FAILED", "StatusReason": reason, "Changes": []}));
    let failed = bench(world);
    assert_eq!(deploy(&failed, &[]).failure, None);
    assert_eq!(failed.changes(), [SAM, DISCARD]);
}

#[test]
fn a_change_set_that_cannot_be_made_says_why() {
    let mut world = proposing(&[]);
    world.set(SET, &json!({"Status": "FAILED", "StatusReason": "No export named x found."}));
    let bench = bench(world);
    let failure = deploy(&bench, &[]).failure.unwrap();
    assert_eq!(failure.message, "the change set is FAILED: No export named x found.");
    assert_eq!(bench.changes(), [SAM, DISCARD]);
}

#[test]
fn a_stack_that_rolls_back_says_what_went_wrong_first() {
    let mut world = proposing(&[change("Add", "Alarm", "AWS::CloudWatch::Alarm", None)]);
    let ended = world::stack(STACK, "UPDATE_ROLLBACK_COMPLETE", &[]);
    world
        .set(&describe(STACK), &json!({"Stacks": [world::stack(STACK, "UPDATE_COMPLETE", &[])]}))
        .then(&describe(STACK), &json!({"Stacks": [ended]}))
        .then(
            EVENTS,
            &json!({"StackEvents": [
                event("4", STACK, "UPDATE_ROLLBACK_COMPLETE", None),
                event("3", "Other", "CREATE_FAILED", Some("Resource creation cancelled")),
                event("2", "Alarm", "CREATE_FAILED", Some("no such metric")),
                event("1", STACK, "CREATE_FAILED", Some("long ago")),
            ]}),
        );
    let failure = deploy(&bench(world), &[]).failure.unwrap();
    assert_eq!(failure.code, Code::StackFailed);
    assert_eq!(failure.message, format!("the stack {STACK} is UPDATE_ROLLBACK_COMPLETE: Alarm: no such metric"));
}

#[test]
fn a_stack_that_is_being_changed_or_that_has_to_be_repaired_is_left_alone() {
    for (status, advice) in [
        ("UPDATE_IN_PROGRESS", "wait until"),
        ("ROLLBACK_COMPLETE", "delete-stack --stack-name purposepath-account-rust-dev"),
        ("ROLLBACK_FAILED", "delete-stack --stack-name purposepath-account-rust-dev"),
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback --stack-name purposepath-account-rust-dev"),
    ] {
        let mut world = proposing(&[]);
        world.stack(STACK, status, &[]);
        let bench = bench(world);
        let failure = run(&bench.context(), &options(&["account"])).unwrap_err();
        assert_eq!(failure.code, Code::StackFailed);
        assert_eq!(failure.message, format!("the stack {STACK} is {status}"));
        assert!(failure.advice.unwrap().contains(advice), "{status}");
        assert_eq!(bench.changes(), Vec::<String>::new());
    }
}

#[test]
fn a_first_deployment_that_fails_says_that_the_stack_has_to_go() {
    let mut world = proposing(&[change("Add", "Alarm", "AWS::CloudWatch::Alarm", None)]);
    world
        .set(&describe(STACK), &json!({"Stacks": [world::stack(STACK, "REVIEW_IN_PROGRESS", &[])]}))
        .then(&describe(STACK), &json!({"Stacks": [world::stack(STACK, "ROLLBACK_COMPLETE", &[])]}));
    let failure = deploy(&bench(world), &[]).failure.unwrap();
    assert_eq!(failure.code, Code::StackFailed);
    assert!(failure.advice.unwrap().contains("delete-stack"));
}

#[test]
fn the_first_deployment_has_no_stack_to_ask_about() {
    let mut world = proposing(&[change("Add", "Table", "AWS::DynamoDB::Table", None)]);
    let gone = |call: &str, world: &mut World| {
        world.refuse(call, "ValidationError", "Stack with id purposepath-account-rust-dev does not exist");
    };
    gone(&describe(STACK), &mut world);
    gone(SETS, &mut world);
    world
        .then(SETS, &json!({"Summaries": [{"ChangeSetId": "new"}]}))
        .then(&describe(STACK), &json!({"Stacks": [world::stack(STACK, "REVIEW_IN_PROGRESS", &[])]}))
        .then(&describe(STACK), &json!({"Stacks": [world::stack(STACK, "CREATE_COMPLETE", &[])]}));
    let bench = bench(world);
    assert_eq!(deploy(&bench, &[]).failure, None);
    assert_eq!(bench.changes(), [SAM, EXECUTE]);
}

#[test]
fn nothing_is_deployed_before_somebody_looked_and_built() {
    let code = |path: &str, content: Option<&str>| {
        let bench = bench(World::default());
        match content {
            Some(content) => bench.put(path, content),
            None => std::fs::remove_file(bench.folder().join(path)).unwrap(),
        }
        run(&bench.context(), &options(&["account"])).unwrap_err().code
    };
    assert_eq!(code("deployment/parameters/dev.json", None), Code::ParametersMissing);
    assert_eq!(code("deployment/parameters/dev.json", Some(r#"{"Stage": "prod"}"#)), Code::ParametersMissing);
    assert_eq!(code("deployment/parameters/dev.json", Some("{")), Code::FileFailed);
    assert_eq!(code("target/lambda/package-dev.json", None), Code::ParametersMissing);
    assert_eq!(code("deployment/account-service/template.yaml", None), Code::FileFailed);
    assert_eq!(code("deployment/account-service/samconfig.toml", Some("[prod]")), Code::FileFailed);
    assert_eq!(code("deployment/account-service/samconfig.toml", Some("dev = 1")), Code::FileFailed);
    assert_eq!(code("deployment/account-service/samconfig.toml", Some("[")), Code::FileFailed);
}

#[test]
fn what_the_operator_says_wins_and_must_be_known_to_the_template() {
    let bench = bench(World::default());
    let gather = |set: &str| settings::gather(&bench.context(), &options(&["account", "--set", set]));
    let settings = gather("UsersTableSource=people=dev").unwrap();
    assert_eq!(settings.parameters["UsersTableSource"], "people=dev");
    assert_ne!(settings.parameters["Release"], gather("UsersTableSource=others").unwrap().parameters["Release"]);
    assert_eq!(gather("UserTableSource=people").unwrap_err().code, Code::ParameterUnknown);
}

/// The templates and settings are the real ones.
#[test]
fn what_does_not_depend_on_what_is_there_is_deployed_without_a_preflight() {
    for (what, stack, more) in [
        ("observability", "observability", None),
        ("domain-mapping", "mapping", Some("TargetApiId=a1b2c3d4e5")),
        ("ci-oidc", "ci", Some("Repository=example/account")),
    ] {
        let bench = Bench::new(World::default());
        for file in ["template.yaml", "samconfig.toml"] {
            let path = format!("deployment/{what}/{file}");
            let real = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(&path);
            bench.put(&path, &std::fs::read_to_string(real).unwrap());
        }
        let found = r#"{"Stage": "dev", "AlarmTopicArn": "arn:aws:sns:x", "UsersTableSource": "existing"}"#;
        let mut arguments = vec![what];
        arguments.extend(more.iter().flat_map(|more| ["--set", more]));
        let settings = settings::gather(&bench.context(), &options(&arguments)).unwrap();
        assert_eq!(settings.stack_name, format!("purposepath-account-rust-{stack}-dev"));
        assert_eq!(settings.parameters["Stage"], "dev");
        if let Some((name, value)) = more.and_then(|more| more.split_once('=')) {
            assert_eq!(settings.parameters[name], value);
        }
        assert_eq!(settings.parameters.get("AlarmTopicArn"), None);

        bench.put("deployment/parameters/dev.json", found);
        let settings = settings::gather(&bench.context(), &options(&arguments)).unwrap();
        let topic = settings.parameters.get("AlarmTopicArn").map(String::as_str);
        assert_eq!(topic, (what == "observability").then_some("arn:aws:sns:x"));
        assert_eq!(settings.parameters.get("UsersTableSource"), None);
    }
}

#[test]
fn a_base_needs_no_code_and_leaves_what_answers_as_it_is() {
    let bench = bench(World::default());
    let gather = |arguments: &[&str]| settings::gather(&bench.context(), &options(arguments)).unwrap().parameters;
    let with_code = gather(&["account", "--base"]);
    std::fs::remove_file(bench.folder().join("target/lambda/package-dev.json")).unwrap();
    let base = gather(&["account", "--base"]);
    assert_eq!(base, with_code);
    assert_eq!(base["CreateImageRepository"], "true");
    for of_code in ["CodeKey", "ImageUri", "Release"] {
        assert!(!base.contains_key(of_code), "{of_code} is said anew");
    }
    let without_code = gather(&["account", "--base", "--set", "CodeKey=", "--set", "ImageUri="]);
    assert_eq!((&*without_code["CodeKey"], &*without_code["ImageUri"]), ("", ""));
}

#[test]
fn production_is_shown_what_would_change_and_changes_with_a_yes_only() {
    let prod = |text: &str| text.replace("-dev", "-prod").replace("--config-env dev", "--config-env prod");
    let world = proposing(&[change("Add", "Alarm", "AWS::CloudWatch::Alarm", None)]);
    let world: World = serde_json::from_str(&prod(&serde_json::to_string(&world).unwrap())).unwrap();
    let mut bench = bench(world);
    bench.stage = Stage::Prod;
    bench.put("deployment/parameters/prod.json", r#"{"Stage": "prod"}"#);
    bench.put("target/lambda/package-prod.json", r#"{"CodeKey": "1.zip"}"#);
    let report = deploy(&bench, &[]);
    assert_eq!(report.failure.as_ref().unwrap().code, Code::ConfirmationRequired);
    assert!(report.text().contains("Alarm"));
    assert_eq!(bench.changes(), [prod(SAM), DISCARD.to_owned()]);
}

#[test]
fn a_dry_run_does_not_even_ask_for_a_change_set() {
    let bench = bench(proposing(&[])).dry();
    let context = bench.context();
    assert_eq!(run(&context, &options(&["account"])).unwrap().failure, None);
    assert_eq!(bench.changes(), Vec::<String>::new());
    assert_eq!(bench.read("target/xtask/account-service-dev.yaml"), None);
    let left_out = context.left_out();
    assert!(left_out[0].contains(r#""EmailFrom": "PurposePath <no-reply@example.com>""#), "{left_out:?}");
    assert!(left_out[1].starts_with("sam deploy --template-file"), "{left_out:?}");
}
