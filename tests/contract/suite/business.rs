//! What tenants say about their business, in a table that Python services write as well.

use application::ports::{ChangeSet, CommitError, Refusal, Write};
use aws_sdk_dynamodb::types::AttributeValue::{self, L, M, Null};
use chrono::Duration;
use domain::{
    BusinessFoundation, Change, HttpsUrl, ProductId, TenantId, UserId, Version,
    business::{
        Address, BusinessChange, BusinessSnapshot, ChangeHistory, HistoryEntry, Line, Positioning, Problem, Product,
        ProductEntry, Products, Prose, StepStatus, Steps,
    },
};
use futures::future::join_all;
use infrastructure::dynamodb::tables::Table;

use super::{
    given::{mail, start},
    store::{Item, Store, item, number, scope, text},
};

const TENANT: &str = "tenant_9b8c7d6e5f4a";

fn tenant() -> TenantId {
    TenantId::restore(TENANT)
}

fn anna() -> UserId {
    UserId::restore("anna")
}

async fn load(store: &Store) -> Option<BusinessFoundation> {
    store.business.find(&scope(&tenant())).await.unwrap()
}

fn purpose(text: &str) -> BusinessChange {
    BusinessChange { purpose: Change::Set(Prose::restore(text)), ..BusinessChange::default() }
}

/// The change set of somebody who loaded `before` and wishes this.
fn changed(before: Option<&BusinessFoundation>, change: BusinessChange) -> ChangeSet {
    let mut after = before.cloned().unwrap_or_else(|| BusinessFoundation::empty(tenant(), start()));
    let outcome = after.change(change, || ProductId::restore("new"), &anna(), start() + Duration::seconds(1)).unwrap();
    saved(before, &after).record(outcome)
}

fn saved(before: Option<&BusinessFoundation>, after: &BusinessFoundation) -> ChangeSet {
    let before = before.cloned().map(Box::new);
    ChangeSet::default().write(Write::SaveBusiness { before, after: Box::new(after.clone()) })
}

fn is_stale(outcome: &Result<(), CommitError>) -> bool {
    matches!(outcome, Err(CommitError::Refused(Refusal::Stale)))
}

fn product(id: &str) -> Product {
    Product { id: ProductId::restore(id), name: Line::restore("Name 🦀"), problem: Problem::restore("One\ntwo") }
}

fn full() -> BusinessSnapshot {
    let line = |text: &str| Some(Line::restore(text));
    BusinessSnapshot {
        tenant_id: tenant(),
        business_name: line("Lee & Co"),
        website: Some(HttpsUrl::restore("https://lee.example.com/")),
        industry: line("Coaching"),
        business_type: line("LLC"),
        employee_count: line("11-50"),
        address: Address { street: line("S"), city: line("C"), state: line("T"), zip: line("Z"), country: line("Y") },
        products: Products::restore(vec![product("a"), product("b")]),
        positioning: Positioning {
            niche: Some(Prose::restore("N")),
            ideal_customer: Some(Prose::restore("I")),
            value_proposition: Some(Prose::restore("V")),
        },
        core_values: vec![Line::restore("Candour"), Line::restore("Candour"), Line::restore("Care")],
        core_values_status: StepStatus::Completed,
        purpose: Some(Prose::restore("P\n🦀")),
        purpose_status: StepStatus::InProgress,
        vision: Some(Prose::restore("W")),
        vision_status: StepStatus::Completed,
        completed_steps: Steps::all(),
        completed_at: Some(start()),
        history: ChangeHistory::restore(vec![HistoryEntry {
            at: Some(start()),
            by: Some(anna()),
            fields: vec!["vision".to_owned()],
        }]),
        last_updated_by: Some(anna()),
        created_at: start(),
        updated_at: start() + Duration::seconds(1),
        version: Version::restore(1),
    }
}

fn python_row() -> Item {
    let value = item([("value", text("Candour")), ("weight", number(3))]);
    let change = item([("when", text("2025-02-01")), ("what", text("purpose"))]);
    item([
        ("business_id", text(TENANT)),
        ("tenant_id", text(TENANT)),
        ("core_values", L(vec![M(value), text("Care"), Null(true)])),
        ("purpose", text("Help")),
        ("vision", Null(true)),
        ("goals", L(vec![M(item([("title", text("Grow"))]))])),
        ("mission", text("Teach")),
        ("culture_attributes", L(vec![text("calm")])),
        ("strategic_priorities", L(Vec::new())),
        ("version", text("1.0")),
        ("last_updated_by", text("user_3f2a9c0d1b2e")),
        ("approved_by", Null(true)),
        ("change_history", L(vec![M(change)])),
        ("created_at", text("2025-03-01T10:00:00+00:00")),
        ("updated_at", text("2025-03-01T10:00:00.000123")),
        ("quarter", text("Q2")),
    ])
}

