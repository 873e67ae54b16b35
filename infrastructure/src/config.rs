//! The service's settings: read once, typed, and checked as a whole, so that a wrong deployment fails at its
//! start with everything that is wrong, and not one request at a time.
//!
//! `docs/configuration.md` describes each for operators.

mod billing;
mod events;
mod identities;
mod read;
mod reader;
mod traces;

use std::{env, fmt, num::NonZeroUsize};

use application::links::LinkPolicy;
use chrono::Duration;
use domain::{
    IdentityProvider, UserId,
    user::{EmailVerification, PasswordPolicy},
};
use secrecy::SecretString;
use url::Url;

use billing::read_billing;
pub use billing::{BillingConfig, StripeAccount, StripeConfig};
pub use events::EventsConfig;
use events::read_events;
use identities::read_identities;
use read::{
    read_endpoint, read_http, read_mail, read_passwords, read_platform_admins, read_stage, read_tables, read_tokens,
};
use reader::Reader;
pub use reader::{ConfigError, Problem};
use traces::read_tracing;
pub use traces::{TraceCollector, TracingConfig};

use crate::{
    crypto::argon2id::Argon2Parameters,
    dynamodb::{AUDIT_KEPT_FOR, tables::Layout},
    oidc::ProviderSettings,
};

/// Where the service runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// On a developer's machine.
    Local,
    /// In AWS, for the frontends' development.
    Dev,
    /// In AWS, for rehearsals.
    Staging,
    /// In AWS, for customers.
    Prod,
}

impl Stage {
    const CHOICES: [(&'static str, Self); 4] =
        [("local", Self::Local), ("dev", Self::Dev), ("staging", Self::Staging), ("prod", Self::Prod)];

    /// The stage's name in table names, logs and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Dev => "dev",
            Self::Staging => "staging",
            Self::Prod => "prod",
        }
    }

    /// Whether comfort may win over strictness: any origin in CORS, tokens without an issuer.
    #[must_use]
    pub const fn is_for_development(self) -> bool {
        matches!(self, Self::Local | Self::Dev)
    }
}

/// What signs access tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessTokenSigner {
    /// The shared secret, which the Python services have.
    Hs256,
    /// The first ECDSA P-256 key of the secret's `signing_keys`.
    Es256,
    /// The first Ed25519 key of the secret's `signing_keys`.
    EdDsa,
}

/// Where the secret that signs tokens comes from.
#[derive(Clone, Debug)]
pub enum JwtSecret {
    /// AWS Secrets Manager, by ARN.
    SecretsManager(String),
    /// The setting itself.
    Given(SecretString),
    /// A file in the data folder, made at the first start.
    Kept,
}

/// Where mail goes.
#[derive(Clone, Debug)]
pub enum MailTransport {
    /// Amazon SES.
    Ses,
    /// An SMTP server.
    Smtp(SecretString),
    /// A mailbox in memory, shown at `/dev/mailbox`.
    Mailbox,
}

/// Settings of tokens.
#[derive(Clone, Debug)]
pub struct TokenConfig {
    /// Where the secret comes from.
    pub secret: JwtSecret,
    /// What signs access tokens.
    pub signer: AccessTokenSigner,
    /// `iss`.
    pub issuer: String,
    /// `aud`; none unless every reader expects one.
    pub audience: Option<String>,
    /// How long an access token works.
    pub access_lifetime: Duration,
    /// How long a refresh token works.
    pub refresh_lifetime: Duration,
    /// How long a session lasts without a refresh.
    pub idle_timeout: Duration,
    /// Whether tokens of the Python service are taken.
    pub accept_legacy: bool,
    /// Whether links of the Python service's invitations are taken.
    pub accept_legacy_invitations: bool,
}

/// Settings of passwords.
#[derive(Clone, Debug)]
pub struct PasswordConfig {
    /// What a new password must satisfy.
    pub policy: PasswordPolicy,
    /// The cost of a hash.
    pub argon2: Argon2Parameters,
    /// Threads that hash; `None`: one a core.
    pub threads: Option<NonZeroUsize>,
    /// Requests that may wait for one of them.
    pub queue: NonZeroUsize,
    /// Whether attempts at passwords are counted, slowed down and, after too many failures, refused.
    pub throttles_sign_ins: bool,
}

