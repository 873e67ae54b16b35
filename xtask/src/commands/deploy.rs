//! Deploying a stack: first what would change, and no change that loses data or traffic.

mod changes;
mod settings;
mod waiting;

use std::path::Path;

use serde::Serialize;

use super::{confirmed, package::artifact_bucket};
use crate::{
    aws::{
        self,
        cloudformation::{self, ChangeSet},
    },
    cli::{DeployOptions, Deployable},
    context::Context,
    failure::{Code, Failure},
    output::{Mark, Report},
    programs::{Call, Shown},
};
use changes::Change;
pub(super) use settings::fixed_for_account;
pub(super) use waiting::wait_until_gone;

impl Deployable {
    const fn folder(self) -> &'static str {
        match self {
            Self::Shared => "shared-infrastructure",
            Self::Account => "account-service",
            Self::Observability => "observability",
            Self::DomainMapping => "domain-mapping",
            Self::CiOidc => "ci-oidc",
        }
    }

    /// Whether what it makes depends on what is there already.
    const fn follows_preflight(self) -> bool {
        matches!(self, Self::Shared | Self::Account)
    }
}

/// What a deployment came to.
#[derive(Debug, Serialize)]
struct Deployed {
    stack: String,
    changes: Vec<Change>,
    /// `None`: nothing was to be done, or nothing was done.
    status: Option<String>,
}

pub(crate) fn run(context: &Context<'_>, options: &DeployOptions) -> Result<Report, Failure> {
    let settings = settings::gather(context, options)?;
    let stack = settings.stack_name.as_str();
    if let Some(obstacle) = cloudformation::stack(context, stack)?.and_then(|stack| stack.obstacle()) {
        return Err(obstacle);
    }
    let Some(id) = propose(context, options.what, &settings)? else {
        let outcome =
            if context.dry_run { "what would change is known once it was asked for" } else { "nothing to do" };
        let deployed = Deployed { stack: stack.to_owned(), changes: Vec::new(), status: None };
        return Ok(Report::new(&deployed).line(Mark::Good, format!("{stack}: {outcome}")));
    };
    let change_set = cloudformation::change_set(context, &id)?;
    if change_set.is_empty() {
        discard(context, &id)?;
        let deployed = Deployed { stack: stack.to_owned(), changes: Vec::new(), status: None };
        return Ok(Report::new(&deployed).line(Mark::Good, format!("{stack}: nothing to do")));
    }
    let changes = changes::of(&change_set, &options.allow);
    if let Some(refusal) = refusal(context, options, &change_set, &changes) {
        discard(context, &id)?;
        let deployed = Deployed { stack: stack.to_owned(), changes, status: None };
        return Ok(changes::show(&deployed.changes, Report::new(&deployed).heading(stack)).failing(Some(refusal)));
    }
    let watch = waiting::Watch::begin(context, stack)?;
    aws::change(context, &["cloudformation", "execute-change-set", "--change-set-name", &id])?;
    let ended = watch.wait()?;
    let failure = ended.failure(stack);
    let deployed = Deployed { stack: stack.to_owned(), changes, status: Some(ended.status.clone()) };
    let report = changes::show(&deployed.changes, Report::new(&deployed).heading(stack));
    let mark = if failure.is_none() { Mark::Good } else { Mark::Bad };
    Ok(report.line(mark, ended.status).failing(failure))
}

/// Why the change set is not carried out, if it is not.
fn refusal(
    context: &Context<'_>,
    options: &DeployOptions,
    change_set: &ChangeSet,
    changes: &[Change],
) -> Option<Failure> {
    if change_set.status != "CREATE_COMPLETE" {
        let reason = change_set.status_reason.as_deref().unwrap_or("no reason is given");
        return Some(Failure::new(Code::StackFailed, format!("the change set is {}: {reason}", change_set.status)));
    }
    let refused: Vec<_> =
        changes.iter().filter(|change| change.refused).map(|change| change.resource.as_str()).collect();
    if !refused.is_empty() {
        let what = format!("{} would be replaced or deleted", refused.join(", "));
        let advice = "docs/deployment/validation.md says what that loses; --allow <LOGICAL_ID> lets one pass";
        return Some(Failure::new(Code::StatefulChange, what).advise(advice));
    }
    confirmed(context, options.yes).err()
}

/// Asks for a change set, and says which one it is; `None` when there is nothing to change.
fn propose(context: &Context<'_>, what: Deployable, settings: &settings::Settings) -> Result<Option<String>, Failure> {
    let stack = settings.stack_name.as_str();
    let before = cloudformation::change_sets(context, stack)?;
    let file = context.path(&format!("target/xtask/{}-{}.yaml", what.folder(), context.stage));
    context.write_text(&file, &settings.parameters_yaml())?;
    context.tell(&format!("what would change in {stack}"));
    let bucket = template_bucket(context, what, settings)?;
    context.change(&sam_deploy(context, what, stack, &file, bucket.as_deref()))?;
    if context.dry_run {
        return Ok(None);
    }
    let after = cloudformation::change_sets(context, stack)?;
    let is_new = |id: &str| !before.iter().any(|known| known.change_set_id == id);
    Ok(after.into_iter().map(|summary| summary.change_set_id).find(|id| is_new(id)))
}

/// Where a template goes that is too large to be sent. SAM names it by its digest and believes what it finds under that
/// name, so that the bucket is the stage's own: in one for all, who may deploy to a stage could put it there for another.
fn template_bucket(
    context: &Context<'_>,
    what: Deployable,
    settings: &settings::Settings,
) -> Result<Option<String>, Failure> {
    if what != Deployable::Account {
        return Ok(None);
    }
    match settings.parameters.get("CodeBucket").filter(|bucket| !bucket.is_empty()) {
        Some(bucket) => Ok(Some(bucket.clone())),
        None => artifact_bucket(context).map(Some),
    }
}

/// SAM leaves the change set for us to look at.
fn sam_deploy(
    context: &Context<'_>,
    what: Deployable,
    stack: &str,
    parameters: &Path,
    template_bucket: Option<&str>,
) -> Call {
    let folder = context.path("deployment").join(what.folder());
    let path = |file: &str| folder.join(file).to_string_lossy().into_owned();
    let parameters = format!("file://{}", parameters.display());
    let (template, config) = (path("template.yaml"), path("samconfig.toml"));
    // SAM insists on a repository where a function may be an image, to push it there. Ours is pushed already.
    let repository = format!("000000000000.dkr.ecr.{}.amazonaws.com/unused", context.region);
    let for_images: &[&str] = if what == Deployable::Account { &["--image-repository", &repository] } else { &[] };
    let uploaded: Vec<&str> =
        template_bucket.into_iter().flat_map(|bucket| ["--s3-bucket", bucket, "--s3-prefix", "templates"]).collect();
    let arguments: [&[&str]; 5] = [
        &["deploy", "--template-file", &template, "--config-file", &config, "--config-env", context.stage.as_str()],
        &["--stack-name", stack, "--region", &context.region, "--no-execute-changeset", "--no-confirm-changeset"],
        &uploaded,
        for_images,
        &["--no-fail-on-empty-changeset", "--parameter-overrides", &parameters],
    ];
    Call::new("sam", arguments.concat()).showing(Shown::Everything)
}

/// Removes a change set that nobody is to carry out by mistake.
fn discard(context: &Context<'_>, id: &str) -> Result<(), Failure> {
    aws::change(context, &["cloudformation", "delete-change-set", "--change-set-name", id]).map(drop)
}

#[cfg(test)]
mod tests;