async fn plant(store: &Store) -> BusinessFoundation {
    store.plant(Table::BusinessData, python_row()).await;
    load(store).await.unwrap()
}

pub(crate) async fn a_tenant_that_has_said_nothing_has_no_foundation(store: &Store) {
    assert_eq!(load(store).await, None);
}

pub(crate) async fn every_field_of_a_foundation_survives(store: &Store) {
    let full = BusinessFoundation::restore(full());
    store.commit(saved(None, &full)).await.unwrap();
    assert_eq!(load(store).await.as_ref(), Some(&full));
    let empty = BusinessFoundation::empty(tenant(), full.snapshot().created_at);
    let empty = BusinessSnapshot { version: Version::restore(2), ..empty.snapshot().clone() };
    let empty = BusinessFoundation::restore(empty);
    store.commit(saved(Some(&full), &empty)).await.unwrap();
    assert_eq!(load(store).await, Some(empty));
}

pub(crate) async fn another_tenants_foundation_does_not_exist(store: &Store) {
    store.commit(changed(None, purpose("Help"))).await.unwrap();
    let elsewhere = scope(&TenantId::restore("elsewhere"));
    assert_eq!(store.business.find(&elsewhere).await.unwrap(), None);
    // Nor does a row whose tenant is not the one that its key says.
    store.overwrite(Table::BusinessData, TENANT, "tenant_id", text("elsewhere")).await;
    assert!(store.business.find(&scope(&tenant())).await.is_err());
}

pub(crate) async fn a_stale_foundation_is_refused_and_leaves_nothing(store: &Store) {
    store.commit(changed(None, purpose("First"))).await.unwrap();
    let loaded = load(store).await.unwrap();
    store.commit(changed(Some(&loaded), purpose("Second"))).await.unwrap();
    let (size, stored) = (store.size().await, load(store).await.unwrap());
    for before in [Some(&loaded), None] {
        let stale = changed(before, purpose("Third")).mail(mail(&super::given::email("anna")));
        let stale = store.commit(stale).await;
        assert!(is_stale(&stale), "{stale:?}");
    }
    assert_eq!((store.size().await, load(store).await), (size, Some(stored)));
}

pub(crate) async fn of_racing_first_changes_one_wins(store: &Store) {
    let race = (0..8).map(|number| {
        let unit_of_work = store.unit_of_work.clone();
        tokio::spawn(async move { unit_of_work.commit(changed(None, purpose(&number.to_string()))).await })
    });
    let outcomes: Vec<_> = join_all(race).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    assert_eq!(load(store).await.unwrap().snapshot().version, Version::restore(1));
}

pub(crate) async fn a_python_foundation_is_read(store: &Store) {
    let foundation = plant(store).await;
    let state = foundation.snapshot();
    assert_eq!(state.core_values, [Line::restore("Candour"), Line::restore("Care")]);
    assert_eq!((&state.purpose, &state.vision), (&Some(Prose::restore("Help")), &None));
    assert_eq!((state.version, state.history.entries().len()), (Version::UNWRITTEN, 1));
    assert_eq!(state.last_updated_by, Some(UserId::restore("user_3f2a9c0d1b2e")));
    assert_eq!((&state.business_name, state.products.as_slice()), (&None, [].as_slice()));
}

