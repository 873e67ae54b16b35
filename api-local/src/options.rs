//! What the command line says.

use std::{net::IpAddr, path::PathBuf};

use application::page::Cursor;
use clap::{Args, Parser, Subcommand};
use domain::TenantId;

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

    /// Compares what tenants pay for with what the billing provider has, and repairs what differs.
    ///
    /// It may run at any time, beside the service and again and again: docs/reconciliation.md says what it finds, and what
    /// it does about that. It works on the store and the billing provider that the settings name, as `dead-letters` does.
    ///
    /// Exit codes: 0 when nothing differs, or all of it was repaired; 1 when something failed; 3 when differences are left.
    Reconcile(Reconcile),
}

/// What to reconcile, and how.
#[derive(Debug, Args)]
pub(crate) struct Reconcile {
    /// Repair what can be repaired, instead of only saying what differs
    #[arg(long)]
    pub(crate) apply: bool,

    /// Look at this tenant only
    #[arg(long, value_name = "ID", value_parser = tenant_id, conflicts_with = "after")]
    pub(crate) tenant: Option<TenantId>,

    /// Go on where a run was stopped: it says after every page of tenants with what
    #[arg(long, value_name = "CURSOR", value_parser = Cursor::parse)]
    pub(crate) after: Option<Cursor>,

    /// Ask the billing provider at most so often in a second. One question is up to three requests to Stripe, which
    /// allows 100 in a second, and 25 in test mode
    #[arg(long, value_name = "CALLS", default_value = "8", value_parser = clap::value_parser!(u32).range(1..=30))]
    pub(crate) per_second: u32,

    #[command(flatten)]
    pub(crate) output: Output,

    #[command(flatten)]
    pub(crate) data: Data,
}

/// Longest id of a tenant, in bytes. Ours are shorter.
const LONGEST_ID: usize = 128;

fn tenant_id(text: &str) -> Result<TenantId, &'static str> {
    let is_one = (1..=LONGEST_ID).contains(&text.len());
    if is_one { Ok(TenantId::restore(text)) } else { Err("must have 1 to 128 characters") }
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
