//! Rows that a Python service wrote, and what it finds of ours.

use application::ports::{ChangeSet, CommitError, Refusal, StoreError, Write};
use aws_sdk_dynamodb::types::AttributeValue::{self, Bool, M, Null};
use chrono::{DateTime, Duration};
use domain::{
    Language, Role, SessionId, TenantId, TimeZone, Timestamp, TokenHash, TokenId, User, UserId, Version,
    user::{
        EmailVerification, PasswordHash, Preferences, PreferencesChange, SessionGeneration, UserStatus,
        preferences::{NotificationsChange, Theme},
    },
    verification::Purpose,
};
use futures::future::join_all;
use infrastructure::dynamodb::tables::Table;

use super::{
    given::{self, email, start},
    store::{Item, Store, item, number, scope, text},
};

const USER: &str = "user_3f2a9c0d1b2e";
const TENANT: &str = "tenant_9b8c7d6e5f4a";
const BCRYPT: &str = "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW";

fn user_row(id: &str, tenant: &str) -> Item {
    item([
        ("id", text(id)),
        ("user_id", text(id)),
        ("tenant_id", text(tenant)),
        ("email", text("anna@example.com")),
        ("first_name", text("Anna")),
        ("last_name", text("Lee")),
        ("role", text("owner")),
        ("status", text("active")),
        ("password_hash", text(BCRYPT)),
        ("email_verified", Bool(true)),
        ("last_login", Null(true)),
        ("avatar_url", Null(true)),
        ("phone", Null(true)),
        ("timezone", text("Europe/Berlin")),
        ("language", text("de")),
        ("preferences", M(item([("date_format", text("DD.MM.YYYY"))]))),
        ("created_at", text("2025-03-01T10:00:00+00:00")),
        ("updated_at", text("2025-03-01T10:00:00.000123")),
        ("google_id", text("1234567890")),
        ("favourites", M(item([("colour", text("green"))]))),
    ])
}

fn tenant_row(id: &str, owner: &str) -> Item {
    item([
        ("tenant_id", text(id)),
        ("name", text("Lee & Co")),
        ("owner_user_id", text(owner)),
        ("status", text("active")),
        ("settings", M(Item::new())),
        ("created_at", text("2025-03-01T10:00:00Z")),
        ("updated_at", text("2025-03-01T10:00:00Z")),
    ])
}

async fn plant(store: &Store) -> User {
    store.plant(Table::Users, user_row(USER, TENANT)).await;
    store.plant(Table::Tenants, tenant_row(TENANT, USER)).await;
    load(store).await
}

async fn load(store: &Store) -> User {
    let tenant_id = TenantId::restore(TENANT);
    store.accounts.find(&scope(&tenant_id), &UserId::restore(USER)).await.unwrap().unwrap().user
}

fn signed_in(user: &User) -> User {
    let mut user = user.clone();
    let rehashed = Some(PasswordHash::restore("$argon2id$new"));
    let _event = user.sign_in(EmailVerification::Required, rehashed, start()).unwrap();
    user
}

fn with_preferences(user: &User, change: PreferencesChange) -> User {
    let mut user = user.clone();
    let _event = user.change_preferences(change, start());
    user
}

fn marketing() -> PreferencesChange {
    let notifications = NotificationsChange { marketing: Some(true), ..NotificationsChange::default() };
    PreferencesChange { notifications, ..PreferencesChange::default() }
}