pub(crate) async fn a_python_foundation_keeps_what_we_do_not_know(store: &Store) {
    let before = plant(store).await;
    let change = BusinessChange {
        core_values: Some(vec![Line::restore("Courage"), Line::restore("Candour")]),
        products: Some(vec![ProductEntry { id: None, name: Line::restore("N"), problem: Problem::restore("P") }]),
        ..purpose("Serve")
    };
    store.commit(changed(Some(&before), change)).await.unwrap();
    let (planted, row) = (python_row(), store.row(Table::BusinessData, TENANT).await.unwrap());
    for kept in ["goals", "mission", "culture_attributes", "version", "approved_by", "created_at", "quarter", "vision"]
    {
        assert_eq!(row[kept], planted[kept], "{kept}");
    }
    let (core_values, history) = (row["core_values"].as_l().unwrap(), row["change_history"].as_l().unwrap());
    assert_eq!(core_values, &[text("Courage"), planted["core_values"].as_l().unwrap()[0].clone()]);
    assert_eq!((history.len(), &history[0]), (2, &planted["change_history"].as_l().unwrap()[0]));

    // Somebody adds keys to our maps; the next change keeps them.
    let noted = |map: &AttributeValue| {
        let mut map = map.as_m().unwrap().clone();
        map.insert("note".to_owned(), text("theirs"));
        M(map)
    };
    let product = noted(&row["products"].as_l().unwrap()[0]);
    store.overwrite(Table::BusinessData, TENANT, "products", L(vec![product])).await;
    store.overwrite(Table::BusinessData, TENANT, "address", noted(&M(Item::new()))).await;
    let before = load(store).await.unwrap();
    let id = before.snapshot().products.as_slice()[0].id.clone();
    let mut change = BusinessChange {
        products: Some(vec![ProductEntry { id: Some(id), name: Line::restore("M"), problem: Problem::restore("P") }]),
        ..BusinessChange::default()
    };
    change.address.city = Change::Set(Line::restore("Portland"));
    store.commit(changed(Some(&before), change)).await.unwrap();
    let row = store.row(Table::BusinessData, TENANT).await.unwrap();
    let product = row["products"].as_l().unwrap()[0].as_m().unwrap();
    assert_eq!((&product["name"], &product["note"]), (&text("M"), &text("theirs")));
    assert_eq!(row["address"], M(item([("city", text("Portland")), ("note", text("theirs"))])));
}

pub(crate) async fn what_python_changed_in_a_foundation_meanwhile_is_not_overwritten(store: &Store) {
    // Python counts no revisions, but it dates its changes.
    for date in [text("2025-03-01T10:00:09"), text("2025-03-01T10:00:00.000124+00:00"), Null(true)] {
        let before = plant(store).await;
        store.overwrite(Table::BusinessData, TENANT, "updated_at", date).await;
        let stale = store.commit(changed(Some(&before), purpose("Ours"))).await;
        assert!(is_stale(&stale), "{stale:?}");
        assert_eq!(store.row(Table::BusinessData, TENANT).await.unwrap()["purpose"], text("Help"));
    }
    let before = plant(store).await;
    store.remove(Table::BusinessData, TENANT).await;
    assert!(is_stale(&store.commit(changed(Some(&before), purpose("Ours"))).await), "it is gone");
}

pub(crate) async fn every_spelling_of_a_date_in_a_foundation_can_be_saved_over(store: &Store) {
    let spellings = [
        text("2025-03-01T10:00:00+00:00"),
        text("2025-03-01T10:00:00Z"),
        text("2025-03-01 10:00:00"),
        text("2025-03-01T12:30:00.000000+02:30"),
        Null(true),
    ];
    for spelling in spellings {
        plant(store).await;
        store.overwrite(Table::BusinessData, TENANT, "updated_at", spelling.clone()).await;
        let before = load(store).await.unwrap();
        let saved = store.commit(changed(Some(&before), purpose("Ours"))).await;
        assert!(saved.is_ok(), "{spelling:?}: {saved:?}");
    }
}

pub(crate) async fn a_new_foundation_has_what_python_looks_for(store: &Store) {
    store.commit(changed(None, purpose("Help"))).await.unwrap();
    let row = store.row(Table::BusinessData, TENANT).await.unwrap();
    for (attribute, expected) in [
        ("business_id", text(TENANT)),
        ("tenant_id", text(TENANT)),
        ("purpose", text("Help")),
        ("core_values", L(Vec::new())),
        ("goals", L(Vec::new())),
        ("culture_attributes", L(Vec::new())),
        ("strategic_priorities", L(Vec::new())),
        ("version", text("1.0")),
        ("last_updated_by", text("anna")),
    ] {
        assert_eq!(row[attribute], expected, "{attribute}");
    }
    assert!(row["change_history"].as_l().unwrap()[0].is_m());
    assert!(row["created_at"].is_s() && row["updated_at"].is_s());
    assert!(row.values().all(|value| !value.is_null()));
}

pub(crate) async fn events_of_a_foundation_name_fields_only(store: &Store) {
    let steps = BusinessChange { completed_steps: Some(Steps::all()), ..purpose("s3cr3t") };
    store.commit(changed(None, steps)).await.unwrap();
    let payloads: Vec<_> = store.rows(Table::AccountOutbox).await;
    let payloads: Vec<_> = payloads.iter().map(|row| row["payload"].as_s().unwrap().as_str()).collect();
    assert_eq!(payloads.len(), 2);
    for name in ["BusinessFoundationChanged", "OnboardingCompleted"] {
        assert!(payloads.iter().any(|payload| payload.contains(name)), "{name} in {payloads:?}");
    }
    assert!(payloads.iter().all(|payload| payload.contains(TENANT) && !payload.contains("s3cr3t")));
}
