//! Reads each group of settings.

use std::num::NonZeroUsize;

use application::links::LinkPolicy;
use chrono::Duration;
use domain::{
    UserId,
    user::{EmailVerification, PasswordPolicy},
};
use url::{Host as UrlHost, Url};

use super::{
    AccessTokenSigner, Host, HttpConfig, JwtSecret, MailConfig, MailTransport, PasswordConfig, Stage, TokenConfig,
    reader::Reader,
};
use crate::{
    crypto::argon2id::Argon2Parameters,
    dynamodb::tables::{Layout, LayoutError},
};

pub(super) fn read_stage(reader: &mut Reader<'_>, host: Host) -> Stage {
    if host == Host::Lambda && reader.text("STAGE").is_none() {
        reader.problem("STAGE", "must be set: dev, staging or prod");
    }
    reader.choice("STAGE", Stage::Local, &Stage::CHOICES)
}

pub(super) fn read_tables(reader: &mut Reader<'_>, stage: Stage) -> Option<Layout> {
    let layout = Layout::new(stage.as_str(), |name| reader.text(name));
    layout
        .map_err(|LayoutError { problems }| {
            for problem in problems {
                reader.problem(problem.variable(), problem.to_string());
            }
        })
        .ok()
}

pub(super) fn read_tokens(reader: &mut Reader<'_>, host: Host) -> Option<TokenConfig> {
    use AccessTokenSigner::{EdDsa, Es256, Hs256};
    let secret = match (reader.text("JWT_SECRET_ARN"), reader.secret("JWT_SECRET"), host) {
        (Some(arn), _, _) => Some(JwtSecret::SecretsManager(arn)),
        (None, Some(text), _) => Some(JwtSecret::Given(text)),
        (None, None, Host::Local) => Some(JwtSecret::Kept),
        (None, None, Host::Lambda) => {
            reader.problem("JWT_SECRET_ARN", "must be set");
            None
        }
    };
    Some(TokenConfig {
        signer: reader.choice("JWT_SIGNER", Hs256, &[("HS256", Hs256), ("ES256", Es256), ("EdDSA", EdDsa)]),
        issuer: reader.text_or("JWT_ISSUER", "purposepath"),
        audience: reader.text("JWT_AUDIENCE"),
        access_lifetime: Duration::minutes(reader.number("JWT_ACCESS_TOKEN_EXPIRES_MINUTES", 60, 1..=1440)),
        refresh_lifetime: Duration::days(reader.number("JWT_REFRESH_TOKEN_EXPIRES_DAYS", 30, 1..=365)),
        idle_timeout: Duration::days(reader.number("SESSION_IDLE_DAYS", 14, 1..=365)),
        accept_legacy: reader.flag("ACCEPT_LEGACY_TOKENS", true),
        accept_legacy_invitations: reader.flag("ACCEPT_LEGACY_INVITATIONS", true),
        // Last, so that a missing secret hides no other problem.
        secret: secret?,
    })
}

pub(super) fn read_passwords(reader: &mut Reader<'_>) -> Option<PasswordConfig> {
    let least = PasswordPolicy::LEAST_MIN_LENGTH;
    let min_length = reader.number("PASSWORD_MIN_LENGTH", least, least..=64);
    let memory = reader.number("ARGON2_MEMORY_KIB", 19_456, Argon2Parameters::MEMORY_KIB);
    let iterations = reader.number("ARGON2_ITERATIONS", 2, Argon2Parameters::ITERATIONS);
    let lanes = reader.number("ARGON2_LANES", 1, Argon2Parameters::LANES);
    let threads = NonZeroUsize::new(reader.number("PASSWORD_HASHING_THREADS", 0, 0..=64));
    let queue = NonZeroUsize::new(reader.number("PASSWORD_HASHING_QUEUE", 64, 1..=4096));
    let throttles_sign_ins = reader.flag("SIGN_IN_THROTTLING", true);
    let argon2 = Argon2Parameters::new(memory, iterations, lanes)
        .map_err(|error| reader.problem("ARGON2_MEMORY_KIB", error.to_string()))
        .ok()?;
    Some(PasswordConfig { policy: PasswordPolicy { min_length }, argon2, threads, queue: queue?, throttles_sign_ins })
}

pub(super) fn read_http(reader: &mut Reader<'_>, stage: Stage, host: Host) -> HttpConfig {
    if reader.text("API_PREFIX").is_some_and(|prefix| prefix.trim_end_matches('/') != "/api/v1") {
        reader.problem("API_PREFIX", "must be /api/v1: the contract fixes it");
    }
    let base_path = reader.text_or("BASE_PATH", "/account");
    let segment = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !base_path.strip_prefix('/').is_some_and(|rest| !rest.is_empty() && rest.chars().all(segment)) {
        reader.problem("BASE_PATH", "must be one path segment such as /account");
    }
    let mut cors_origins = reader.list("CORS_ORIGINS");
    if cors_origins.iter().any(|origin| origin == "*") && !stage.is_for_development() {
        reader.problem("CORS_ORIGINS", "must name the origins: * is for local and dev only");
    }
    if cors_origins.iter().any(|origin| origin != "*" && read_origin(origin).is_err()) {
        reader.problem("CORS_ORIGINS", "must hold origins such as https://app.example.com, without a path");
    }
    if cors_origins.is_empty() && host == Host::Local && stage.is_for_development() {
        cors_origins.push("*".to_owned());
    }
    let default_limit = match host {
        Host::Local => 0,
        Host::Lambda => 120,
    };
    let limit = reader.number("RATE_LIMIT_PER_MINUTE", default_limit, 0..=1_000_000);
    HttpConfig { base_path, cors_origins, rate_limit_per_minute: (limit > 0).then_some(limit) }
}

