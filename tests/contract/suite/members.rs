//! The people of a tenant and its seats.

use std::collections::BTreeSet;

use application::{
    TenantScope,
    members::{MemberFilter, MemberSearch},
    page::{Cursor, PageError, PageRequest, PageSize},
    ports::{ChangeSet, CommitError, Refusal, SeatRecord, SeatSource, Write},
};
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::Duration;
use domain::{
    NoSeatLeft, Role, SeatChange, Seats, SessionId, Tenant, TenantId, User, UserId,
    tenant::TenantSnapshot,
    user::{UserSnapshot, UserStatus},
};
use futures::future::join_all;
use infrastructure::dynamodb::tables::Table;

use super::{
    given::{email, person, registered, session, signed_in, start},
    store::{Store, item, number, scope, text},
};

fn tenant_scope(user: &User) -> TenantScope {
    scope(&user.snapshot().tenant_id)
}

fn somebody(name: &str, of: &User) -> User {
    let (user, _) = person(name, &email(name));
    let tenant_id = of.snapshot().tenant_id.clone();
    User::restore(UserSnapshot { tenant_id, status: UserStatus::Active, ..user.snapshot().clone() })
}

/// Somebody else of the tenant.
async fn colleague(store: &Store, name: &str, of: &User) -> User {
    let user = somebody(name, of);
    store.commit(ChangeSet::default().write(Write::CreateUser(Box::new(user.clone())))).await.unwrap();
    store.account(&user).await.user
}

fn request(size: &str, after: Option<Cursor>) -> PageRequest {
    PageRequest { size: PageSize::parse(size).unwrap(), after }
}

pub(crate) async fn pages_show_everybody_of_the_tenant_once(store: &Store) {
    let anna = registered(store, "anna").await;
    registered(store, "other").await;
    for number in 0..10 {
        colleague(store, &format!("p{number}"), &anna).await;
    }
    let search = |text: &str| MemberFilter { search: Some(MemberSearch::parse(text).unwrap()), status: None };
    for (filter, size, expected) in [
        (MemberFilter::default(), "4", 11),
        (MemberFilter::default(), "11", 11),
        (MemberFilter::default(), "100", 11),
        (search("P"), "3", 10),
        (search("nobody"), "3", 0),
        (MemberFilter { status: Some(UserStatus::Pending), search: None }, "3", 1),
    ] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = store.members.page(&tenant_scope(&anna), &filter, &request(size, after)).await.unwrap();
            assert!(page.items.len() <= size.parse().unwrap());
            seen.extend(page.items.into_iter().map(|member| member.id));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen.len(), expected, "{filter:?} {size}");
        assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), expected, "{filter:?} {size}");
    }
}

pub(crate) async fn a_member_is_as_python_wrote_them(store: &Store) {
    let anna = registered(store, "anna").await;
    let id = anna.snapshot().id.as_str();
    for (attribute, value) in [
        ("role", AttributeValue::Null(true)),
        ("status", AttributeValue::Null(true)),
        ("email", text("ANNA@EXAMPLE.COM")),
    ] {
        store.overwrite(Table::Users, id, attribute, value).await;
    }
    let page = store.members.page(&tenant_scope(&anna), &MemberFilter::default(), &request("5", None)).await.unwrap();
    let [member] = page.items.as_slice() else { panic!("{page:?}") };
    assert_eq!(
        (member.role, member.status, member.email.as_str()),
        (Role::Viewer, UserStatus::Active, "anna@example.com")
    );
}

pub(crate) async fn a_cursor_of_something_else_is_refused(store: &Store) {
    let anna = registered(store, "anna").await;
    for bad in ["x", "YQpi", "_w"] {
        let request = request("5", Some(Cursor::parse(bad).unwrap()));
        let refused = store.members.page(&tenant_scope(&anna), &MemberFilter::default(), &request).await;
        assert!(matches!(refused, Err(PageError::Cursor(_))), "{bad}: {refused:?}");
    }
}

fn change(tenant: &User, before: SeatRecord, change: SeatChange, limit: Option<u32>) -> Result<ChangeSet, NoSeatLeft> {
    let after = before.seats.after(change, limit)?;
    let tenant_id = tenant.snapshot().tenant_id.clone();
    Ok(ChangeSet::default().write(Write::SaveSeats { tenant_id, before, after, limit }))
}

async fn seats(store: &Store, of: &User) -> SeatRecord {
    store.members.seats(&tenant_scope(of)).await.unwrap()
}

const fn of(members: u32, taken: u32) -> Seats {
    Seats { members, taken }
}

