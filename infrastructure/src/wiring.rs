//! Puts the services together from the settings: the one place that knows every adapter.

mod billing;
mod events;
mod reconciliation;

pub use reconciliation::{assemble_reconciliation, reconciliation};

use std::{io, path::Path, sync::Arc};

use application::{
    Ports, Relay, UseCases,
    actor::PlatformAdmins,
    auth::{AuthSettings, Throttling},
    ports::{Clock, DeadLetters, HealthCheck, IdGenerator, Mailer, StoreError},
};
use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use chrono::Duration;
use domain::session::SessionPolicy;
use tokio::sync::Notify;

use crate::{
    aws,
    config::{Config, JwtSecret, MailTransport, PasswordConfig, Stage},
    crypto::{
        AesGcmSealer, PoolPasswordHasher,
        hash_pool::{HashPool, HashPoolSettings},
        key_ring::{KeyRing, KeyRingError},
        tokens::{JwtTokens, LegacyTokens, TokenSettings},
    },
    dynamodb::{
        DynamoDeadLetters, DynamoHealthCheck, DynamoStore, seed_missing_tiers,
        tables::{CreateTablesError, create_missing},
    },
    events::RecentEvents,
    mail::{InvalidSender, Mailbox, Sender, SesMailer, SmtpMailer, SmtpSetupError},
    oidc::OidcIdentityTokens,
    secrets::{FixedSecret, SecretFile, SecretSource, SecretsManagerSecret},
    system::{SystemClock, SystemIds},
};
#[cfg(feature = "embedded")]
use crate::{
    billing::local::{LocalBilling, OpenLocalBillingError},
    dynamodb::embedded::EmbeddedDynamoDb,
};

/// How long a spent refresh token is honoured again while its successor is unused (security rule 15).
const REUSE_GRACE: Duration = Duration::seconds(30);

/// The name of the file that keeps the signing secret of a local service.
const SECRET_FILE: &str = "jwt-secret";

/// The services, ready to be served.
pub struct Services {
    /// What the service can do.
    pub use_cases: UseCases,
    /// Delivers what is queued; what rests sealed is opened with [`Self::keys`].
    pub relay: Relay,
    /// The keys of tokens and of what rests sealed. Whoever runs the relay asks for the current ones first:
    /// opening a message does not wait for keys to be fetched.
    pub keys: Arc<KeyRing>,
    /// What the health routes look at.
    pub health: Vec<Arc<dyn HealthCheck>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Identifiers.
    pub ids: Arc<dyn IdGenerator>,
    /// The mail that was caught, where mail is caught.
    pub mailbox: Option<Arc<Mailbox>>,
    /// The latest events, on a developer's machine.
    pub recent_events: Option<Arc<RecentEvents>>,
    /// The billing provider inside the process, where that takes the money.
    #[cfg(feature = "embedded")]
    pub local_billing: Option<LocalBilling>,
    /// Told whenever something was queued for the relay.
    pub queued: Arc<Notify>,
    /// Whether the store answered while the services were put together; a sentence for the log when not.
    pub store_answered: Result<(), String>,
}

