//! The command `reconcile`: compares what tenants pay for with what the billing provider has, and repairs what differs.

mod report;

use std::{
    error::Error,
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

use application::{
    billing::{Reconciliation, Run},
    page::{PageRequest, PageSize},
    ports::BillingProviderName,
};

use crate::{options::Reconcile, output::say};
use report::Report;

/// When differences are left: for a person, or because nothing was to be repaired.
const DIFFERENCES_LEFT: u8 = 3;

/// Does what `command` says, and answers with an exit code of `--help`.
///
/// # Errors
///
/// When there is no provider, the tenants cannot be listed, or nobody reads the answer; the text says which.
pub(crate) async fn run(
    command: &Reconcile,
    reconciliation: &Reconciliation,
) -> Result<ExitCode, Box<dyn Error + Send + Sync>> {
    let provider = reconciliation.provider();
    if provider == BillingProviderName::None {
        return Err("no billing provider is set up, so that there is nothing to compare with".into());
    }
    let run = if command.apply { Run::Repair } else { Run::Rehearsal };
    let mut report = Report::new(provider, command.apply);
    let gone_over = match &command.tenant {
        Some(tenant_id) => {
            report.add(reconciliation.tenant(run, tenant_id.clone()).await);
            Ok(())
        }
        None => go_over_all(command, reconciliation, run, &mut report).await,
    };
    // What was found before something failed, or was repaired, is worth knowing all the more.
    say(&if command.output.json { format!("{}\n", report.json()) } else { report.text(io::stdout().is_terminal()) })?;
    gone_over?;
    Ok(if report.has_failures() {
        ExitCode::FAILURE
    } else if report.differences_left() > 0 {
        ExitCode::from(DIFFERENCES_LEFT)
    } else {
        ExitCode::SUCCESS
    })
}

/// Goes over all tenants, and says after each page where to go on should it be the last.
async fn go_over_all(
    command: &Reconcile,
    reconciliation: &Reconciliation,
    run: Run,
    report: &mut Report,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut page = PageRequest { size: PageSize::DEFAULT, after: command.after.clone() };
    loop {
        let reconciled = match reconciliation.page(run, &page).await {
            Ok(reconciled) => reconciled,
            Err(error) => {
                let go_on = page.after.as_ref().map(|after| format!("; --after {} goes on from there", after.as_str()));
                report.next = page.after;
                return Err(format!("the tenants cannot be listed: {error}{}", go_on.unwrap_or_default()).into());
            }
        };
        for tenant in reconciled.items {
            report.add(tenant);
        }
        let Some(next) = reconciled.next else { return Ok(()) };
        tell(&format!("... {}; --after {} goes on from here", report.so_far(), next.as_str()));
        page.after = Some(next);
    }
}

/// Tells how far it is. A closed output is no reason to stop half-way.
fn tell(progress: &str) {
    let (dim, plain) = if io::stderr().is_terminal() { ("\x1b[2m", "\x1b[0m") } else { ("", "") };
    let _ = writeln!(io::stderr(), "{dim}{progress}{plain}");
}