pub(crate) async fn seats_are_counted_until_they_are_on_record(store: &Store) {
    let anna = registered(store, "anna").await;
    registered(store, "other").await;
    let ben = colleague(store, "ben", &anna).await;
    store.overwrite(Table::Users, ben.snapshot().id.as_str(), "status", text("inactive")).await;
    let counted = seats(store, &anna).await;
    assert_eq!(counted, SeatRecord { seats: of(2, 1), source: SeatSource::Count { record: None } });
    store.commit(change(&anna, counted, SeatChange::Join, Some(2)).unwrap()).await.unwrap();
    let recorded = seats(store, &anna).await;
    assert_eq!(recorded, SeatRecord { seats: of(3, 2), source: SeatSource::Record });
    store.commit(change(&anna, recorded, SeatChange::LeaveSwitchedOff, None).unwrap()).await.unwrap();
    assert_eq!(seats(store, &anna).await.seats, of(2, 2));
    let nowhere = store.members.seats(&scope(&TenantId::restore("nowhere"))).await.unwrap();
    assert_eq!(nowhere.seats, of(0, 0));
}

pub(crate) async fn a_first_count_that_raced_is_stale(store: &Store) {
    let anna = registered(store, "anna").await;
    let counted = seats(store, &anna).await;
    store.commit(change(&anna, counted, SeatChange::Join, None).unwrap()).await.unwrap();
    let late = store.commit(change(&anna, counted, SeatChange::Join, None).unwrap()).await;
    assert!(matches!(late, Err(CommitError::Refused(Refusal::Stale))), "{late:?}");
    assert_eq!(seats(store, &anna).await.seats, of(2, 2));
}

pub(crate) async fn seats_are_counted_anew_when_the_count_is_old_and_nothing_has_just_changed(store: &Store) {
    let anna = registered(store, "anna").await;
    let counted = seats(store, &anna).await;
    store.commit(change(&anna, counted, SeatChange::Join, None).unwrap()).await.unwrap();
    store.clock.advance(Duration::minutes(60) - Duration::seconds(1));
    assert_eq!(seats(store, &anna).await.source, SeatSource::Record);
    let recorded = seats(store, &anna).await;
    store.commit(change(&anna, recorded, SeatChange::Join, None).unwrap()).await.unwrap();
    store.clock.advance(Duration::seconds(59));
    assert_eq!(seats(store, &anna).await.seats, of(3, 3));
    store.clock.advance(Duration::seconds(1));
    // Those who joined above have no rows: as if Python had removed them.
    let anew = seats(store, &anna).await;
    assert_eq!(anew.seats, of(1, 1));
    assert!(matches!(anew.source, SeatSource::Count { record: Some(_) }));

    // Somebody joins while others count, and the count misses them.
    store.commit(change(&anna, recorded, SeatChange::Join, None).unwrap()).await.unwrap();
    for change_of_seats in [SeatChange::Join, SeatChange::Leave] {
        let late = store.commit(change(&anna, anew, change_of_seats, None).unwrap()).await;
        assert!(matches!(late, Err(CommitError::Refused(Refusal::Stale))), "{late:?}");
    }
    assert_eq!(seats(store, &anna).await.seats, of(4, 4));
    store.clock.advance(Duration::minutes(1));
    let anew = seats(store, &anna).await;
    store.commit(change(&anna, anew, SeatChange::Join, None).unwrap()).await.unwrap();
    assert_eq!(seats(store, &anna).await, SeatRecord { seats: of(2, 2), source: SeatSource::Record });
}

/// Whatever the record is like when the race begins.
pub(crate) async fn rule_25_racing_takes_never_oversell(store: &Store) {
    let anna = registered(store, "anna").await;
    let limit = Some(4);
    for round in 0..3 {
        if round == 1 {
            store.clock.advance(Duration::hours(2));
        }
        let takes = (0..12).map(|_| {
            let (members, unit_of_work) = (store.members.clone(), store.unit_of_work.clone());
            let anna = anna.clone();
            tokio::spawn(async move {
                loop {
                    let before = members.seats(&tenant_scope(&anna)).await.unwrap();
                    let Ok(changes) = change(&anna, before, SeatChange::Join, limit) else { return false };
                    match unit_of_work.commit(changes).await {
                        Ok(()) => return true,
                        Err(CommitError::Conflict | CommitError::Refused(_)) => {}
                        Err(error) => panic!("{error:?}"),
                    }
                }
            })
        });
        let won = join_all(takes).await.into_iter().filter(|won| *won.as_ref().unwrap()).count();
        assert_eq!(won, if round == 2 { 0 } else { 3 }, "the first seat is Anna's");
        assert_eq!(seats(store, &anna).await.seats, of(4, 4));
    }
}

pub(crate) async fn a_record_below_nothing_is_nothing(store: &Store) {
    let anna = registered(store, "anna").await;
    let counted = seats(store, &anna).await;
    store.commit(change(&anna, counted, SeatChange::Join, None).unwrap()).await.unwrap();
    store.overwrite(Table::AccountSeats, anna.snapshot().tenant_id.as_str(), "taken", number(-1)).await;
    assert_eq!(seats(store, &anna).await.seats, of(2, 0));
}

async fn tenant_of(store: &Store, user: &User) -> Tenant {
    store.account(user).await.tenant
}

