//! What is there, what to import, and what to create.

mod parameters;
mod questions;
mod report;
mod secret;
mod stripe;
mod tables;
mod tokens;

use std::collections::BTreeMap;

use serde::Serialize;

pub(crate) use parameters::{Parameters, file as parameter_file};

use super::deploy::fixed_for_account;
use crate::{
    aws::{
        self,
        apigateway::{self, Mapping},
        cloudformation::{self, Export, Stack},
    },
    context::Context,
    failure::{Code, Failure},
    output::Report,
    stage::{MAPPING_KEY, Stage},
};

/// Stacks of others that may have something to do with the account service, without `purposepath-` and the stage.
const OTHER_STACKS: [&str; 8] = [
    "shared-infrastructure",
    "account-api",
    "account-dotnet",
    "api",
    "api-domain",
    "api-domain-mapping",
    "coaching-api",
    "traction-api",
];

/// Everything that was found.
#[derive(Serialize)]
struct Found {
    /// The last digits of the account's number.
    account: String,
    stacks: Vec<FoundStack>,
    exports: Vec<FoundExport>,
    tables: Vec<tables::Inspected>,
    domain: FoundDomain,
    /// `None` where the shared infrastructure will make it.
    secret: Option<secret::Inspected>,
    /// `None` where Stripe does not take the money.
    stripe: Option<stripe::Inspected>,
    parameters: Parameters,
    /// Why it cannot go on.
    problems: Vec<String>,
    /// What somebody should look at.
    notices: Vec<String>,
}

#[derive(Serialize)]
struct FoundStack {
    name: String,
    status: String,
}

#[derive(Serialize)]
struct FoundExport {
    name: String,
    stack: String,
    importers: Vec<String>,
}

#[derive(Serialize)]
struct FoundDomain {
    name: String,
    /// `None`: there is no such domain.
    mappings: Option<Vec<Mapping>>,
    /// The stack that has the mapping of the account service.
    owner: Option<String>,
}

/// Looks, decides, and writes the decisions down.
pub(crate) fn run(context: &Context<'_>, domain: &str) -> Result<Report, Failure> {
    context.tell("who asks");
    let account = aws::account(context)?;
    context.tell("stacks and exports");
    let stacks = known_stacks(context, &cloudformation::stacks(context)?);
    let all_exports = cloudformation::exports(context)?;
    let exports = relevant_exports(context, &all_exports)?;
    let inspection = tables::inspect(context, &all_exports)?;
    context.tell(&format!("mappings of {domain}"));
    let domain = look_at_domain(context, domain)?;
    context.tell("the secret, and tokens of both services");
    let secret_export = find_secret(context, &all_exports);
    let secret = secret_export.map(|export| secret::inspect(context, &export.value)).transpose()?;
    let stripe = stripe::inspect(context, &fixed_for_account(context)?)?;
    let parameters = parameters::of(context, &all_exports, &inspection, secret_export);
    let mut found = Found {
        account,
        stacks,
        exports,
        tables: inspection.tables,
        domain,
        secret,
        stripe,
        parameters,
        problems: Vec::new(),
        notices: Vec::new(),
    };
    found.judge(context);
    if found.problems.is_empty() {
        let file = serde_json::to_string_pretty(&found.parameters).unwrap_or_default() + "\n";
        context.write_text(&parameters::file(context), &file)?;
    }
    let failure = (!found.problems.is_empty()).then(|| {
        Failure::new(Code::PreflightFailed, format!("{} problems; nothing was written down", found.problems.len()))
            .advise("docs/deployment/analysis.md says what each means")
    });
    Ok(report::of(context, &found).failing(failure))
}

fn known_stacks(context: &Context<'_>, stacks: &[Stack]) -> Vec<FoundStack> {
    let others = OTHER_STACKS.map(|middle| context.stage.name(middle));
    let known = context.stage.our_stacks().into_iter().chain(others);
    let found = known.filter_map(|name| stacks.iter().find(|stack| stack.stack_name == name));
    found.map(|stack| FoundStack { name: stack.stack_name.clone(), status: stack.stack_status.clone() }).collect()
}

/// The exports of the stage, and who holds on to them.
fn relevant_exports(context: &Context<'_>, exports: &[Export]) -> Result<Vec<FoundExport>, Failure> {
    let suffix = format!("-{}", context.stage);
    let of_stage = |export: &&Export| export.name.starts_with("purposepath-") && export.name.ends_with(&suffix);
    let exports: Vec<_> = exports.iter().filter(of_stage).collect();
    let importers =
        questions::at_once(context, "exports", &exports, |export| cloudformation::importers(context, &export.name))?;
    let found = exports.into_iter().zip(importers).map(|(export, importers)| FoundExport {
        name: export.name.clone(),
        stack: export.stack().to_owned(),
        importers,
    });
    Ok(found.collect())
}

