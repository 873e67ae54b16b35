use clap::Parser;
use serde_json::{Value, json};

use super::*;
use crate::{
    cli::{Cli, Command},
    fakes::{
        Bench, Service,
        world::{self, MAPPING, OUR_API, PYTHON_API, World},
    },
    stage::Stage,
};

const MAPPINGS: &str = "aws apigatewayv2 get-api-mappings --domain-name api.dev.purposepath.app";

fn options(arguments: &[&str]) -> SwitchOptions {
    let all = ["xtask", "switch"].iter().chain(arguments);
    let Command::Switch(options) = Cli::parse_from(all).command else { panic!("switch") };
    options
}

/// The call that leads the mapping to an API.
pub(super) fn update(api: &str) -> String {
    format!(
        "aws apigatewayv2 update-api-mapping --domain-name api.dev.purposepath.app --api-mapping-id {MAPPING} \
         --api-mapping-key account --api-id {api} --stage $default"
    )
}

fn leading_to(api: &str) -> Value {
    json!({"Items": [world::mapping(MAPPING, "account", api)]})
}

/// A world in which the mapping leads to these APIs, one look after the other.
fn leading(apis: &[&str]) -> World {
    let mut world = world::with_us();
    world.set(MAPPINGS, &leading_to(apis[0]));
    for api in &apis[1..] {
        world.then(MAPPINGS, &leading_to(api));
    }
    for api in [OUR_API, PYTHON_API] {
        world.set(&update(api), &world::mapping(MAPPING, "account", api));
    }
    world
}

fn bench(world: World, through_the_domain: &[Service]) -> Bench {
    let mut bench = Bench::new(world);
    bench.web.at(&format!("https://{OUR_API}.execute-api.us-east-1.amazonaws.com"), &[Service::Ours]);
    bench.web.at("https://api.dev.purposepath.app/account", through_the_domain);
    bench
}

fn updates(bench: &Bench) -> Vec<String> {
    bench.changes().into_iter().filter(|call| call.contains("update-api-mapping")).collect()
}

fn recorded(bench: &Bench) -> Vec<Value> {
    let begin = "aws ssm put-parameter --name /purposepath/account-rust/dev/switch --type String --overwrite --value ";
    let calls = bench.calls();
    calls.iter().filter_map(|call| call.strip_prefix(begin)).map(|json| serde_json::from_str(json).unwrap()).collect()
}

#[test]
fn traffic_is_moved_by_one_update_in_place_after_the_way_back_was_written_down() {
    let bench = bench(leading(&[PYTHON_API, OUR_API]), &[Service::Ours]);
    let report = run(&bench.context(), &options(&[])).unwrap();
    assert_eq!(report.failure, None);
    let changes = bench.changes();
    assert_eq!(changes.len(), 2);
    assert!(changes[0].starts_with("aws ssm put-parameter"));
    assert_eq!(changes[1], update(OUR_API));
    assert_eq!(
        recorded(&bench),
        [json!({
            "domain": "api.dev.purposepath.app",
            "mapping_id": MAPPING,
            "previous": {"api_id": PYTHON_API, "api_stage": "$default"},
            "target": {"api_id": OUR_API, "api_stage": "$default"},
            "switched_at": "2024-10-04T00:00:00Z",
        })]
    );
}

#[test]
fn an_answer_that_takes_a_moment_is_waited_for() {
    let bench = bench(leading(&[PYTHON_API, OUR_API]), &[Service::Python, Service::Gateway, Service::Ours]);
    let report = run(&bench.context(), &options(&[])).unwrap();
    assert_eq!(report.failure, None);
    assert_eq!(bench.changes().len(), 2);
}

#[test]
fn traffic_goes_back_by_itself_when_the_service_does_not_answer_as_it_must() {
    for service in [Service::Sick, Service::Gateway, Service::Nobody] {
        let bench = bench(leading(&[PYTHON_API, OUR_API, PYTHON_API]), &[service]);
        let report = run(&bench.context(), &options(&["--patience", "20"])).unwrap();
        let failure = report.failure.unwrap();
        assert_eq!(failure.code, Code::SwitchReverted);
        assert!(failure.message.starts_with(&format!("traffic is back at {PYTHON_API} $default")), "{failure}");
        assert_eq!(updates(&bench), [update(OUR_API), update(PYTHON_API)]);
        assert_eq!(recorded(&bench)[1]["returned_at"], "2024-10-04T00:00:20Z");
    }
}

#[test]
fn when_the_way_back_fails_too_the_operator_is_told_what_to_type() {
    let mut world = leading(&[PYTHON_API, OUR_API]);
    world.refuse(&update(PYTHON_API), "TooManyRequestsException", "Rate exceeded");
    let bench = bench(world, &[Service::Sick]);
    let report = run(&bench.context(), &options(&["--patience", "0"])).unwrap();
    let failure = report.failure.unwrap();
    assert_eq!(failure.code, Code::SwitchStuck);
    assert!(failure.message.contains("Rate exceeded"), "{failure}");
    assert!(failure.message.ends_with(&format!("; traffic is at {OUR_API} $default")), "{failure}");
    let advice = failure.advice.unwrap().replace('\'', "");
    assert!(advice.ends_with(&update(PYTHON_API)), "{advice}");
}

#[test]
fn a_target_that_does_not_answer_by_its_own_address_gets_no_traffic() {
    let mut bench = Bench::new(leading(&[PYTHON_API]));
    bench.web.at(&format!("https://{OUR_API}.execute-api.us-east-1.amazonaws.com"), &[Service::Sick]);
    let report = run(&bench.context(), &options(&[])).unwrap();
    assert_eq!(report.failure.unwrap().code, Code::SmokeFailed);
    assert_eq!(bench.changes(), Vec::<String>::new());
}

