//! What is written is read, to the last field and at the ends of what is possible.

use application::ports::{Account, ChangeSet, Write};
use chrono::DateTime;
use domain::{
    Currency, EmailAddress, HttpsUrl, Language, OneTimeToken, PersonName, PhoneNumber, Role, Session, SessionId,
    Tenant, TenantId, TimeZone, Timestamp, TokenHash, TokenId, User, UserId, Version,
    session::{Device, RefreshToken, SessionEnd, SessionSnapshot, SessionState, SpentToken},
    tenant::{Reopening, Standing, SuspensionReason, TargetLineMode, TenantName, TenantSettings, TenantSnapshot},
    user::{
        PasswordHash, Preferences, SessionGeneration, UserSnapshot, UserStatus,
        preferences::{Coaching, Label, Notifications, SessionLength, Theme, TimeFormat},
    },
    verification::{OneTimeTokenSnapshot, Purpose},
};

use super::{
    given::{email, person, registered, start},
    store::{Store, scope},
};

/// The first and the last instant that Python has.
fn ends_of_time() -> [Timestamp; 2] {
    [(-62_135_596_800, 0), (253_402_300_799, 999_999_000)].map(|(s, ns)| DateTime::from_timestamp(s, ns).unwrap())
}

/// Four bytes, a combining mark, a right-to-left letter and what JSON escapes.
fn odd_text(length: usize) -> String {
    "🦀e\u{301}א\"\\".chars().cycle().take(length).collect()
}

fn full_preferences() -> Preferences {
    Preferences {
        theme: Theme::Dark,
        language: Language::restore("pt-BR"),
        timezone: TimeZone::restore("America/Sao_Paulo"),
        date_format: Label::restore(odd_text(50)),
        time_format: TimeFormat::TwentyFourHours,
        currency: Currency::restore("BRL"),
        notifications: Notifications {
            email: false,
            push: false,
            sms: true,
            marketing: true,
            coaching_reminders: false,
            team_updates: false,
            system_notifications: false,
        },
        coaching: Coaching {
            preferred_session_length: SessionLength::restore(u16::MAX),
            reminder_frequency: Label::restore("daily"),
            coaching_style: Label::restore(odd_text(50)),
        },
    }
}

fn full_user(registered: &UserSnapshot) -> UserSnapshot {
    let [first, last] = ends_of_time();
    UserSnapshot {
        id: registered.id.clone(),
        tenant_id: registered.tenant_id.clone(),
        email: EmailAddress::parse(&format!("{}@{}.example", "ü".repeat(32), "d".repeat(60))).unwrap(),
        email_verified: true,
        confirmation_token: Some(TokenHash::of("confirmation")),
        first_name: PersonName::restore(odd_text(50)),
        last_name: PersonName::restore("O'Neill"),
        role: Role::Manager,
        status: UserStatus::Suspended,
        password_hash: Some(PasswordHash::restore("$".repeat(1000))),
        reset_token: Some(TokenHash::of("reset")),
        sessions: SessionGeneration { number: u64::MAX, began_at: Some(last) },
        avatar_url: Some(HttpsUrl::restore(format!("https://cdn.example.com/{}", "a".repeat(2000)))),
        phone: Some(PhoneNumber::restore("(555) 123-4567")),
        timezone: TimeZone::restore("America/Sao_Paulo"),
        language: Language::restore("pt-BR"),
        preferences: full_preferences(),
        last_login: Some(last),
        created_at: first,
        updated_at: last,
        version: registered.version,
    }
}

/// Saves and loads a user.
async fn saved(store: &Store, before: &User, after: &UserSnapshot) -> UserSnapshot {
    let after = User::restore(after.clone());
    store.commit(ChangeSet::default().save_user(before.clone(), after.clone())).await.unwrap();
    let mut stored = store.account(&after).await.user.snapshot().clone();
    assert_eq!(stored.version, before.snapshot().version.next());
    stored.version = after.snapshot().version;
    stored
}

pub(crate) async fn every_field_of_a_user_survives(store: &Store) {
    let empty = registered(store, "anna").await;
    let full = full_user(empty.snapshot());
    assert_eq!(saved(store, &empty, &full).await, full);
    for (role, status) in Role::ALL.into_iter().zip(UserStatus::ALL.into_iter().cycle()) {
        let before = store.account(&empty).await.user;
        let after = UserSnapshot { role, status, ..before.snapshot().clone() };
        assert_eq!(saved(store, &before, &after).await, after);
    }
    // And back: what is emptied is gone.
    let before = store.account(&empty).await.user;
    let after = UserSnapshot { version: before.snapshot().version, password_hash: None, ..empty.snapshot().clone() };
    assert_eq!(saved(store, &before, &after).await, after);
}

