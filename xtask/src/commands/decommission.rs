//! Deleting a stack that this service replaces. None of those stacks was made with that in mind: what keeps their data
//! is checked in the template that they were deployed with, not in what somebody remembers of it.

use std::time::Duration;

use chrono::TimeDelta;
use serde::Serialize;

use super::{
    deploy::wait_until_gone,
    traffic::{self, Target},
};
use crate::{
    aws::{
        self,
        apigateway::{self, Mapping},
        cloudformation::{self, Resource},
        dynamodb,
    },
    cli::{DecommissionOptions, Replaced},
    context::Context,
    failure::{Code, Failure},
    output::{Cell, Mark, Report},
    stage::MAPPING_KEY,
    template::{Template, keeps_data},
};

/// One thing that must be so.
#[derive(Debug, Serialize)]
struct Condition {
    name: &'static str,
    /// Why it is not so.
    failure: Option<Failure>,
}

#[derive(Debug, Serialize)]
struct Examined {
    stack: String,
    conditions: Vec<Condition>,
    /// What stays when the stack is gone.
    retained: Vec<String>,
    deleted: bool,
}

pub(crate) fn run(context: &Context<'_>, options: &DecommissionOptions) -> Result<Report, Failure> {
    let name = context.stage.name(match options.what {
        Replaced::Python => "account-api",
        Replaced::Dotnet => "account-dotnet",
    });
    let stack = cloudformation::stack(context, &name)?
        .ok_or_else(|| Failure::new(Code::StackMissing, format!("there is no stack {name}")))?;
    context.tell(&format!("what {name} consists of"));
    let resources = cloudformation::resources(context, &name)?;
    let template = Template::of_body(&name, cloudformation::template(context, &name)?)?;
    let domain = options.domain.name(context.stage);
    let mappings = apigateway::mappings(context, domain)?;
    let soaking = soaking(context, options, domain, mappings.as_deref().unwrap_or_default())?;
    let conditions = vec![
        Condition { name: "everything that keeps data stays", failure: not_retained(&resources, &template) },
        Condition { name: "nobody imports what it exports", failure: still_imported(context, &name)? },
        Condition { name: "no mapping needs it", failure: still_mapped(domain, mappings.as_deref(), &resources) },
        Condition { name: "the new service had the traffic long enough", failure: soaking },
        Condition { name: "it may be deleted", failure: protected(&name, stack.enable_termination_protection) },
    ];
    let data = resources.iter().filter(|resource| keeps_data(&resource.resource_type));
    let retained: Vec<_> = data.map(|resource| resource.physical_resource_id.clone()).collect();
    let failure = conditions.iter().find_map(|condition| condition.failure.clone());
    let mut examined = Examined { stack: name.clone(), conditions, retained, deleted: false };
    if failure.is_some() || !options.yes {
        let report = show(&examined).failing(failure.clone());
        let invitation = format!("{name} can be deleted: repeat this with --yes");
        return Ok(if failure.is_none() { report.line(Mark::Good, invitation) } else { report });
    }
    examined.deleted = delete(context, &name, &stack.stack_id, &resources)?;
    let outcome = if examined.deleted { "is deleted, and its data is there" } else { "would be deleted" };
    Ok(show(&examined).line(Mark::Good, format!("{name} {outcome}")))
}

fn show(examined: &Examined) -> Report {
    let rows = examined.conditions.iter().map(|condition| {
        let verdict = match &condition.failure {
            None => Cell::marked(Mark::Good, "yes"),
            Some(failure) => Cell::marked(Mark::Bad, failure.message.as_str()),
        };
        vec![condition.name.into(), verdict]
    });
    Report::new(examined)
        .heading(&examined.stack)
        .table(&["condition", "met"], rows.collect())
        .heading("What stays")
        .lines(Mark::Plain, &examined.retained)
}

