//! Giving Python's rows what ours have, while both services may be at work.

use std::num::NonZeroU32;

use application::ports::ChangeSet;
use aws_sdk_dynamodb::{
    Client,
    types::AttributeValue::{self, Null},
};
use futures::future::join;
use infrastructure::dynamodb::{
    maintenance::{
        Checkpoint, CheckpointError, Exception, MaintenanceError, Migration, Observer, Progress, Run, Settings, Tables,
        What, migrate,
    },
    tables::{Layout, Table, UsersKey},
};
use tempfile::TempDir;
use tests::{Fault, Probe};

use super::{
    given::{self, email},
    store::{Item, Store, item, number, text},
};

const TENANT: &str = "tenant_1";

pub(crate) struct Unobserved;

impl Observer for Unobserved {
    fn advanced(&self, _: Progress) {}
}

/// Small pages, and no patience.
pub(crate) fn settings() -> Settings {
    let of = |number| NonZeroU32::new(number).unwrap();
    Settings { page_size: of(2), attempts: of(1), read_units: of(1_000_000), write_units: of(1_000_000) }
}

pub(crate) fn tables<'a>(store: &'a Store, client: &'a Client) -> Tables<'a> {
    Tables { client, layout: &store.layout, observer: &Unobserved }
}

/// The store's tables, but for this one, which is not there.
pub(crate) fn without(store: &Store, missing: Table) -> Layout {
    let names = Table::ALL.map(|table| (table.variable(), store.layout.name(table)));
    let lookup = |variable: &str| match variable {
        "USERS_KEY" => Some(store.layout.users_key().attribute()),
        variable if variable == missing.variable() => Some("there-is-no-such-table"),
        variable => names.iter().find(|(known, _)| *known == variable).map(|(_, name)| *name),
    };
    Layout::new("unused", |variable| lookup(variable).map(str::to_owned)).unwrap()
}

async fn run(store: &Store, client: &Client, run: Run<'_>) -> Result<Migration, MaintenanceError> {
    migrate(tables(store, client), settings(), &*store.clock, run).await
}

/// Migrates from the beginning to the end.
async fn migrated(store: &Store) -> Migration {
    let folder = TempDir::new().unwrap();
    let checkpoint = Checkpoint::at(folder.path().join("checkpoint.json"));
    let migration = run(store, &store.client, Run::Real(&checkpoint)).await.unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "the checkpoint is left");
    migration
}

/// A user as Python's data access layer writes them: with one name of the key, and NULLs.
fn user_row(store: &Store, id: &str, address: &str) -> Item {
    let mut row = item([
        ("tenant_id", text(TENANT)),
        ("email", text(address)),
        ("role", text("member")),
        ("phone", Null(true)),
        ("favourites", AttributeValue::M(item([("colour", text("green"))]))),
        ("created_at", text("2025-03-01T10:00:00+00:00")),
    ]);
    row.insert(store.layout.users_key().attribute().to_owned(), text(id));
    row
}

async fn plant_user(store: &Store, id: &str, address: &str) {
    store.plant(Table::Users, user_row(store, id, address)).await;
}

fn other_key(store: &Store) -> &'static str {
    match store.layout.users_key() {
        UsersKey::Id => "user_id",
        UsersKey::UserId => "id",
    }
}

async fn claim_of(store: &Store, name: &str) -> Option<String> {
    let claim = store.row(Table::AccountEmailClaims, email(name).as_str()).await?;
    Some(claim["user_id"].as_s().unwrap().clone())
}