#[test]
fn a_switch_that_has_happened_is_not_done_again_and_the_record_stays() {
    let well = bench(leading(&[OUR_API]), &[Service::Python, Service::Ours]);
    assert_eq!(run(&well.context(), &options(&[])).unwrap().failure, None);
    assert_eq!(well.changes(), Vec::<String>::new());

    let ill = bench(leading(&[OUR_API]), &[Service::Gateway]);
    let failure = run(&ill.context(), &options(&[])).unwrap().failure.unwrap();
    assert_eq!(failure.code, Code::SmokeFailed, "it is well by its own address, and nobody gets there");
    assert_eq!(ill.changes(), Vec::<String>::new());
}

#[test]
fn an_update_that_does_not_show_is_not_believed_and_taken_back() {
    let bench = bench(leading(&[PYTHON_API, PYTHON_API]), &[Service::Ours]);
    let failure = run(&bench.context(), &options(&[])).unwrap().failure.unwrap();
    assert_eq!(failure.code, Code::SwitchReverted);
    assert!(failure.message.starts_with(&format!("traffic is back at {PYTHON_API} $default")), "{failure}");
    assert!(failure.message.contains("was taken, but the mapping"), "{failure}");
    assert_eq!(updates(&bench), [update(OUR_API), update(PYTHON_API)]);
    assert_eq!(recorded(&bench)[1]["returned_at"], "2024-10-04T00:00:00Z");
}

#[test]
fn an_update_that_cannot_be_looked_at_is_taken_back_and_it_is_said_where_traffic_is() {
    let mut world = leading(&[PYTHON_API]);
    world.then_refuse(MAPPINGS, "TooManyRequestsException", "Rate exceeded").then(MAPPINGS, &leading_to(PYTHON_API));
    let seen_again = bench(world, &[Service::Ours]);
    let failure = run(&seen_again.context(), &options(&[])).unwrap().failure.unwrap();
    assert_eq!(failure.code, Code::SwitchReverted);
    assert!(failure.message.contains("Rate exceeded"), "{failure}");
    assert_eq!(updates(&seen_again), [update(OUR_API), update(PYTHON_API)]);

    let mut world = leading(&[PYTHON_API]);
    world.then_refuse(MAPPINGS, "TooManyRequestsException", "Rate exceeded");
    let unseen = bench(world, &[Service::Ours]);
    let failure = run(&unseen.context(), &options(&[])).unwrap().failure.unwrap();
    assert_eq!(failure.code, Code::SwitchStuck);
    assert!(failure.message.contains("where traffic is cannot be read"), "{failure}");
    assert_eq!(updates(&unseen), [update(OUR_API), update(PYTHON_API)]);
}

#[test]
fn an_update_that_is_refused_says_where_traffic_stays() {
    let mut world = leading(&[PYTHON_API]);
    world.refuse(&update(OUR_API), "AccessDeniedException", "not authorized");
    let failure = run(&bench(world, &[Service::Ours]).context(), &options(&[])).unwrap_err();
    assert_eq!(failure.code, Code::ToolFailed);
    assert!(failure.message.ends_with(&format!("; traffic is at {PYTHON_API} $default")), "{failure}");
}

#[test]
fn without_a_stack_a_function_or_a_mapping_nothing_is_touched() {
    let stack = "aws cloudformation describe-stacks --stack-name purposepath-account-rust-dev";
    let code = |change: &dyn Fn(&mut World)| {
        let mut world = leading(&[PYTHON_API]);
        change(&mut world);
        let bench = bench(world, &[Service::Ours]);
        let failure = run(&bench.context(), &options(&[])).unwrap_err();
        assert_eq!(bench.changes(), Vec::<String>::new());
        failure.code
    };
    let gone = "Stack with id purposepath-account-rust-dev does not exist";
    assert_eq!(
        code(&|world| {
            world.refuse(stack, "ValidationError", gone);
        }),
        Code::StackMissing
    );
    assert_eq!(
        code(&|world| {
            world.stack("purposepath-account-rust-dev", "CREATE_COMPLETE", &[]);
        }),
        Code::TargetMissing
    );
    let busy = "UPDATE_IN_PROGRESS";
    assert_eq!(
        code(&|world| {
            world.stack("purposepath-account-rust-dev", busy, &[]);
        }),
        Code::StackFailed
    );
    let no_mapping = json!({"Items": [world::mapping("c0ach", "coaching", "x")]});
    assert_eq!(
        code(&|world| {
            world.set(MAPPINGS, &no_mapping);
        }),
        Code::MappingMissing
    );
}

#[test]
fn a_dry_run_asks_the_new_target_and_moves_nothing() {
    let bench = bench(leading(&[PYTHON_API]), &[Service::Python]).dry();
    let context = bench.context();
    assert_eq!(run(&context, &options(&[])).unwrap().failure, None);
    assert_eq!(bench.changes(), Vec::<String>::new());
    let left_out = context.left_out();
    assert_eq!(left_out.len(), 2);
    assert!(left_out[1].starts_with("aws apigatewayv2 update-api-mapping"), "{left_out:?}");
}

#[test]
fn production_is_not_switched_without_a_yes() {
    let mut bench = Bench::new(World::default());
    bench.stage = Stage::Prod;
    let failure = run(&bench.context(), &options(&[])).unwrap_err();
    assert_eq!(failure.code, Code::ConfirmationRequired);
    assert_eq!(bench.calls(), Vec::<String>::new());
}
