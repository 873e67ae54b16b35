use clap::Parser;
use serde_json::{Value, json};

use super::*;
use crate::{
    cli::{Cli, Command},
    fakes::{
        Bench,
        world::{self, MAPPING, OUR_API, PYTHON_API, World},
    },
};

const STACK: &str = "purposepath-account-api-dev";
const DELETE: &str = "aws cloudformation delete-stack --stack-name purposepath-account-api-dev";
const TEMPLATE: &str =
    "aws cloudformation get-template --stack-name purposepath-account-api-dev --template-stage Processed";
const MAPPINGS: &str = "aws apigatewayv2 get-api-mappings --domain-name api.dev.purposepath.app";
const DESCRIBE: &str = "aws cloudformation describe-stacks --stack-name purposepath-account-api-dev";

fn options(arguments: &[&str]) -> DecommissionOptions {
    let all = ["xtask", "decommission", "python"].iter().chain(arguments);
    let Command::Decommission(options) = Cli::parse_from(all).command else { panic!("decommission") };
    options
}

fn record(switched_at: &str) -> Value {
    let record = json!({
        "domain": "api.dev.purposepath.app",
        "mapping_id": MAPPING,
        "previous": {"api_id": PYTHON_API, "api_stage": "$default"},
        "target": {"api_id": OUR_API, "api_stage": "$default"},
        "switched_at": switched_at,
    });
    json!({"Parameter": {"Value": record.to_string()}})
}

/// A world in which Python's stack may go: two weeks are over, and its table stays.
fn replaced() -> World {
    let mut world = world::with_us();
    let resources = json!({"StackResourceSummaries": [
        {"LogicalResourceId": "Api", "PhysicalResourceId": PYTHON_API, "ResourceType": "AWS::ApiGatewayV2::Api"},
        {"LogicalResourceId": "Tokens", "PhysicalResourceId": "purposepath-refresh-tokens-dev",
         "ResourceType": "AWS::DynamoDB::Table"},
        {"LogicalResourceId": "Role", "ResourceType": "AWS::IAM::Role"},
    ]});
    let template = "Resources:\n  Api: {Type: AWS::ApiGatewayV2::Api}\n  Tokens:\n    Type: AWS::DynamoDB::Table\n    \
                    DeletionPolicy: Retain\n    Properties: {TableName: !Sub 'purposepath-refresh-tokens-${Stage}'}\n";
    world
        .stack(STACK, "UPDATE_COMPLETE", &[])
        .set(&format!("aws cloudformation list-stack-resources --stack-name {STACK}"), &resources)
        .set(TEMPLATE, &json!({"TemplateBody": template, "StagesAvailable": ["Original", "Processed"]}))
        .set(MAPPINGS, &json!({"Items": [world::mapping(MAPPING, "account", OUR_API)]}))
        .set(&world::record_call(), &record("2024-09-20T00:00:00Z"))
        .set_text(DELETE, "")
        .set(
            "aws dynamodb describe-table --table-name purposepath-refresh-tokens-dev",
            &json!({"Table": {
                "TableStatus": "ACTIVE", "KeySchema": [{"AttributeName": "jti", "KeyType": "HASH"}],
            }}),
        );
    let id = world::stack_id(STACK);
    let by_id = format!("aws cloudformation describe-stacks --stack-name {id}");
    world
        .set(&by_id, &json!({"Stacks": [world::stack(STACK, "DELETE_IN_PROGRESS", &[])]}))
        .then(&by_id, &json!({"Stacks": [world::stack(STACK, "DELETE_COMPLETE", &[])]}));
    world
}

/// Why the stack may not go, after a change of the world.
fn refusal(change: impl FnOnce(&mut World)) -> Failure {
    let mut world = replaced();
    change(&mut world);
    let bench = Bench::new(world);
    let failure = run(&bench.context(), &options(&["--yes"])).unwrap().failure.expect("a refusal");
    assert_eq!(bench.changes(), Vec::<String>::new());
    failure
}

