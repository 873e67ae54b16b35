//! The real local host, as a process.

use std::{path::Path, process::Command};

use crate::{
    api::Api,
    program::{Program, Said},
};

/// A local host that has said where it listens.
pub(crate) struct LocalHost {
    pub(crate) program: Program,
    pub(crate) api: Api,
}

/// The command that starts the local host on a free port, with `settings` and nothing of
/// this process's environment.
pub(crate) fn command(data_dir: &Path, settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_api-local"));
    command.env_clear().env("PORT", "0").env("DATA_DIR", data_dir).envs(settings.iter().copied());
    command
}

impl LocalHost {
    /// Starts it with an embedded DynamoDB in `data_dir`.
    pub(crate) fn start(data_dir: &Path, settings: &[(&str, &str)]) -> Self {
        Self::run(&mut command(data_dir, settings))
    }

    /// Runs `command` until it says where it listens.
    pub(crate) fn run(command: &mut Command) -> Self {
        let mut program = Program::start(command);
        let url = program.wait_for("line that says where the API is", |said| {
            let line = said.stdout.iter().find_map(|line| line.trim().strip_prefix("API"))?;
            line.split_whitespace().next()?.strip_suffix("/api/v1").map(str::to_owned)
        });
        Self { program, api: Api::new(url) }
    }

    /// The commands that it prints to sign a first user up and in, as one script.
    pub(crate) fn first_steps(&mut self) -> String {
        self.program.wait_for("first steps", |Said { stdout, .. }| {
            let heading = stdout.iter().position(|line| line.starts_with("Sign a first user up"))?;
            let steps = stdout.get(heading + 2..)?;
            let end = steps.iter().position(String::is_empty)?;
            Some(steps[..end].join("\n"))
        })
    }
}