pub(crate) async fn a_tenant_is_saved_as_decided_and_keeps_what_we_do_not_know(store: &Store) {
    let anna = registered(store, "anna").await;
    let id = anna.snapshot().tenant_id.clone();
    store.overwrite(Table::Tenants, id.as_str(), "industry", text("toys")).await;
    let before = tenant_of(store, &anna).await;
    let decided = TenantSnapshot {
        owner_user_id: UserId::restore("ben"),
        on_trial: true,
        updated_at: start() + Duration::hours(1),
        ..before.snapshot().clone()
    };
    let save = || ChangeSet::default().save_tenant(before.clone(), Tenant::restore(decided.clone()));
    store.commit(save()).await.unwrap();
    let after = tenant_of(store, &anna).await;
    let version = before.snapshot().version.next();
    assert_eq!(after.snapshot(), &TenantSnapshot { version, ..decided.clone() });
    assert_eq!(store.row(Table::Tenants, id.as_str()).await.unwrap()["industry"], text("toys"));
    let stale = store.commit(save()).await;
    assert!(matches!(stale, Err(CommitError::Refused(Refusal::Stale))), "{stale:?}");
}

pub(crate) async fn a_tenant_that_is_not_as_expected_stops_everything(store: &Store) {
    let anna = registered(store, "anna").await;
    let tenant = tenant_of(store, &anna).await;
    let id = tenant.snapshot().id.clone();
    let expecting = |name: &str| {
        let user = somebody(name, &anna);
        ChangeSet::default()
            .write(Write::CreateUser(Box::new(user)))
            .write(Write::ExpectTenant(Box::new(tenant.clone())))
    };
    store.commit(expecting("ben")).await.unwrap();
    let size = store.size().await;
    // Python hands over and counts no versions.
    store.overwrite(Table::Tenants, id.as_str(), "owner_user_id", text("eva")).await;
    let refused = store.commit(expecting("eva")).await;
    assert!(matches!(refused, Err(CommitError::Refused(Refusal::Stale))), "{refused:?}");
    let handed_over = tenant_of(store, &anna).await;
    store.commit(ChangeSet::default().save_tenant(handed_over.clone(), handed_over)).await.unwrap();
    store.overwrite(Table::Tenants, id.as_str(), "owner_user_id", text(anna.snapshot().id.as_str())).await;
    let refused = store.commit(expecting("eva")).await;
    assert!(matches!(refused, Err(CommitError::Refused(Refusal::Stale))), "{refused:?}");
    assert_eq!(store.size().await, size);
}

pub(crate) async fn a_user_is_removed_as_loaded(store: &Store) {
    let anna = registered(store, "anna").await;
    let id = anna.snapshot().id.as_str();
    store.plant(Table::UserPreferences, item([("user_id", text(id)), ("theme", text("dark"))])).await;
    let signed_in_now = session("s", &anna);
    store.commit(signed_in(&signed_in_now)).await.unwrap();
    let saved = store.account(&anna).await.user;
    store.commit(ChangeSet::default().save_user(saved.clone(), saved.clone())).await.unwrap();
    let stale = store.commit(ChangeSet::default().write(Write::RemoveUser(Box::new(saved)))).await;
    assert!(matches!(stale, Err(CommitError::Refused(Refusal::Stale))), "{stale:?}");
    assert!(store.row(Table::UserPreferences, id).await.is_some());

    let user = store.account(&anna).await.user;
    let (address, user_id) = (user.snapshot().email.clone(), user.snapshot().id.clone());
    let others = Write::ReleaseEmail { email: address.clone(), user_id: UserId::restore("somebody-else") };
    let refused = store.commit(ChangeSet::default().write(others)).await;
    assert!(matches!(refused, Err(CommitError::Refused(Refusal::Stale))), "{refused:?}");
    let changes = ChangeSet::default()
        .write(Write::RemoveUser(Box::new(user)))
        .write(Write::ReleaseEmail { email: address, user_id })
        .write(Write::RemoveSession(signed_in_now.snapshot().id.clone()))
        .write(Write::RemoveSession(SessionId::restore("none")));
    store.commit(changes).await.unwrap();
    for (table, key) in [
        (Table::Users, id),
        (Table::UserPreferences, id),
        (Table::AccountEmailClaims, "anna@example.com"),
        (Table::AccountSessions, "s"),
    ] {
        assert!(store.row(table, key).await.is_none(), "{table:?}");
    }
}

pub(crate) async fn the_sessions_of_a_user_are_found_and_nobody_elses(store: &Store) {
    let (anna, other) = (registered(store, "anna").await, registered(store, "other").await);
    for (name, user) in [("one", &anna), ("two", &anna), ("three", &other)] {
        store.commit(signed_in(&session(name, user))).await.unwrap();
    }
    let ids = async |scope: &TenantScope, user: &User| -> BTreeSet<String> {
        let found = store.sessions.of_user(scope, &user.snapshot().id).await.unwrap();
        found.iter().map(|session| session.snapshot().id.to_string()).collect()
    };
    assert_eq!(ids(&tenant_scope(&anna), &anna).await, BTreeSet::from(["one".to_owned(), "two".to_owned()]));
    assert_eq!(ids(&tenant_scope(&other), &other).await, BTreeSet::from(["three".to_owned()]));
    assert_eq!(ids(&tenant_scope(&other), &anna).await, BTreeSet::new());
}