/// Rows of every table that something may be missing in.
async fn plant(store: &Store) {
    for (id, name) in [("user_1", "anna"), ("user_2", "ben"), ("user_4", "dan")] {
        plant_user(store, id, email(name).as_str()).await;
    }
    plant_user(store, "user_5", email("dan").as_str()).await;
    store.plant(Table::UserPreferences, item([("user_id", text("user_1")), ("theme", text("dark"))])).await;
    store.plant(Table::Tenants, item([("tenant_id", text(TENANT)), ("name", text("Lee & Co"))])).await;
    let invitation = item([("invitation_id", text("inv_1")), ("tenant_id", text(TENANT)), ("version", Null(true))]);
    store.plant(Table::Invitations, invitation).await;
    store.plant(Table::BusinessData, item([("business_id", text(TENANT)), ("vision", text("One"))])).await;
}

pub(crate) async fn python_rows_get_a_claim_and_what_they_lack_and_keep_the_rest(store: &Store) {
    plant(store).await;
    let migration = migrated(store).await;
    assert_eq!((migration.changes.len(), migration.exceptions.len()), (15, 0), "{migration:?}");

    let mut user = user_row(store, "user_1", email("anna").as_str());
    user.extend(item([(other_key(store), text("user_1")), ("version", number(0))]));
    assert_eq!(store.row(Table::Users, "user_1").await, Some(user));
    let claim = store.row(Table::AccountEmailClaims, email("anna").as_str()).await.unwrap();
    let expected = [
        ("email", text(email("anna").as_str())),
        ("user_id", text("user_1")),
        ("tenant_id", text(TENANT)),
        ("claimed_at", text("2027-01-15T08:00:00.123456+00:00")),
    ];
    assert_eq!(claim, item(expected));
    let expected = [("user_id", text("user_1")), ("tenant_id", text(TENANT)), ("theme", text("dark"))];
    assert_eq!(store.row(Table::UserPreferences, "user_1").await, Some(item(expected)));
    assert_eq!(store.row(Table::Tenants, TENANT).await.unwrap()["version"], number(0));
    assert_eq!(store.row(Table::Invitations, "inv_1").await.unwrap()["version"], number(0));
    let business = store.row(Table::BusinessData, TENANT).await.unwrap();
    let expected =
        [("business_id", text(TENANT)), ("tenant_id", text(TENANT)), ("version", text("1.0")), ("vision", text("One"))];
    assert_eq!(business, item(expected));

    let verification = migration.verification;
    assert_eq!((verification.users, verification.claimed, verification.claims), (4, 2, 2));
}

pub(crate) async fn a_second_migration_writes_nothing(store: &Store) {
    plant(store).await;
    let first = migrated(store).await;
    let second = migrated(store).await;
    assert_eq!(second.changes, []);
    assert_eq!(second.verification, first.verification);
}

pub(crate) async fn a_dry_run_writes_nothing_and_foretells_the_real_one(store: &Store) {
    plant(store).await;
    let before = everything(store).await;
    let dry = run(store, &store.client, Run::Dry).await.unwrap();
    assert_eq!(everything(store).await, before);
    let real = migrated(store).await;
    assert_eq!(Migration { dry_run: false, ..dry }, real);
    assert_eq!(run(store, &store.client, Run::Dry).await.unwrap().changes, []);
}

pub(crate) async fn before_there_is_a_table_of_claims_only_a_dry_run_works(store: &Store) {
    plant(store).await;
    let layout = without(store, Table::AccountEmailClaims);
    let tables = Tables { layout: &layout, ..tables(store, &store.client) };
    let dry = migrate(tables, settings(), &*store.clock, Run::Dry).await.unwrap();
    assert_eq!((dry.verification.claims, dry.changes.len()), (2, 15));
    let folder = TempDir::new().unwrap();
    let checkpoint = Checkpoint::at(folder.path().join("checkpoint.json"));
    let refused = migrate(tables, settings(), &*store.clock, Run::Real(&checkpoint)).await.unwrap_err();
    assert_eq!(refused.to_string(), "there is no table there-is-no-such-table");
}