pub(crate) async fn every_field_of_a_tenant_survives(store: &Store) {
    let [first, last] = ends_of_time();
    let reopening = Some(Reopening { until: last, token: TokenHash::of("reopen") });
    let standings = [
        (Standing::InUse, TargetLineMode::Single),
        (Standing::Suspended { since: first, reason: SuspensionReason::TermsViolation }, TargetLineMode::Three),
        (Standing::Closed { since: first, reopening }, TargetLineMode::Three),
    ];
    for (number, (standing, target_line_mode)) in standings.into_iter().enumerate() {
        let name = format!("person-{number}");
        let (user, _) = person(&name, &email(&name));
        let tenant = TenantSnapshot {
            id: user.snapshot().tenant_id.clone(),
            name: TenantName::restore(odd_text(100)),
            owner_user_id: user.snapshot().id.clone(),
            on_trial: true,
            standing,
            signed_out_at: Some(last),
            settings: TenantSettings { target_line_mode },
            created_at: first,
            updated_at: last,
            version: Version::UNWRITTEN,
        };
        let changes = ChangeSet::default()
            .write(Write::CreateTenant(Tenant::restore(tenant.clone())))
            .write(Write::CreateUser(Box::new(user.clone())));
        store.commit(changes).await.unwrap();
        let Account { user: stored_user, tenant: stored, plan } = store.account(&user).await;
        assert_eq!(stored.snapshot(), &TenantSnapshot { version: Version::UNWRITTEN.next(), ..tenant });
        let version = user.snapshot().version.next();
        assert_eq!(stored_user.snapshot(), &UserSnapshot { version, ..user.snapshot().clone() });
        assert_eq!(plan, None);
    }
}

pub(crate) async fn every_field_of_a_session_survives(store: &Store) {
    let anna = registered(store, "anna").await;
    let [first, last] = ends_of_time();
    // The session's time to live lies 60 days after its last use, and Python's calendar ends there.
    let last_used = last - chrono::Duration::days(60);
    let token = RefreshToken { id: TokenId::restore("t".repeat(128)), hash: TokenHash::of("t"), issued_at: last };
    let active = |previous| SessionState::Active { current: token.clone(), previous };
    let ended = |reason| SessionState::Ended { at: last, reason };
    let device = Device { user_agent: Some(odd_text(256)), source: Some("2001:db8::1".to_owned()) };
    let states = [
        (active(None), device.clone()),
        (active(Some(SpentToken { id: TokenId::restore("p"), spent_at: first })), Device::default()),
        (ended(SessionEnd::SignedOut), device),
        (ended(SessionEnd::TokenReused), Device::default()),
    ];
    for (number, (state, device)) in states.into_iter().enumerate() {
        let session = SessionSnapshot {
            id: SessionId::restore(format!("session-{number}")),
            user_id: anna.snapshot().id.clone(),
            tenant_id: anna.snapshot().tenant_id.clone(),
            generation: u64::MAX,
            device,
            started_at: first,
            last_used_at: last_used,
            state,
            version: Version::UNWRITTEN,
        };
        store.commit(ChangeSet::default().write(Write::StartSession(Session::restore(session.clone())))).await.unwrap();
        let (id, tenant_id) = (&anna.snapshot().id, scope(&anna.snapshot().tenant_id));
        let found = store.accounts.find_signed_in(&tenant_id, id, Some(&session.id)).await.unwrap().unwrap();
        let expected = SessionSnapshot { version: Version::UNWRITTEN.next(), ..session };
        assert_eq!(found.session.as_ref().map(Session::snapshot), Some(&expected));
    }
}

pub(crate) async fn every_field_of_a_one_time_token_survives(store: &Store) {
    let [first, last] = ends_of_time();
    for (purpose, expires_at, used_at) in
        [(Purpose::ConfirmEmail, first, None), (Purpose::ResetPassword, last, Some(start()))]
    {
        let token = OneTimeToken::restore(OneTimeTokenSnapshot {
            purpose,
            hash: TokenHash::of("token"),
            user_id: UserId::restore("u".repeat(128)),
            tenant_id: TenantId::restore("t".repeat(128)),
            email: email("anna"),
            expires_at,
            used_at,
        });
        store.commit(ChangeSet::default().write(Write::IssueToken(token.clone()))).await.unwrap();
        let found = store.accounts.find_one_time_token(purpose, &TokenHash::of("token")).await.unwrap();
        assert_eq!(found, Some(token));
    }
}

pub(crate) async fn preferences_set_at_registration_survive(store: &Store) {
    let (user, tenant) = person("anna", &email("anna"));
    let user = User::restore(UserSnapshot { preferences: full_preferences(), ..user.snapshot().clone() });
    let changes =
        ChangeSet::default().write(Write::CreateTenant(tenant)).write(Write::CreateUser(Box::new(user.clone())));
    store.commit(changes).await.unwrap();
    assert_eq!(store.account(&user).await.user.snapshot().preferences, full_preferences());
}
