use std::io::Read;

use clap::Parser;
use serde_json::json;
use zip::ZipArchive;

use super::*;
use crate::{
    cli::{Cli, Command},
    fakes::{Bench, world::World},
};

const VERSION: &str = "cargo lambda --version";
const COMPILE: &str = "cargo lambda build --release --locked --package api-lambda --target \
                       aarch64-unknown-linux-gnu.2.34 --lambda-dir <root>/target/lambda/compiled/arm64";

fn options(arguments: &[&str]) -> BuildOptions {
    let all = ["xtask", "build"].iter().chain(arguments);
    let Command::Build(options) = Cli::parse_from(all).command else { panic!("build") };
    options
}

#[test]
fn a_zip_holds_one_program_that_may_be_run_and_is_the_same_each_time() {
    let bytes = zipped(b"a program").unwrap();
    assert_eq!(bytes, zipped(b"a program").unwrap());
    assert_eq!(sha256(&bytes), "b441769d1c27ec744a4b50f31122eb3dbd09c77a69deb1ec61db7f5c6fcd79bf");
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    assert_eq!(archive.len(), 1);
    let mut file = archive.by_index(0).unwrap();
    assert_eq!((file.name().unwrap().as_ref(), file.unix_mode()), ("bootstrap", Some(0o100_755)));
    let mut content = String::new();
    file.read_to_string(&mut content).unwrap();
    assert_eq!(content, "a program");
}

#[test]
fn graviton_is_compiled_for_with_zig_against_the_c_library_of_lambda() {
    let mut world = World::default();
    world.set_text(VERSION, "cargo-lambda 1.9.2").set_text(COMPILE, "");
    let bench = Bench::new(world);
    bench.put("target/lambda/compiled/arm64/api-lambda/bootstrap", "a program");
    let report = run(&bench.context(), &options(&[])).unwrap();
    assert_eq!(bench.calls(), [VERSION, COMPILE]);
    assert_eq!(bench.read("target/lambda/arm64/bootstrap").unwrap(), "a program");
    let zip = fs::read(bench.folder().join("target/lambda/arm64/account-service.zip")).unwrap();
    assert_eq!(report.result()["sha256"], sha256(&zip));
    assert_eq!(report.result()["zip_bytes"], zip.len());
    assert_eq!(report.result()["binary_bytes"], 9);
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[test]
fn this_machine_compiles_for_itself_with_cargo_alone() {
    let compile = "cargo build --release --locked --package api-lambda --message-format json-render-diagnostics";
    let bench = Bench::new(World::default());
    bench.put("elsewhere/api-lambda", "a program");
    let executable = bench.folder().join("elsewhere/api-lambda");
    let messages = [
        json!({"reason": "compiler-artifact", "executable": null}),
        json!({"reason": "compiler-artifact", "executable": executable}),
        json!({"reason": "build-finished", "success": true}),
    ];
    let mut bench = bench;
    bench.world.set_text(compile, &messages.map(|message| message.to_string()).join("\n"));
    run(&bench.context(), &options(&["--arch", "x86-64", "--with", "host"])).unwrap();
    assert_eq!(bench.read("target/lambda/x86-64/bootstrap").unwrap(), "a program");

    let refused = run(&bench.context(), &options(&["--arch", "arm64", "--with", "host"])).unwrap_err();
    assert_eq!(refused.code, Code::ToolMissing);
    let mut world = World::default();
    world.set_text(compile, "");
    let silent = run(&Bench::new(world).context(), &options(&["--arch", "x86-64", "--with", "host"])).unwrap_err();
    assert_eq!(silent.code, Code::ToolAnswerUnreadable);
}

#[test]
fn what_is_missing_or_fails_is_said() {
    let mut world = World::default();
    world.fail(VERSION, "error: no such command: `lambda`");
    let missing = run(&Bench::new(world).context(), &options(&[])).unwrap_err();
    assert_eq!(missing.code, Code::ToolMissing);

    let mut world = World::default();
    world.set_text(VERSION, "").fail(COMPILE, "");
    let failed = run(&Bench::new(world).context(), &options(&[])).unwrap_err();
    assert_eq!(
        (failed.code, failed.message.as_str()),
        (Code::ToolFailed, "`cargo lambda build` failed: its messages are above")
    );

    let nowhere = run(&Bench::new(World::default()).context(), &options(&["--binary", "no-such-file"])).unwrap_err();
    assert_eq!(nowhere.code, Code::FileFailed);
}

#[test]
fn a_dry_run_compiles_nothing() {
    let mut world = World::default();
    world.set_text(VERSION, "");
    let bench = Bench::new(world).dry();
    let context = bench.context();
    assert_eq!(run(&context, &options(&[])).unwrap().failure, None);
    assert_eq!(bench.calls(), [VERSION]);
    assert_eq!(context.left_out().len(), 1);
}
