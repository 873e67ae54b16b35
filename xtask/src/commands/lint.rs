//! The templates, before AWS sees them.

use std::{fs, io, path::PathBuf};

use serde::Serialize;

use crate::{
    context::{Context, file_failed},
    failure::{Code, Failure},
    output::{Cell, Mark, Report},
    programs::{Call, Finished},
};

/// What one program says of one template.
#[derive(Debug, Serialize)]
struct Verdict {
    template: String,
    program: &'static str,
    findings: Vec<String>,
}

pub(crate) fn run(context: &Context<'_>) -> Result<Report, Failure> {
    let templates = templates(context)?;
    if templates.is_empty() {
        return Err(Failure::new(Code::FileFailed, "there is no deployment/*/template.yaml"));
    }
    let mut verdicts = Vec::new();
    for template in &templates {
        let path = template.to_string_lossy().into_owned();
        let name = template.strip_prefix(&context.world.folder).unwrap_or(template).to_string_lossy().into_owned();
        context.tell(&name);
        let cfn_lint = Call::new("cfn-lint", ["--region", &context.region, "--format", "parseable", "--", &path]);
        let sam = ["validate", "--lint", "--template-file", &path, "--region", &context.region];
        for call in [cfn_lint, Call::new("sam", sam)] {
            let finished = context.attempt(&call)?;
            verdicts.push(Verdict { template: name.clone(), program: call.program, findings: findings(&finished) });
        }
    }
    let wrong = verdicts.iter().filter(|verdict| !verdict.findings.is_empty()).count();
    let rows = verdicts.iter().map(|verdict| {
        let (mark, text) = if verdict.findings.is_empty() { (Mark::Good, "good") } else { (Mark::Bad, "findings") };
        vec![verdict.template.as_str().into(), verdict.program.into(), Cell::marked(mark, text)]
    });
    let mut report = Report::new(&verdicts).table(&["template", "program", "verdict"], rows.collect());
    for verdict in &verdicts {
        report = report.lines(Mark::Bad, &verdict.findings);
    }
    let failure = (wrong > 0).then(|| Failure::new(Code::LintFailed, format!("{wrong} checks have findings")));
    Ok(report.failing(failure))
}

/// What a program that is not content says, line by line.
fn findings(finished: &Finished) -> Vec<String> {
    if finished.success {
        return Vec::new();
    }
    let said = finished.answer.lines().chain(finished.errors.lines());
    let said: Vec<_> = said.map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    if said.is_empty() { vec!["it failed and did not say why".to_owned()] } else { said }
}

/// Every template, in the order of their names.
fn templates(context: &Context<'_>) -> Result<Vec<PathBuf>, Failure> {
    let folder = context.path("deployment");
    let mut templates = Vec::new();
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(templates),
        Err(error) => return Err(file_failed(&folder, &error)),
    };
    for entry in entries {
        let template = entry.map_err(|error| file_failed(&folder, &error))?.path().join("template.yaml");
        if template.is_file() {
            templates.push(template);
        }
    }
    templates.sort();
    Ok(templates)
}

#[cfg(test)]
mod tests;
