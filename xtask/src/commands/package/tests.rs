use clap::Parser;
use serde_json::{Value, json};

use super::*;
use crate::{
    cli::{Cli, Command},
    fakes::{
        Bench,
        world::{self, World},
    },
};

/// SHA-256 of `a zip`.
const DIGEST: &str = "9a44557465efc644b7117e93eaf13c33cd956f5f4f12ca21bd51ae94ea97169a";

fn options(arguments: &[&str]) -> PackageOptions {
    let all = ["xtask", "package"].iter().chain(arguments);
    let Command::Package(options) = Cli::parse_from(all).command else { panic!("package") };
    options
}

fn upload_call(bucket: &str) -> String {
    format!(
        "aws s3 cp <root>/target/lambda/arm64/account-service.zip s3://{bucket}/account-service/{DIGEST}.zip \
         --only-show-errors"
    )
}

fn built(world: World) -> Bench {
    let bench = Bench::new(world);
    bench.put("target/lambda/arm64/account-service.zip", "a zip");
    bench.put("target/lambda/arm64/bootstrap", "a program");
    bench
}

fn written(bench: &Bench) -> Value {
    serde_json::from_str(&bench.read("target/lambda/package-dev.json").unwrap()).unwrap()
}

#[test]
fn a_zip_goes_to_the_artifact_bucket_under_the_name_of_its_content() {
    let mut world = World::default();
    let export = world::export("purposepath-account-rust-artifact-bucket-dev", "artifacts");
    world.set("aws cloudformation list-exports", &json!({"Exports": [export]})).set_text(&upload_call("artifacts"), "");
    let bench = built(world);
    run(&bench.context(), &options(&[])).unwrap();
    assert_eq!(bench.changes(), [upload_call("artifacts")]);
    let key = format!("account-service/{DIGEST}.zip");
    assert_eq!(
        written(&bench),
        json!({"CodeBucket": "artifacts", "CodeKey": key, "ImageUri": "", "Architecture": "arm64"})
    );
}

#[test]
fn without_a_bucket_or_a_zip_nothing_is_handed_over() {
    let mut world = World::default();
    world.set("aws cloudformation list-exports", &json!({"Exports": []}));
    let no_bucket = run(&built(world.clone()).context(), &options(&[])).unwrap_err();
    assert_eq!(no_bucket.code, Code::StackMissing);
    let not_built = run(&Bench::new(world).context(), &options(&["--bucket", "b"])).unwrap_err();
    assert_eq!(not_built.code, Code::FileFailed);
    assert!(not_built.advice.unwrap().contains("cargo xtask build"));

    let mut world = World::default();
    world.fail(&upload_call("b"), "upload failed: An error occurred (AccessDenied)");
    let bench = built(world);
    assert_eq!(run(&bench.context(), &options(&["--bucket", "b"])).unwrap_err().code, Code::ToolFailed);
    assert_eq!(bench.read("target/lambda/package-dev.json"), None);
}

#[test]
fn an_image_is_deployed_by_its_digest_and_not_by_a_tag() {
    let bench = Bench::new(World::default());
    let uri = format!("1.dkr.ecr.us-east-1.amazonaws.com/account@sha256:{}", "a".repeat(64));
    run(&bench.context(), &options(&["--image-uri", &uri, "--arch", "x86-64"])).unwrap();
    assert_eq!(written(&bench), json!({"CodeBucket": "", "CodeKey": "", "ImageUri": uri, "Architecture": "x86_64"}));
    for tag in ["account:latest", "account@sha256:abc", "account"] {
        assert!(run(&bench.context(), &options(&["--image-uri", tag])).is_err(), "{tag}");
    }
}

#[test]
fn what_an_image_is_built_of_lies_in_one_folder() {
    let bench = built(World::default());
    run(&bench.context(), &options(&["--image"])).unwrap();
    assert_eq!(bench.read("target/lambda/arm64/image/bootstrap").unwrap(), "a program");
    assert!(bench.read("target/lambda/arm64/image/Dockerfile").unwrap().contains("COPY --chmod=0755 bootstrap"));
}

#[test]
fn a_dry_run_hands_nothing_over() {
    let bench = built(World::default()).dry();
    let context = bench.context();
    run(&context, &options(&["--bucket", "b"])).unwrap();
    assert_eq!(bench.calls(), Vec::<String>::new());
    assert_eq!(context.left_out().len(), 2);
    assert_eq!(bench.read("target/lambda/package-dev.json"), None);
}