pub(crate) async fn users_of_one_address_are_reported_and_get_no_claim(store: &Store) {
    plant_user(store, "user_1", "anna@example.com").await;
    plant_user(store, "user_2", "Anna@Example.com").await;
    plant_user(store, "user_3", "ben@example.com").await;
    let migration = migrated(store).await;
    assert_eq!((claim_of(store, "anna").await, claim_of(store, "ben").await), (None, Some("user_3".to_owned())));
    let users = vec!["user_1".to_owned(), "user_2".to_owned()];
    assert_eq!(migration.verification.exceptions, [Exception::SharedAddress { users, holder: None }]);
    assert_eq!(migration.verification.claimed, 1);
    let row = store.row(Table::Users, "user_2").await.unwrap();
    assert_eq!((&row["email"], &row["version"]), (&text("Anna@Example.com"), &number(0)), "the rest is done");
}

pub(crate) async fn a_user_in_mixed_case_is_found_by_the_claim(store: &Store) {
    plant_user(store, "user_1", "Anna@Example.com").await;
    assert_eq!(store.accounts.holders_of(&email("anna")).await.unwrap(), []);
    assert_eq!(migrated(store).await.verification.exceptions, []);
    let holders = store.accounts.holders_of(&email("anna")).await.unwrap();
    assert_eq!(holders.iter().map(|holder| holder.user_id.as_str()).collect::<Vec<_>>(), ["user_1"]);
}

pub(crate) async fn what_is_not_certain_is_left_and_reported(store: &Store) {
    let claim = |name, user: &str, tenant: &str| {
        let claim = [("email", text(email(name).as_str())), ("user_id", text(user)), ("tenant_id", text(tenant))];
        item(claim)
    };
    for (id, address) in [
        ("user_1", email("anna").as_str()),
        ("user_2", email("ben").as_str()),
        ("user_3", "nobody"),
        ("user_4", email("dan").as_str()),
        ("user_5", email("eve").as_str()),
        ("user_6", "nobody@example.com"),
        ("user_7", email("fay").as_str()),
    ] {
        plant_user(store, id, address).await;
    }
    store.overwrite(Table::Users, "user_5", other_key(store), text("user_50")).await;
    for (id, attribute) in [("user_4", "tenant_id"), ("user_6", "email")] {
        let mut row = store.row(Table::Users, id).await.unwrap();
        row.remove(attribute);
        store.plant(Table::Users, row).await;
    }
    let mut unreadable = claim("fay", "user_7", TENANT);
    unreadable.remove("tenant_id");
    for claim in [
        claim("anna", "user_9", TENANT),
        claim("ben", "user_2", "tenant_2"),
        claim("zoe", "user_2", TENANT),
        unreadable,
    ] {
        store.plant(Table::AccountEmailClaims, claim).await;
    }
    store.plant(Table::UserPreferences, item([("user_id", text("user_8"))])).await;
    store.plant(Table::UserPreferences, item([("user_id", text("user_4"))])).await;

    let migration = migrated(store).await;
    let of = |user: &str| user.to_owned();
    let mut exceptions = migration.exceptions.clone();
    exceptions.sort();
    let expected = [
        Exception::KeysDiffer { user: of("user_5") },
        Exception::PreferencesOfNobody { user: of("user_4") },
        Exception::PreferencesOfNobody { user: of("user_8") },
    ];
    assert_eq!(exceptions, expected);
    let expected = [
        Exception::HeldByAnother { user: of("user_1"), holder: of("user_9") },
        Exception::UnusableAddress { user: of("user_3") },
        Exception::NoTenant { user: of("user_4") },
        Exception::ClaimOfAnotherTenant { user: of("user_2") },
        Exception::ClaimUnreadable { user: of("user_7") },
        Exception::ClaimOfNobody { user: of("user_2") },
        Exception::ClaimOfNobody { user: of("user_9") },
    ];
    let verification = &migration.verification;
    assert_eq!(verification.exceptions, expected);
    assert_eq!((verification.users, verification.claimed, verification.without_address), (7, 1, 1));
    assert_eq!(claim_of(store, "anna").await, Some(of("user_9")), "nobody's claim was taken");
    assert_eq!(store.row(Table::Users, "user_5").await.unwrap()[other_key(store)], text("user_50"));
    assert!(!format!("{migration:?}").contains('@'), "{migration:?}");
}

