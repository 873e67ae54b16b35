//! Puts load on the service and reports what came of it; `docs/load.md` says how to read the report.
//!
//! Ends with 1 when anything but a success or a deliberate `503` was answered, or a registration is lost.

mod phases;
mod report;
mod service;
mod visitor;

use std::{error::Error, path::PathBuf, process::ExitCode};

use clap::{Parser, value_parser};
use reqwest::Url;

use crate::{phases::Plan, report::Report, service::Service};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Puts load on the account service.
#[derive(Parser)]
struct Options {
    /// A service that runs already and does not ask people to confirm their address. Its memory and its rows are
    /// not looked at
    #[arg(long, required_unless_present = "service", conflicts_with = "service")]
    url: Option<Url>,

    /// The api-local binary to start, with a data folder of its own, and to stop at the end
    #[arg(long, value_name = "PATH")]
    service: Option<PathBuf>,

    /// Clients at a time in the mixed phase
    #[arg(long, default_value_t = 64, value_parser = value_parser!(u16).range(1..=1024))]
    clients: u16,

    /// Seconds that each timed phase lasts
    #[arg(long, default_value_t = 10, value_parser = value_parser!(u16).range(1..=600))]
    seconds: u16,

    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    match measure(&options).await {
        Ok(report) => {
            report.print(options.json);
            if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            report::complain(&*error);
            ExitCode::FAILURE
        }
    }
}

async fn measure(options: &Options) -> Result<Report> {
    let plan = Plan { clients: options.clients.into(), seconds: options.seconds.into() };
    match (&options.service, &options.url) {
        (Some(binary), _) => {
            let service = Service::start(binary)?;
            let mut report = plan.carry_out(&service.url, Some(&service)).await?;
            report.users_in_store = Some(service.stop_and_count_users().await?);
            Ok(report)
        }
        (None, Some(url)) => plan.carry_out(url, None).await,
        (None, None) => Err("--url or --service is needed".into()),
    }
}
