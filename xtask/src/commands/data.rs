//! What working on whole tables has in common: where they are, how gently to treat them, and how far it is.

use std::{
    error::Error,
    io::{self, IsTerminal},
    num::NonZeroU32,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use indicatif::{ProgressBar, ProgressStyle};
use infrastructure::dynamodb::{
    maintenance::{CheckpointError, MaintenanceError, Observer, OpenTables, Phase, Progress, Settings},
    tables::Table,
};
use reqwest::Url;
use tokio::runtime::Runtime;

use crate::{
    context::Context,
    failure::{Code, Failure},
    output::{Cell, Report},
};

/// How many rows an answer for people shows of what may be many; an answer in JSON has them all.
const SHOWN: usize = 50;

/// Which tables, and how gently.
#[derive(Debug, clap::Args)]
pub(crate) struct TableOptions {
    /// A DynamoDB other than the region's.
    #[arg(long, value_name = "URL", conflicts_with = "data")]
    endpoint: Option<Url>,

    /// The data folder of a local service, which must not be running.
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,

    /// What the names of the tables end in [default: the stage, or `local` with --data].
    #[arg(long)]
    suffix: Option<String>,

    /// A table that has a name of its own, as `users=people-prod`; may be repeated.
    #[arg(long = "table", value_name = "TABLE=NAME", value_parser = named_table)]
    tables: Vec<(Table, String)>,

    /// Read capacity units to consume in a second, on average.
    #[arg(long, default_value = "500", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    read_units: u32,

    /// Rows to read at a time.
    #[arg(long, default_value = "200", value_parser = clap::value_parser!(u32).range(1..=1000))]
    page_size: u32,
}

#[derive(Debug, clap::Args)]
pub(crate) struct MigrateOptions {
    #[command(flatten)]
    pub(crate) tables: TableOptions,

    /// Write capacity units to consume in a second, on average.
    #[arg(long, default_value = "500", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) write_units: u32,

    /// Begin anew instead of going on where the last run was stopped.
    #[arg(long)]
    pub(crate) restart: bool,

    /// Needed in production.
    #[arg(long)]
    pub(crate) yes: bool,
}

fn named_table(text: &str) -> Result<(Table, String), String> {
    let (table, name) = text.split_once('=').ok_or("must be TABLE=NAME")?;
    let known = Table::ALL.into_iter().find(|known| known.base_name() == table);
    let known = known.ok_or_else(|| {
        let names = Table::ALL.map(Table::base_name).join(", ");
        format!("there is no table {table}; there are {names}")
    })?;
    Ok((known, name.to_owned()))
}

impl TableOptions {
    /// How gently to treat the tables.
    pub(crate) fn settings(&self, write_units: u32) -> Settings {
        let of = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        Settings {
            read_units: of(self.read_units),
            write_units: of(write_units),
            page_size: of(self.page_size),
            ..Settings::default()
        }
    }

    /// Whether these are the tables that customers use.
    pub(crate) const fn are_in_aws(&self) -> bool {
        self.endpoint.is_none() && self.data.is_none()
    }

    /// What the names of the tables end in.
    pub(crate) fn suffix<'a>(&'a self, context: &'a Context<'_>) -> &'a str {
        let usual = if self.data.is_some() { "local" } else { context.stage.as_str() };
        self.suffix.as_deref().unwrap_or(usual)
    }

    /// Finds the tables.
    pub(crate) async fn open(&self, context: &Context<'_>) -> Result<OpenTables, Failure> {
        let suffix = self.suffix(context);
        let named = |variable: &str| {
            let named = self.tables.iter().find(|(table, _)| table.variable() == variable);
            named.map(|(_, name)| name.clone())
        };
        let opened = match &self.data {
            Some(folder) if !folder.is_dir() => {
                let why = format!("no service has kept data in {}", folder.display());
                return Err(Failure::new(Code::FileFailed, why));
            }
            Some(folder) => OpenTables::in_folder(folder, suffix, named).await,
            None => OpenTables::in_region(&context.region, self.endpoint.as_ref(), suffix, named).await,
        };
        opened.map_err(|error| failure(&error))
    }
}

