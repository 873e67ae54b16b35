//! `cargo xtask`: what an operator of the account service does, typed. `docs/deployment/` leads through it.

mod aws;
mod cli;
mod commands;
mod context;
mod failure;
#[cfg(test)]
mod fakes;
mod output;
mod programs;
mod progress;
mod stage;
mod template;
mod time;
mod web;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Parser;

use crate::{
    cli::{Cli, Command},
    context::{Context, World},
    failure::{Code, Failure},
    output::{Envelope, Report, failure_of},
    programs::InstalledPrograms,
    progress::OnErrorOutput,
    time::SystemTime,
    web::Network,
};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let folder = cli.root.clone().unwrap_or_else(workspace);
    let network = match Network::new() {
        Ok(network) => network,
        Err(why) => return finish(&cli, &[], &Err(Failure::new(Code::ToolFailed, why))),
    };
    let programs = InstalledPrograms { folder: &folder };
    let world = World {
        programs: &programs,
        web: &network,
        time: &SystemTime,
        progress: &OnErrorOutput,
        folder: folder.clone(),
    };
    let context = Context::new(world, cli.stage, &cli.region, cli.dry_run);
    let outcome = dispatch(&context, &cli.command);
    finish(&cli, &context.left_out(), &outcome)
}

fn dispatch(context: &Context<'_>, command: &Command) -> Result<Report, Failure> {
    let stage = context.stage;
    match command {
        Command::Preflight(domain) => commands::preflight::run(context, domain.name(stage)),
        Command::Build(options) => commands::build::run(context, options),
        Command::Package(options) => commands::package::run(context, options),
        Command::Lint => commands::lint::run(context),
        Command::Deploy(options) => commands::deploy::run(context, options),
        Command::Smoke(options) => Ok(commands::smoke::run(context, options)),
        Command::Switch(options) => commands::switch::run(context, options),
        Command::Rollback(options) => commands::rollback::run(context, options),
        Command::Decommission(options) => commands::decommission::run(context, options),
        Command::Migrate(options) => commands::migrate::run(context, options),
        Command::Verify(options) => commands::verify::run(context, options),
    }
}

fn finish(cli: &Cli, left_out: &[String], outcome: &Result<Report, Failure>) -> ExitCode {
    let envelope = Envelope { command: cli.command.name(), dry_run: cli.dry_run, left_out };
    // A closed output does not change what was done.
    let _ = envelope.write(outcome, cli.json);
    failure_of(outcome).map_or(ExitCode::SUCCESS, Failure::exit_code)
}

/// The workspace that this program was built in.
fn workspace() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_owned()
}