/// Why the services could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum WiringError {
    /// The client for AWS.
    #[error("the AWS client cannot be set up: {0}")]
    Aws(#[from] aws::HttpClientError),
    /// The tables.
    #[error("the tables cannot be created: {0}")]
    Tables(#[from] CreateTablesError),
    /// The rows of the tiers.
    #[error("the tiers cannot be written: {0}")]
    Tiers(#[source] StoreError),
    /// The signing secret.
    #[error("the signing secret cannot be used: {0}")]
    Keys(#[from] KeyRingError),
    /// A secret has to be kept, and there is nowhere to keep it.
    #[error("JWT_SECRET_ARN or JWT_SECRET must be set")]
    NoSecret,
    /// Events are to go to a webhook, and there is nothing to sign them with.
    #[error(
        "EVENTS_WEBHOOK_SECRET must be set, or webhook_secret in the signing secret, where EVENTS_PUBLISHER is webhook"
    )]
    NoWebhookSecret,
    /// The threads that hash passwords.
    #[error("the password hashing threads cannot be started: {0}")]
    Hashing(#[from] io::Error),
    /// The sender of mails.
    #[error("EMAIL_FROM: {0}")]
    Sender(#[from] InvalidSender),
    /// The SMTP server.
    #[error("SMTP_URL: {0}")]
    Smtp(#[from] SmtpSetupError),
    /// The billing provider inside the process.
    #[cfg(feature = "embedded")]
    #[error("the local billing provider cannot be used: {0}")]
    LocalBilling(#[from] OpenLocalBillingError),
    /// The templates of mails.
    #[error("the mail templates are broken: {0}")]
    Templates(#[from] minijinja::Error),
}

/// The DynamoDB to run on.
pub enum Store {
    /// The region's, or the one that the settings name, with the tables that it has.
    Existing,
    /// The same, after creating the tables that are missing there.
    ExistingWithMissingTables,
    /// One inside the process.
    #[cfg(feature = "embedded")]
    Embedded(EmbeddedDynamoDb),
}

impl Store {
    /// Whether what is written outlives the process.
    fn is_kept(&self) -> bool {
        match self {
            Self::Existing | Self::ExistingWithMissingTables => true,
            #[cfg(feature = "embedded")]
            Self::Embedded(embedded) => embedded.is_kept(),
        }
    }
}

/// Where a local service keeps what has to outlive it, beside its store.
#[derive(Clone, Copy, Debug, Default)]
pub struct Folders<'a> {
    /// The signing secret.
    pub secret: Option<&'a Path>,
    /// The books of the local billing provider; in memory without a folder.
    pub books: Option<&'a Path>,
}

/// What is ambient in a process, and pinned in a test.
#[derive(Clone)]
pub struct Ambient {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Identifiers and randomness.
    pub ids: Arc<dyn IdGenerator>,
}

impl Ambient {
    /// The system's.
    #[must_use]
    pub fn of_the_system() -> Self {
        Self { clock: Arc::new(SystemClock), ids: Arc::new(SystemIds) }
    }
}

/// Puts the services together. `data_dir` is where a local service keeps its secret, and what the local billing provider
/// knows of the tenants in a store that is kept.
///
/// # Errors
///
/// [`WiringError`] says what keeps the service from starting.
pub async fn build(config: &Config, store: Store, data_dir: Option<&Path>) -> Result<Services, WiringError> {
    let sdk = aws::load(config.region.clone()).await?;
    let folders = Folders { secret: data_dir, books: data_dir.filter(|_| store.is_kept()) };
    let dynamodb = connect(config, &sdk, store).await?;
    assemble(config, &sdk, dynamodb, Ambient::of_the_system(), folders).await
}

/// The messages that were given up, for a command that looks after them while nothing else runs here.
///
/// # Errors
///
/// [`WiringError`] says why they cannot be reached.
pub async fn dead_letters(config: &Config, store: Store) -> Result<Arc<dyn DeadLetters>, WiringError> {
    let sdk = aws::load(config.region.clone()).await?;
    let client = connect(config, &sdk, store).await?;
    Ok(Arc::new(DynamoDeadLetters::new(client, &config.tables, Ambient::of_the_system().clock)))
}

/// Puts the services together on a DynamoDB whose tables exist: [`build`] without its choice of a store, a clock
/// and a source of identifiers.
///
/// # Errors
///
/// [`WiringError`] says what keeps the service from starting.
pub async fn assemble(
    config: &Config,
    sdk: &SdkConfig,
    dynamodb: Client,
    Ambient { clock, ids }: Ambient,
    folders: Folders<'_>,
) -> Result<Services, WiringError> {
    let tables = Arc::new(config.tables.clone());
    let store_check = Arc::new(DynamoHealthCheck::new(dynamodb.clone(), &tables));
    // The first request to DynamoDB pays for name lookup, TLS and credentials; it is made while the secret is
    // on its way, so that neither waits for the other.
    let (keys, store_answered) =
        futures::join!(key_ring(config, sdk, folders.secret, &clock, &ids), store_check.check());
    let keys = Arc::new(keys?);
    let queued = Arc::new(Notify::new());
    let sealer = Arc::new(AesGcmSealer::new(Arc::clone(&keys)));
    let store =
        DynamoStore::new(dynamodb, tables, Arc::clone(&ids), Arc::clone(&clock), sealer, Some(Arc::clone(&queued)))
            .keeping_audit_for(config.audit_kept_for);
    let (mailer, mailbox) = mailer(config, sdk, &clock)?;
    let (events, recent_events) = events::publisher(config, sdk, &keys, &clock)?;
    let billing = billing::choose(config, sdk, folders.books, &clock, &ids)?;
    let ports = Ports {
        accounts: Arc::new(store.accounts()),
        tenants: Arc::new(store.tenants()),
        members: Arc::new(store.members()),
        sessions: Arc::new(store.sessions()),
        entitlements: Arc::new(store.entitlements()),
        usage: Arc::new(store.usage()),
        directory: Arc::new(store.directory()),
        audit_trail: Arc::new(store.audit_trail()),
        invitations: Arc::new(store.invitations(config.tokens.accept_legacy_invitations)),
        business: Arc::new(store.business()),
        identity_claims: Arc::new(store.identity_claims()),
        identity_tokens: Arc::new(OidcIdentityTokens::new(config.identities.clone(), &clock)),
        billing: Arc::new(store.billing()),
        discounts: Arc::new(store.discounts()),
        tiers: Arc::new(store.tiers()),
        billing_provider: billing.provider,
        unit_of_work: Arc::new(store.unit_of_work()),
        failures: Arc::new(store.failures()),
        passwords: Arc::new(PoolPasswordHasher::new(hash_pool(&config.passwords)?, Arc::clone(&ids))),
        tokens: Arc::new(JwtTokens::new(Arc::clone(&keys), Arc::clone(&clock), token_settings(config))),
        clock: Arc::clone(&clock),
        ids: Arc::clone(&ids),
    };
    let use_cases = UseCases::new(&ports, auth_settings(config), PlatformAdmins::new(config.platform_admins.clone()));
    let provider_events = Arc::new(use_cases.billing.clone());
    Ok(Services {
        use_cases,
        relay: Relay::new(Arc::new(store.outbox()), mailer, events, provider_events, Arc::clone(&clock)),
        health: vec![store_check, Arc::clone(&keys) as Arc<dyn HealthCheck>],
        keys,
        store_answered,
        clock,
        ids,
        mailbox,
        recent_events,
        #[cfg(feature = "embedded")]
        local_billing: billing.local,
        queued,
    })
}

impl Services {
    /// Delivers what is queued, whenever something is, and looks for what has become due once a second.
    /// Never returns.
    pub async fn deliver_forever(relay: Relay, keys: Arc<KeyRing>, queued: Arc<Notify>) {
        let mut tick = tokio::time::interval(std::time::Duration::from_secs(1));
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = queued.notified() => {}
                _ = tick.tick() => {}
            }
            keys.current().await;
            if let Err(error) = relay.run().await {
                log_relay_failure(&error);
            }
        }
    }
}

fn log_relay_failure(error: &StoreError) {
    tracing::warn!(error = error as &dyn std::error::Error, "the outbox cannot be read; trying again");
}

async fn connect(config: &Config, sdk: &SdkConfig, store: Store) -> Result<Client, WiringError> {
    let existing = || aws::dynamodb_client(sdk, config.dynamodb_endpoint.as_ref());
    let (client, may_create) = match store {
        Store::Existing => (existing(), false),
        Store::ExistingWithMissingTables => (existing(), true),
        #[cfg(feature = "embedded")]
        Store::Embedded(embedded) => (embedded.client(), true),
    };
    if may_create {
        for created in create_missing(&client, &config.tables).await? {
            tracing::debug!(table = created.name, "created");
        }
        seed_missing_tiers(&client, &config.tables).await.map_err(WiringError::Tiers)?;
    }
    Ok(client)
}

async fn key_ring(
    config: &Config,
    sdk: &SdkConfig,
    data_dir: Option<&Path>,
    clock: &Arc<dyn Clock>,
    ids: &Arc<dyn IdGenerator>,
) -> Result<KeyRing, WiringError> {
    let source: Arc<dyn SecretSource> = match &config.tokens.secret {
        JwtSecret::SecretsManager(arn) => {
            Arc::new(SecretsManagerSecret::new(aws::secrets_manager_client(sdk), arn.clone()))
        }
        JwtSecret::Given(secret) => Arc::new(FixedSecret::new(secret.clone())),
        JwtSecret::Kept => {
            let folder = data_dir.ok_or(WiringError::NoSecret)?;
            Arc::new(SecretFile::new(folder.join(SECRET_FILE), Arc::clone(ids)))
        }
    };
    Ok(KeyRing::load(source, config.tokens.signer, Arc::clone(clock)).await?)
}

type CaughtMail = Option<Arc<Mailbox>>;

fn mailer(
    config: &Config,
    sdk: &SdkConfig,
    clock: &Arc<dyn Clock>,
) -> Result<(Arc<dyn Mailer>, CaughtMail), WiringError> {
    let sender = Sender::parse(&config.mail.from)?;
    Ok(match &config.mail.transport {
        MailTransport::Ses => (Arc::new(SesMailer::new(aws::ses_client(sdk), sender)?), None),
        MailTransport::Smtp(url) => (Arc::new(SmtpMailer::new(url, sender, Arc::clone(clock))?), None),
        MailTransport::Mailbox => {
            let mailbox = Arc::new(Mailbox::new(Arc::clone(clock))?);
            (Arc::clone(&mailbox) as Arc<dyn Mailer>, Some(mailbox))
        }
    })
}

fn hash_pool(config: &PasswordConfig) -> io::Result<HashPool> {
    let defaults = HashPoolSettings::default();
    HashPool::new(&HashPoolSettings {
        threads: config.threads.unwrap_or(defaults.threads),
        queue: config.queue,
        parameters: config.argon2.clone(),
    })
}

fn token_settings(config: &Config) -> TokenSettings {
    TokenSettings {
        issuer: config.tokens.issuer.clone(),
        audience: config.tokens.audience.clone(),
        access_lifetime: config.tokens.access_lifetime,
        legacy: match config.stage {
            _ if !config.tokens.accept_legacy => LegacyTokens::Refused,
            Stage::Local | Stage::Dev => LegacyTokens::Accepted,
            Stage::Staging | Stage::Prod => LegacyTokens::AcceptedFromIssuer,
        },
    }
}

fn auth_settings(config: &Config) -> AuthSettings {
    AuthSettings {
        email_verification: config.mail.verification,
        passwords: config.passwords.policy,
        throttling: if config.passwords.throttles_sign_ins { Throttling::On } else { Throttling::Off },
        sessions: SessionPolicy {
            refresh_token_lifetime: config.tokens.refresh_lifetime,
            idle_timeout: config.tokens.idle_timeout,
            reuse_grace: REUSE_GRACE,
        },
        confirmation_lifetime: config.mail.confirmation_lifetime,
        reset_lifetime: config.mail.reset_lifetime,
        reopening_lifetime: config.mail.reopening_lifetime,
        links: config.mail.links.clone(),
    }
}
