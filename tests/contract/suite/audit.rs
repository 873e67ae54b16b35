//! What the trail keeps of what happened.

use application::{
    TenantScope,
    actor::PlatformAdmin,
    audit::{AuditActor, AuditEntry, AuditRecord, AuditTarget},
    page::{Cursor, Page, PageError, PageRequest, PageSize},
    ports::{AuditFilter, ChangeSet, Clock, CommitError, Refusal, Write},
};
use chrono::{DateTime, Duration};
use domain::{
    DomainEvent, Role, SessionId, TenantId, Timestamp, UserId, Version,
    session::{SessionEnd, SessionEvent, SessionEventKind},
    user::{UserEvent, UserEventKind},
};
use futures::future::join_all;
use infrastructure::dynamodb::tables::Table;
use serde_json::json;

use super::{
    given::{self, email, registered, registration, start},
    store::{Store, number, scope, text},
};

fn tenant(name: &str) -> TenantScope {
    scope(&TenantId::restore(name))
}

fn admin() -> PlatformAdmin {
    PlatformAdmin::unproved(UserId::restore("root"), TenantId::restore("tenant-root"))
}

/// Something that happened to a user of a tenant.
fn happened(tenant: &str, user: &str, what: UserEventKind) -> ChangeSet {
    let (user_id, tenant_id) = (UserId::restore(user), TenantId::restore(tenant));
    let event = UserEvent { user_id, tenant_id, version: Version::restore(2), what };
    ChangeSet { events: vec![event.into()], ..ChangeSet::default() }
}

fn deactivated(tenant: &str, user: &str) -> ChangeSet {
    happened(tenant, user, UserEventKind::Deactivated)
}

fn page(size: &str, after: Option<Cursor>) -> PageRequest {
    PageRequest { size: PageSize::parse(size).unwrap(), after }
}

async fn of_tenant(store: &Store, name: &str) -> Vec<AuditRecord> {
    let all = store.audit_trail.of_tenant(&tenant(name), &AuditFilter::default(), &page("100", None)).await.unwrap();
    assert_eq!(all.next, None);
    all.items
}

async fn everywhere(store: &Store, filter: &AuditFilter, page: &PageRequest) -> Page<AuditRecord> {
    store.audit_trail.everywhere(&admin(), filter, page).await.unwrap()
}

fn targets(records: &[AuditRecord]) -> Vec<&str> {
    records.iter().map(|record| record.entry.target.as_ref().map_or("-", |target| &target.id)).collect()
}

/// Every record that there is, page by page, as the ids of what they are about; and how many pages it took.
async fn pages(store: &Store, whose: Option<&str>, filter: &AuditFilter, size: &str) -> (Vec<String>, usize) {
    let (mut found, mut count, mut after) = (Vec::new(), 0, None);
    loop {
        let request = page(size, after);
        let page = match whose {
            Some(name) => store.audit_trail.of_tenant(&tenant(name), filter, &request).await.unwrap(),
            None => everywhere(store, filter, &request).await,
        };
        assert!(page.items.len() <= usize::from(request.size.get()));
        found.extend(targets(&page.items).into_iter().map(str::to_owned));
        count += 1;
        after = page.next;
        if after.is_none() {
            return (found, count);
        }
    }
}

pub(crate) async fn rule_26_a_change_and_its_record_are_one_commit(store: &Store) {
    let anna = registered(store, "anna").await;
    assert_eq!(of_tenant(store, "tenant-anna").await.len(), 1);
    let refused = store.commit(registration("other", &email("anna"))).await;
    assert!(matches!(refused, Err(CommitError::Refused(Refusal::EmailTaken))), "{refused:?}");
    assert_eq!(of_tenant(store, "tenant-other").await, []);
    let stale =
        deactivated("tenant-anna", "user-anna").save_user(given::person("anna", &email("anna")).0, anna.clone());
    assert!(store.commit(stale).await.is_err());
    assert_eq!(store.rows(Table::AccountAudit).await.len(), 1);
}

