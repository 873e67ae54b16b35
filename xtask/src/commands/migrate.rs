//! Giving the rows of the Python services what ours have.

use infrastructure::{
    dynamodb::maintenance::{self, Change, Checkpoint, Exception, Migration, Run, What},
    system::SystemClock,
};

use super::{
    confirmed,
    data::{Bars, MigrateOptions, failure, runtime, shortened},
};
use crate::{
    context::Context,
    failure::{Code, Failure},
    output::{Cell, Mark, Report},
};

pub(crate) fn run(context: &Context<'_>, options: &MigrateOptions) -> Result<Report, Failure> {
    if options.tables.are_in_aws() {
        confirmed(context, options.yes)?;
    }
    let suffix = options.tables.suffix(context);
    let checkpoint = Checkpoint::at(context.path(&format!("target/xtask/migrate-{suffix}.json")));
    if options.restart && !context.dry_run {
        checkpoint.forget().map_err(|error| failure(&error.into()))?;
    }
    let migration = runtime()?.block_on(async {
        let tables = options.tables.open(context).await?;
        let bars = Bars::new(context);
        let run = if context.dry_run { Run::Dry } else { Run::Real(&checkpoint) };
        let settings = options.tables.settings(options.write_units);
        let watched = tables.watched_by(&bars);
        let migrated = async {
            let mut migration = maintenance::migrate(watched, settings, &SystemClock, run).await?;
            migration.changes.extend(maintenance::seed_tiers(watched, settings, context.dry_run).await?);
            Ok(migration)
        };
        migrated.await.map_err(|error| failure(&error))
    })?;
    Ok(show(&migration))
}

fn show(migration: &Migration) -> Report {
    let heading = if migration.dry_run { "What would be written" } else { "What was written" };
    let count = |number: u64| Cell::from(number.to_string());
    let tables = migration.tables.iter().map(|table| vec![table.table.into(), count(table.rows), count(table.changes)]);
    let report = Report::new(migration).heading(heading).table(&["table", "rows", "changes"], tables.collect());
    let report = if migration.changes.is_empty() {
        report.line(Mark::Good, "nothing is missing")
    } else {
        let rows = migration
            .changes
            .iter()
            .map(|change| vec![change.table.into(), change.row.as_str().into(), said(change).into()]);
        shortened(report, &["table", "row", "change"], rows.collect())
    };
    let verification = &migration.verification;
    let left: Vec<_> = migration.exceptions.iter().chain(&verification.exceptions).collect();
    let with_address = verification.users.saturating_sub(verification.without_address);
    let claimed = format!("{} of {with_address} addresses are claimed for their user", verification.claimed);
    let report = report.heading("Claims").line(if left.is_empty() { Mark::Good } else { Mark::Notice }, claimed);
    let report = report.line(
        Mark::Plain,
        format!(
            "{} users, {} without an address; {} claims",
            verification.users, verification.without_address, verification.claims
        ),
    );
    if left.is_empty() {
        return report;
    }
    let rows = left.iter().map(|exception| {
        let (row, why) = explained(exception);
        vec![row.into(), Cell::marked(Mark::Notice, why)]
    });
    let report = shortened(report.heading("Left for people to decide"), &["row", "why"], rows.collect());
    if migration.dry_run {
        return report;
    }
    let why = format!("{} exceptions are left", left.len());
    let advice = "docs/deployment/data.md says what to do about each; then run it again";
    report.failing(Some(Failure::new(Code::MigrationIncomplete, why).advise(advice)))
}

fn said(change: &Change) -> String {
    match &change.what {
        What::ClaimAddress => "a claim of the address".to_owned(),
        What::Seed => "a row as the seed has it".to_owned(),
        What::Set { attribute, value } => format!("{attribute} = {value}"),
    }
}

/// The row, and what about it.
fn explained(exception: &Exception) -> (String, String) {
    let (row, why) = match exception {
        Exception::SharedAddress { users, holder: None } => return (users.join(", "), "have one address".to_owned()),
        Exception::SharedAddress { users, holder: Some(holder) } => {
            return (users.join(", "), format!("have one address, which is claimed for {holder}"));
        }
        Exception::HeldByAnother { user, holder } => {
            return (user.clone(), format!("the address is claimed for {holder}, who does not have it"));
        }
        Exception::UnusableAddress { user } => (user, "what stands for an address is none"),
        Exception::NoTenant { user } => (user, "has no tenant_id"),
        Exception::Unclaimed { user } => (user, "the address is not claimed; run it again"),
        Exception::ClaimOfAnotherTenant { user } => (user, "the claim names another tenant"),
        Exception::ClaimUnreadable { user } => (user, "the claim cannot be read"),
        Exception::ClaimOfNobody { user } => (user, "a claim names them, and they do not have its address"),
        Exception::KeysDiffer { user } => (user, "id and user_id are two different ids"),
        Exception::PreferencesOfNobody { user } => {
            (user, "preferences without a tenant_id, and no user to take it from")
        }
        Exception::Busy { table, row } => {
            return (row.clone(), format!("in {table}, changed all the time; run it again"));
        }
    };
    (row.clone(), why.to_owned())
}
