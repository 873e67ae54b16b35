//! What can be typed.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

use crate::{
    commands::data::{MigrateOptions, TableOptions},
    stage::{MAPPING_KEY, Stage},
};

/// Builds, deploys and moves the account service, and says first what is there (docs/deployment).
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
pub(crate) struct Cli {
    /// Which deployment.
    #[arg(long, global = true, value_enum, default_value = "dev")]
    pub(crate) stage: Stage,

    /// AWS region.
    #[arg(long, global = true, default_value = "us-east-1")]
    pub(crate) region: String,

    /// Change nothing, and show the calls that would have.
    #[arg(long, global = true)]
    pub(crate) dry_run: bool,

    /// Answer in JSON.
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// The workspace, if it is not the one that this program was built in.
    #[arg(long, global = true, value_name = "FOLDER")]
    pub(crate) root: Option<PathBuf>,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Look at what is there, and decide what to import and what to create.
    Preflight(DomainOption),
    /// Compile the Lambda function and put it into a zip.
    Build(BuildOptions),
    /// Hand what was built to AWS, or describe an image of it.
    Package(PackageOptions),
    /// Check the templates.
    Lint,
    /// Show what would change, and change it.
    Deploy(DeployOptions),
    /// Ask the running service, and accept exactly what it must answer.
    Smoke(SmokeOptions),
    /// Lead the traffic of the custom domain to this service.
    Switch(SwitchOptions),
    /// Lead the traffic of the custom domain back to where it went before, or this service back to its version before.
    Rollback(RollbackOptions),
    /// Delete a stack that this service replaces, once nothing depends on it.
    Decommission(DecommissionOptions),
    /// Give the rows of the Python services what ours have.
    Migrate(MigrateOptions),
    /// Read every row of every table, as both services would.
    Verify(TableOptions),
}

impl Command {
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Preflight(_) => "preflight",
            Self::Build(_) => "build",
            Self::Package(_) => "package",
            Self::Lint => "lint",
            Self::Deploy(_) => "deploy",
            Self::Smoke(_) => "smoke",
            Self::Switch(_) => "switch",
            Self::Rollback(_) => "rollback",
            Self::Decommission(_) => "decommission",
            Self::Migrate(_) => "migrate",
            Self::Verify(_) => "verify",
        }
    }
}

/// Which custom domain.
#[derive(Debug, clap::Args)]
pub(crate) struct DomainOption {
    /// The custom domain [default: that of the stage].
    #[arg(long)]
    domain: Option<String>,
}

impl DomainOption {
    pub(crate) fn name(&self, stage: Stage) -> &str {
        self.domain.as_deref().unwrap_or(stage.domain())
    }
}

/// Where the service answers behind the custom domain.
#[derive(Debug, clap::Args)]
pub(crate) struct DomainUrlOption {
    /// Where the service answers behind the custom domain [default: `https://DOMAIN/account`].
    #[arg(long, value_name = "URL")]
    domain_url: Option<String>,
}

impl DomainUrlOption {
    pub(crate) fn url(&self, domain: &str) -> String {
        self.domain_url.clone().unwrap_or_else(|| below(domain))
    }
}

/// Which processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Architecture {
    /// Graviton, which the templates choose.
    Arm64,
    /// Intel and AMD.
    #[value(name = "x86-64")]
    X86_64,
}

impl Architecture {
    /// The name in paths and on the command line.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Arm64 => "arm64",
            Self::X86_64 => "x86-64",
        }
    }

    /// What Lambda calls it.
    pub(crate) const fn lambda_name(self) -> &'static str {
        match self {
            Self::Arm64 => "arm64",
            Self::X86_64 => "x86_64",
        }
    }

    /// What Rust calls it.
    pub(crate) const fn target(self) -> &'static str {
        match self {
            Self::Arm64 => "aarch64-unknown-linux-gnu",
            Self::X86_64 => "x86_64-unknown-linux-gnu",
        }
    }
}

/// What compiles and links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Toolchain {
    /// `cargo lambda` with Zig: for either processor, on any machine, against Lambda's own C library.
    Zig,
    /// `cargo` alone: for this machine's processor, against this machine's C library.
    Host,
}

#[derive(Debug, clap::Args)]
pub(crate) struct BuildOptions {
    /// Which processor.
    #[arg(long, value_enum, default_value = "arm64")]
    pub(crate) arch: Architecture,

    /// What compiles and links.
    #[arg(long, value_enum, default_value = "zig")]
    pub(crate) with: Toolchain,

