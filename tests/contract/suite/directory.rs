//! The users and tenants of the whole platform.

use application::{
    actor::PlatformAdmin,
    page::{Cursor, PageError, PageRequest, PageSize},
    ports::{SubscriptionFilter, TenantFilter, UserFilter},
};
use domain::{SubscriptionStatus, TenantId, Tier, UserId, tenant::TenantStatus, user::UserStatus};
use infrastructure::dynamodb::tables::Table;

use super::{
    given::{email, registered},
    store::{Store, item, text},
};

fn admin() -> PlatformAdmin {
    PlatformAdmin::unproved(UserId::restore("root"), TenantId::restore("tenant-root"))
}

fn page(size: &str, after: Option<Cursor>) -> PageRequest {
    PageRequest { size: PageSize::parse(size).unwrap(), after }
}

/// Every user that there is, page by page; sorted.
async fn users(store: &Store, filter: &UserFilter, size: &str) -> Vec<String> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let request = page(size, after);
        let page = store.directory.users(&admin(), filter, &request).await.unwrap();
        assert!(page.items.len() <= usize::from(request.size.get()));
        found.extend(page.items.iter().map(|user| user.snapshot().id.to_string()));
        after = page.next;
        if after.is_none() {
            found.sort();
            return found;
        }
    }
}

/// Every tenant that there is, page by page; sorted.
async fn tenants(store: &Store, filter: &TenantFilter, size: &str) -> Vec<String> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let request = page(size, after);
        let page = store.directory.tenants(&admin(), filter, &request).await.unwrap();
        assert!(page.items.len() <= usize::from(request.size.get()));
        found.extend(page.items.iter().map(|tenant| tenant.snapshot().id.to_string()));
        after = page.next;
        if after.is_none() {
            found.sort();
            return found;
        }
    }
}

/// A user as the Python service writes them, with the attributes that it always writes and no others.
async fn plant_user(store: &Store, name: &str, tenant: &str, status: Option<&str>) {
    let mut row = item([
        ("id", text(name)),
        ("user_id", text(name)),
        ("tenant_id", text(tenant)),
        ("email", text(&format!("{name}@example.com"))),
        ("role", text("member")),
    ]);
    row.extend(status.map(|status| ("status".to_owned(), text(status))));
    store.plant(Table::Users, row).await;
}

async fn plant_tenant(store: &Store, id: &str, name: &str, status: Option<&str>) {
    let mut row = item([("tenant_id", text(id)), ("name", text(name)), ("owner_user_id", text("u"))]);
    row.extend(status.map(|status| ("status".to_owned(), text(status))));
    store.plant(Table::Tenants, row).await;
}

pub(crate) async fn every_user_is_listed_once_whatever_the_page(store: &Store) {
    for name in ["a", "b", "c", "d", "e"] {
        plant_user(store, name, if name < "d" { "one" } else { "two" }, None).await;
    }
    let one = UserFilter { tenant_id: Some(TenantId::restore("one")), ..UserFilter::default() };
    let none = UserFilter { tenant_id: Some(TenantId::restore("none")), ..UserFilter::default() };
    for size in ["1", "2", "3", "5", "100"] {
        assert_eq!(users(store, &UserFilter::default(), size).await, ["a", "b", "c", "d", "e"], "{size} a page");
        assert_eq!(users(store, &one, size).await, ["a", "b", "c"], "{size} a page");
        assert!(users(store, &none, size).await.is_empty());
    }
}

pub(crate) async fn users_are_found_by_where_they_stand(store: &Store) {
    for (name, tenant, status) in [
        ("a", "one", None),
        ("b", "one", Some("inactive")),
        ("c", "two", Some("active")),
        ("d", "two", Some("inactive")),
    ] {
        plant_user(store, name, tenant, status).await;
    }
    let status = |status| UserFilter { status: Some(status), ..UserFilter::default() };
    for size in ["1", "10"] {
        assert_eq!(users(store, &status(UserStatus::Active), size).await, ["a", "c"]);
        assert_eq!(users(store, &status(UserStatus::Inactive), size).await, ["b", "d"]);
        let of_two = UserFilter { tenant_id: Some(TenantId::restore("two")), ..status(UserStatus::Inactive) };
        assert_eq!(users(store, &of_two, size).await, ["d"]);
    }
}

pub(crate) async fn users_are_found_by_their_whole_address(store: &Store) {
    registered(store, "anna").await;
    plant_user(store, "python", "one", None).await;
    plant_user(store, "pythons-twin", "two", None).await;
    store.overwrite(Table::Users, "pythons-twin", "email", text("python@example.com")).await;
    let of = |name: &str| UserFilter { email: Some(email(name)), ..UserFilter::default() };
    assert_eq!(users(store, &of("anna"), "10").await, ["user-anna"]);
    assert_eq!(users(store, &of("python"), "10").await, ["python", "pythons-twin"]);
    assert!(users(store, &of("ann"), "10").await.is_empty());
    let of_two = UserFilter { tenant_id: Some(TenantId::restore("two")), ..of("python") };
    assert_eq!(users(store, &of_two, "10").await, ["pythons-twin"]);
    let request = page("10", Some(Cursor::parse("eA").unwrap()));
    let refused = store.directory.users(&admin(), &of("anna"), &request).await;
    assert!(matches!(refused, Err(PageError::Cursor(_))), "{refused:?}");
}

