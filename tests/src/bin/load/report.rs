//! What is reported.

use std::{error::Error, fmt, io::Write, time::Duration};

use serde_json::{Value, json};

use crate::visitor::{Operation, Samples, Tally};

/// The whole report.
pub(crate) struct Report {
    pub(crate) phases: Vec<Phase>,
    /// At a time, in the mixed phase.
    pub(crate) clients: usize,
    /// That each timed phase lasted.
    pub(crate) seconds: u64,
    pub(crate) memory: Memory,
    /// Users in the store after the end, where it can be looked at.
    pub(crate) users_in_store: Option<u64>,
}

/// What came of one phase.
pub(crate) struct Phase {
    name: &'static str,
    rows: Vec<Row>,
    failures: u64,
    shown_failures: Vec<String>,
}

/// Resident memory of the process in bytes, where it can be looked at.
pub(crate) struct Memory {
    pub(crate) idle: Option<u64>,
    pub(crate) peak_of_sign_ups: Option<u64>,
    pub(crate) after_sign_ups: Option<u64>,
    pub(crate) before_mix: Option<u64>,
    pub(crate) after_mix: Option<u64>,
}

struct Row {
    operation: Operation,
    answered: u64,
    refused: u64,
    median: Duration,
    p99: Duration,
    slowest: Duration,
}

impl Phase {
    pub(crate) fn new(name: &'static str, tally: Tally) -> Self {
        let Tally { operations, failures, shown_failures } = tally;
        let rows = operations.into_iter().map(|(operation, samples)| Row::new(operation, samples)).collect();
        Self { name, rows, failures, shown_failures }
    }
}

impl Row {
    fn new(operation: Operation, Samples { mut answered, refused }: Samples) -> Self {
        answered.sort_unstable();
        let at = |percent: usize| {
            let rank = (answered.len() * percent).div_ceil(100).max(1);
            answered.get(rank - 1).copied().unwrap_or_default()
        };
        Self { operation, answered: answered.len() as u64, refused, median: at(50), p99: at(99), slowest: at(100) }
    }
}

impl Report {
    /// Whether nothing failed and no registration was lost.
    pub(crate) fn is_good(&self) -> bool {
        self.phases.iter().all(|phase| phase.failures == 0)
            && self.users_in_store.is_none_or(|users| users == self.acknowledged())
    }

    /// Prints it. A closed output is nobody's business but the reader's.
    pub(crate) fn print(&self, as_json: bool) {
        let text = if as_json { format!("{:#}\n", self.to_json()) } else { self.to_string() };
        let _ = std::io::stdout().write_all(text.as_bytes());
    }

    /// Registrations that were answered with success.
    fn acknowledged(&self) -> u64 {
        let rows = self.phases.iter().flat_map(|phase| &phase.rows);
        let registered = rows.filter(|row| row.operation == Operation::Register).map(|row| row.answered);
        registered.sum()
    }

    fn to_json(&self) -> Value {
        let phases: Vec<_> = self.phases.iter().map(|phase| {
            let rows: Vec<_> = phase.rows.iter().map(|row| json!({
                "operation": row.operation.name(),
                "answered": row.answered,
                "refused": row.refused,
                "p50_ms": milliseconds(row.median),
                "p99_ms": milliseconds(row.p99),
                "max_ms": milliseconds(row.slowest),
            })).collect();
            json!({ "name": phase.name, "operations": rows, "failures": phase.failures, "examples": phase.shown_failures })
        }).collect();
        let memory: serde_json::Map<_, _> = self
            .memory
            .list()
            .into_iter()
            .map(|(name, bytes)| (name.replace(' ', "_"), bytes.map(megabytes).into()))
            .collect();
        json!({
            "clients": self.clients,
            "seconds": self.seconds,
            "phases": phases,
            "resident_mb": memory,
            "registrations_answered": self.acknowledged(),
            "users_in_store": self.users_in_store,
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} clients, {} s a timed phase", self.clients, self.seconds)?;
        self.phases.iter().try_for_each(|phase| write!(f, "\n{phase}"))?;
        writeln!(f, "\nresident memory, MB")?;
        for (name, bytes) in self.memory.list() {
            let shown = bytes.map_or("not measured".to_owned(), |bytes| format!("{:.1}", megabytes(bytes)));
            writeln!(f, "  {name:<28}{shown:>12}")?;
        }
        let users = self.users_in_store.map_or("not counted".to_owned(), |users| users.to_string());
        writeln!(f, "\nregistrations answered {}, users in the store {users}", self.acknowledged())
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (p50, p99, max) = ("p50 ms", "p99 ms", "max ms");
        writeln!(f, "{}", self.name)?;
        writeln!(f, "  {:<10}{:>10}{:>8}{p50:>12}{p99:>12}{max:>12}", "", "answered", "503")?;
        for Row { operation, answered, refused, median, p99, slowest } in &self.rows {
            let [median, p99, slowest] = [median, p99, slowest].map(|time| milliseconds(*time));
            let name = operation.name();
            writeln!(f, "  {name:<10}{answered:>10}{refused:>8}{median:>12.2}{p99:>12.2}{slowest:>12.2}")?;
        }
        if self.failures > 0 {
            writeln!(f, "  FAILED {} times, for example:", self.failures)?;
            self.shown_failures.iter().try_for_each(|failure| writeln!(f, "    {failure}"))?;
        }
        Ok(())
    }
}

impl Memory {
    fn list(&self) -> [(&'static str, Option<u64>); 5] {
        [
            ("idle", self.idle),
            ("peak of the sign-ups", self.peak_of_sign_ups),
            ("after the sign-ups", self.after_sign_ups),
            ("before everything", self.before_mix),
            ("after everything", self.after_mix),
        ]
    }
}

/// Says why there is no report.
pub(crate) fn complain(error: &(dyn Error + Send + Sync)) {
    let _ = std::io::stderr().write_all(format!("error: {error}\n").as_bytes());
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

#[expect(clippy::cast_precision_loss, reason = "memory is far below 2^52 bytes")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
