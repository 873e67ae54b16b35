//! What the command line says.

use std::{net::IpAddr, path::PathBuf};

use clap::Parser;

/// Runs the PurposePath account service on this machine.
///
/// Without any option it listens on 127.0.0.1:8001, keeps its data in ./data in a DynamoDB inside the process,
/// and catches the mail that it sends. Settings of the service itself are environment variables:
/// docs/configuration.md lists them.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub(crate) struct Options {
    /// Address to listen on
    #[arg(long, env = "HOST", default_value = "127.0.0.1")]
    pub(crate) host: IpAddr,

    /// Port to listen on; 0 takes a free one
    #[arg(long, env = "PORT", default_value_t = 8001)]
    pub(crate) port: u16,

    /// Folder for the embedded DynamoDB and the signing secret; created when missing
    #[arg(long, env = "DATA_DIR", default_value = "./data", value_name = "FOLDER")]
    pub(crate) data_dir: PathBuf,

    /// Forget all data at the end
    #[arg(long, conflicts_with = "create_tables")]
    pub(crate) in_memory: bool,

    /// Whether to create the tables that are missing in the DynamoDB that the settings name.
    #[arg(long, help = "Create the tables that are missing in the DynamoDB of AWS_ENDPOINT_URL_DYNAMODB")]
    pub(crate) create_tables: bool,
}