pub(crate) async fn rule_26_who_did_it_is_on_record(store: &Store) {
    let to_ben = |to| happened("t", "ben", UserEventKind::RoleChanged { from: Role::Member, to });
    store.commit(to_ben(Role::Viewer)).await.unwrap();
    store.clock.advance(Duration::seconds(1));
    store.commit(to_ben(Role::Manager).by(&UserId::restore("anna"))).await.unwrap();
    store.clock.advance(Duration::seconds(1));
    store.commit(to_ben(Role::Admin).by_platform_admin(&admin())).await.unwrap();
    store.clock.advance(Duration::seconds(1));
    let entry = AuditEntry {
        tenant_id: None,
        action: "AdminListedUsers".to_owned(),
        actor: AuditActor::Platform(UserId::restore("root")),
        target: None,
        details: json!({ "filters": ["email"] }),
    };
    store.commit(ChangeSet::default().write(Write::Audit(entry.clone()))).await.unwrap();

    let found = everywhere(store, &AuditFilter::default(), &page("10", None)).await.items;
    let actors: Vec<_> = found.iter().map(|record| record.entry.actor.clone()).collect();
    let root = || AuditActor::Platform(UserId::restore("root"));
    assert_eq!(actors, [root(), root(), AuditActor::Member(UserId::restore("anna")), AuditActor::System]);
    assert_eq!((&found[0].entry, found[0].at), (&entry, store.clock.now()));
    let of_ben = &found[2];
    assert_eq!(of_ben.at, start() + Duration::seconds(1));
    assert_eq!(of_ben.entry.tenant_id, Some(TenantId::restore("t")));
    assert_eq!(of_ben.entry.action, "RoleChanged");
    let target = AuditTarget { kind: "user".to_owned(), id: "ben".to_owned() };
    assert_eq!(of_ben.entry.target, Some(target));
    assert_eq!((&of_ben.entry.details["from"], &of_ben.entry.details["to"]), (&json!("member"), &json!("manager")));
}

fn session_ended(reason: SessionEnd) -> DomainEvent {
    DomainEvent::Session(SessionEvent {
        session_id: SessionId::restore(reason.as_str()),
        user_id: UserId::restore("ben"),
        tenant_id: TenantId::restore("t"),
        version: Version::restore(2),
        what: SessionEventKind::Ended { reason },
    })
}

pub(crate) async fn rule_26_only_what_matters_to_security_is_on_record(store: &Store) {
    let mut changes = happened("t", "ben", UserEventKind::SignedIn);
    let profile = UserEventKind::ProfileChanged { fields: vec!["phone"] };
    for what in [profile, UserEventKind::PasswordResetRequested, UserEventKind::PasswordReset] {
        changes.events.extend(happened("t", "ben", what).events);
    }
    changes.events.extend(SessionEnd::ALL.map(session_ended));
    store.commit(changes).await.unwrap();
    // A record has the id of its event.
    let published = format!("{:?}", store.rows(Table::AccountOutbox).await);
    assert!(of_tenant(store, "t").await.iter().all(|record| published.contains(&record.id)));
    let mut actions: Vec<_> = of_tenant(store, "t").await.into_iter().map(|record| record.entry.action).collect();
    actions.sort();
    assert_eq!(actions, ["PasswordReset", "SessionEnded"]);
    let filter = AuditFilter { action: Some("SessionEnded".to_owned()), ..AuditFilter::default() };
    assert_eq!(pages(store, None, &filter, "10").await.0, [SessionEnd::TokenReused.as_str()]);
}

pub(crate) async fn rule_26_a_record_names_nobody_and_has_an_end(store: &Store) {
    registered(store, "anna").await;
    let rows = store.rows(Table::AccountAudit).await;
    let stored = format!("{rows:?}");
    for personal in ["example.com", "Lee", "192.0.2", "901820", "$argon2"] {
        assert!(!stored.contains(personal), "{personal} in {stored}");
    }
    let until = (start() + Duration::days(400)).timestamp();
    assert_eq!(rows[0]["ttl"], number(until));
}

