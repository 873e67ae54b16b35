//! Waiting for `CloudFormation`, and telling what it does meanwhile.

use std::{collections::HashSet, time::Duration};

use crate::{
    aws::cloudformation::{self, Event},
    context::Context,
    failure::{Code, Failure},
};

const PAUSE: Duration = Duration::from_secs(5);
/// Looks before giving up: two hours, which a slow canary does not need.
const LOOKS: u32 = 1440;

/// How a deployment ended.
pub(super) struct Ended {
    pub(super) status: String,
    /// What went wrong first.
    reason: Option<String>,
}

impl Ended {
    pub(super) fn failure(&self, stack: &str) -> Option<Failure> {
        if matches!(self.status.as_str(), "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "IMPORT_COMPLETE") {
            return None;
        }
        let reason = self.reason.as_deref().unwrap_or("no event says why");
        let failure = Failure::new(Code::StackFailed, format!("the stack {stack} is {}: {reason}", self.status));
        Some(Failure { advice: cloudformation::obstacle(stack, &self.status), ..failure })
    }
}

/// A look at a stack that something is about to be done to.
pub(super) struct Watch<'a> {
    context: &'a Context<'a>,
    stack: &'a str,
    /// The events that were told, or happened before.
    known: HashSet<String>,
}

impl<'a> Watch<'a> {
    pub(super) fn begin(context: &'a Context<'a>, stack: &'a str) -> Result<Self, Failure> {
        let known = cloudformation::events(context, stack)?.into_iter().map(|event| event.event_id).collect();
        Ok(Self { context, stack, known })
    }

    /// Waits until nothing is being done to the stack any more.
    pub(super) fn wait(mut self) -> Result<Ended, Failure> {
        let mut reason = None;
        for _ in 0..LOOKS {
            // Asked before the events, so that none of them is missed at the end.
            let now = cloudformation::stack(self.context, self.stack)?;
            let mut events = cloudformation::events(self.context, self.stack)?;
            events.retain(|event| self.known.insert(event.event_id.clone()));
            for event in events.iter().rev() {
                tell(self.context, event);
                if reason.is_none() && event.resource_status.ends_with("_FAILED") {
                    let why = event.resource_status_reason.as_deref().unwrap_or("no reason is given");
                    reason = Some(format!("{}: {why}", event.logical_resource_id));
                }
            }
            match now {
                None => return Err(Failure::new(Code::StackMissing, format!("the stack {} is gone", self.stack))),
                Some(now) if !now.stack_status.ends_with("_IN_PROGRESS") => {
                    return Ok(Ended { status: now.stack_status, reason: reason.or(now.stack_status_reason) });
                }
                Some(_) => self.context.world.time.pause(PAUSE),
            }
        }
        Err(gave_up(self.stack))
    }
}

fn tell(context: &Context<'_>, event: &Event) {
    let Event { resource_status, resource_type, logical_resource_id, .. } = event;
    context.tell(&format!("{resource_status:<28} {logical_resource_id} ({resource_type})"));
}

/// Waits until the stack of this id is deleted. (By its name it could not be told from one that never was.)
pub(in crate::commands) fn wait_until_gone(context: &Context<'_>, id: &str, pause: Duration) -> Result<(), Failure> {
    for _ in 0..LOOKS {
        let Some(stack) = cloudformation::stack(context, id)? else { return Ok(()) };
        context.tell(&format!("{} {}", stack.stack_status, stack.stack_name));
        match stack.stack_status.as_str() {
            "DELETE_COMPLETE" => return Ok(()),
            "DELETE_FAILED" => {
                let reason = stack.stack_status_reason.unwrap_or_default();
                return Err(Failure::new(Code::StackFailed, format!("{} was not deleted: {reason}", stack.stack_name)));
            }
            _ => context.world.time.pause(pause),
        }
    }
    Err(gave_up(id))
}

fn gave_up(stack: &str) -> Failure {
    Failure::new(Code::StackFailed, format!("{stack} did not come to an end")).advise("look at it in the AWS console")
}