fn at(text: &str) -> Timestamp {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

fn is_stale(outcome: &Result<(), CommitError>) -> bool {
    matches!(outcome, Err(CommitError::Refused(Refusal::Stale)))
}

pub(crate) async fn a_python_user_is_read(store: &Store) {
    let user = plant(store).await;
    let user = user.snapshot();
    assert_eq!(user.password_hash, Some(PasswordHash::restore(BCRYPT)));
    assert_eq!((user.role, user.status, user.email_verified), (Role::Owner, UserStatus::Active, true));
    assert_eq!((&user.phone, &user.avatar_url, user.last_login), (&None, &None, None));
    assert_eq!((user.version, user.sessions), (Version::UNWRITTEN, SessionGeneration::default()));
    assert_eq!(user.created_at, at("2025-03-01T10:00:00Z"));
    assert_eq!(user.updated_at, at("2025-03-01T10:00:00.000123Z"));
    let expected = Preferences {
        language: Language::restore("de"),
        timezone: TimeZone::restore("Europe/Berlin"),
        date_format: user.preferences.date_format.clone(),
        ..Preferences::default()
    };
    assert_eq!(user.preferences, expected);
    assert_eq!(user.preferences.date_format.as_str(), "DD.MM.YYYY");
}

pub(crate) async fn a_python_user_is_found_by_address_and_claimed_once(store: &Store) {
    let user = plant(store).await;
    let holders = store.accounts.holders_of(&email("anna")).await.unwrap();
    assert_eq!(
        holders.iter().map(|holder| (holder.user_id.as_str(), holder.claimed)).collect::<Vec<_>>(),
        [(USER, false)]
    );
    // Two people race for the address: its holder, who signs in, and a stranger, who registers.
    let (stranger, _) = given::person("stranger", &email("anna"));
    let race = [&user, &stranger].map(|claimant| {
        let claim = given::claim(&email("anna"), claimant);
        store.commit(ChangeSet::default().write(claim))
    });
    let outcomes = join_all(race).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    assert_eq!(store.rows(Table::AccountEmailClaims).await.len(), 1);
}

pub(crate) async fn a_python_user_keeps_what_we_do_not_know(store: &Store) {
    let before = plant(store).await;
    let after = signed_in(&before);
    let changes = ChangeSet::default().write(given::claim(&email("anna"), &before));
    store.commit(changes.save_user(before, after.clone())).await.unwrap();
    let row = store.row(Table::Users, USER).await.unwrap();
    let mut expected = user_row(USER, TENANT);
    expected.extend(item([
        ("password_hash", text("$argon2id$new")),
        ("last_login", text("2027-01-15T08:00:00.123456+00:00")),
        ("updated_at", text("2027-01-15T08:00:00.123456+00:00")),
        ("version", number(1)),
    ]));
    assert_eq!(row, expected);
    let holders = store.accounts.holders_of(&email("anna")).await.unwrap();
    assert_eq!(holders.iter().map(|holder| holder.claimed).collect::<Vec<_>>(), [true]);
}

pub(crate) async fn a_python_user_without_the_other_name_of_the_key_gets_it(store: &Store) {
    let mut row = user_row(USER, TENANT);
    row.retain(|name, _| !["id", "user_id"].contains(&name.as_str()) || name == store.layout.users_key().attribute());
    store.plant(Table::Users, row).await;
    store.plant(Table::Tenants, tenant_row(TENANT, USER)).await;
    let before = load(store).await;
    store.commit(ChangeSet::default().save_user(before.clone(), signed_in(&before))).await.unwrap();
    let row = store.row(Table::Users, USER).await.unwrap();
    assert_eq!((&row["id"], &row["user_id"]), (&text(USER), &text(USER)));
}

pub(crate) async fn every_python_spelling_of_a_date_can_be_saved_over(store: &Store) {
    plant(store).await;
    for spelling in [
        text("2025-03-01T10:00:00+00:00"),
        text("2025-03-01T10:00:00"),
        text("2025-03-01T10:00:00Z"),
        text("2025-03-01T10:00:00.500000+00:00"),
        text("2025-03-01T10:00:00.000001"),
        text("2025-03-01T10:00:00.000001Z"),
        Null(true),
    ] {
        store.overwrite(Table::Users, USER, "updated_at", spelling.clone()).await;
        let before = load(store).await;
        let saved = store.commit(ChangeSet::default().save_user(before.clone(), signed_in(&before))).await;
        assert!(saved.is_ok(), "{spelling:?}: {saved:?}");
    }
}

/// A store that says what stood in the way of a write lets us take over any spelling at all.
pub(crate) async fn a_date_in_an_unheard_of_spelling_can_be_saved_over(store: &Store) {
    plant(store).await;
    for spelling in ["2025-03-01T12:00:00+02:00", "2025-03-01 10:00:00", "2025-03-01T10:00:00.123Z", "2025-03-01"] {
        store.overwrite(Table::Users, USER, "updated_at", text(spelling)).await;
        let before = load(store).await;
        store.commit(ChangeSet::default().save_user(before.clone(), signed_in(&before))).await.unwrap();
        let stale = store.commit(ChangeSet::default().save_user(before.clone(), signed_in(&before))).await;
        assert!(is_stale(&stale), "{spelling}: {stale:?}");
    }
}

pub(crate) async fn what_python_changed_meanwhile_is_not_overwritten(store: &Store) {
    let before = plant(store).await;
    store.overwrite(Table::Users, USER, "status", text("suspended")).await;
    store.overwrite(Table::Users, USER, "updated_at", text("2025-03-02T10:00:00+00:00")).await;
    let stale = store.commit(ChangeSet::default().save_user(before.clone(), signed_in(&before))).await;
    assert!(is_stale(&stale), "{stale:?}");
    assert_eq!(load(store).await.snapshot().status, UserStatus::Suspended);
}

pub(crate) async fn preferences_keep_what_we_do_not_know(store: &Store) {
    plant(store).await;
    let notifications = item([("marketing", Bool(false)), ("weekly_digest", Bool(true))]);
    let row = item([
        ("user_id", text(USER)),
        ("tenant_id", text(TENANT)),
        ("theme", text("dark")),
        ("email_notifications", M(notifications)),
        ("coaching_preferences", Null(true)),
        ("dashboard_layout", M(item([("columns", number(3))]))),
        ("created_at", text("2025-03-01T10:00:00+00:00")),
    ]);
    store.plant(Table::UserPreferences, row.clone()).await;
    let before = load(store).await;
    assert_eq!(before.snapshot().preferences.theme, Theme::Dark);
    let after = with_preferences(&before, marketing());
    store.commit(ChangeSet::default().save_user(before, after.clone())).await.unwrap();

    let mut expected = row;
    let notifications = item([("marketing", Bool(true)), ("weekly_digest", Bool(true))]);
    expected.insert("email_notifications".to_owned(), M(notifications));
    expected.insert("updated_at".to_owned(), text("2027-01-15T08:00:00.123456+00:00"));
    assert_eq!(store.row(Table::UserPreferences, USER).await, Some(expected));
    assert_eq!(load(store).await.snapshot().preferences, after.snapshot().preferences);
}

pub(crate) async fn preferences_that_python_changed_meanwhile_are_not_overwritten(store: &Store) {
    let before = plant(store).await;
    let after = with_preferences(&before, marketing());
    store.commit(ChangeSet::default().save_user(before.clone(), after)).await.unwrap();
    let row = store.row(Table::UserPreferences, USER).await.unwrap();
    assert_eq!(row["email_notifications"], M(item([("marketing", Bool(true))])), "only what was chosen is written");

    // Between two of our writes Python switches something off; neither loses what the other did.
    let ours = load(store).await;
    let theirs = item([("marketing", Bool(true)), ("team_updates", Bool(false))]);
    store.overwrite(Table::UserPreferences, USER, "email_notifications", M(theirs)).await;
    let mut change = marketing();
    change.notifications.marketing = Some(false);
    store.commit(ChangeSet::default().save_user(ours.clone(), with_preferences(&ours, change))).await.unwrap();
    let stored = load(store).await.snapshot().preferences.notifications.clone();
    assert_eq!((stored.marketing, stored.team_updates), (false, false));
}

pub(crate) async fn two_python_users_of_one_address_are_both_found(store: &Store) {
    plant(store).await;
    store.plant(Table::Users, user_row("user_2", "tenant_2")).await;
    let holders = store.accounts.holders_of(&email("anna")).await.unwrap();
    let found: Vec<_> = holders.iter().map(|h| (h.user_id.as_str(), h.tenant_id.as_str(), h.claimed)).collect();
    assert_eq!(found, [("user_2", "tenant_2", false), (USER, TENANT, false)]);
}

pub(crate) async fn a_python_reset_token_is_completed_from_its_user(store: &Store) {
    plant(store).await;
    let hash = TokenHash::of("python's secret");
    let row = item([("token_hash", text(hash.as_str())), ("user_id", text(USER)), ("ttl", number(1_800_000_600))]);
    store.plant(Table::PasswordResets, row).await;
    let mut token = store.accounts.find_one_time_token(Purpose::ResetPassword, &hash).await.unwrap().unwrap();
    let found = token.snapshot();
    assert_eq!((found.tenant_id.as_str(), &found.email), (TENANT, &email("anna")));
    assert_eq!(found.expires_at.timestamp(), 1_800_000_600);
    assert_eq!(token.redeem(start()), Ok(()));
    store.commit(ChangeSet::default().write(Write::RedeemToken(token.clone()))).await.unwrap();
    let again = store.accounts.find_one_time_token(Purpose::ResetPassword, &hash).await.unwrap();
    assert_eq!(again, Some(token));
}

pub(crate) async fn a_python_token_of_nobody_does_not_exist(store: &Store) {
    let hash = TokenHash::of("python's secret");
    let row = item([("token_hash", text(hash.as_str())), ("user_id", text(USER)), ("ttl", number(1_800_000_600))]);
    store.plant(Table::VerificationTokens, row).await;
    assert_eq!(store.accounts.find_one_time_token(Purpose::ConfirmEmail, &hash).await.unwrap(), None);
}

fn refresh_row(ttl: i64) -> Item {
    item([("jti", text("jti-1")), ("user_id", text(USER)), ("tenant_id", text(TENANT)), ("ttl", number(ttl))])
}

pub(crate) async fn a_python_refresh_token_is_exchanged_once(store: &Store) {
    let user = plant(store).await;
    store.plant(Table::RefreshTokens, refresh_row(1_800_000_600)).await;
    let (id, session_id) = (TokenId::restore("jti-1"), SessionId::restore("legacy-1"));
    let find = || store.accounts.find_legacy_refresh_token(&id, &session_id);
    let found = find().await.unwrap().unwrap();
    assert_eq!((found.user_id.as_str(), found.tenant_id.as_str(), found.unspent), (USER, TENANT, true));

    let session = given::session("legacy-1", &user);
    let exchange = || given::signed_in(&session).write(Write::SpendRefreshToken(id.clone()));
    store.commit(exchange()).await.unwrap();
    assert_eq!(find().await.unwrap().map(|token| (token.user_id, token.unspent)), Some((UserId::restore(USER), false)));
    assert!(matches!(store.commit(exchange()).await, Err(CommitError::Refused(_))));
    let ours = store.accounts.find_legacy_refresh_token(&TokenId::restore("first"), &SessionId::restore("none")).await;
    assert_eq!(ours.unwrap(), None, "a token of ours is no token of Python's");
}

pub(crate) async fn an_expired_python_refresh_token_does_not_exist(store: &Store) {
    store.plant(Table::RefreshTokens, refresh_row(start().timestamp())).await;
    let (id, session_id) = (TokenId::restore("jti-1"), SessionId::restore("legacy-1"));
    assert_eq!(store.accounts.find_legacy_refresh_token(&id, &session_id).await.unwrap(), None);
}

pub(crate) async fn what_python_reads_is_there(store: &Store) {
    let anna = given::registered(store, "anna").await;
    let row = store.row(Table::Users, "user-anna").await.unwrap();
    assert_eq!((&row["id"], &row["user_id"]), (&text("user-anna"), &text("user-anna")));
    assert_eq!(row["email"], text("anna@example.com"));
    assert_eq!(row["created_at"], text("2027-01-15T08:00:00.123456+00:00"));
    assert!(!row.contains_key("avatar_url") && !row.values().any(AttributeValue::is_null), "absent, not NULL");
    assert_eq!(store.row(Table::UserPreferences, "user-anna").await, None);

    store.commit(given::signed_in(&given::session("s", &anna))).await.unwrap();
    let token = store.row(Table::RefreshTokens, "first").await.unwrap();
    assert_eq!((&token["user_id"], &token["tenant_id"]), (&text("user-anna"), &text("tenant-anna")));
    assert_eq!(token["ttl"], number((start() + Duration::days(30)).timestamp()));
    assert_eq!(token["token_hash"], text(TokenHash::of("first").as_str()));

    let token = given::one_time_token(Purpose::ConfirmEmail, &anna, 1);
    let row = store.row(Table::VerificationTokens, token.snapshot().hash.as_str()).await.unwrap();
    assert_eq!((&row["user_id"], &row["ttl"]), (&text("user-anna"), &number(1_800_003_600)));
}

pub(crate) async fn an_unreadable_row_is_reported_without_its_content(store: &Store) {
    for (attribute, value) in [
        ("role", text("emperor")),
        ("status", text("emperor")),
        ("last_login", text("emperor")),
        ("version", text("emperor")),
        ("first_name", number(1)),
    ] {
        plant(store).await;
        store.overwrite(Table::Users, USER, attribute, value).await;
        let found = store.accounts.find(&scope(&TenantId::restore(TENANT)), &UserId::restore(USER)).await;
        let Err(error) = found else { panic!("{attribute} was read") };
        assert!(matches!(error, StoreError::Corrupt { what: "users", .. }), "{attribute}: {error:?}");
        let shown = format!("{error:?}");
        assert!(shown.contains(attribute) && !shown.contains("emperor"), "{shown}");
    }
}