fn look_at_domain(context: &Context<'_>, name: &str) -> Result<FoundDomain, Failure> {
    let mappings = apigateway::mappings(context, name)?;
    let ours = mappings.iter().flatten().find(|mapping| mapping.key == MAPPING_KEY);
    let owner = ours.map(|mapping| cloudformation::owner(context, &mapping.id)).transpose()?.flatten();
    Ok(FoundDomain { name: name.to_owned(), mappings, owner })
}

/// The export of the secret: the one that other services use, or that of our own shared infrastructure.
fn find_secret<'a>(context: &Context<'_>, exports: &'a [Export]) -> Option<&'a Export> {
    let names = ["jwt-secret-arn", "account-rust-jwt-secret-arn"].map(|middle| context.stage.name(middle));
    names.iter().find_map(|name| exports.iter().find(|export| export.name == *name))
}

impl Found {
    /// Draws the conclusions of everything that was found.
    fn judge(&mut self, context: &Context<'_>) {
        self.judge_stacks(context);
        for table in &self.tables {
            let of_it = |text: &String| format!("{}: {text}", table.name);
            self.problems.extend(table.problems.iter().map(of_it));
            self.notices.extend(table.notices.iter().map(of_it));
        }
        if let Some(secret) = &self.secret {
            self.problems.extend(secret.problems.iter().map(|problem| format!("the secret: {problem}")));
        } else {
            let export = context.stage.name("jwt-secret-arn");
            self.notices.push(format!("nothing exports {export}: the shared infrastructure has to come first"));
        }
        let of_stripe = self.stripe.iter().flat_map(|stripe| &stripe.problems);
        self.problems.extend(of_stripe.map(|problem| format!("the secret of Stripe: {problem}")));
        self.notices.extend(self.domain.notice(context));
        self.notices.extend(self.unheard_alarms(context));
        let shared = self.tables.iter().filter(|table| {
            parameters::CREATED_BY_SHARED.contains(&table.which) && table.decision == tables::Decision::Create
        });
        let missing: Vec<_> = shared.map(|table| table.name.as_str()).collect();
        if !missing.is_empty() {
            self.notices.push(format!("the shared infrastructure has to create {}", missing.join(", ")));
        }
    }

    /// One that is being changed is not to be relied on. One that has to be repaired keeps our deployment from going
    /// on where it is ours; otherwise somebody else should look.
    fn judge_stacks(&mut self, context: &Context<'_>) {
        let ours = context.stage.our_stacks();
        for FoundStack { name, status } in &self.stacks {
            let Some(advice) = cloudformation::obstacle(name, status) else { continue };
            if cloudformation::is_busy(status) || ours.contains(name) {
                self.problems.push(format!("the stack {name} is {status}: {advice}"));
            } else {
                self.notices.push(format!("the stack {name} is {status}"));
            }
        }
    }

    /// That nobody is told of alarms, in production.
    fn unheard_alarms(&self, context: &Context<'_>) -> Option<String> {
        let is_heard = context.stage != Stage::Prod || self.parameters.contains_key(parameters::ALARM_TOPIC);
        (!is_heard).then(|| {
            let export = context.stage.name(parameters::ALARM_TOPIC_EXPORT);
            format!("nothing exports {export}: nobody is told of alarms, unless {} is given", parameters::ALARM_TOPIC)
        })
    }

    /// How many tables there are of each decision.
    fn decisions(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for table in &self.tables {
            *counts.entry(table.decision.as_str()).or_default() += 1;
        }
        counts
    }
}

impl FoundDomain {
    fn notice(&self, context: &Context<'_>) -> Option<String> {
        let Some(mappings) = &self.mappings else {
            return Some(format!("there is no custom domain {}", self.name));
        };
        if !mappings.iter().any(|mapping| mapping.key == MAPPING_KEY) {
            return Some(format!("{} has no mapping `{MAPPING_KEY}`: nothing takes its traffic yet", self.name));
        }
        let foreign = self.owner.as_ref().filter(|owner| **owner != context.stage.name("account-rust-mapping"))?;
        Some(format!("the stack {foreign} has the mapping: deploying that stack would switch traffic back"))
    }
}

#[cfg(test)]
mod tests;
