//! Tokens from mails.

use application::ports::{ChangeSet, CommitError, Refusal, Write};
use chrono::Duration;
use domain::{OneTimeToken, verification::Purpose};
use futures::future::join_all;
use infrastructure::dynamodb::tables::Table;

use super::{
    given::{one_time_token, registered, start},
    store::{Store, number},
};

async fn issued(store: &Store) -> OneTimeToken {
    let anna = registered(store, "anna").await;
    let token = one_time_token(Purpose::ResetPassword, &anna, 9);
    store.commit(ChangeSet::default().write(Write::IssueToken(token.clone()))).await.unwrap();
    token
}

fn redemption(token: &OneTimeToken) -> ChangeSet {
    let mut token = token.clone();
    assert_eq!(token.redeem(start() + Duration::minutes(1)), Ok(()));
    ChangeSet::default().write(Write::RedeemToken(token))
}

fn is_used(outcome: &Result<(), CommitError>) -> bool {
    matches!(outcome, Err(CommitError::Refused(Refusal::TokenUsed)))
}

pub(crate) async fn rule_8_a_token_is_redeemed_once(store: &Store) {
    let token = issued(store).await;
    store.commit(redemption(&token)).await.unwrap();
    let again = store.commit(redemption(&token)).await;
    assert!(is_used(&again), "{again:?}");
    let found = store.accounts.find_one_time_token(Purpose::ResetPassword, &token.snapshot().hash).await.unwrap();
    assert_eq!(found.unwrap().snapshot().used_at, Some(start() + Duration::minutes(1)));
}

pub(crate) async fn rule_8_of_racing_redemptions_one_wins(store: &Store) {
    let token = issued(store).await;
    let race = (0..8).map(|_| {
        let (unit_of_work, changes) = (store.unit_of_work.clone(), redemption(&token));
        tokio::spawn(async move { unit_of_work.commit(changes).await })
    });
    let outcomes: Vec<_> = join_all(race).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
}

/// Python takes any token whose row it finds before its time to live is over.
pub(crate) async fn rule_8_a_redeemed_token_is_over_for_python_too(store: &Store) {
    let token = issued(store).await;
    let hash = token.snapshot().hash.as_str();
    let row = store.row(Table::PasswordResets, hash).await.unwrap();
    assert_eq!(row["ttl"], number(token.snapshot().expires_at.timestamp()));
    store.commit(redemption(&token)).await.unwrap();
    let row = store.row(Table::PasswordResets, hash).await.unwrap();
    assert_eq!(row["ttl"], number((start() + Duration::minutes(1)).timestamp()));
}

pub(crate) async fn a_token_of_another_purpose_does_not_exist(store: &Store) {
    let token = issued(store).await;
    let found = store.accounts.find_one_time_token(Purpose::ConfirmEmail, &token.snapshot().hash).await.unwrap();
    assert_eq!(found, None);
}

pub(crate) async fn a_token_that_is_gone_cannot_be_redeemed(store: &Store) {
    let token = issued(store).await;
    store.remove(Table::PasswordResets, token.snapshot().hash.as_str()).await;
    let refused = store.commit(redemption(&token)).await;
    assert!(is_used(&refused), "{refused:?}");
    assert_eq!(store.rows(Table::PasswordResets).await, []);
}

pub(crate) async fn the_tokens_of_a_user_are_found_and_forgotten(store: &Store) {
    // The registrations' own tokens are one and the same here, the later one's.
    let (anna, ben) = (registered(store, "anna").await, registered(store, "ben").await);
    let tokens = [(Purpose::ConfirmEmail, 7), (Purpose::ResetPassword, 8)];
    let tokens = tokens.map(|(purpose, seed)| one_time_token(purpose, &anna, seed));
    store.commit(ChangeSet::default().write_all(tokens.clone().map(Write::IssueToken))).await.unwrap();
    let of = async |user| store.accounts.one_time_tokens_of(user).await.unwrap();
    let [confirmation, reset] = tokens.map(|token| (token.snapshot().purpose, token.snapshot().hash.clone()));
    assert_eq!(of(&anna).await, [confirmation.clone(), reset.clone()]);
    let others = of(&ben).await;
    for _ in 0..2 {
        let (purpose, hash) = reset.clone();
        store.commit(ChangeSet::default().write(Write::ForgetToken { purpose, hash })).await.unwrap();
        assert_eq!(of(&anna).await, std::slice::from_ref(&confirmation));
    }
    assert_eq!(of(&ben).await, others);
}
