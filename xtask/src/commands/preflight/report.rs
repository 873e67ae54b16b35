//! What was found, for people.

use super::{Found, tables::Decision};
use crate::{
    context::Context,
    output::{Cell, Mark, Report},
    stage::MAPPING_KEY,
};

pub(super) fn of(context: &Context<'_>, found: &Found) -> Report {
    let stacks = found.stacks.iter().map(|stack| vec![stack.name.as_str().into(), stack.status.as_str().into()]);
    let exports = found.exports.iter().map(|export| {
        vec![export.name.as_str().into(), export.stack.as_str().into(), or_dash(&export.importers.join(", "))]
    });
    let tables = found.tables.iter().map(|table| {
        let source = table.export.as_deref().or(table.owner.as_deref()).unwrap_or_default();
        vec![table.name.as_str().into(), decision(table.decision), or_dash(source), state(table)]
    });
    let mappings = found.domain.mappings.iter().flatten().map(|mapping| {
        let mark = if mapping.key == MAPPING_KEY { Mark::Good } else { Mark::Plain };
        let target = format!("{} {}", mapping.api_id, mapping.api_stage);
        vec![Cell::marked(mark, mapping.key.as_str()), mapping.id.as_str().into(), target.into()]
    });
    let counts = found.decisions().into_iter().map(|(name, count)| format!("{count} to {name}")).collect::<Vec<_>>();
    let report = Report::new(found)
        .heading(&format!("Stacks of {} in {} (account …{})", context.stage, context.region, found.account))
        .table(&["stack", "status"], stacks.collect())
        .heading("Exports")
        .table(&["export", "of", "imported by"], exports.collect())
        .heading(&format!("Tables: {}", counts.join(", ")))
        .table(&["table", "decision", "from", "state"], tables.collect())
        .heading(&format!("Mappings of {}", found.domain.name))
        .table(&["key", "id", "target"], mappings.collect());
    let report = stripe(secret(report, found), found);
    let report = report.heading("Conclusions").lines(Mark::Bad, &found.problems).lines(Mark::Notice, &found.notices);
    if found.problems.is_empty() {
        let file = super::parameter_file(context);
        return report.line(Mark::Good, format!("decisions are in {}", file.display()));
    }
    report
}

fn secret(report: Report, found: &Found) -> Report {
    let report = report.heading("Secret");
    let Some(secret) = &found.secret else {
        return report.line(Mark::Notice, "not there yet");
    };
    let mut report = report;
    if let (Some(shape), Some(length)) = (secret.shape, secret.length) {
        let previous = if secret.has_previous { "with" } else { "without" };
        let text = format!("{}, {length} bytes, {previous} a previous version", shape.as_str());
        report = report.line(Mark::Plain, text);
    }
    for check in &secret.cross_checks {
        let mark = if check.failure.is_none() { Mark::Good } else { Mark::Bad };
        report = report.line(mark, check.name);
    }
    report
}

fn stripe(report: Report, found: &Found) -> Report {
    let Some(stripe) = &found.stripe else { return report };
    let report = report.heading("Secret of Stripe");
    match stripe.webhook_secrets {
        Some(count) => {
            report.line(Mark::Good, format!("a key of the {} mode, and secrets of webhooks: {count}", stripe.mode))
        }
        None => report.line(Mark::Bad, format!("no secret for the {} mode", stripe.mode)),
    }
}

fn decision(decision: Decision) -> Cell {
    let mark = match decision {
        Decision::Import | Decision::Keep => Mark::Good,
        Decision::Use => Mark::Notice,
        Decision::Create => Mark::Plain,
    };
    Cell::marked(mark, decision.as_str())
}

fn state(table: &super::tables::Inspected) -> Cell {
    match (table.problems.len(), table.notices.len()) {
        (0, 0) if table.decision == Decision::Create => "-".into(),
        (0, 0) => Cell::marked(Mark::Good, "fits"),
        (0, notices) => Cell::marked(Mark::Notice, format!("fits, {notices} to look at")),
        (problems, _) => Cell::marked(Mark::Bad, format!("{problems} problems")),
    }
}

fn or_dash(text: &str) -> Cell {
    if text.is_empty() { "-".into() } else { text.into() }
}