pub(crate) async fn tenants_are_found_by_name_and_by_where_they_stand(store: &Store) {
    for (id, name, status) in [
        ("a", "Lee & Co", None),
        ("b", "LEEDS United", Some("suspended")),
        ("c", "Sleep", Some("active")),
        ("d", "Éclair", Some("trial")),
    ] {
        plant_tenant(store, id, name, status).await;
    }
    let name = |prefix: &str| TenantFilter { name_prefix: Some(prefix.to_owned()), ..TenantFilter::default() };
    let status = |status| TenantFilter { status: Some(status), ..TenantFilter::default() };
    for size in ["1", "10"] {
        assert_eq!(tenants(store, &TenantFilter::default(), size).await, ["a", "b", "c", "d"]);
        assert_eq!(tenants(store, &name("lee"), size).await, ["a", "b"]);
        assert_eq!(tenants(store, &name("éC"), size).await, ["d"]);
        assert_eq!(tenants(store, &status(TenantStatus::Active), size).await, ["a", "c"]);
        let both = TenantFilter { status: Some(TenantStatus::Suspended), ..name("Lee") };
        assert_eq!(tenants(store, &both, size).await, ["b"]);
    }
}

pub(crate) async fn a_row_that_nobody_can_read_does_not_hide_the_others(store: &Store) {
    for (name, status) in [("a", None), ("b", Some("no-such-status")), ("c", None)] {
        plant_user(store, name, "one", status).await;
        plant_tenant(store, name, "Lee", status).await;
    }
    for size in ["1", "2", "10"] {
        assert_eq!(users(store, &UserFilter::default(), size).await, ["a", "c"], "{size} a page");
        let one = UserFilter { tenant_id: Some(TenantId::restore("one")), ..UserFilter::default() };
        assert_eq!(users(store, &one, size).await, ["a", "c"], "{size} a page");
        assert_eq!(tenants(store, &TenantFilter::default(), size).await, ["a", "c"], "{size} a page");
    }
    let of_b = UserFilter { email: Some(email("b")), ..UserFilter::default() };
    assert!(users(store, &of_b, "10").await.is_empty());
}

pub(crate) async fn a_user_is_found_in_whatever_tenant_as_they_are_now(store: &Store) {
    plant_user(store, "a", "one", None).await;
    let find = async |id: &str| store.directory.user(&admin(), &UserId::restore(id)).await;
    assert_eq!(find("a").await.unwrap().unwrap().snapshot().tenant_id, TenantId::restore("one"));
    store.overwrite(Table::Users, "a", "tenant_id", text("two")).await;
    assert_eq!(find("a").await.unwrap().unwrap().snapshot().tenant_id, TenantId::restore("two"));
    assert!(find("b").await.unwrap().is_none());
    store.overwrite(Table::Users, "a", "role", text("king")).await;
    assert!(find("a").await.is_err());
}

/// Every subscription that there is, page by page; sorted.
async fn subscriptions(store: &Store, filter: SubscriptionFilter, size: &str) -> Vec<String> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let request = page(size, after);
        let page = store.directory.subscriptions(&admin(), &filter, &request).await.unwrap();
        assert!(page.items.len() <= usize::from(request.size.get()));
        found.extend(page.items.iter().map(|subscription| subscription.snapshot().id.to_string()));
        after = page.next;
        if after.is_none() {
            found.sort();
            return found;
        }
    }
}

pub(crate) async fn subscriptions_are_found_by_where_they_stand_and_what_they_are_for(store: &Store) {
    for (id, tenant, status, tier) in [
        ("a", "one", "active", "starter"),
        ("b", "one", "cancelled", "starter"),
        ("c", "two", "active", "enterprise"),
        ("d", "two", "s3cr3t", "enterprise"),
    ] {
        let row = [("subscription_id", id), ("tenant_id", tenant), ("status", status), ("tier", tier)];
        store.plant(Table::Subscriptions, item(row.map(|(name, value)| (name, text(value))))).await;
    }
    let active = SubscriptionFilter { status: Some(SubscriptionStatus::Active), tier: None };
    let starter = SubscriptionFilter { status: None, tier: Some(Tier::Starter) };
    for size in ["1", "2", "10"] {
        assert_eq!(subscriptions(store, SubscriptionFilter::default(), size).await, ["a", "b", "c"]);
        assert_eq!(subscriptions(store, active, size).await, ["a", "c"]);
        assert_eq!(subscriptions(store, starter, size).await, ["a", "b"]);
        let both = SubscriptionFilter { tier: Some(Tier::Starter), ..active };
        assert_eq!(subscriptions(store, both, size).await, ["a"]);
    }
}