    /// Put a binary that is there already into the zip, instead of compiling one.
    #[arg(long, value_name = "FILE")]
    pub(crate) binary: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct PackageOptions {
    /// Which processor.
    #[arg(long, value_enum, default_value = "arm64")]
    pub(crate) arch: Architecture,

    /// Bucket for the zip [default: the artifact bucket of the shared infrastructure].
    #[arg(long, conflicts_with_all = ["image", "image_uri"])]
    pub(crate) bucket: Option<String>,

    /// Write what an image is built of, instead of handing over the zip.
    #[arg(long, conflicts_with = "image_uri")]
    pub(crate) image: bool,

    /// Deploy this image, by its digest, instead of the zip.
    #[arg(long)]
    pub(crate) image_uri: Option<String>,
}

/// Which of our stacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Deployable {
    /// What the service needs and a stage may lack.
    Shared,
    /// The service.
    Account,
    /// Its dashboard, and alarms on what it says of itself.
    Observability,
    /// Which API answers below the custom domain, where no other stack says so.
    DomainMapping,
    /// The role of a pipeline.
    CiOidc,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DeployOptions {
    /// Which of our stacks.
    #[arg(value_enum)]
    pub(crate) what: Deployable,

    /// Only the tables and the image repository: what an image needs before there is one.
    #[arg(long)]
    pub(crate) base: bool,

    /// Give a parameter to the template, beside what is known of the stage.
    #[arg(long = "set", value_name = "PARAMETER=VALUE", value_parser = parameter)]
    pub(crate) parameters: Vec<(String, String)>,

    /// Let this resource be replaced or deleted, by its logical id.
    #[arg(long, value_name = "LOGICAL_ID")]
    pub(crate) allow: Vec<String>,

    /// Needed in production: the changes were looked at.
    #[arg(long)]
    pub(crate) yes: bool,
}

fn parameter(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text.split_once('=').ok_or("must be PARAMETER=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

#[derive(Debug, clap::Args)]
pub(crate) struct SmokeOptions {
    /// The service's root [default: below the custom domain].
    #[arg(long)]
    url: Option<String>,

    #[command(flatten)]
    domain: DomainOption,
}

impl SmokeOptions {
    pub(crate) fn url(&self, stage: Stage) -> String {
        self.url.clone().unwrap_or_else(|| below(self.domain.name(stage)))
    }
}

/// The root of the service behind a custom domain.
fn below(domain: &str) -> String {
    format!("https://{domain}/{MAPPING_KEY}")
}

#[derive(Debug, clap::Args)]
pub(crate) struct SwitchOptions {
    #[command(flatten)]
    pub(crate) domain: DomainOption,

    #[command(flatten)]
    pub(crate) domain_url: DomainUrlOption,

    /// Where the new target answers by its own address [default: what its stack says].
    #[arg(long, value_name = "URL")]
    pub(crate) target_url: Option<String>,

    /// Seconds until the new target must answer through the custom domain; it goes back otherwise.
    #[arg(long, default_value = "60", value_parser = clap::value_parser!(u64).range(0..=900))]
    pub(crate) patience: u64,

    /// Needed in production.
    #[arg(long)]
    pub(crate) yes: bool,
}

/// What goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum WayBack {
    /// The custom domain, to the service before this one.
    Traffic,
    /// This service, to its version before.
    Version,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RollbackOptions {
    /// What goes back.
    #[arg(value_enum, default_value = "traffic")]
    pub(crate) what: WayBack,

    #[command(flatten)]
    pub(crate) domain: DomainOption,

    #[command(flatten)]
    pub(crate) domain_url: DomainUrlOption,

    /// The API, or the version, to go back to [default: the one before].
    #[arg(long, value_name = "API_ID|VERSION")]
    pub(crate) to: Option<String>,

    /// The API's stage.
    #[arg(long, default_value = "$default", requires = "to")]
    pub(crate) to_stage: String,

    /// Where a version of this service is asked [default: what its stack says].
    #[arg(long, value_name = "URL")]
    pub(crate) target_url: Option<String>,
}

/// What this service replaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Replaced {
    /// The Python service.
    Python,
    /// The .NET service.
    Dotnet,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DecommissionOptions {
    /// Which of the services that this one replaces.
    #[arg(value_enum)]
    pub(crate) what: Replaced,

    #[command(flatten)]
    pub(crate) domain: DomainOption,

    /// Days that the new service must have had the traffic.
    #[arg(long, default_value = "14", value_parser = clap::value_parser!(u16).range(7..=365))]
    pub(crate) soak_days: u16,

    /// Delete the stack; otherwise the command only says whether it could.
    #[arg(long)]
    pub(crate) yes: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_has_no_contradictions() {
        Cli::command().debug_assert();
    }
}
