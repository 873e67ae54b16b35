//! What we ask AWS, through its command-line tool: the shapes of its answers and the meaning of its refusals.

#![expect(clippy::struct_field_names, reason = "the names are those of AWS's answers")]

pub(crate) mod apigateway;
pub(crate) mod cloudformation;
pub(crate) mod dynamodb;
pub(crate) mod lambda;
pub(crate) mod secrets;
pub(crate) mod ssm;

use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    context::{Context, parse, successful},
    failure::Failure,
    programs::{Call, Finished},
};

/// What AWS said instead of an answer: `An error occurred (<code>) when calling the <operation> operation: …`.
pub(crate) struct Refusal<'a> {
    pub(crate) code: &'a str,
    pub(crate) message: &'a str,
}

impl<'a> Refusal<'a> {
    fn read(errors: &'a str) -> Option<Self> {
        let (_, rest) = errors.split_once("An error occurred (")?;
        let (code, message) = rest.split_once(')')?;
        Some(Self { code, message })
    }
}

/// A call of the tool for this region.
fn call(context: &Context<'_>, arguments: &[&str]) -> Call {
    let common = ["--region", &context.region, "--output", "json"];
    Call::new("aws", arguments.iter().chain(&common).copied())
}

/// Asks something that changes nothing.
pub(crate) fn ask<T: DeserializeOwned>(context: &Context<'_>, arguments: &[&str]) -> Result<T, Failure> {
    let call = call(context, arguments);
    parse(&call, &context.run(&call)?.answer)
}

/// Asks for something that may not be there, which `is_absence` recognises.
pub(crate) fn ask_for<T: DeserializeOwned>(
    context: &Context<'_>,
    arguments: &[&str],
    is_absence: impl Fn(&Refusal<'_>) -> bool,
) -> Result<Option<T>, Failure> {
    let call = call(context, arguments);
    let finished = context.attempt(&call)?;
    if !finished.success && Refusal::read(&finished.errors).is_some_and(|refusal| is_absence(&refusal)) {
        return Ok(None);
    }
    parse(&call, &successful(&call, finished)?.answer).map(Some)
}

/// Changes something; `None` in a dry run.
pub(crate) fn change(context: &Context<'_>, arguments: &[&str]) -> Result<Option<Finished>, Failure> {
    context.change(&call(context, arguments))
}

/// Who asks.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Identity {
    account: String,
}

/// The end of the number of the account: enough to see that it is the right one, and not written down whole.
pub(crate) fn account(context: &Context<'_>) -> Result<String, Failure> {
    let identity: Identity = ask(context, &["sts", "get-caller-identity"])?;
    let kept = identity.account.chars().count().saturating_sub(4);
    Ok(identity.account.chars().skip(kept).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_of_a_refusal_is_read_from_what_the_tool_says() {
        let said = "\nAn error occurred (ValidationError) when calling the DescribeStacks operation: Stack with id x \
                    does not exist\n";
        let refusal = Refusal::read(said).unwrap();
        assert_eq!(refusal.code, "ValidationError");
        assert!(refusal.message.contains("does not exist"));
        assert!(Refusal::read("Unable to locate credentials").is_none());
    }
}
