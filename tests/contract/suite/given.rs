//! People, tenants and what belongs to them.

use application::{
    idempotency::IdempotencyRecord,
    ports::{ChangeSet, Mail, MailKind, Write},
};
use chrono::{DateTime, Duration};
use domain::{
    EmailAddress, Language, OneTimeToken, PersonName, PhoneNumber, Role, Session, SessionId, Tenant, TenantId,
    Timestamp, TokenHash, TokenId, TokenSecret, User, UserId,
    session::{Device, NewSession, RefreshToken},
    tenant::TenantName,
    user::{EmailVerification, NewUser, PasswordHash, SessionGeneration},
    verification::Purpose,
};

use super::store::Store;

/// The instant at which everything here begins.
pub(crate) fn start() -> Timestamp {
    DateTime::from_timestamp_micros(1_800_000_000_123_456).unwrap()
}

pub(crate) fn email(name: &str) -> EmailAddress {
    EmailAddress::parse(&format!("{name}@example.com")).unwrap()
}

/// Somebody with a tenant of their own, both named after them.
pub(crate) fn person(name: &str, email: &EmailAddress) -> (User, Tenant) {
    let (user_id, tenant_id) = (UserId::restore(format!("user-{name}")), TenantId::restore(format!("tenant-{name}")));
    let (tenant, _created) = Tenant::create(tenant_id.clone(), TenantName::restore(name), user_id.clone(), start());
    let new = NewUser {
        id: user_id,
        tenant_id,
        email: email.clone(),
        first_name: PersonName::restore(name),
        last_name: PersonName::restore("Lee"),
        phone: Some(PhoneNumber::restore("+49 30 901820")),
        role: Role::Owner,
        password_hash: Some(PasswordHash::restore("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA")),
    };
    let (user, _registered) = User::register(new, EmailVerification::Required, start());
    (user, tenant)
}

/// What a registration commits.
pub(crate) fn registration(name: &str, email: &EmailAddress) -> ChangeSet {
    let new = person(name, email);
    let (user, tenant) = (new.0.snapshot(), new.1.snapshot());
    let (_, created) =
        Tenant::create(tenant.id.clone(), tenant.name.clone(), tenant.owner_user_id.clone(), tenant.created_at);
    ChangeSet::default()
        .record(created)
        .write(Write::IssueToken(one_time_token(Purpose::ConfirmEmail, &new.0, 1)))
        .write(claim(email, &new.0))
        .mail(mail(&user.email))
        .write(Write::CreateTenant(new.1.clone()))
        .write(Write::CreateUser(Box::new(new.0.clone())))
}

/// Somebody who is registered.
pub(crate) async fn registered(store: &Store, name: &str) -> User {
    store.commit(registration(name, &email(name))).await.unwrap();
    store.account(&person(name, &email(name)).0).await.user
}

pub(crate) fn claim(email: &EmailAddress, user: &User) -> Write {
    let user = user.snapshot();
    Write::ClaimEmail { email: email.clone(), user_id: user.id.clone(), tenant_id: user.tenant_id.clone() }
}

pub(crate) fn one_time_token(purpose: Purpose, user: &User, seed: u8) -> OneTimeToken {
    let secret = TokenSecret::from_random([seed; 32]);
    OneTimeToken::issue(purpose, &secret, user.snapshot(), Duration::hours(1), start())
}

pub(crate) fn refresh_token(name: &str) -> RefreshToken {
    RefreshToken { id: TokenId::restore(name), hash: TokenHash::of(name), issued_at: start() }
}

pub(crate) fn session(name: &str, user: &User) -> Session {
    let user = user.snapshot();
    Session::start(NewSession {
        id: SessionId::restore(name),
        user_id: user.id.clone(),
        tenant_id: user.tenant_id.clone(),
        generation: SessionGeneration::default(),
        device: Device::new(Some("curl/8"), Some("192.0.2.1".to_owned())),
        token: refresh_token("first"),
        predecessor: None,
    })
}

/// What a sign-in commits for a session.
pub(crate) fn signed_in(session: &Session) -> ChangeSet {
    let token = session.current_token().unwrap().clone();
    ChangeSet::default().write(Write::StartSession(session.clone())).write(listed(token, session))
}

pub(crate) fn listed(token: RefreshToken, session: &Session) -> Write {
    let expires_at = token.issued_at + Duration::days(30);
    Write::ListRefreshToken { token, session: Box::new(session.clone()), expires_at }
}

pub(crate) fn mail(to: &EmailAddress) -> Mail {
    Mail {
        to: to.clone(),
        first_name: Some("Anna".to_owned()),
        language: Language::default(),
        kind: MailKind::ConfirmEmail,
        link: "https://app.example.com/confirm?token=s3cr3t-link".to_owned().into(),
    }
}

pub(crate) fn idempotency_record(answer: &str, expires_at: Timestamp) -> IdempotencyRecord {
    IdempotencyRecord {
        id: TokenHash::of("key"),
        fingerprint: TokenHash::of("body"),
        answer: answer.to_owned(),
        expires_at,
    }
}
