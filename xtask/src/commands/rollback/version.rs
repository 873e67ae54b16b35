//! Having a version of this service answer that did so before. Lambda keeps them all.

use serde::Serialize;

use crate::{
    aws::{cloudformation, lambda},
    cli::RollbackOptions,
    commands::smoke,
    context::Context,
    failure::{Code, Failure},
    output::{Mark, Report},
};

#[derive(Serialize)]
struct RolledBack<'a> {
    function: &'a str,
    alias: &'a str,
    left: &'a str,
    target: u64,
}

pub(super) fn run(context: &Context<'_>, options: &RollbackOptions) -> Result<Report, Failure> {
    let arn = alias_arn(context)?;
    let (function, name) = arn
        .rsplit_once(':')
        .ok_or_else(|| Failure::new(Code::ToolAnswerUnreadable, format!("{arn:?} is not the ARN of an alias")))?;
    let alias = lambda::alias(context, function, name)?;
    let target = choose(&lambda::versions(context, function)?, &alias.function_version, options.to.as_deref())?;
    let report = Report::new(&RolledBack { function, alias: name, left: &alias.function_version, target })
        .line(Mark::Plain, format!("alias   {name} of {function}"))
        .line(Mark::Plain, format!("left    version {}", alias.function_version))
        .line(Mark::Plain, format!("target  version {target}"));
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
    let domain = options.domain.name(context.stage);
    Ok(match smoke::is_alive(context, &options.domain_url.url(domain)) {
        Ok(()) => report.line(Mark::Good, "it says that it is well"),
        Err(why) => {
            let why = format!("version {target} answers, but does not say that it is well: {why}");
            report.failing(Some(Failure::new(Code::SmokeFailed, why)))
        }
    })
}

/// The alias, of a stack that nobody is changing: a canary would go on with its own versions.
fn alias_arn(context: &Context<'_>) -> Result<String, Failure> {
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
    stack.output("AliasArn").map(str::to_owned).ok_or_else(|| {
        Failure::new(Code::TargetMissing, format!("the stack {name} has no output AliasArn: it has no function yet"))
    })
}

/// The version that was asked for, or else the newest one before the current.
fn choose(versions: &[u64], current: &str, asked: Option<&str>) -> Result<u64, Failure> {
    let found = match asked {
        Some(asked) => versions.iter().find(|version| version.to_string() == asked),
        None => versions.iter().rev().find(|version| current.parse().is_ok_and(|current: u64| **version < current)),
    };
    found.copied().ok_or_else(|| {
        let what = asked.map_or_else(
            || format!("there is no version before {current}"),
            |asked| format!("there is no version {asked}"),
        );
        let there: Vec<_> = versions.iter().map(u64::to_string).collect();
        Failure::new(Code::NoPreviousTarget, what).advise(format!("versions that are there: {}", there.join(", ")))
    })
}

#[cfg(test)]
mod tests;
