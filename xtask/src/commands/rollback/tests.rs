use clap::Parser;
use serde_json::json;

use super::*;
use crate::{
    cli::{Cli, Command},
    fakes::{
        Bench, Service,
        world::{self, MAPPING, OUR_API, PYTHON_API, World},
    },
};

const MAPPINGS: &str = "aws apigatewayv2 get-api-mappings --domain-name api.dev.purposepath.app";

fn options(arguments: &[&str]) -> RollbackOptions {
    let all = ["xtask", "rollback"].iter().chain(arguments);
    let Command::Rollback(options) = Cli::parse_from(all).command else { panic!("rollback") };
    options
}

fn update(api: &str, stage: &str) -> String {
    format!(
        "aws apigatewayv2 update-api-mapping --domain-name api.dev.purposepath.app --api-mapping-id {MAPPING} \
         --api-mapping-key account --api-id {api} --stage {stage}"
    )
}

/// A world in which traffic was led to us.
fn switched() -> World {
    let mut world = world::with_us();
    let record = json!({
        "domain": "api.dev.purposepath.app",
        "mapping_id": MAPPING,
        "previous": {"api_id": PYTHON_API, "api_stage": "$default"},
        "target": {"api_id": OUR_API, "api_stage": "$default"},
        "switched_at": "2024-09-01T00:00:00Z",
    });
    world
        .set(
            &world::record_call(),
            &json!({"Parameter": {"Type": "String", "Value": record.to_string(), "Version": 1}}),
        )
        .set(MAPPINGS, &json!({"Items": [world::mapping(MAPPING, "account", OUR_API)]}))
        .then(MAPPINGS, &json!({"Items": [world::mapping(MAPPING, "account", PYTHON_API)]}))
        .set(&update(PYTHON_API, "$default"), &json!({}));
    world
}

fn bench(world: World, service: Service) -> Bench {
    let mut bench = Bench::new(world);
    bench.web.at("https://api.dev.purposepath.app/account", &[service]);
    bench
}

