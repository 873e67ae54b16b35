//! Reading every row, as both services would.

use aws_sdk_dynamodb::types::AttributeValue::{Bool, L, M};
use infrastructure::dynamodb::{
    maintenance::{Reader, Reading, Tables, verify},
    tables::Table,
};

use super::{
    given,
    migration::{settings, tables, without},
    store::{Item, Store, item, number, text},
};

const DATE: &str = "2025-03-01T10:00:00+00:00";

async fn read(store: &Store) -> Reading {
    verify(tables(store, &store.client), settings()).await.unwrap()
}

/// Table, row, reader and problem of every defect.
fn defects(reading: &Reading) -> Vec<(&str, &str, Reader, &str)> {
    let mut found = Vec::new();
    for table in &reading.tables {
        found.extend(table.defects.iter().map(|d| (table.table, d.row.as_str(), d.reader, d.problem.as_str())));
    }
    found
}

fn with(
    mut row: Item,
    changes: impl IntoIterator<Item = (&'static str, aws_sdk_dynamodb::types::AttributeValue)>,
) -> Item {
    row.extend(changes.into_iter().map(|(name, value)| (name.to_owned(), value)));
    row
}

fn dated(row: Item) -> Item {
    with(row, [("created_at", text(DATE)), ("updated_at", text("2025-03-01T10:00:00.000123"))])
}

fn user(id: &str) -> Item {
    dated(item([
        ("id", text(id)),
        ("user_id", text(id)),
        ("tenant_id", text("t1")),
        ("email", text("anna@example.com")),
        ("first_name", text("Anna")),
        ("last_name", text("Lee")),
        ("role", text("owner")),
        ("status", text("active")),
        ("email_verified", Bool(true)),
    ]))
}

fn subscription(id: &str) -> Item {
    dated(item([
        ("subscription_id", text(id)),
        ("tenant_id", text("t1")),
        ("tier", text("professional")),
        ("status", text("active")),
        ("billing_cycle", text("monthly")),
        ("amount", number(9900)),
        ("currency", text("USD")),
        ("current_period_start", text(DATE)),
        ("current_period_end", text(DATE)),
        ("limits", M(item([("goals", number(25))]))),
    ]))
}

fn invitation(id: &str) -> Item {
    dated(item([
        ("invitation_id", text(id)),
        ("tenant_id", text("t1")),
        ("email", text("ben@example.com")),
        ("invited_by_user_id", text("u1")),
        ("role", text("member")),
        ("status", text("pending")),
        ("token", text("secret-token")),
        ("expires_at", text(DATE)),
        ("reminders_sent", number(0)),
    ]))
}

fn tenant(id: &str) -> Item {
    let tenant = [("name", text("Lee & Co")), ("owner_user_id", text("u1")), ("status", text("active"))];
    dated(with(item([("tenant_id", text(id))]), tenant))
}

fn business(id: &str) -> Item {
    let lists = ["core_values", "goals", "culture_attributes", "strategic_priorities", "change_history"];
    let row = item([
        ("business_id", text(id)),
        ("tenant_id", text(id)),
        ("version", text("1.0")),
        ("last_updated_by", text("u1")),
    ]);
    dated(with(row, lists.map(|name| (name, L(Vec::new())))))
}

fn preferences(id: &str) -> Item {
    dated(item([("user_id", text(id)), ("tenant_id", text("t1"))]))
}

fn token(key: &str, id: &str) -> Item {
    item([(key, text(id)), ("user_id", text("u1")), ("tenant_id", text("t1")), ("ttl", number(1_800_000_600))])
}

pub(crate) async fn rows_of_both_services_are_read(store: &Store) {
    let hash = "a".repeat(64);
    let rows = [
        (Table::Users, user("u1")),
        (Table::Tenants, tenant("t1")),
        (Table::Subscriptions, subscription("s1")),
        (Table::Invitations, invitation("i1")),
        (Table::BusinessData, business("t1")),
        (Table::UserPreferences, preferences("u1")),
        (Table::RefreshTokens, token("jti", "j1")),
        (Table::PasswordResets, token("token_hash", &hash)),
        (Table::VerificationTokens, token("token_hash", &hash)),
        (Table::Tiers, item([("tier_id", text("starter")), ("limits", M(item([("goals", number(3))])))])),
        (Table::TenantOverrides, item([("tenant_id", text("t1")), ("feature", text("goals")), ("limit", number(3))])),
    ];
    let planted = rows.len() as u64;
    for (table, row) in rows {
        store.plant(table, row).await;
    }
    let reading = read(store).await;
    assert_eq!((defects(&reading), reading.unreadable()), (Vec::new(), 0));
    assert_eq!(reading.tables.iter().map(|table| table.rows).sum::<u64>(), planted);

    let anna = given::registered(store, "anna").await;
    store.commit(given::signed_in(&given::session("s", &anna))).await.unwrap();
    let reading = read(store).await;
    assert_eq!(defects(&reading), []);
    assert_eq!(reading.tables.iter().map(|table| table.rows).sum::<u64>(), store.size().await as u64);
}

pub(crate) async fn every_planted_defect_is_found_and_named_without_its_value(store: &Store) {
    let other = if store.layout.users_key().attribute() == "id" { "user_id" } else { "id" };
    let hash = "a".repeat(64);
    let without = |mut row: Item, name: &str| {
        row.remove(name);
        row
    };
    let ours = |key: &str, id: &str| item([(key, text(id)), ("user_id", text("u9"))]);
    let planted = [
        (Table::Users, with(user("u1"), [("role", text("Sekret")), (other, text("Sekret"))])),
        (
            Table::Users,
            with(user("u2"), [("email", text("Sekret@example.com")), ("first_name", text(&"S".repeat(51)))]),
        ),
        (Table::Users, without(user("u3"), "email_verified")),
        (Table::Tenants, with(tenant("t1"), [("status", text("Sekret")), ("settings", text("Sekret"))])),
        (Table::Subscriptions, with(subscription("s1"), [("tier", text("Sekret")), ("amount", text("Sekret"))])),
        (Table::Subscriptions, with(subscription("s2"), [("limits", M(item([("goals", text("Sekret"))])))])),
        (Table::RefreshTokens, without(token("jti", "j1"), "ttl")),
        (Table::PasswordResets, token("token_hash", "Sekret-but-a-key")),
        (Table::VerificationTokens, without(token("token_hash", &hash), "user_id")),
        (
            Table::UserPreferences,
            with(preferences("u1"), [("email_notifications", M(item([("marketing", text("Sekret"))])))]),
        ),
        (Table::Invitations, with(invitation("i1"), [("expires_at", text("Sekret")), ("message", number(1))])),
        (Table::Tiers, item([("tier_id", text("starter")), ("limits", M(item([("goals", text("Sekret"))])))])),
        (
            Table::TenantOverrides,
            item([("tenant_id", text("t1")), ("feature", text("goals")), ("limit", text("Sekret"))]),
        ),
        (
            Table::BusinessData,
            with(business("t1"), [("tenant_id", text("Sekret")), ("core_values", L(vec![number(1)]))]),
        ),
        (Table::AccountEmailClaims, ours("email", "sekret@example.com")),
        (Table::AccountIdentities, ours("identity_id", "x1")),
        (Table::AccountThrottles, ours("subject", &hash)),
        (Table::AccountSessions, with(ours("session_id", "x1"), [("status", text("Sekret"))])),
        (Table::AccountSeats, ours("tenant_id", "t1")),
        (Table::AccountUsage, item([("tenant_id", text("t1")), ("name", text("goals"))])),
        (Table::AccountOutbox, item([("stream", text("mail:x1")), ("position", text("p1"))])),
        (Table::AccountIdempotency, ours("key_hash", "x1")),
        (Table::AccountAudit, item([("tenant_id", text("t1")), ("position", text("p1")), ("month", text("2025-03"))])),
        (Table::AccountDiscountCodes, ours("code", "SPRING27")),
        (Table::AccountRedemptions, item([("code", text("SPRING27")), ("tenant_id", text("t1"))])),
    ];
    for (table, row) in planted {
        store.plant(table, row).await;
    }
    let reading = read(store).await;
    let mut found = defects(&reading);
    found.sort_by_key(|(table, row, reader, _)| (table.to_string(), row.to_string(), *reader == Reader::Python));
    let differs = format!("attribute {other} is not the key of its row");
    let expected = [
        ("account-audit", "t1 + p1", Reader::Account, "attribute actor_kind is missing"),
        ("account-discount-codes", "SPRING27", Reader::Account, "attribute discount_type is missing"),
        ("account-email-claims", "u9", Reader::Account, "attribute tenant_id is missing"),
        ("account-idempotency", "x1", Reader::Account, "attribute fingerprint is missing"),
        ("account-identities", "x1", Reader::Account, "attribute issuer is missing"),
        ("account-outbox", "mail:x1 + p1", Reader::Account, "attribute message_id is missing"),
        ("account-redemptions", "SPRING27 + t1", Reader::Account, "attribute redemption_id is missing"),
        ("account-seats", "t1", Reader::Account, "attribute members is missing"),
        ("account-sessions", "x1", Reader::Account, "attribute status is not one of its known values"),
        ("account-throttles", &hash, Reader::Account, "attribute count is missing"),
        ("account-usage", "t1 + goals", Reader::Account, "attribute used is missing"),
        ("business-data", "t1", Reader::Account, "attribute tenant_id is not the key of its row"),
        ("business-data", "t1", Reader::Python, "attribute tenant_id is not the key of its row"),
        ("business-data", "t1", Reader::Python, "attribute core_values holds what is not a text"),
        ("invitations", "i1", Reader::Account, "attribute message is not a text"),
        ("invitations", "i1", Reader::Python, "attribute expires_at is not a date"),
        ("invitations", "i1", Reader::Python, "attribute message is not a text"),
        ("password-resets", "Sekret-but-a-key", Reader::Python, "attribute token_hash is not a SHA-256 in hexadecimal"),
        ("refresh-tokens", "j1", Reader::Account, "attribute ttl is missing"),
        ("refresh-tokens", "j1", Reader::Python, "attribute ttl is missing"),
        ("subscriptions", "s1", Reader::Account, "attribute tier is not one of its known values"),
        ("subscriptions", "s1", Reader::Python, "attribute tier is not one of its known values"),
        ("subscriptions", "s1", Reader::Python, "attribute amount is not a number"),
        ("subscriptions", "s2", Reader::Python, "attribute limits holds what is not a number"),
        ("tenant-overrides", "t1 + goals", Reader::Account, "attribute limit holds what is no limit"),
        ("tenants", "t1", Reader::Account, "attribute status is not one of its known values"),
        ("tenants", "t1", Reader::Python, "attribute status is not one of its known values"),
        ("tenants", "t1", Reader::Python, "attribute settings is not a map"),
        ("tiers", "starter", Reader::Account, "attribute limits holds what is no limit"),
        ("user-preferences", "u1", Reader::Python, "attribute email_notifications.marketing is not a boolean"),
        ("users", "u1", Reader::Account, "attribute role is not one of its known values"),
        ("users", "u1", Reader::Python, &differs),
        ("users", "u1", Reader::Python, "attribute role is not one of its known values"),
        ("users", "u2", Reader::Python, "attribute email is not in lower case"),
        ("users", "u2", Reader::Python, "attribute first_name is too long"),
        ("users", "u3", Reader::Python, "attribute email_verified is missing"),
        ("verification-tokens", &hash, Reader::Account, "attribute user_id is missing"),
        ("verification-tokens", &hash, Reader::Python, "attribute user_id is missing"),
    ];
    assert_eq!(found, expected);
    let said = format!("{reading:?}").replace("Sekret-but-a-key", "");
    assert!(!said.to_lowercase().contains("sekret"), "{said}");
    assert_eq!(reading.unreadable(), 25);
}

pub(crate) async fn a_table_that_is_not_there_is_no_defect(store: &Store) {
    let layout = without(store, Table::AccountAudit);
    let tables = Tables { layout: &layout, ..tables(store, &store.client) };
    let reading = verify(tables, settings()).await.unwrap();
    let missing: Vec<_> = reading.tables.iter().filter(|table| !table.exists).map(|table| table.table).collect();
    assert_eq!((missing, reading.unreadable()), (vec!["account-audit"], 0));
}
