use clap::Parser;
use serde_json::json;

use super::*;
use crate::{
    cli::{Cli, Command},
    commands::rollback,
    fakes::{
        Bench, Service,
        world::{self, OUR_API, World},
    },
};

fn options(arguments: &[&str]) -> RollbackOptions {
    let all = ["xtask", "rollback", "version"].iter().chain(arguments);
    let Command::Rollback(options) = Cli::parse_from(all).command else { panic!("rollback") };
    options
}

/// The domain may lead elsewhere: nobody answers there.
fn bench(world: World, services: &[Service]) -> Bench {
    let mut bench = Bench::new(world);
    bench.web.at(&format!("https://{OUR_API}.execute-api.us-east-1.amazonaws.com"), services);
    bench
}

fn update(version: u64) -> String {
    format!(
        "{} --function-version {version} --routing-config AdditionalVersionWeights={{}} --revision-id r3v",
        alias("update")
    )
}

fn alias(verb: &str) -> String {
    format!("aws lambda {verb}-alias --function-name {} --name live", world::function_arn())
}

#[test]
fn a_version_that_is_there_answers_again() {
    let former: (&[&str], u64) = (&[], 41);
    for (arguments, expected) in [former, (&["--to", "7"], 7), (&["--to", "43"], 43)] {
        let mut world = world::with_us();
        world.set(&update(expected), &json!({}));
        let bench = bench(world, &[Service::Ours]);
        let report = rollback::run(&bench.context(), &options(arguments)).unwrap();
        assert_eq!(report.failure, None);
        assert_eq!(bench.changes(), [update(expected)]);
    }
}

#[test]
fn a_version_that_is_not_there_is_refused_with_those_that_are() {
    let bench = bench(world::with_us(), &[Service::Ours]);
    for version in ["40", "$LATEST", "041"] {
        let failure = run(&bench.context(), &options(&["--to", version])).unwrap_err();
        assert_eq!(failure.code, Code::NoPreviousTarget, "{version}");
        assert_eq!(failure.advice.as_deref(), Some("versions that are there: 7, 41, 42, 43"));
    }
    assert_eq!(bench.changes(), Vec::<String>::new());
}

#[test]
fn the_first_version_has_none_before_it() {
    let mut world = world::with_us();
    world.change(&alias("get"), |answer| answer["FunctionVersion"] = json!("7"));
    let failure = run(&bench(world, &[Service::Ours]).context(), &options(&[])).unwrap_err();
    assert_eq!(failure.code, Code::NoPreviousTarget);
    assert_eq!(failure.message, "there is no version before 7");
}

#[test]
fn a_version_that_answers_alone_is_left_alone_and_one_that_shares_is_not() {
    let mut world = world::with_us();
    world.set(&update(42), &json!({}));
    let alone = bench(world.clone(), &[Service::Ours]);
    assert_eq!(run(&alone.context(), &options(&["--to", "42"])).unwrap().failure, None);
    assert_eq!(alone.changes(), Vec::<String>::new());

    world.change(&alias("get"), |answer| {
        answer["RoutingConfig"] = json!({"AdditionalVersionWeights": {"43": 0.1}});
    });
    let shared = bench(world, &[Service::Ours]);
    assert_eq!(run(&shared.context(), &options(&["--to", "42"])).unwrap().failure, None);
    assert_eq!(shared.changes(), [update(42)]);
}

#[test]
fn nothing_is_changed_under_a_canary_nor_without_a_function() {
    let mut world = world::with_us();
    world.stack("purposepath-account-rust-dev", "UPDATE_IN_PROGRESS", &[("AliasArn", "x")]);
    let failure = run(&bench(world.clone(), &[Service::Ours]).context(), &options(&[])).unwrap_err();
    assert_eq!(failure.code, Code::StackFailed);
    assert!(failure.advice.unwrap().contains("cancel-update-stack --stack-name purposepath-account-rust-dev"));

    world.stack("purposepath-account-rust-dev", "UPDATE_COMPLETE", &[]);
    let failure = run(&bench(world, &[Service::Ours]).context(), &options(&[])).unwrap_err();
    assert_eq!(failure.code, Code::TargetMissing);
}

#[test]
fn a_version_that_is_ill_and_an_alias_that_somebody_else_moved_are_said() {
    let mut world = world::with_us();
    world.set(&update(41), &json!({}));
    let failure = run(&bench(world.clone(), &[Service::Gateway]).context(), &options(&[])).unwrap().failure.unwrap();
    assert_eq!(failure.code, Code::SmokeFailed);
    assert!(failure.message.starts_with("version 41 answers, but not as it must"), "{failure}");

    world.refuse(&update(41), "PreconditionFailedException", "The Revision Id provided does not match");
    let failure = run(&bench(world, &[Service::Ours]).context(), &options(&[])).unwrap_err();
    assert_eq!(failure.code, Code::ToolFailed);
}

#[test]
fn whoever_names_no_version_sees_which_there_are_and_which_is_chosen() {
    let report = rollback::run(&bench(world::with_us(), &[Service::Ours]).dry().context(), &options(&[])).unwrap();
    assert_eq!(
        report.result()["versions"][3],
        json!({"number": 43, "published_at": "2026-01-01T10:00:00.000+0000", "description": "as of 43"})
    );
    let text = anstream::adapter::strip_str(&report.text()).to_string();
    let lines: Vec<_> = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let begin = lines.iter().position(|line| line == "version published description").unwrap();
    let time = "2026-01-01T10:00:00.000+0000";
    assert_eq!(
        lines[begin + 1..begin + 5],
        [
            format!("43 {time} as of 43"),
            format!("42 left {time} as of 42"),
            format!("41 chosen {time} as of 41"),
            format!("7 {time} as of 7"),
        ]
    );
    let named = rollback::run(&bench(world::with_us(), &[Service::Ours]).dry().context(), &options(&["--to", "7"]));
    assert!(!named.unwrap().text().contains("as of 43"));
}

#[test]
fn a_version_that_takes_a_moment_is_waited_for() {
    let mut world = world::with_us();
    world.set(&update(41), &json!({}));
    let bench = bench(world, &[Service::Gateway, Service::Sick, Service::Ours]);
    assert_eq!(run(&bench.context(), &options(&[])).unwrap().failure, None);
}

#[test]
fn a_dry_run_has_the_same_version_answer() {
    let bench = bench(world::with_us(), &[Service::Ours]).dry();
    let context = bench.context();
    assert_eq!(run(&context, &options(&[])).unwrap().failure, None);
    assert_eq!(bench.changes(), Vec::<String>::new());
    assert_eq!(context.left_out().len(), 1);
}