#[test]
fn a_stack_that_nothing_depends_on_is_deleted_and_its_data_is_looked_for() {
    let bench = Bench::new(replaced());
    let report = run(&bench.context(), &options(&["--yes"])).unwrap();
    assert_eq!(report.failure, None);
    assert_eq!(bench.changes(), [DELETE]);
    assert_eq!(report.result()["deleted"], true);
    assert_eq!(report.result()["retained"], json!(["purposepath-refresh-tokens-dev"]));
    assert_eq!(
        bench.calls().last().unwrap(),
        "aws dynamodb describe-table --table-name purposepath-refresh-tokens-dev"
    );
}

#[test]
fn without_a_yes_and_in_a_dry_run_it_is_only_examined() {
    let bench = Bench::new(replaced());
    let report = run(&bench.context(), &options(&[])).unwrap();
    assert_eq!(report.failure, None);
    assert!(report.text().contains("can be deleted: repeat this with --yes"));
    assert_eq!(bench.changes(), Vec::<String>::new());

    let bench = Bench::new(replaced()).dry();
    let context = bench.context();
    assert_eq!(run(&context, &options(&["--yes"])).unwrap().failure, None);
    assert_eq!(bench.changes(), Vec::<String>::new());
    assert_eq!(context.left_out(), [format!("{DELETE} --region us-east-1 --output json")]);
}

#[test]
fn data_that_would_go_with_the_stack_keeps_it() {
    for policy in ["", "DeletionPolicy: Delete", "DeletionPolicy: Snapshot"] {
        let failure = refusal(|world| {
            world.change(TEMPLATE, |answer| {
                let body = answer["TemplateBody"].as_str().unwrap().replace("DeletionPolicy: Retain", policy);
                answer["TemplateBody"] = json!(body);
            });
        });
        assert_eq!(failure.code, Code::NotRetained);
        assert_eq!(failure.message, "Tokens would be deleted");
    }
    for kept in [
        "AWS::CloudFormation::Stack",
        "AWS::Cognito::UserPool",
        "AWS::DocDB::DBCluster",
        "AWS::EC2::Volume",
        "AWS::Kinesis::Stream",
        "AWS::OpenSearchService::Domain",
        "AWS::RDS::DBCluster",
        "AWS::SQS::Queue",
    ] {
        let other = refusal(|world| {
            let call = format!("aws cloudformation list-stack-resources --stack-name {STACK}");
            world.change(&call, |answer| answer["StackResourceSummaries"][2]["ResourceType"] = json!(kept));
        });
        assert_eq!(other.message, "Role would be deleted", "{kept}");
    }
}

#[test]
fn an_import_keeps_the_stack() {
    let failure = refusal(|world| {
        let mut export = world::export("purposepath-account-api-id-dev", PYTHON_API);
        export["ExportingStackId"] = json!(world::stack_id(STACK));
        world
            .change("aws cloudformation list-exports", |answer| answer["Exports"].as_array_mut().unwrap().push(export))
            .set(
                "aws cloudformation list-imports --export-name purposepath-account-api-id-dev",
                &json!({"Imports": ["purposepath-coaching-api-dev"]}),
            );
    });
    assert_eq!(failure.code, Code::StillImported);
    assert_eq!(failure.message, "purposepath-coaching-api-dev import purposepath-account-api-id-dev");
}

#[test]
fn a_mapping_that_leads_to_the_stack_or_belongs_to_it_keeps_it() {
    let to_it = refusal(|world| {
        world.set(MAPPINGS, &json!({"Items": [world::mapping("m2", "traction", PYTHON_API)]}));
    });
    assert_eq!(to_it.code, Code::StillMapped);
    let of_it = refusal(|world| {
        let call = format!("aws cloudformation list-stack-resources --stack-name {STACK}");
        world.change(&call, |answer| {
            let mapping = json!({
                "LogicalResourceId": "M", "PhysicalResourceId": MAPPING, "ResourceType": "AWS::ApiGatewayV2::ApiMapping",
            });
            answer["StackResourceSummaries"].as_array_mut().unwrap().push(mapping);
        });
    });
    assert_eq!(of_it.message, format!("api.dev.purposepath.app/account needs it (mapping {MAPPING})"));
}

#[test]
fn a_domain_that_is_not_there_proves_nothing() {
    let mistyped = refusal(|world| {
        world.refuse(MAPPINGS, "NotFoundException", "Invalid domain name identifier specified");
    });
    assert_eq!(mistyped.code, Code::MappingMissing);
    assert_eq!(mistyped.message, "there is no custom domain api.dev.purposepath.app");
}