pub(super) fn read_mail(reader: &mut Reader<'_>, host: Host, http: &HttpConfig) -> Option<MailConfig> {
    #[derive(Clone, Copy)]
    enum Kind {
        Ses,
        Smtp,
        Mailbox,
    }
    let (default, choices): (_, &[_]) = match host {
        Host::Local => (Kind::Mailbox, &[("mailbox", Kind::Mailbox), ("smtp", Kind::Smtp), ("ses", Kind::Ses)]),
        Host::Lambda => (Kind::Ses, &[("ses", Kind::Ses), ("smtp", Kind::Smtp)]),
    };
    let transport = match reader.choice("MAIL_TRANSPORT", default, choices) {
        Kind::Ses => Some(MailTransport::Ses),
        Kind::Mailbox => Some(MailTransport::Mailbox),
        Kind::Smtp => {
            let url = reader.secret("SMTP_URL");
            if url.is_none() {
                reader.problem("SMTP_URL", "must be set where MAIL_TRANSPORT is smtp");
            }
            url.map(MailTransport::Smtp)
        }
    };
    let from = given_or_local(reader, host, "EMAIL_FROM", "PurposePath <no-reply@localhost.localdomain>");
    let site = given_or_local(reader, host, "FRONTEND_BASE_URL", "http://localhost:3000");
    let mut allowed = reader.list("FRONTEND_BASE_URLS");
    allowed.extend(http.cors_origins.iter().filter(|origin| *origin != "*").cloned());
    for (name, origin) in
        site.iter().map(|site| ("FRONTEND_BASE_URL", site)).chain(allowed.iter().map(|o| ("FRONTEND_BASE_URLS", o)))
    {
        match read_origin(origin) {
            Ok(url) if host == Host::Lambda && url.scheme() != "https" => {
                reader.problem(name, "must be https: mails link there");
            }
            Ok(_) => {}
            Err(why) => reader.problem(name, why),
        }
    }
    let verification = if reader.flag("REQUIRE_EMAIL_VERIFICATION", true) {
        EmailVerification::Required
    } else {
        EmailVerification::Optional
    };
    let confirmation_lifetime = Duration::days(reader.number("VERIFICATION_TOKEN_EXPIRES_DAYS", 7, 1..=30));
    let reset_lifetime = Duration::hours(reader.number("PASSWORD_RESET_TOKEN_EXPIRES_HOURS", 1, 1..=24));
    let reopening_lifetime = Duration::days(reader.number("TENANT_REOPENING_DAYS", 30, 1..=365));
    Some(MailConfig {
        transport: transport?,
        from: from?,
        links: LinkPolicy::new(&site?, &allowed),
        verification,
        confirmation_lifetime,
        reset_lifetime,
        reopening_lifetime,
    })
}

fn given_or_local(reader: &mut Reader<'_>, host: Host, name: &str, local: &str) -> Option<String> {
    match (reader.text(name), host) {
        (Some(text), _) => Some(text),
        (None, Host::Local) => Some(local.to_owned()),
        (None, Host::Lambda) => {
            reader.problem(name, "must be set");
            None
        }
    }
}

pub(super) fn read_platform_admins(reader: &mut Reader<'_>) -> Vec<UserId> {
    let listed = reader.list("PLATFORM_ADMIN_USER_IDS");
    let admins: Vec<_> = listed.iter().filter_map(|id| UserId::parse(id).ok()).collect();
    if admins.len() < listed.len() {
        reader.problem("PLATFORM_ADMIN_USER_IDS", "must hold ids of users, not their addresses");
    }
    admins
}

pub(super) fn read_endpoint(text: &str) -> Result<Url, String> {
    let why = || "must be an http or https URL".to_owned();
    let url = Url::parse(text).map_err(|_| why())?;
    if matches!(url.scheme(), "http" | "https") && url.has_host() { Ok(url) } else { Err(why()) }
}

/// An address that is reached over TLS, but for a stand-in on a developer's own machine.
pub(super) fn read_https(text: &str, stage: Stage) -> Result<Url, String> {
    let url = read_endpoint(text)?;
    if url.scheme() == "https" || (is_own_machine(&url) && stage == Stage::Local) {
        Ok(url)
    } else {
        Err("must be https".to_owned())
    }
}

/// Whether an address is one of this machine.
pub(super) fn is_own_machine(url: &Url) -> bool {
    match url.host() {
        Some(UrlHost::Ipv4(address)) => address.is_loopback(),
        Some(UrlHost::Ipv6(address)) => address.is_loopback(),
        Some(UrlHost::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// An origin: scheme, host and port, and nothing else.
fn read_origin(text: &str) -> Result<Url, String> {
    let url = read_endpoint(text)?;
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    if bare { Ok(url) } else { Err("must be an origin such as https://app.example.com, without a path".to_owned()) }
}