/// Migrates, and lets somebody else work after the rows were read and before the first is written.
async fn interrupted<T>(store: &Store, work: impl Future<Output = T>) -> Migration {
    let folder = TempDir::new().unwrap();
    let checkpoint = Checkpoint::at(folder.path().join("checkpoint.json"));
    let probe = Probe::default();
    let client = probe.watch(&store.client);
    let held = probe.hold("TransactWriteItems");
    let (migration, _) = join(run(store, &client, Run::Real(&checkpoint)), held.meanwhile(Box::pin(work))).await;
    migration.unwrap()
}

pub(crate) async fn whoever_signs_in_meanwhile_is_not_undone(store: &Store) {
    let anna = given::registered(store, "anna").await;
    store.remove(Table::AccountEmailClaims, email("anna").as_str()).await;
    let mut row = store.row(Table::Users, "user-anna").await.unwrap();
    row.remove("version");
    row.remove(other_key(store));
    store.plant(Table::Users, row).await;
    let loaded = store.account(&anna).await.user;
    let migration = interrupted(store, async {
        let mut after = loaded.clone();
        let event = after.sign_in(domain::user::EmailVerification::Optional, None, given::start()).unwrap();
        let changes = ChangeSet::default().write(given::claim(&email("anna"), &loaded)).record(event);
        store.commit(changes.save_user(loaded.clone(), after)).await.unwrap();
    });
    let migration = migration.await;
    let row = store.row(Table::Users, "user-anna").await.unwrap();
    assert_eq!((&row["version"], &row[other_key(store)]), (&number(1), &text("user-anna")));
    assert_eq!(claim_of(store, "anna").await, Some("user-anna".to_owned()));
    assert!(migration.changes.iter().all(|change| change.table != "users"), "{migration:?}");
    assert_eq!(migration.verification.exceptions, []);
}

pub(crate) async fn whoever_is_removed_meanwhile_leaves_no_claim(store: &Store) {
    plant_user(store, "user_1", email("anna").as_str()).await;
    let migration = interrupted(store, store.remove(Table::Users, "user_1")).await;
    assert_eq!((migration.changes.len(), store.size().await), (0, 0));
    assert_eq!((migration.verification.users, migration.verification.claims), (0, 0));
}

pub(crate) async fn an_address_that_changes_meanwhile_is_claimed_as_it_is_then(store: &Store) {
    plant_user(store, "user_1", email("anna").as_str()).await;
    let change = store.overwrite(Table::Users, "user_1", "email", text(email("anne").as_str()));
    let migration = interrupted(store, change).await;
    assert_eq!((claim_of(store, "anna").await, claim_of(store, "anne").await), (None, Some("user_1".to_owned())));
    assert_eq!(migration.verification.exceptions, []);
    assert!(migration.changes.iter().any(|change| change.what == What::ClaimAddress));
}

pub(crate) async fn an_address_that_somebody_else_claims_meanwhile_stays_theirs(store: &Store) {
    plant_user(store, "user_1", email("anna").as_str()).await;
    let claim = [("email", text(email("anna").as_str())), ("user_id", text("user_2")), ("tenant_id", text(TENANT))];
    let migration = interrupted(store, store.plant(Table::AccountEmailClaims, item(claim))).await;
    assert_eq!(claim_of(store, "anna").await, Some("user_2".to_owned()));
    let held = Exception::HeldByAnother { user: "user_1".to_owned(), holder: "user_2".to_owned() };
    assert!(migration.verification.exceptions.contains(&held), "{migration:?}");
    assert_eq!(store.row(Table::Users, "user_1").await.unwrap()["version"], number(0), "the rest is done");
}

