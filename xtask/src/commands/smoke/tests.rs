use clap::Parser;

use super::*;
use crate::{
    cli::{Cli, Command},
    fakes::{Bench, Service, world::World},
};

const URL: &str = "https://api.dev.purposepath.app/account";

fn options(arguments: &[&str]) -> SmokeOptions {
    let all = ["xtask", "smoke"].iter().chain(arguments);
    let Command::Smoke(options) = Cli::parse_from(all).command else { panic!("smoke") };
    options
}

fn failures(service: Service) -> Vec<String> {
    let mut bench = Bench::new(World::default());
    bench.web.at(URL, &[service]);
    let report = run(&bench.context(), &options(&[]));
    let checks = report.result().as_array().unwrap().clone();
    let failed = checks.iter().filter(|check| !check["failure"].is_null());
    let failed: Vec<_> =
        failed.map(|check| format!("{}: {}", check["name"], check["failure"]).replace('"', "")).collect();
    assert_eq!(report.failure.map(|failure| failure.code), (!failed.is_empty()).then_some(Code::SmokeFailed));
    failed
}

#[test]
fn this_service_passes() {
    assert_eq!(failures(Service::Ours), Vec::<String>::new());
}

#[test]
fn a_gateway_without_a_route_passes_nothing_not_even_where_a_404_is_due() {
    let failed = failures(Service::Gateway);
    assert_eq!(failed.len(), 8);
    assert_eq!(failed[7], "no such address: /success is missing");
}

#[test]
fn the_service_before_does_not_pass_for_this_one() {
    let failed = failures(Service::Python);
    assert!(failed.iter().any(|failure| failure == "the document: the status is 404, not 200"), "{failed:?}");
}

#[test]
fn a_service_without_its_store_does_not_pass() {
    assert_eq!(failures(Service::Sick), ["its store answers: the status is 503, not 200"]);
}

#[test]
fn nobody_does_not_pass() {
    let failed = failures(Service::Nobody);
    assert_eq!(failed.len(), 8);
    assert_eq!(failed[0], "it runs: connection refused");
}

#[test]
fn a_service_of_another_stage_does_not_pass() {
    let mut bench = Bench::new(World::default());
    bench.stage = crate::stage::Stage::Prod;
    bench.web.at("http://127.0.0.1:9", &[Service::Ours]);
    let report = run(&bench.context(), &options(&["--url", "http://127.0.0.1:9/"]));
    let failure = report.failure.unwrap();
    assert_eq!(
        failure.message,
        "2 of 8 answers are wrong; it runs (http://127.0.0.1:9/api/v1/health): \
         /data/environment is \"dev\", not \"prod\""
    );
}