/// Settings of mail.
#[derive(Clone, Debug)]
pub struct MailConfig {
    /// Where mail goes.
    pub transport: MailTransport,
    /// The sender, `Name <address>` or an address.
    pub from: String,
    /// Which sites mails link to.
    pub links: LinkPolicy,
    /// Whether an address must be confirmed before the first sign-in.
    pub verification: EmailVerification,
    /// How long a confirmation link works.
    pub confirmation_lifetime: Duration,
    /// How long a reset link works.
    pub reset_lifetime: Duration,
    /// How long a link works that opens a closed tenant again.
    pub reopening_lifetime: Duration,
}

/// Settings of the HTTP face.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    /// The path that the custom domain maps to this service.
    pub base_path: String,
    /// Origins that browsers may call from; `*` for any.
    pub cors_origins: Vec<String>,
    /// `POST` and `PUT` requests a minute and source, where that is limited; `None`: no limit.
    pub rate_limit_per_minute: Option<u32>,
}

/// All settings of the service.
#[derive(Clone, Debug)]
pub struct Config {
    /// On whose behalf they were read.
    pub host: Host,
    /// Where it runs.
    pub stage: Stage,
    /// What it calls itself in logs and health answers.
    pub application_name: String,
    /// What it logs: a level, or levels by target.
    pub log_filter: String,
    /// The AWS region.
    pub region: String,
    /// A DynamoDB other than the region's.
    pub dynamodb_endpoint: Option<Url>,
    /// Names and layout of the tables.
    pub tables: Layout,
    /// Tokens.
    pub tokens: TokenConfig,
    /// Passwords.
    pub passwords: PasswordConfig,
    /// Mail.
    pub mail: MailConfig,
    /// HTTP.
    pub http: HttpConfig,
    /// Who administers the platform.
    pub platform_admins: Vec<UserId>,
    /// How long audit records are kept.
    pub audit_kept_for: Duration,
    /// Traces, where they are wanted.
    pub traces: Option<TracingConfig>,
    /// The identity providers that people may sign in with.
    pub identities: Vec<(IdentityProvider, ProviderSettings)>,
    /// Where domain events go.
    pub events: EventsConfig,
    /// Who takes the money.
    pub billing: BillingConfig,
}

/// On whose behalf the settings are read: decides the defaults that make one host start with nothing set, and
/// the other refuse to start with too little.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// A developer's machine: everything has a default.
    Local,
    /// AWS Lambda: secrets, sender and sites must be given.
    Lambda,
}

impl Config {
    /// Reads the settings from the process's environment.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] with every problem.
    pub fn from_environment(host: Host) -> Result<Self, ConfigError> {
        #[expect(clippy::disallowed_methods, reason = "the one place where the environment is read")]
        Self::read(host, &|name| env::var(name).ok())
    }

    /// Reads the settings from `lookup`.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] with every problem.
    pub fn read(host: Host, lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(lookup);
        let stage = read_stage(&mut reader, host);
        let tables = read_tables(&mut reader, stage);
        let tokens = read_tokens(&mut reader, host);
        let passwords = read_passwords(&mut reader);
        let http = read_http(&mut reader, stage, host);
        let mail = read_mail(&mut reader, host, &http);
        let platform_admins = read_platform_admins(&mut reader);
        let audit_kept_for =
            Duration::days(reader.number("AUDIT_RETENTION_DAYS", AUDIT_KEPT_FOR.num_days(), 30..=3650));
        let identities = read_identities(&mut reader, stage);
        let traces = read_tracing(&mut reader);
        let dynamodb_endpoint = reader.parsed("AWS_ENDPOINT_URL_DYNAMODB", read_endpoint);
        let log_filter = reader.text_or("LOG_LEVEL", "info");
        let region = reader.text_or("AWS_REGION", "us-east-1");
        let application_name = reader.text_or("APPLICATION_NAME", "purposepath-account");
        let events = read_events(&mut reader, stage, &region);
        let billing = read_billing(&mut reader, stage, host);
        let (Some(tables), Some(tokens), Some(passwords), Some(mail), Some(events), Some(billing)) =
            (tables, tokens, passwords, mail, events, billing)
        else {
            return reader.finish(None);
        };
        reader.finish(Some(Self {
            host,
            stage,
            application_name,
            log_filter,
            region,
            dynamodb_endpoint,
            tables,
            tokens,
            passwords,
            mail,
            http,
            platform_admins,
            audit_kept_for,
            traces,
            identities,
            events,
            billing,
        }))
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests;