pub(crate) async fn a_migration_that_is_killed_at_any_call_ends_the_same(store: &Store) {
    plant(store).await;
    let begin = everything(store).await;
    migrated(store).await;
    let end = everything(store).await;
    let mut kills = 0;
    for fault in [Fault::RequestLost, Fault::AnswerLost] {
        for call in 0.. {
            reset(store, &begin).await;
            let folder = TempDir::new().unwrap();
            let checkpoint = Checkpoint::at(folder.path().join("checkpoint.json"));
            let probe = Probe::default();
            let client = probe.watch(&store.client);
            probe.break_call(call, fault);
            let killed = run(store, &client, Run::Real(&checkpoint)).await;
            let was_killed = !probe.mend();
            assert_eq!(killed.is_err(), was_killed, "{fault:?} {call}: {killed:?}");
            if !was_killed {
                break;
            }
            kills += 1;
            run(store, &client, Run::Real(&checkpoint)).await.unwrap();
            assert_eq!(everything(store).await, end, "{fault:?} {call}");
        }
    }
    assert!(kills > 60, "{kills}");
}

pub(crate) async fn a_migration_goes_on_where_it_was_stopped_and_on_its_own_tables_only(store: &Store) {
    plant(store).await;
    store.overwrite(Table::Users, "user_2", other_key(store), text("user_20")).await;
    let folder = TempDir::new().unwrap();
    let checkpoint = Checkpoint::at(folder.path().join("checkpoint.json"));
    let probe = Probe::default();
    let client = probe.watch(&store.client);
    // While the invitations are written: all before is done.
    let (_, tally) = probe.measure(run(store, &client, Run::Dry)).await;
    let mut call = tally.total();
    loop {
        probe.break_call(call, Fault::RequestLost);
        let stopped = run(store, &client, Run::Real(&checkpoint)).await;
        assert!(stopped.is_err());
        let position = std::fs::read_to_string(folder.path().join("checkpoint.json")).unwrap();
        if position.contains("tenants") {
            assert!(!position.contains('@'), "{position}");
            break;
        }
        call += 1;
    }
    let other = without(store, Table::AccountAudit);
    let tables = Tables { layout: &other, ..tables(store, &client) };
    let refused = migrate(tables, settings(), &*store.clock, Run::Real(&checkpoint)).await.unwrap_err();
    let MaintenanceError::Checkpoint(CheckpointError::OtherTables { users, .. }) = refused else { panic!("{refused}") };
    assert_eq!(users, store.layout.name(Table::Users));

    let rest = run(store, &client, Run::Real(&checkpoint)).await.unwrap();
    assert!(rest.tables.iter().all(|table| ["invitations", "business-data"].contains(&table.table)), "{rest:?}");
    let found = [Exception::KeysDiffer { user: "user_2".to_owned() }];
    assert_eq!(rest.exceptions, found, "what was found before is not forgotten");
    assert_eq!(migrated(store).await.changes, []);
}

/// The tables that a migration has to do with.
const TOUCHED: [Table; 6] = [
    Table::Users,
    Table::UserPreferences,
    Table::Tenants,
    Table::Invitations,
    Table::BusinessData,
    Table::AccountEmailClaims,
];

/// Every row that a migration could have to do with.
async fn everything(store: &Store) -> Vec<(Table, Vec<Item>)> {
    let mut everything = Vec::new();
    for table in TOUCHED {
        let mut rows = store.rows(table).await;
        let key = store.layout.definition(table).key;
        rows.sort_by_key(|row| row[key].as_s().unwrap().clone());
        everything.push((table, rows));
    }
    everything
}

/// Makes the tables what they were.
async fn reset(store: &Store, rows: &[(Table, Vec<Item>)]) {
    for (table, rows) in rows {
        let key = store.layout.definition(*table).key;
        for row in store.rows(*table).await {
            store.remove(*table, row[key].as_s().unwrap()).await;
        }
        for row in rows {
            store.plant(*table, row.clone()).await;
        }
    }
}
