//! Reads who takes the money.

use secrecy::SecretString;
use url::Url;

use super::{
    Host, Stage,
    read::{is_own_machine, read_endpoint},
    reader::Reader,
};
use crate::stripe::{AccountSecrets, InvalidAccountSecrets, StripeMode};

/// Who takes the money.
#[derive(Clone, Debug)]
pub enum BillingConfig {
    /// A provider inside the process, which moves none.
    Local,
    /// Stripe.
    Stripe(StripeConfig),
    /// Nobody: nothing can be paid for.
    Nobody,
}

/// Settings of Stripe.
#[derive(Clone, Debug)]
pub struct StripeConfig {
    /// Where its API is.
    pub url: Url,
    /// Where the secrets of the account are.
    pub account: StripeAccount,
    /// Whether money moves.
    pub mode: StripeMode,
}

/// Where the secrets of a Stripe account are.
#[derive(Clone, Debug)]
pub enum StripeAccount {
    /// AWS Secrets Manager, by ARN.
    SecretsManager(String),
    /// The settings themselves.
    Given(AccountSecrets),
}

const PROVIDER: &str = "BILLING_PROVIDER";
const SECRET_ARN: &str = "STRIPE_SECRET_ARN";
const SECRET_KEY: &str = "STRIPE_SECRET_KEY";
const WEBHOOK_SECRETS: &str = "STRIPE_WEBHOOK_SECRETS";
const API_URL: &str = "STRIPE_API_URL";

#[derive(Clone, Copy)]
enum Kind {
    Local,
    Stripe,
    Nobody,
}

/// Only the settings of the provider that is chosen are looked at.
pub(super) fn read_billing(reader: &mut Reader<'_>, stage: Stage, host: Host) -> Option<BillingConfig> {
    // A function has nowhere to keep the books of the local one.
    let (default, kinds): (_, &[_]) = match host {
        Host::Local => {
            let default = if stage == Stage::Local { Kind::Local } else { Kind::Nobody };
            (default, &[("local", Kind::Local), ("stripe", Kind::Stripe), ("none", Kind::Nobody)])
        }
        Host::Lambda => (Kind::Nobody, &[("stripe", Kind::Stripe), ("none", Kind::Nobody)]),
    };
    match reader.choice(PROVIDER, default, kinds) {
        Kind::Local if stage.is_for_development() => Some(BillingConfig::Local),
        Kind::Local => {
            reader.problem(PROVIDER, "must be stripe or none: local, which moves no money, is for local and dev only");
            None
        }
        Kind::Stripe => read_stripe(reader, stage).map(BillingConfig::Stripe),
        Kind::Nobody => Some(BillingConfig::Nobody),
    }
}

fn read_stripe(reader: &mut Reader<'_>, stage: Stage) -> Option<StripeConfig> {
    let mode = if stage == Stage::Prod { StripeMode::Live } else { StripeMode::Test };
    let given = reader.text(API_URL).is_some();
    let url = reader.parsed(API_URL, |text| read_stand_in(text, stage));
    let url = if given { url } else { Url::parse("https://api.stripe.com/").ok() };
    let account = match (reader.text(SECRET_ARN), reader.secret(SECRET_KEY), reader.text(WEBHOOK_SECRETS)) {
        (Some(arn), _, _) => Some(StripeAccount::SecretsManager(arn)),
        (None, Some(key), Some(secrets)) if stage.is_for_development() => read_account(reader, key, &secrets, mode),
        (None, _, _) => {
            let unless = format!(", or {SECRET_KEY} and {WEBHOOK_SECRETS}");
            let unless = if stage.is_for_development() { unless.as_str() } else { "" };
            reader.problem(SECRET_ARN, format!("must be set{unless} where {PROVIDER} is stripe"));
            None
        }
    };
    Some(StripeConfig { url: url?, account: account?, mode })
}

fn read_account(reader: &mut Reader<'_>, key: SecretString, secrets: &str, mode: StripeMode) -> Option<StripeAccount> {
    let secrets: Vec<_> = secrets.split_whitespace().map(SecretString::from).collect();
    match AccountSecrets::new(key, &secrets, mode) {
        Ok(account) => Some(StripeAccount::Given(account)),
        Err(InvalidAccountSecrets::Endpoint(error)) => {
            reader.problem(WEBHOOK_SECRETS, format!("{error}, with spaces between them"));
            None
        }
        Err(error) => {
            reader.problem(SECRET_KEY, error.to_string());
            None
        }
    }
}