#[test]
fn traffic_goes_back_to_where_it_was_and_that_is_written_down() {
    let bench = bench(switched(), Service::Python);
    let report = run(&bench.context(), &options(&[])).unwrap();
    assert_eq!(report.failure, None);
    let changes = bench.changes();
    assert_eq!(changes.len(), 2);
    assert_eq!(changes[0], update(PYTHON_API, "$default"));
    assert!(changes[1].contains(r#""returned_at":"2024-10-04T00:00:00Z""#), "{}", changes[1]);
}

#[test]
fn without_a_record_the_operator_names_the_target() {
    let mut world = switched();
    world.refuse(&world::record_call(), "ParameterNotFound", "").set(&update(PYTHON_API, "v1"), &json!({}));
    let mapping = json!({"ApiId": PYTHON_API, "ApiMappingId": MAPPING, "ApiMappingKey": "account", "Stage": "v1"});
    world
        .set(MAPPINGS, &json!({"Items": [world::mapping(MAPPING, "account", OUR_API)]}))
        .then(MAPPINGS, &json!({"Items": [mapping]}));
    let failure = run(&bench(world.clone(), Service::Python).context(), &options(&[])).unwrap_err();
    assert_eq!(failure.code, Code::NoPreviousTarget);

    let bench = bench(world, Service::Python);
    assert_eq!(run(&bench.context(), &options(&["--to", PYTHON_API, "--to-stage", "v1"])).unwrap().failure, None);
    assert_eq!(bench.changes(), [update(PYTHON_API, "v1")]);
}

#[test]
fn a_record_of_another_domain_or_without_sense_is_not_followed() {
    let elsewhere = options(&["--domain", "api.example.com"]);
    let failure = run(&bench(switched(), Service::Python).context(), &elsewhere).unwrap_err();
    assert_eq!(failure.code, Code::NoPreviousTarget);
    let mut world = switched();
    world.set(&world::record_call(), &json!({"Parameter": {"Value": "{}"}}));
    let failure = run(&bench(world, Service::Python).context(), &options(&[])).unwrap_err();
    assert_eq!(failure.code, Code::ToolAnswerUnreadable);
}

#[test]
fn traffic_that_is_back_is_left_alone() {
    let mut world = switched();
    world.set(MAPPINGS, &json!({"Items": [world::mapping(MAPPING, "account", PYTHON_API)]}));
    let bench = bench(world, Service::Python);
    assert_eq!(run(&bench.context(), &options(&[])).unwrap().failure, None);
    assert_eq!(bench.changes(), Vec::<String>::new());
}

#[test]
fn a_previous_service_that_is_ill_and_a_record_that_fails_are_said_after_traffic_is_back() {
    let bench_ill = bench(switched(), Service::Nobody);
    let report = run(&bench_ill.context(), &options(&[])).unwrap();
    let failure = report.failure.unwrap();
    assert_eq!(failure.code, Code::SmokeFailed);
    assert!(failure.message.contains("connection refused"), "{failure}");

    let mut world = switched();
    world.refuse("aws ssm put-parameter --name /purposepath/account-rust/dev/switch *", "ThrottlingException", "slow");
    let bench = bench(world, Service::Python);
    let failure = run(&bench.context(), &options(&[])).unwrap().failure.unwrap();
    assert_eq!(failure.code, Code::ToolFailed);
    assert!(failure.message.starts_with("traffic is back"), "{failure}");
    assert_eq!(bench.changes()[0], update(PYTHON_API, "$default"));
}

#[test]
fn whoever_names_the_target_is_not_kept_by_a_record_that_cannot_be_read() {
    let mut unreadable = switched();
    unreadable.set(&world::record_call(), &json!({"Parameter": {"Value": "{}"}}));
    let mut throttled = switched();
    throttled.refuse(&world::record_call(), "ThrottlingException", "Rate exceeded");
    for (world, code, expected) in
        [(unreadable, Code::ToolAnswerUnreadable, "the record of"), (throttled, Code::ToolFailed, "Rate exceeded")]
    {
        let failure = run(&bench(world.clone(), Service::Python).context(), &options(&[])).unwrap_err();
        assert_eq!(failure.code, code);
        assert!(failure.advice.unwrap().contains("--to"));

        let bench = bench(world, Service::Python);
        let failure = run(&bench.context(), &options(&["--to", PYTHON_API])).unwrap().failure.unwrap();
        assert_eq!(failure.code, code);
        assert!(failure.message.starts_with(&format!("traffic is back at {PYTHON_API}")), "{failure}");
        assert!(failure.message.contains(expected), "{failure}");
        assert_eq!(bench.changes(), [update(PYTHON_API, "$default")]);
    }
}

#[test]
fn the_record_of_another_domain_is_not_touched() {
    let mut world = switched();
    world.change(&world::record_call(), |answer| {
        let record = answer["Parameter"]["Value"].as_str().unwrap().replace("api.dev.", "api.other.");
        answer["Parameter"]["Value"] = json!(record);
    });
    let bench = bench(world, Service::Python);
    assert_eq!(run(&bench.context(), &options(&["--to", PYTHON_API])).unwrap().failure, None);
    assert_eq!(bench.changes(), [update(PYTHON_API, "$default")]);
}

#[test]
fn an_update_that_does_not_show_is_said_with_everything_else_that_is_wrong() {
    let mut world = switched();
    world.set(MAPPINGS, &json!({"Items": [world::mapping(MAPPING, "account", OUR_API)]}));
    let bench = bench(world, Service::Nobody);
    let failure = run(&bench.context(), &options(&[])).unwrap().failure.unwrap();
    assert_eq!(failure.code, Code::ToolFailed);
    for expected in ["traffic may not be back", "was taken, but the mapping", "connection refused"] {
        assert!(failure.message.contains(expected), "{failure}");
    }
    assert_eq!(bench.changes().len(), 2);
}

#[test]
fn a_dry_run_moves_nothing() {
    let bench = bench(switched(), Service::Python).dry();
    let context = bench.context();
    assert_eq!(run(&context, &options(&[])).unwrap().failure, None);
    assert_eq!(bench.changes(), Vec::<String>::new());
    assert_eq!(context.left_out().len(), 1);
}