fn not_retained(resources: &[Resource], template: &Template) -> Option<Failure> {
    let of_data = resources.iter().filter(|resource| keeps_data(&resource.resource_type));
    let lost = of_data.filter(|resource| !template.retains(&resource.logical_resource_id));
    let lost: Vec<_> = lost.map(|resource| resource.logical_resource_id.as_str()).collect();
    (!lost.is_empty()).then(|| {
        Failure::new(Code::NotRetained, format!("{} would be deleted", lost.join(", "))).advise(
            "deploy that stack once more with DeletionPolicy: Retain on each of them; docs/deployment/migration.md says how",
        )
    })
}

fn still_imported(context: &Context<'_>, stack: &str) -> Result<Option<Failure>, Failure> {
    for export in cloudformation::exports(context)?.iter().filter(|export| export.stack() == stack) {
        let importers = cloudformation::importers(context, &export.name)?;
        if !importers.is_empty() {
            let message = format!("{} import {}", importers.join(", "), export.name);
            return Ok(Some(Failure::new(Code::StillImported, message)));
        }
    }
    Ok(None)
}

/// A mapping leads to the stack's API, or is itself part of the stack and would go with it. A domain that is not there
/// (`None`) is a mistyped one, whose mappings say nothing.
fn still_mapped(domain: &str, mappings: Option<&[Mapping]>, resources: &[Resource]) -> Option<Failure> {
    let Some(mappings) = mappings else {
        return Some(Failure::new(Code::MappingMissing, format!("there is no custom domain {domain}")));
    };
    let is_of_stack = |id: &str| resources.iter().any(|resource| resource.physical_resource_id == id);
    let mapping = mappings.iter().find(|mapping| is_of_stack(&mapping.api_id) || is_of_stack(&mapping.id))?;
    Some(Failure::new(Code::StillMapped, format!("{domain}/{} needs it (mapping {})", mapping.key, mapping.id)))
}

/// Traffic was led to the new service, still goes there, and has done so for long enough.
fn soaking(
    context: &Context<'_>,
    options: &DecommissionOptions,
    domain: &str,
    mappings: &[Mapping],
) -> Result<Option<Failure>, Failure> {
    let failure = |message: String| Some(Failure::new(Code::SoakTime, message));
    let Some(record) = traffic::record(context)? else {
        return Ok(failure("no switch was written down".to_owned()));
    };
    if record.domain != domain {
        return Ok(failure(format!("the switch that was written down is that of {}", record.domain)));
    }
    if let Some(returned_at) = record.returned_at {
        return Ok(failure(format!("traffic was led back at {}", returned_at.format("%F %H:%M UTC"))));
    }
    let now = mappings.iter().find(|mapping| mapping.key == MAPPING_KEY).map(Target::of);
    if now.as_ref() != Some(&record.target) {
        let now = now.map_or_else(|| "nowhere".to_owned(), |now| format!("to {now}"));
        return Ok(failure(format!("{domain}/{MAPPING_KEY} leads {now}, not to {} any more", record.target)));
    }
    let over = record.switched_at + TimeDelta::days(options.soak_days.into());
    if context.world.time.now() < over {
        return Ok(failure(format!("not before {}", over.format("%F %H:%M UTC"))));
    }
    Ok(None)
}

fn protected(stack: &str, is_protected: bool) -> Option<Failure> {
    is_protected.then(|| {
        Failure::new(Code::StackFailed, "its termination protection is on").advise(format!(
            "aws cloudformation update-termination-protection --no-enable-termination-protection --stack-name {stack}"
        ))
    })
}

/// Deletes the stack, and looks whether its tables are still there; `false` in a dry run.
fn delete(context: &Context<'_>, name: &str, id: &str, resources: &[Resource]) -> Result<bool, Failure> {
    const PAUSE: Duration = Duration::from_secs(10);
    if aws::change(context, &["cloudformation", "delete-stack", "--stack-name", name])?.is_none() {
        return Ok(false);
    }
    wait_until_gone(context, id, PAUSE)?;
    for table in resources.iter().filter(|resource| resource.resource_type == "AWS::DynamoDB::Table") {
        if dynamodb::table(context, &table.physical_resource_id)?.is_none() {
            let message = format!("the table {} is gone with the stack", table.physical_resource_id);
            return Err(
                Failure::new(Code::NotRetained, message).advise("restore it to the minute before, from its backups")
            );
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests;