#[test]
fn a_switch_that_does_not_hold_today_keeps_the_stack() {
    let soaking = |mappings: Value| {
        let failure = refusal(|world| {
            world.set(MAPPINGS, &json!({"Items": mappings}));
        });
        assert_eq!(failure.code, Code::SoakTime);
        failure.message
    };
    let elsewhere = soaking(json!([world::mapping(MAPPING, "account", "0ther")]));
    assert_eq!(
        elsewhere,
        format!("api.dev.purposepath.app/account leads to 0ther $default, not to {OUR_API} $default any more")
    );
    let gone = soaking(json!([]));
    assert!(gone.starts_with("api.dev.purposepath.app/account leads nowhere"), "{gone}");

    let other_domain = refusal(|world| {
        world.change(&world::record_call(), |answer| {
            let record = answer["Parameter"]["Value"].as_str().unwrap().replace("api.dev.", "api.other.");
            answer["Parameter"]["Value"] = json!(record);
        });
    });
    assert_eq!(other_domain.message, "the switch that was written down is that of api.other.purposepath.app");
}

#[test]
fn a_switch_that_was_yesterday_was_taken_back_or_never_was_keeps_the_stack() {
    let call = world::record_call();
    let recent = refusal(|world| {
        world.set(&call, &record("2024-10-03T00:00:00Z"));
    });
    assert_eq!((recent.code, recent.message.as_str()), (Code::SoakTime, "not before 2024-10-17 00:00 UTC"));
    let never = refusal(|world| {
        world.refuse(&call, "ParameterNotFound", "");
    });
    assert_eq!(never.message, "no switch was written down");
    let returned = refusal(|world| {
        world.change(&call, |answer| {
            let mut record: Value = serde_json::from_str(answer["Parameter"]["Value"].as_str().unwrap()).unwrap();
            record["returned_at"] = json!("2024-09-21T00:00:00Z");
            answer["Parameter"]["Value"] = json!(record.to_string());
        });
    });
    assert_eq!(returned.message, "traffic was led back at 2024-09-21 00:00 UTC");
}

#[test]
fn termination_protection_keeps_the_stack() {
    let failure = refusal(|world| {
        world.change(DESCRIBE, |answer| answer["Stacks"][0]["EnableTerminationProtection"] = json!(true));
    });
    assert_eq!(failure.code, Code::StackFailed);
}

#[test]
fn every_condition_that_is_not_met_is_shown_at_once() {
    let mut world = replaced();
    world
        .refuse(&world::record_call(), "ParameterNotFound", "")
        .set(MAPPINGS, &json!({"Items": [world::mapping(MAPPING, "account", PYTHON_API)]}));
    let report = run(&Bench::new(world).context(), &options(&[])).unwrap();
    let conditions = report.result()["conditions"].as_array().unwrap().clone();
    let codes: Vec<_> = conditions.iter().filter_map(|condition| condition["failure"]["code"].as_str()).collect();
    assert_eq!(codes, ["STILL_MAPPED", "SOAK_TIME"]);
}

#[test]
fn a_stack_that_is_gone_cannot_be_read_or_does_not_go_is_said() {
    let run_in = |world: World| run(&Bench::new(world).context(), &options(&["--yes"])).unwrap_err();
    let mut world = replaced();
    world.refuse(DESCRIBE, "ValidationError", "Stack with id x does not exist");
    assert_eq!(run_in(world).code, Code::StackMissing);

    let mut world = replaced();
    world.set(TEMPLATE, &json!({"TemplateBody": "Resources: ["}));
    assert_eq!(run_in(world).code, Code::ToolAnswerUnreadable);

    let mut world = replaced();
    let mut failed = world::stack(STACK, "DELETE_FAILED", &[]);
    failed["StackStatusReason"] = json!("the role is in use");
    let by_id = format!("aws cloudformation describe-stacks --stack-name {}", world::stack_id(STACK));
    world.set(&by_id, &json!({"Stacks": [failed]}));
    assert_eq!(run_in(world).message, format!("{STACK} was not deleted: the role is in use"));

    let mut world = replaced();
    world.no_table("purposepath-refresh-tokens-dev");
    assert_eq!(run_in(world).message, "the table purposepath-refresh-tokens-dev is gone with the stack");
}