pub(crate) async fn rule_18_another_tenants_records_do_not_exist(store: &Store) {
    for name in ["a", "b"] {
        store.commit(deactivated(&format!("tenant-{name}"), name)).await.unwrap();
    }
    assert_eq!(targets(&of_tenant(store, "tenant-a").await), ["a"]);
    assert_eq!(of_tenant(store, "tenant-c").await, []);
    // A cursor gives no right to anything.
    let first = everywhere(store, &AuditFilter::default(), &page("1", None)).await;
    let request = page("10", first.next);
    let after = store.audit_trail.of_tenant(&tenant("tenant-a"), &AuditFilter::default(), &request).await.unwrap();
    assert!(after.items.iter().all(|record| record.entry.tenant_id == Some(TenantId::restore("tenant-a"))));
}

pub(crate) async fn records_come_newest_first_a_page_at_a_time(store: &Store) {
    for number in 1..=7 {
        store.commit(deactivated("t", &number.to_string())).await.unwrap();
        store.clock.advance(Duration::microseconds(1));
    }
    store.commit(deactivated("elsewhere", "8")).await.unwrap();
    let newest_first = ["7", "6", "5", "4", "3", "2", "1"];
    let nothing = AuditFilter::default();
    for (size, count) in [("3", 3), ("7", 1), ("1", 7), ("100", 1)] {
        let (found, pages) = pages(store, Some("t"), &nothing, size).await;
        assert_eq!((found, pages), (newest_first.map(str::to_owned).to_vec(), count), "{size} a page");
    }
    assert_eq!(pages(store, None, &nothing, "3").await.0[..2], ["8", "7"]);
    // Of one instant, all are shown, each once.
    for number in 0..5 {
        store.commit(deactivated("busy", &number.to_string())).await.unwrap();
    }
    let (mut found, _) = pages(store, Some("busy"), &nothing, "2").await;
    found.sort();
    assert_eq!(found, ["0", "1", "2", "3", "4"]);
}