/// Where something in Stripe's place answers.
fn read_stand_in(text: &str, stage: Stage) -> Result<Url, String> {
    let url = read_endpoint(text)?;
    if is_own_machine(&url) && stage.is_for_development() {
        Ok(url)
    } else {
        Err("must be on the own machine, in local or dev: it is for what stands in for Stripe".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::reader::Problem;

    const STRIPE: (&str, &str) = (PROVIDER, "stripe");
    const KEY: (&str, &str) = (SECRET_KEY, "sk_test_0123");
    const SECRETS: (&str, &str) = (WEBHOOK_SECRETS, "whsec_0123456789abcdef whsec_fedcba9876543210");
    const ARN: (&str, &str) = (SECRET_ARN, "arn:aws:secretsmanager:us-east-1:123456789012:secret:stripe");

    fn read(host: Host, stage: Stage, settings: &[(&str, &str)]) -> Result<BillingConfig, Vec<Problem>> {
        let lookup = |name: &str| settings.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        let mut reader = Reader::new(&lookup);
        let billing = read_billing(&mut reader, stage, host);
        reader.finish(billing).map_err(|error| error.problems)
    }

    fn stripe(stage: Stage, settings: &[(&str, &str)]) -> StripeConfig {
        match read(Host::Local, stage, settings).unwrap() {
            BillingConfig::Stripe(stripe) => stripe,
            other => panic!("{other:?}"),
        }
    }

    fn problem(host: Host, stage: Stage, settings: &[(&str, &str)]) -> String {
        let problems = read(host, stage, settings).unwrap_err();
        let [Problem { name, why }] = problems.as_slice() else { panic!("{problems:?}") };
        format!("{name} {why}")
    }

    #[test]
    fn a_developer_needs_no_key_and_nobody_is_charged_by_accident() {
        assert!(matches!(read(Host::Local, Stage::Local, &[]), Ok(BillingConfig::Local)));
        for (host, stage) in [(Host::Local, Stage::Dev), (Host::Local, Stage::Prod), (Host::Lambda, Stage::Prod)] {
            assert!(matches!(read(host, stage, &[]), Ok(BillingConfig::Nobody)), "{stage}");
        }
        // What Stripe would need is not looked at.
        let none = [(PROVIDER, "none"), (API_URL, "?")];
        assert!(matches!(read(Host::Lambda, Stage::Prod, &none), Ok(BillingConfig::Nobody)));
    }

    #[test]
    fn what_moves_no_money_is_for_development() {
        let local = [(PROVIDER, "local")];
        assert!(matches!(read(Host::Local, Stage::Dev, &local), Ok(BillingConfig::Local)));
        for stage in [Stage::Staging, Stage::Prod] {
            let expected =
                "BILLING_PROVIDER must be stripe or none: local, which moves no money, is for local and dev only";
            assert_eq!(problem(Host::Local, stage, &local), expected);
        }
        assert_eq!(problem(Host::Lambda, Stage::Dev, &local), "BILLING_PROVIDER must be one of stripe, none");
    }

    #[test]
    fn the_secrets_of_stripe_are_in_secrets_manager() {
        for (stage, mode) in [(Stage::Staging, StripeMode::Test), (Stage::Prod, StripeMode::Live)] {
            let found = stripe(stage, &[STRIPE, ARN]);
            assert!(matches!(&found.account, StripeAccount::SecretsManager(arn) if arn == ARN.1));
            assert_eq!((found.url.as_str(), found.mode), ("https://api.stripe.com/", mode));
            let expected = "STRIPE_SECRET_ARN must be set where BILLING_PROVIDER is stripe";
            assert_eq!(problem(Host::Lambda, stage, &[STRIPE, KEY, SECRETS]), expected);
        }
    }

    #[test]
    fn a_developer_may_give_the_secrets_of_a_test_account() {
        for stage in [Stage::Local, Stage::Dev] {
            let found = stripe(stage, &[STRIPE, KEY, SECRETS]);
            let shown = format!("{found:?}");
            assert!(shown.contains("EndpointSecrets(2)") && !shown.contains("0123"), "{shown}");
            let expected = "STRIPE_SECRET_ARN must be set, or STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRETS where \
                            BILLING_PROVIDER is stripe";
            for incomplete in [vec![STRIPE], vec![STRIPE, KEY], vec![STRIPE, SECRETS]] {
                assert_eq!(problem(Host::Local, stage, &incomplete), expected);
            }
        }
        let live = [STRIPE, (SECRET_KEY, "sk_live_0123"), SECRETS];
        let why = problem(Host::Local, Stage::Local, &live);
        assert!(
            why.starts_with("STRIPE_SECRET_KEY the key must be a secret or restricted key of Stripe's test"),
            "{why}"
        );
        let why = problem(Host::Local, Stage::Local, &[STRIPE, KEY, (WEBHOOK_SECRETS, "hunter2")]);
        assert!(
            why.starts_with("STRIPE_WEBHOOK_SECRETS must be a signing secret") && !why.contains("hunter2"),
            "{why}"
        );
    }

    #[test]
    fn something_in_stripes_place_is_on_a_developers_own_machine() {
        for own in ["http://127.0.0.1:8420", "http://[::1]:8420", "http://localhost:8420"] {
            let settings = [STRIPE, KEY, SECRETS, (API_URL, own)];
            assert_eq!(stripe(Stage::Dev, &settings).url.as_str(), format!("{own}/"));
            let expected =
                "STRIPE_API_URL must be on the own machine, in local or dev: it is for what stands in for Stripe";
            assert_eq!(problem(Host::Local, Stage::Prod, &[STRIPE, ARN, (API_URL, own)]), expected);
        }
        for wrong in ["https://api.stripe.example.com", "http://10.0.0.1:8420", "stripe"] {
            let why = problem(Host::Local, Stage::Local, &[STRIPE, KEY, SECRETS, (API_URL, wrong)]);
            assert!(why.starts_with("STRIPE_API_URL must be"), "{why}");
        }
    }
}