/// Something to wait on the network with.
pub(crate) fn runtime() -> Result<Runtime, Failure> {
    Runtime::new().map_err(|error| Failure::new(Code::ToolFailed, format!("no threads to work with: {error}")))
}

/// Why the work stopped, with what the SDK said about it.
pub(crate) fn failure(error: &MaintenanceError) -> Failure {
    let code = match error {
        MaintenanceError::NoTable(_) | MaintenanceError::UnknownLayout(_) => Code::TableMissing,
        MaintenanceError::Checkpoint(CheckpointError::File { .. }) | MaintenanceError::Embedded(_) => Code::FileFailed,
        MaintenanceError::Checkpoint(_) => Code::CheckpointRefused,
        MaintenanceError::Table { .. } | MaintenanceError::Aws(_) | MaintenanceError::Layout(_) => Code::TableFailed,
    };
    let mut message = error.to_string();
    if let MaintenanceError::Table { source, .. } = error {
        let links = std::iter::successors(Some(source as &dyn Error), |link| (*link).source());
        for link in links.map(ToString::to_string) {
            // A link that only repeats the one below it says nothing.
            if !message.contains(&link) {
                message.push_str(": ");
                message.push_str(&link);
            }
        }
    }
    let advice = match code {
        Code::TableMissing => {
            "--stage, --suffix and --table say which tables; `cargo xtask deploy account --base` makes ours"
        }
        Code::CheckpointRefused => "--restart begins anew",
        Code::TableFailed => "run it again once the cause is gone: it goes on where it was stopped",
        _ => return Failure::new(code, message),
    };
    Failure::new(code, message).advise(advice)
}

/// Shows the beginning of what may be a long list.
pub(crate) fn shortened(report: Report, columns: &[&'static str], rows: Vec<Vec<Cell>>) -> Report {
    let more = rows.len().saturating_sub(SHOWN);
    let report = report.table(columns, rows.into_iter().take(SHOWN).collect());
    if more == 0 {
        report
    } else {
        report.line(crate::output::Mark::Plain, format!("and {more} more; --json has them all"))
    }
}

/// A bar for each table where somebody looks on, and a line for each otherwise.
pub(crate) struct Bars<'a> {
    context: &'a Context<'a>,
    current: Mutex<Option<(Phase, Table, ProgressBar)>>,
}

impl<'a> Bars<'a> {
    pub(crate) fn new(context: &'a Context<'a>) -> Self {
        Self { context, current: Mutex::default() }
    }

    fn begin(&self, phase: Phase, table: Table) -> ProgressBar {
        let what = match phase {
            Phase::Survey => "who has which address",
            Phase::Migrate => "what is missing",
            Phase::Check => "how it turned out",
            Phase::Verify => "reading",
        };
        let what = format!("{what}: {}", table.base_name());
        if !io::stderr().is_terminal() {
            self.context.tell(&what);
            return ProgressBar::hidden();
        }
        let style = ProgressStyle::with_template("... {msg}  {bar:30}  {pos} of about {len}  {per_sec}  {eta} left");
        let bar = ProgressBar::new(0).with_message(what);
        bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
    }
}

impl Observer for Bars<'_> {
    fn advanced(&self, Progress { phase, table, rows, of }: Progress) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if !current.as_ref().is_some_and(|(seen_phase, seen, _)| *seen_phase == phase && *seen == table) {
            if let Some((_, _, bar)) = current.take() {
                bar.finish_and_clear();
            }
            *current = Some((phase, table, self.begin(phase, table)));
        }
        if let Some((_, _, bar)) = &*current {
            bar.set_length(of);
            bar.set_position(rows);
        }
    }
}

impl Drop for Bars<'_> {
    fn drop(&mut self) {
        let current = self.current.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, _, bar)) = current.take() {
            bar.finish_and_clear();
        }
    }
}
