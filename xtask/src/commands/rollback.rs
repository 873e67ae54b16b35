//! Going back: to the service before this one, or to a version of this one before the last.

mod version;

use serde::Serialize;

use super::{
    smoke,
    traffic::{self, Led, Record, Target},
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
    let target = match &options.to {
        Some(api_id) => Target { api_id: api_id.clone(), api_stage: options.to_stage.clone() },
        None => previous_target(context, domain)?,
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
    let (place, unseen) = match traffic::lead(context, domain, &mapping, &target)? {
        Led::LeftOut => return Ok(report.line(Mark::Plain, "traffic stays where it is")),
        Led::There => (format!("traffic is back at {target}"), None),
        Led::Unseen(failure) => (format!("traffic may not be back at {target} yet, look again"), Some(failure)),
    };
    // After the traffic: the record must not keep it from going back.
    let unnoted = write_down(context, domain).err();
    let unnoted = unnoted.map(|error| Failure { message: format!("that could not be written down: {error}"), ..error });
    let ill = smoke::is_alive(context, &options.domain_url.url(domain)).err();
    let ill = ill.map(|why| Failure::new(Code::SmokeFailed, format!("it does not say that it is well: {why}")));
    let troubles: Vec<_> = [unseen, ill, unnoted].into_iter().flatten().collect();
    let said: Vec<_> = troubles.iter().map(|trouble| trouble.message.as_str()).collect();
    let said = format!("{place}; {}", said.join("; "));
    let failure = troubles.into_iter().next().map(|first| Failure { message: said, ..first });
    if failure.is_some() {
        return Ok(report.failing(failure));
    }
    Ok(report.line(Mark::Good, format!("{domain} leads to {target}")).line(Mark::Good, "it says that it is well"))
}

/// Where traffic went before the last switch.
fn previous_target(context: &Context<'_>, domain: &str) -> Result<Target, Failure> {
    const ADVICE: &str = "name the API with --to; `cargo xtask preflight` and the old stack's outputs show its id";
    let record = traffic::record(context);
    // Whoever is not signed in, say, has advice already.
    let record = record.map_err(|error| Failure { advice: error.advice.or(Some(ADVICE.to_owned())), ..error })?;
    let of_domain = record.filter(|record| record.domain == domain).map(|record| record.previous);
    of_domain.ok_or_else(|| {
        Failure::new(Code::NoPreviousTarget, format!("no switch of {domain} was written down")).advise(ADVICE)
    })
}

/// Writes down that traffic went back, if it was this domain's that was led to us.
fn write_down(context: &Context<'_>, domain: &str) -> Result<(), Failure> {
    let record = traffic::record(context)?.filter(|record| record.domain == domain);
    record.map_or(Ok(()), |record| {
        traffic::write_record(context, &Record { returned_at: Some(context.world.time.now()), ..record })
    })
}

#[cfg(test)]
mod tests;
