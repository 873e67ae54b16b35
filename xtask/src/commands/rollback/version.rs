//! Having a version of this service answer that did so before. Lambda keeps them all.

use std::time::Duration;

use serde::Serialize;

use crate::{
    aws::{
        cloudformation,
        lambda::{self, Version},
    },
    cli::RollbackOptions,
    commands::smoke,
    context::Context,
    failure::{Code, Failure},
    output::{Cell, Mark, Report},
};

/// How long the version before may still answer, and the other take to start.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Serialize)]
struct RolledBack<'a> {
    function: &'a str,
    alias: &'a str,
    left: &'a str,
    target: u64,
    versions: &'a [Version],
}

pub(super) fn run(context: &Context<'_>, options: &RollbackOptions) -> Result<Report, Failure> {
    let ours = find(context)?;
    let arn = ours.alias_arn;
    let (function, name) = arn
        .rsplit_once(':')
        .ok_or_else(|| Failure::new(Code::ToolAnswerUnreadable, format!("{arn:?} is not the ARN of an alias")))?;
    let alias = lambda::alias(context, function, name)?;
    let versions = lambda::versions(context, function)?;
    let target = choose(&versions, &alias.function_version, options.to.as_deref())?;
    let result = RolledBack { function, alias: name, left: &alias.function_version, target, versions: &versions };
    let report = Report::new(&result)
        .line(Mark::Plain, format!("alias   {name} of {function}"))
        .line(Mark::Plain, format!("left    version {}", alias.function_version))
        .line(Mark::Plain, format!("target  version {target}"));
    let report = if options.to.is_none() { show(report, &result) } else { report };
    if alias.function_version == target.to_string() && !alias.is_shared() {
        return Ok(report.line(Mark::Good, "this version answers already"));
    }
    context.tell(&format!("having version {target} answer"));
    if !lambda::point(context, function, name, &alias, target)? {
        return Ok(report.line(Mark::Plain, "the version stays"));
    }
    let report = report
        .line(Mark::Good, format!("version {target} answers"))
        .line(Mark::Plain, "the stack does not know: the next deployment has its own version answer");
    // By its own address: the domain may still lead to another service.
    let checks = smoke::check_until(context, options.target_url.as_deref().unwrap_or(&ours.endpoint), PATIENCE);
    let failure = checks.failure().map(|failure| {
        let message = format!("version {target} answers, but not as it must: {failure}");
        Failure { message, ..failure }.advise("name another version with --to")
    });
    Ok(checks.show(report).failing(failure))
}

/// Which versions there are, newest first.
fn show(report: Report, found: &RolledBack<'_>) -> Report {
    let rows = found.versions.iter().rev().map(|version| {
        let state = if version.number == found.target {
            Cell::marked(Mark::Good, "chosen")
        } else if version.number.to_string() == found.left {
            Cell::marked(Mark::Notice, "left")
        } else {
            "".into()
        };
        let Version { number, published_at, description } = version;
        vec![number.to_string().into(), state, published_at.as_str().into(), description.as_str().into()]
    });
    report.table(&["version", "", "published", "description"], rows.collect())
}

/// What answers under the alias, and where.
struct Ours {
    alias_arn: String,
    endpoint: String,
}

/// Finds it in a stack that nobody is changing: a canary would go on with its own versions.
fn find(context: &Context<'_>) -> Result<Ours, Failure> {
    let name = context.stage.our_stack();
    let stack = cloudformation::stack(context, &name)?
        .ok_or_else(|| Failure::new(Code::StackMissing, format!("there is no stack {name}")))?;
    if stack.is_busy() {
        let advice = format!(
            "`aws cloudformation cancel-update-stack --stack-name {name}` ends an update and goes back; or wait for its end"
        );
        return Err(
            Failure::new(Code::StackFailed, format!("the stack {name} is {}", stack.stack_status)).advise(advice)
        );
    }
    let output = |key: &str| {
        stack.output(key).map(str::to_owned).ok_or_else(|| {
            Failure::new(Code::TargetMissing, format!("the stack {name} has no output {key}: it has no function yet"))
        })
    };
    Ok(Ours { alias_arn: output("AliasArn")?, endpoint: output("ApiEndpoint")? })
}

/// The version that was asked for, or else the newest one before the current.
fn choose(versions: &[Version], current: &str, asked: Option<&str>) -> Result<u64, Failure> {
    let mut numbers = versions.iter().map(|version| version.number);
    let found = match asked {
        Some(asked) => numbers.find(|number| number.to_string() == asked),
        None => numbers.rfind(|number| current.parse().is_ok_and(|current: u64| *number < current)),
    };
    found.ok_or_else(|| {
        let what = asked.map_or_else(
            || format!("there is no version before {current}"),
            |asked| format!("there is no version {asked}"),
        );
        let there: Vec<_> = versions.iter().map(|version| version.number.to_string()).collect();
        Failure::new(Code::NoPreviousTarget, what).advise(format!("versions that are there: {}", there.join(", ")))
    })
}

#[cfg(test)]
mod tests;
