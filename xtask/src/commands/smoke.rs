//! Whether the service answers, exactly as it must. That something answers is not enough: a gateway without a route
//! answers too, and so does another service.

mod expectations;

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::{
    cli::SmokeOptions,
    context::Context,
    failure::{Code, Failure},
    output::{Cell, Mark, Report},
    web::{Answer, Request},
};
use expectations::Expectation;

/// Time between two rounds of questions: AWS takes a while to know of a change everywhere.
const PAUSE: Duration = Duration::from_secs(5);

/// What came of one question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Check {
    name: &'static str,
    url: String,
    status: Option<u16>,
    /// Why it is not what it must be.
    failure: Option<String>,
}

/// What came of all of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Checks(Vec<Check>);

impl Checks {
    /// The first thing that is wrong.
    pub(crate) fn failure(&self) -> Option<Failure> {
        let failed: Vec<_> = self.0.iter().filter(|check| check.failure.is_some()).collect();
        let first = failed.first()?;
        let why = first.failure.as_deref().unwrap_or_default();
        let count = format!("{} of {} answers are wrong", failed.len(), self.0.len());
        Some(Failure::new(Code::SmokeFailed, format!("{count}; {} ({}): {why}", first.name, first.url)))
    }

    /// The checks as a table.
    pub(crate) fn show(&self, report: Report) -> Report {
        let rows = self.0.iter().map(|check| {
            let verdict = match &check.failure {
                None => Cell::marked(Mark::Good, "as it must be"),
                Some(why) => Cell::marked(Mark::Bad, why.as_str()),
            };
            let status = check.status.map_or_else(|| "-".to_owned(), |status| status.to_string());
            vec![check.name.into(), status.into(), verdict]
        });
        report.table(&["check", "status", "verdict"], rows.collect())
    }
}

pub(crate) fn run(context: &Context<'_>, options: &SmokeOptions) -> Report {
    let base = options.url(context.stage);
    let checks = check(context, &base);
    let report = Report::new(&checks).heading(&base);
    checks.show(report).failing(checks.failure())
}

/// Asks everything.
pub(crate) fn check(context: &Context<'_>, base: &str) -> Checks {
    let base = base.trim_end_matches('/');
    let ask = |expectation: &Expectation| {
        context.tell(expectation.name);
        let request = Request { url: format!("{base}{}", expectation.path), post: expectation.post.clone() };
        let answer = context.world.web.ask(&request);
        let status = answer.as_ref().ok().map(|answer| answer.status);
        let failure = answer.and_then(|answer| expectation.judge(&answer)).err();
        Check { name: expectation.name, url: request.url, status, failure }
    };
    Checks(expectations::all(context.stage).iter().map(ask).collect())
}

/// Asks everything until all is right, or patience ends.
pub(crate) fn check_until(context: &Context<'_>, base: &str, patience: Duration) -> Checks {
    let mut left = patience;
    loop {
        let checks = check(context, base);
        if checks.failure().is_none() || left.is_zero() {
            return checks;
        }
        let pause = PAUSE.min(left);
        left -= pause;
        context.world.time.pause(pause);
    }
}

/// Whether a service, of whatever make, says that it is well.
pub(crate) fn is_alive(context: &Context<'_>, base: &str) -> Result<(), String> {
    let url = format!("{}/api/v1/health", base.trim_end_matches('/'));
    let answer = context.world.web.ask(&Request { url, post: None })?;
    if answer.status == 200 { Ok(()) } else { Err(format!("the status is {}", answer.status)) }
}

/// The JSON of an answer.
fn json(answer: &Answer) -> Result<Value, String> {
    let content_type = answer.headers.get("content-type").map(String::as_str).unwrap_or_default();
    if !content_type.starts_with("application/json") {
        return Err(format!("the content type is {content_type:?}"));
    }
    serde_json::from_slice(&answer.body).map_err(|_| "the body is no JSON".to_owned())
}

#[cfg(test)]
mod tests;
