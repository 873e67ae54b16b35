//! The commands, one a module.

pub(crate) mod build;
pub(crate) mod data;
pub(crate) mod decommission;
pub(crate) mod deploy;
pub(crate) mod lint;
pub(crate) mod migrate;
pub(crate) mod package;
pub(crate) mod preflight;
pub(crate) mod rollback;
pub(crate) mod smoke;
pub(crate) mod switch;
mod traffic;
pub(crate) mod verify;

use crate::{
    context::Context,
    failure::{Code, Failure},
    stage::Stage,
};

/// Stops what changes production and was not confirmed. A dry run changes nothing.
fn confirmed(context: &Context<'_>, yes: bool) -> Result<(), Failure> {
    if yes || context.dry_run || context.stage != Stage::Prod {
        return Ok(());
    }
    Err(Failure::new(Code::ConfirmationRequired, "this changes production").advise("repeat it with --yes"))
}
