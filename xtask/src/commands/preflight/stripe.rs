//! The secret of the Stripe account, where Stripe takes the money: whether this service can work with it in this stage.
//! Nothing here prints any of it.

use infrastructure::stripe::{AccountSecrets, StripeMode};
use serde::Serialize;

use super::Parameters;
use crate::{
    aws::secrets::{self, Labelled},
    context::Context,
    failure::Failure,
    stage::Stage,
};

/// What the parameters call who takes the money.
const PROVIDER: &str = "BillingProvider";
/// What they call where the secret is.
const SECRET_ARN: &str = "StripeSecretArn";

/// What is known of the secret.
#[derive(Debug, Serialize)]
pub(crate) struct Inspected {
    /// Whether money moves with the key that belongs there: `live` in production, and `test` anywhere else.
    pub(crate) mode: &'static str,
    /// How many secrets of webhooks are in it, where it can be used.
    pub(crate) webhook_secrets: Option<usize>,
    /// Why it cannot be used.
    pub(crate) problems: Vec<String>,
}

/// Looks at the secret. `None` where Stripe does not take the money.
pub(crate) fn inspect(context: &Context<'_>, fixed: &Parameters) -> Result<Option<Inspected>, Failure> {
    if fixed.get(PROVIDER).map(String::as_str) != Some("stripe") {
        return Ok(None);
    }
    let (mode, word) =
        if context.stage == Stage::Prod { (StripeMode::Live, "live") } else { (StripeMode::Test, "test") };
    let mut inspected = Inspected { mode: word, webhook_secrets: None, problems: Vec::new() };
    match look(context, fixed, mode)? {
        Ok(secrets) => inspected.webhook_secrets = Some(secrets.webhook_secrets()),
        Err(problem) => inspected.problems.push(problem),
    }
    Ok(Some(inspected))
}

/// The secret as the service reads it, or why it cannot.
fn look(
    context: &Context<'_>,
    fixed: &Parameters,
    mode: StripeMode,
) -> Result<Result<AccountSecrets, String>, Failure> {
    let Some(arn) = fixed.get(SECRET_ARN).filter(|arn| !arn.is_empty()) else {
        return Ok(Err(format!("{SECRET_ARN} is not set, where {PROVIDER} is stripe")));
    };
    Ok(match secrets::version(context, arn, "AWSCURRENT")? {
        Labelled::Text(text) => AccountSecrets::parse(&text, mode).map_err(|error| error.to_string()),
        Labelled::NotText => Err("the secret is not text".to_owned()),
        Labelled::Nothing => Err("the secret is not there, or has no version".to_owned()),
    })
}
