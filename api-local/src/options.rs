//! What the command line says.

use std::{net::IpAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};

/// Runs the PurposePath account service on this machine.
///
/// Without any option it listens on 127.0.0.1:8001, keeps its data in ./data in a DynamoDB inside the process,
/// and catches the mail that it sends. Settings of the service itself are environment variables:
/// docs/configuration.md lists them.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, args_conflicts_with_subcommands = true)]
pub(crate) struct Options {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    #[command(flatten)]
    pub(crate) serve: Serve,
}

/// How to serve.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Address to listen on
    #[arg(long, env = "HOST", default_value = "127.0.0.1")]
    pub(crate) host: IpAddr,

    /// Port to listen on; 0 takes a free one
    #[arg(long, env = "PORT", default_value_t = 8001)]
    pub(crate) port: u16,

    #[command(flatten)]
    pub(crate) data: Data,

    /// Forget all data at the end
    #[arg(long, conflicts_with = "create_tables")]
    pub(crate) in_memory: bool,

    /// Whether to create the tables that are missing in the DynamoDB that the settings name.
    #[arg(long, help = "Create the tables that are missing in the DynamoDB of AWS_ENDPOINT_URL_DYNAMODB")]
    pub(crate) create_tables: bool,
}

/// Where the data is.
#[derive(Debug, Args)]
pub(crate) struct Data {
    /// Folder for the embedded DynamoDB and the signing secret; created when missing
    #[arg(long = "data-dir", env = "DATA_DIR", default_value = "./data", value_name = "FOLDER")]
    pub(crate) dir: PathBuf,
}

/// What to do other than to serve.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Looks after mails and events whose delivery was given up.
    ///
    /// They are in the embedded DynamoDB of the data folder, while no service uses it, or in the DynamoDB that
    /// `AWS_ENDPOINT_URL_DYNAMODB` names, in the tables of the stage that `STAGE` names.
    #[command(subcommand)]
    DeadLetters(DeadLetters),
}

/// What to do with dead letters.
#[derive(Debug, Subcommand)]
pub(crate) enum DeadLetters {
    /// List them, those first that were given up first
    List {
        /// At most so many
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
        #[command(flatten)]
        output: Output,
        #[command(flatten)]
        data: Data,
    },
    /// Put them back to their old places, from where the service delivers them again at once
    Replay {
        /// The ids of some; an unknown one fails the command, after the others were put back
        #[arg(required_unless_present = "all", conflicts_with = "all", num_args = 1..=100, value_name = "ID")]
        ids: Vec<String>,
        /// All of them, up to 10,000 at a time
        #[arg(long)]
        all: bool,
        /// Only say what would be put back
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        output: Output,
        #[command(flatten)]
        data: Data,
    },
}

/// How to answer.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Output {
    /// Answer in JSON, for scripts
    #[arg(long)]
    pub(crate) json: bool,
}

impl DeadLetters {
    /// Where they are.
    pub(crate) const fn data(&self) -> &Data {
        match self {
            Self::List { data, .. } | Self::Replay { data, .. } => data,
        }
    }
}
