//! Users, tenants and addresses.

use application::ports::{AddressHolder, ChangeSet, CommitError, Component, Refusal, StoreError, Write};
use domain::{
    PersonName, SubscriptionStatus, TenantId, Tier, User, UserId,
    user::{ProfileChange, UserSnapshot},
};
use futures::future::join_all;
use infrastructure::dynamodb::tables::Table;

use super::{
    given::{self, email, person, registered, registration, start},
    store::{Store, item, scope, text},
};

fn renamed(user: &User, name: &str) -> User {
    let mut user = user.clone();
    let change = ProfileChange { first_name: Some(PersonName::restore(name)), ..ProfileChange::default() };
    let _event = user.change_profile(change, start());
    user
}

pub(crate) async fn an_address_belongs_to_one_user(store: &Store) {
    let address = email("anna");
    store.commit(registration("anna", &address)).await.unwrap();
    let second = store.commit(registration("other", &address)).await;
    assert!(matches!(second, Err(CommitError::Refused(Refusal::EmailTaken))), "{second:?}");
    let (anna, _) = person("anna", &address);
    let holder = AddressHolder {
        user_id: anna.snapshot().id.clone(),
        tenant_id: anna.snapshot().tenant_id.clone(),
        claimed: true,
    };
    assert_eq!(store.accounts.holders_of(&address).await.unwrap(), [holder]);
    assert_eq!(store.accounts.holders_of(&email("nobody")).await.unwrap(), []);
}

pub(crate) async fn of_twenty_racing_registrations_of_one_address_one_wins(store: &Store) {
    let address = email("anna");
    let attempts = (0..20).map(|number| {
        let (address, unit_of_work) = (address.clone(), store.unit_of_work.clone());
        tokio::spawn(async move {
            loop {
                match unit_of_work.commit(registration(&format!("anna{number}"), &address)).await {
                    Err(CommitError::Conflict) => {}
                    outcome => return outcome,
                }
            }
        })
    });
    let outcomes: Vec<_> = join_all(attempts).await.into_iter().map(Result::unwrap).collect();
    let taken = |outcome: &&Result<(), _>| matches!(outcome, Err(CommitError::Refused(Refusal::EmailTaken)));
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert_eq!(outcomes.iter().filter(taken).count(), 19);
    for table in [Table::Users, Table::Tenants, Table::AccountEmailClaims, Table::VerificationTokens] {
        assert_eq!(store.rows(table).await.len(), 1, "{table:?}");
    }
    assert_eq!(store.rows(Table::AccountOutbox).await.len(), 2, "the winner's mail and event");
}

pub(crate) async fn a_claim_may_be_repeated_by_its_holder_only(store: &Store) {
    let anna = registered(store, "anna").await;
    let (other, _) = person("other", &email("anna"));
    store.commit(ChangeSet::default().write(given::claim(&email("anna"), &anna))).await.unwrap();
    let theft = store.commit(ChangeSet::default().write(given::claim(&email("anna"), &other))).await;
    assert!(matches!(theft, Err(CommitError::Refused(Refusal::EmailTaken))));
}

pub(crate) async fn an_identifier_is_used_once(store: &Store) {
    let anna = registered(store, "anna").await;
    let (user, tenant) = person("anna", &email("second"));
    let session = given::session("s", &anna);
    store.commit(ChangeSet::default().write(Write::StartSession(session.clone()))).await.unwrap();
    for write in [Write::CreateUser(Box::new(user)), Write::CreateTenant(tenant), Write::StartSession(session)] {
        let second = store.commit(ChangeSet::default().write(write)).await;
        assert!(matches!(second, Err(CommitError::Refused(Refusal::AlreadyExists))), "{second:?}");
    }
    assert_eq!(store.account(&anna).await.user, anna);
}

pub(crate) async fn a_stale_save_is_refused(store: &Store) {
    let anna = registered(store, "anna").await;
    store.commit(ChangeSet::default().save_user(anna.clone(), renamed(&anna, "Ann"))).await.unwrap();
    let stale = store.commit(ChangeSet::default().save_user(anna.clone(), renamed(&anna, "Annie"))).await;
    assert!(matches!(stale, Err(CommitError::Refused(Refusal::Stale))), "{stale:?}");
    let stored = store.account(&anna).await.user;
    assert_eq!(stored.snapshot().first_name.as_str(), "Ann");
    assert_eq!(stored.snapshot().version, anna.snapshot().version.next());
    store.commit(ChangeSet::default().save_user(stored.clone(), renamed(&stored, "Annie"))).await.unwrap();
}

