//! Going back: to the service before this one, or to a version of this one before the last.

mod version;

use serde::Serialize;

use super::{
    smoke,
    traffic::{self, Record, Target},
};
use crate::{
    cli::{RollbackOptions, WayBack},
    context::Context,
    failure::{Code, Failure},
    output::{Mark, Report},
};

#[derive(Serialize)]
struct RolledBack<'a> {
    mapping_id: &'a str,
    left: &'a Target,
    target: &'a Target,
}

/// Asks for no confirmation, not in production either: somebody who goes back is in a hurry.
pub(crate) fn run(context: &Context<'_>, options: &RollbackOptions) -> Result<Report, Failure> {
    match options.what {
        WayBack::Traffic => lead_back(context, options),
        WayBack::Version => version::run(context, options),
    }
}

/// Leads traffic back to where it went before the switch.
fn lead_back(context: &Context<'_>, options: &RollbackOptions) -> Result<Report, Failure> {
    let domain = options.domain.name(context.stage);
    let record = traffic::record(context)?;
    let target = match (&options.to, &record) {
        (Some(api_id), _) => Target { api_id: api_id.clone(), api_stage: options.to_stage.clone() },
        (None, Some(record)) if record.domain == domain => record.previous.clone(),
        (None, _) => {
            return Err(Failure::new(Code::NoPreviousTarget, format!("no switch of {domain} was written down"))
                .advise("name the API with --to; `cargo xtask preflight` and the old stack's outputs show its id"));
        }
    };
    let mapping = traffic::mapping(context, domain)?;
    let left = Target::of(&mapping);
    let report = Report::new(&RolledBack { mapping_id: &mapping.id, left: &left, target: &target })
        .line(Mark::Plain, format!("mapping  {}", mapping.id))
        .line(Mark::Plain, format!("left     {left}"))
        .line(Mark::Plain, format!("target   {target}"));
    if left == target {
        return Ok(report.line(Mark::Good, format!("{domain} leads there already")));
    }
    if !traffic::lead(context, domain, &mapping, &target)? {
        return Ok(report.line(Mark::Plain, "traffic stays where it is"));
    }
    // After the traffic: the record must not keep it from going back.
    let noted = record.map(|record| {
        let returned = Record { returned_at: Some(context.world.time.now()), ..record };
        traffic::write_record(context, &returned)
    });
    let report = report.line(Mark::Good, format!("{domain} leads to {target}"));
    if let Some(Err(error)) = noted {
        return Ok(
            report.failing(Some(Failure { message: format!("traffic is back; writing it down: {error}"), ..error }))
        );
    }
    Ok(match smoke::is_alive(context, &options.domain_url.url(domain)) {
        Ok(()) => report.line(Mark::Good, "it says that it is well"),
        Err(why) => {
            let why = format!("traffic is back at {target}, which does not say that it is well: {why}");
            report.failing(Some(Failure::new(Code::SmokeFailed, why)))
        }
    })
}

#[cfg(test)]
mod tests;