fn at(text: &str) -> Timestamp {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

/// Moves the clock, which does not go back.
fn wait_until(store: &Store, text: &str) {
    store.clock.advance(at(text) - store.clock.now());
}

pub(crate) async fn pages_go_over_the_end_of_a_month(store: &Store) {
    for (number, when) in
        ["2027-02-28T23:59:59.999999Z", "2027-03-01T00:00:00Z", "2027-03-01T00:00:00.000001Z"].iter().enumerate()
    {
        wait_until(store, when);
        store.commit(deactivated("t", &number.to_string())).await.unwrap();
    }
    for whose in [None, Some("t")] {
        for size in ["1", "2", "3"] {
            assert_eq!(pages(store, whose, &AuditFilter::default(), size).await.0, ["2", "1", "0"]);
        }
        let from = AuditFilter { from: Some(at("2027-03-01T00:00:00Z")), ..AuditFilter::default() };
        assert_eq!(pages(store, whose, &from, "2").await.0, ["2", "1"]);
        let to = AuditFilter { to: Some(at("2027-03-01T00:00:00Z")), ..AuditFilter::default() };
        assert_eq!(pages(store, whose, &to, "2").await.0, ["0"]);
    }
}

pub(crate) async fn the_walk_over_empty_months_is_bounded_and_goes_on(store: &Store) {
    store.commit(deactivated("t", "first")).await.unwrap();
    store.clock.advance(Duration::days(380));
    store.commit(deactivated("t", "last")).await.unwrap();
    let (found, count) = pages(store, None, &AuditFilter::default(), "10").await;
    assert_eq!((found, count), (vec!["last".to_owned(), "first".to_owned()], 1));
}

pub(crate) async fn records_are_found_by_who_did_what_and_when(store: &Store) {
    for (user, by) in [("a", "anna"), ("b", "ben"), ("c", "anna")] {
        store.commit(deactivated("t", user).by(&UserId::restore(by))).await.unwrap();
        store.clock.advance(Duration::days(1));
    }
    let reset = happened("t", "d", UserEventKind::PasswordReset).by(&UserId::restore("anna"));
    store.commit(reset).await.unwrap();
    let by_anna = AuditFilter { actor: Some(UserId::restore("anna")), ..AuditFilter::default() };
    let switched_off = AuditFilter { action: Some("UserDeactivated".to_owned()), ..by_anna.clone() };
    let lately = AuditFilter { from: Some(start() + Duration::days(1)), ..switched_off.clone() };
    let earlier = AuditFilter { to: Some(start() + Duration::days(2)), ..switched_off.clone() };
    for whose in [None, Some("t")] {
        assert_eq!(pages(store, whose, &by_anna, "2").await.0, ["d", "c", "a"]);
        assert_eq!(pages(store, whose, &switched_off, "1").await.0, ["c", "a"]);
        assert_eq!(pages(store, whose, &lately, "10").await.0, ["c"]);
        assert_eq!(pages(store, whose, &earlier, "10").await.0, ["a"]);
    }
}

/// More records than one call looks at lie between the one that is wanted and the newest.
pub(crate) async fn a_page_that_looks_at_much_and_shows_little_goes_on(store: &Store) {
    store.commit(deactivated("t", "rare").by(&UserId::restore("anna"))).await.unwrap();
    store.clock.advance(Duration::seconds(1));
    store.commit(deactivated("t", "common").by(&UserId::restore("ben"))).await.unwrap();
    let mut rows = store.rows(Table::AccountAudit).await;
    rows.retain(|row| row["actor_id"] == text("ben"));
    let position = rows[0]["position"].as_s().unwrap().clone();
    let copies = (0..520).map(|number| {
        let mut row = rows[0].clone();
        row.insert("position".to_owned(), text(&format!("{position}-{number}")));
        store.plant(Table::AccountAudit, row)
    });
    join_all(copies).await;
    let by_anna = AuditFilter { actor: Some(UserId::restore("anna")), ..AuditFilter::default() };
    for whose in [None, Some("t")] {
        assert_eq!(pages(store, whose, &by_anna, "1").await, (vec!["rare".to_owned()], 1));
    }
}

pub(crate) async fn what_is_too_old_to_be_kept_is_not_shown(store: &Store) {
    store.commit(deactivated("t", "old")).await.unwrap();
    store.clock.advance(Duration::days(400));
    let long_ago = AuditFilter { from: Some(DateTime::UNIX_EPOCH), ..AuditFilter::default() };
    assert_eq!(pages(store, Some("t"), &long_ago, "10").await.0, ["old"]);
    store.clock.advance(Duration::microseconds(1));
    for whose in [None, Some("t")] {
        assert!(pages(store, whose, &long_ago, "10").await.0.is_empty());
    }
}

pub(crate) async fn a_cursor_of_something_else_is_refused(store: &Store) {
    for bad in ["WyJ1c2VyXzEiXQ", "eA", "MjAyNi0xMw"] {
        let request = page("10", Some(Cursor::parse(bad).unwrap()));
        let filter = AuditFilter::default();
        let refused = store.audit_trail.of_tenant(&tenant("t"), &filter, &request).await;
        assert!(matches!(refused, Err(PageError::Cursor(_))), "{bad}: {refused:?}");
        let refused = store.audit_trail.everywhere(&admin(), &filter, &request).await;
        assert!(matches!(refused, Err(PageError::Cursor(_))), "{bad}: {refused:?}");
    }
}

pub(crate) async fn an_unreadable_record_does_not_hide_the_others(store: &Store) {
    for name in ["a", "b", "c"] {
        store.commit(deactivated("t", name)).await.unwrap();
        store.clock.advance(Duration::seconds(1));
    }
    let mut rows = store.rows(Table::AccountAudit).await;
    rows.sort_by_key(|row| row["position"].as_s().unwrap().clone());
    rows[1].insert("details".to_owned(), text("not JSON"));
    store.plant(Table::AccountAudit, rows.remove(1)).await;
    assert_eq!(pages(store, Some("t"), &AuditFilter::default(), "1").await.0, ["c", "a"]);
}