pub(crate) async fn of_racing_saves_one_wins(store: &Store) {
    let anna = registered(store, "anna").await;
    let saves = (0..8).map(|number| {
        let (unit_of_work, anna) = (store.unit_of_work.clone(), anna.clone());
        tokio::spawn(async move {
            let renamed = renamed(&anna, &format!("Anna {number}"));
            unit_of_work.commit(ChangeSet::default().save_user(anna, renamed)).await
        })
    });
    let outcomes: Vec<_> = join_all(saves).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    assert_eq!(store.account(&anna).await.user.snapshot().version, anna.snapshot().version.next());
}

pub(crate) async fn a_refused_commit_leaves_nothing(store: &Store) {
    let anna = registered(store, "anna").await;
    store.commit(ChangeSet::default().save_user(anna.clone(), renamed(&anna, "Ann"))).await.unwrap();
    let (before, user) = (store.size().await, store.account(&anna).await.user);
    let session = given::session("s", &anna);
    let changes = given::signed_in(&session)
        .mail(given::mail(&email("anna")))
        .write(Write::Remember(given::idempotency_record("{}", start())))
        .save_user(anna.clone(), renamed(&anna, "Annie"));
    let refused = store.commit(changes).await;
    assert!(matches!(refused, Err(CommitError::Refused(Refusal::Stale))), "{refused:?}");
    let taken = store.commit(registration("other", &email("anna"))).await;
    assert!(matches!(taken, Err(CommitError::Refused(Refusal::EmailTaken))), "{taken:?}");
    assert_eq!(store.size().await, before);
    assert_eq!(store.account(&anna).await.user, user);
}

pub(crate) async fn an_empty_change_set_commits(store: &Store) {
    store.commit(ChangeSet::default()).await.unwrap();
    assert_eq!(store.size().await, 0);
}

pub(crate) async fn a_change_set_that_no_transaction_holds_is_refused_before_it_is_sent(store: &Store) {
    let changes = ChangeSet { mails: vec![given::mail(&email("anna")); 101], ..ChangeSet::default() };
    let refused = store.commit(changes).await;
    assert!(matches!(refused, Err(CommitError::Store(StoreError::Refused(_)))), "{refused:?}");
    assert_eq!(store.size().await, 0);
}

pub(crate) async fn another_tenants_user_does_not_exist(store: &Store) {
    let anna = registered(store, "anna").await;
    let other = registered(store, "other").await;
    let (id, elsewhere) = (&anna.snapshot().id, scope(&other.snapshot().tenant_id));
    let session = given::session("s", &anna);
    let session_id = &session.snapshot().id;
    store.commit(given::signed_in(&session)).await.unwrap();
    assert!(store.accounts.find(&elsewhere, id).await.unwrap().is_none());
    assert!(store.accounts.find_signed_in(&elsewhere, id, None).await.unwrap().is_none());
    assert!(store.accounts.find_with_session(&elsewhere, id, session_id).await.unwrap().is_none());
    let (nobody, nowhere) = (UserId::restore("nobody"), scope(&TenantId::restore("nowhere")));
    assert!(store.accounts.find(&nowhere, &nobody).await.unwrap().is_none());
}

pub(crate) async fn a_tenant_without_a_row_is_reported(store: &Store) {
    let anna = registered(store, "anna").await;
    let UserSnapshot { id, tenant_id, .. } = anna.snapshot();
    store.remove(Table::Tenants, tenant_id.as_str()).await;
    let found = store.accounts.find(&scope(tenant_id), id).await;
    assert!(matches!(found, Err(StoreError::Corrupt { what: "tenants", .. })), "{found:?}");
}

pub(crate) async fn the_active_subscription_is_the_tenants_plan(store: &Store) {
    let anna = registered(store, "anna").await;
    assert_eq!(store.account(&anna).await.plan, None);
    let tenant_id = text(anna.snapshot().tenant_id.as_str());
    for (id, tenant_id, status, tier) in [
        ("sub_1", &tenant_id, "cancelled", "enterprise"),
        ("sub_2", &tenant_id, "trialing", "starter"),
        ("sub_3", &tenant_id, "active", "professional"),
        ("sub_4", &text("elsewhere"), "active", "enterprise"),
    ] {
        let attributes = [
            ("subscription_id", text(id)),
            ("tenant_id", tenant_id.clone()),
            ("status", text(status)),
            ("tier", text(tier)),
            ("trial_ends_at", text("2027-01-15T08:00:00+00:00")),
        ];
        store.plant(Table::Subscriptions, item(attributes)).await;
    }
    let plan = store.account(&anna).await.plan.unwrap();
    assert_eq!((plan.tier, plan.status), (Tier::Professional, SubscriptionStatus::Active));
    assert_eq!(plan.trial_ends_at.map(|at| at.timestamp()), Some(1_800_000_000));
}

pub(crate) async fn the_store_says_that_it_is_well(store: &Store) {
    assert_eq!(store.health.component(), Component::Store);
    assert_eq!(store.health.check().await, Ok(()));
}
