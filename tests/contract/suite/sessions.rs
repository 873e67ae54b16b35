//! Sessions and the list of refresh tokens.

use application::ports::{ChangeSet, CommitError, Refusal, Write};
use chrono::Duration;
use domain::{
    Session, SessionId, TokenId,
    session::{RefreshDecision, SessionPolicy},
    user::SessionGeneration,
};
use futures::future::join_all;
use infrastructure::dynamodb::tables::Table;

use super::{
    given::{self, refresh_token, registered, session, signed_in, start},
    store::{Store, scope},
};

const POLICY: SessionPolicy = SessionPolicy {
    refresh_token_lifetime: Duration::days(30),
    idle_timeout: Duration::days(14),
    reuse_grace: Duration::seconds(30),
};

/// What a refresh from one token to the next commits.
fn refresh(session: &Session, from: &str, to: &str) -> ChangeSet {
    let (mut session, presented, successor) = (session.clone(), refresh_token(from), refresh_token(to));
    let decision =
        session.refresh((&presented.id, &presented.hash), successor.clone(), SessionGeneration::default(), &POLICY);
    let RefreshDecision::Rotated { spent } = decision else { panic!("{decision:?}") };
    ChangeSet::default()
        .write(Write::SaveSession(session.clone()))
        .write(Write::SpendRefreshToken(spent))
        .write(given::listed(successor, &session))
}

async fn load(store: &Store, session: &Session) -> Session {
    let session = session.snapshot();
    let tenant = scope(&session.tenant_id);
    let found = store.accounts.find_with_session(&tenant, &session.user_id, &session.id).await.unwrap();
    found.unwrap().1.unwrap()
}

pub(crate) async fn a_session_is_found_with_its_account(store: &Store) {
    let anna = registered(store, "anna").await;
    let session = session("s", &anna);
    store.commit(signed_in(&session)).await.unwrap();
    let (id, tenant) = (&anna.snapshot().id, scope(&anna.snapshot().tenant_id));
    let found = store.accounts.find_signed_in(&tenant, id, Some(&session.snapshot().id)).await.unwrap().unwrap();
    assert_eq!((&found.user, found.tenant.snapshot().id.as_str()), (&anna, "tenant-anna"));
    assert_eq!(found.session, Some(load(store, &session).await));
    assert_eq!(found.session.unwrap().snapshot().state, session.snapshot().state);
    let without = store.accounts.find_signed_in(&tenant, id, None).await.unwrap().unwrap();
    assert_eq!(without.session, None);
}

pub(crate) async fn somebody_elses_session_does_not_exist(store: &Store) {
    let anna = registered(store, "anna").await;
    let other = registered(store, "other").await;
    let session = session("s", &other);
    store.commit(signed_in(&session)).await.unwrap();
    let (id, tenant) = (&anna.snapshot().id, scope(&anna.snapshot().tenant_id));
    for session_id in [&session.snapshot().id, &SessionId::restore("none")] {
        let found = store.accounts.find_signed_in(&tenant, id, Some(session_id)).await.unwrap().unwrap();
        assert_eq!(found.session, None);
        let (_, found) = store.accounts.find_with_session(&tenant, id, session_id).await.unwrap().unwrap();
        assert_eq!(found, None);
    }
}

pub(crate) async fn a_stale_session_is_refused(store: &Store) {
    let anna = registered(store, "anna").await;
    let session = session("s", &anna);
    store.commit(signed_in(&session)).await.unwrap();
    let loaded = load(store, &session).await;
    store.commit(refresh(&loaded, "first", "second")).await.unwrap();
    let stale = store.commit(ChangeSet::default().write(Write::SaveSession(loaded))).await;
    assert!(matches!(stale, Err(CommitError::Refused(Refusal::Stale))), "{stale:?}");
    assert_eq!(load(store, &session).await.current_token(), Some(&refresh_token("second")));
}

pub(crate) async fn an_ended_session_keeps_no_token(store: &Store) {
    let anna = registered(store, "anna").await;
    let session = session("s", &anna);
    store.commit(signed_in(&session)).await.unwrap();
    store.commit(refresh(&load(store, &session).await, "first", "second")).await.unwrap();
    let mut ended = load(store, &session).await;
    assert!(ended.sign_out(start()).is_some());
    store.commit(ChangeSet::default().write(Write::SaveSession(ended.clone()))).await.unwrap();
    assert_eq!(load(store, &session).await.snapshot().state, ended.snapshot().state);
    let row = store.row(Table::AccountSessions, "s").await.unwrap();
    assert!(row.keys().all(|attribute| !attribute.contains("token")), "{row:?}");
}

pub(crate) async fn a_refresh_token_is_spent_once(store: &Store) {
    let anna = registered(store, "anna").await;
    let session = session("s", &anna);
    store.commit(signed_in(&session)).await.unwrap();
    let loaded = load(store, &session).await;
    let spend = || ChangeSet::default().write(Write::SpendRefreshToken(TokenId::restore("first")));
    store.commit(spend()).await.unwrap();
    assert!(matches!(store.commit(spend()).await, Err(CommitError::Refused(Refusal::RefreshTokenSpent))));
    // The session does not know yet: Python spent it.
    let refused = store.commit(refresh(&loaded, "first", "second")).await;
    assert!(matches!(refused, Err(CommitError::Refused(Refusal::RefreshTokenSpent))), "{refused:?}");
    assert_eq!(store.row(Table::RefreshTokens, "second").await, None);
    assert_eq!(load(store, &session).await, loaded);
}

pub(crate) async fn of_racing_refreshes_one_wins(store: &Store) {
    let anna = registered(store, "anna").await;
    let session = session("s", &anna);
    store.commit(signed_in(&session)).await.unwrap();
    let loaded = load(store, &session).await;
    let race = (0..8).map(|number| {
        let (unit_of_work, changes) = (store.unit_of_work.clone(), refresh(&loaded, "first", &format!("next{number}")));
        tokio::spawn(async move { unit_of_work.commit(changes).await })
    });
    let outcomes: Vec<_> = join_all(race).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    let current = load(store, &session).await.current_token().unwrap().id.to_string();
    let listed = store.rows(Table::RefreshTokens).await;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["jti"].as_s().unwrap(), &current);
}

pub(crate) async fn forgetting_a_refresh_token_twice_is_no_error(store: &Store) {
    let anna = registered(store, "anna").await;
    store.commit(signed_in(&session("s", &anna))).await.unwrap();
    for _ in 0..2 {
        let forget = ChangeSet::default().write(Write::ForgetRefreshToken(TokenId::restore("first")));
        store.commit(forget).await.unwrap();
    }
    assert_eq!(store.row(Table::RefreshTokens, "first").await, None);
}
