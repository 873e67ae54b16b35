//! Leading traffic to this service, and back by itself when the service does not answer as it must.

use std::time::Duration;

use serde::Serialize;

use super::{
    confirmed,
    smoke::{self, Checks},
    traffic::{self, Led, Record, Target},
};
use crate::{
    aws::{apigateway::Mapping, cloudformation},
    cli::SwitchOptions,
    context::Context,
    failure::{Code, Failure},
    output::{Mark, Report},
};

/// What a switch came to.
#[derive(Serialize)]
struct Switched<'a> {
    mapping_id: &'a str,
    previous: &'a Target,
    target: &'a Target,
    checks: Option<&'a Checks>,
}

pub(crate) fn run(context: &Context<'_>, options: &SwitchOptions) -> Result<Report, Failure> {
    confirmed(context, options.yes)?;
    let domain = options.domain.name(context.stage);
    let domain_url = options.domain_url.url(domain);
    let patience = Duration::from_secs(options.patience);
    let mut ours = find_target(context)?;
    ours.endpoint = options.target_url.clone().unwrap_or(ours.endpoint);
    let mapping = traffic::mapping(context, domain)?;
    let previous = Target::of(&mapping);

    context.tell(&format!("the new target by its own address, {}", ours.endpoint));
    let before = smoke::check(context, &ours.endpoint);
    if let Some(failure) = before.failure() {
        let report = before.show(report(&mapping, &previous, &ours.target, None));
        return Ok(report.failing(Some(failure.advise("traffic was not touched"))));
    }
    if previous == ours.target {
        let checks = smoke::check_until(context, &domain_url, patience);
        let report = checks.show(report(&mapping, &previous, &ours.target, Some(&checks)));
        let report = report.line(Mark::Good, format!("{domain} leads there already"));
        let failure = checks.failure().map(|failure| failure.advise("`cargo xtask rollback` leads traffic back"));
        return Ok(report.failing(failure));
    }
    let record = Record {
        domain: domain.to_owned(),
        mapping_id: mapping.id.clone(),
        previous: previous.clone(),
        target: ours.target.clone(),
        switched_at: context.world.time.now(),
        returned_at: None,
    };
    // Written first: whoever finds the traffic moved must find the way back, too.
    traffic::write_record(context, &record)?;
    let led = traffic::lead(context, domain, &mapping, &ours.target);
    let led = led
        .map_err(|error| Failure { message: format!("{error}; {}", traffic::whereabouts(context, domain)), ..error })?;
    let (checks, failure) = match led {
        Led::LeftOut => {
            let report = report(&mapping, &previous, &ours.target, None);
            return Ok(report.line(Mark::Plain, "traffic stays where it is"));
        }
        Led::There => {
            let checks = smoke::check_until(context, &domain_url, patience);
            let failure = checks.failure();
            (Some(checks), failure)
        }
        // An answer would prove nothing: the service before gives some of them, too.
        Led::Unseen(failure) => (None, Some(failure)),
    };
    let report = report(&mapping, &previous, &ours.target, checks.as_ref());
    let report = checks.iter().fold(report, |report, checks| checks.show(report));
    let Some(failure) = failure else {
        return Ok(report.line(Mark::Good, format!("{domain} leads to {}", ours.target)));
    };
    Ok(report.failing(Some(return_traffic(context, &mapping, &domain_url, record, &failure))))
}

fn report(mapping: &Mapping, previous: &Target, target: &Target, checks: Option<&Checks>) -> Report {
    let result = Switched { mapping_id: &mapping.id, previous, target, checks };
    Report::new(&result)
        .line(Mark::Plain, format!("mapping   {}", mapping.id))
        .line(Mark::Plain, format!("previous  {previous}"))
        .line(Mark::Plain, format!("target    {target}"))
}

/// This service's API, and where it answers without the custom domain.
struct Ours {
    target: Target,
    endpoint: String,
}

fn find_target(context: &Context<'_>) -> Result<Ours, Failure> {
    let name = context.stage.our_stack();
    let stack = cloudformation::stack(context, &name)?.ok_or_else(|| {
        Failure::new(Code::StackMissing, format!("there is no stack {name}"))
            .advise("`cargo xtask deploy account` makes it")
    })?;
    if stack.is_busy() {
        return Err(Failure::new(Code::StackFailed, format!("the stack {name} is {}", stack.stack_status))
            .advise("wait until its deployment has come to an end"));
    }
    let output = |key: &str| {
        stack.output(key).map(str::to_owned).ok_or_else(|| {
            Failure::new(Code::TargetMissing, format!("the stack {name} has no output {key}: it has no function yet"))
        })
    };
    let target = Target { api_id: output("ApiId")?, api_stage: "$default".to_owned() };
    Ok(Ours { target, endpoint: output("ApiEndpoint")? })
}

/// Leads traffic back, and says how that went.
fn return_traffic(
    context: &Context<'_>,
    mapping: &Mapping,
    domain_url: &str,
    record: Record,
    why: &Failure,
) -> Failure {
    let (domain, previous) = (record.domain.clone(), record.previous.clone());
    if let Err(error) | Ok(Led::Unseen(error)) = traffic::lead(context, &domain, mapping, &previous) {
        let place = traffic::whereabouts(context, &domain);
        let what = format!("{why}; and the way back failed: {error}; {place}");
        return Failure::new(Code::SwitchStuck, what).advise(format!(
            "lead the mapping back by hand: aws apigatewayv2 update-api-mapping --domain-name {domain} \
             --api-mapping-id {} --api-mapping-key {} --api-id {} --stage '{}'",
            mapping.id, mapping.key, previous.api_id, previous.api_stage
        ));
    }
    let returned = Record { returned_at: Some(context.world.time.now()), ..record };
    let noted = traffic::write_record(context, &returned).err();
    let noted = noted.map(|error| format!("; that it was led back could not be written down: {error}"));
    let alive = smoke::is_alive(context, domain_url).err();
    let alive = alive.map(|error| format!("; the previous service does not say that it is well: {error}"));
    let more = [alive, noted].into_iter().flatten().collect::<String>();
    Failure::new(Code::SwitchReverted, format!("traffic is back at {previous}, because {why}{more}"))
}

#[cfg(test)]
mod tests;
