//! Stands in for a program in the tests of the command line: it is copied under the name of the program, answers what
//! `world.json` beside it says, and writes down in `calls.txt` how it was called.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "../tests/support/world.rs"]
#[expect(dead_code, reason = "the world is made elsewhere")]
mod world;

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    process::ExitCode,
};

use world::World;

fn main() -> ExitCode {
    let program = std::env::current_exe().expect("this program is a file");
    let folder = program.parent().expect("the file is in a folder");
    let name = program.file_stem().expect("the file has a name").to_string_lossy().into_owned();
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let text = fs::read_to_string(folder.join("world.json")).expect("there is a world");
    let world: World = serde_json::from_str(&text).expect("the world is JSON");
    let call = world.key(&name, arguments.iter().map(String::as_str));

    let log = folder.join("calls.txt");
    let before = fs::read_to_string(&log).unwrap_or_default().lines().filter(|line| **line == call).count();
    let mut log = OpenOptions::new().create(true).append(true).open(log).expect("calls can be written down");
    log.write_all(format!("{call}\n").as_bytes()).expect("calls can be written down");

    let Some(reply) = world.reply(&call, before) else {
        let _ = writeln!(io::stderr(), "nobody has said what to answer to: {call}");
        return ExitCode::FAILURE;
    };
    io::stdout().write_all(reply.stdout.as_bytes()).expect("somebody reads");
    io::stderr().write_all(reply.stderr.as_bytes()).expect("somebody reads");
    if reply.success { ExitCode::SUCCESS } else { ExitCode::from(254) }
}
