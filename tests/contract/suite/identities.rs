//! Outside identities.

use application::ports::{ChangeSet, CommitError, IdentityClaim, Refusal, Write};
use chrono::Duration;
use domain::{EmailAddress, IdentityProvider, OutsideIdentity, User};
use futures::future::join_all;
use infrastructure::dynamodb::tables::Table;

use super::{
    given::{email, person, registered, registration, start},
    store::{Store, scope},
};

const GOOGLE: &str = "https://accounts.google.com";

fn identity(subject: &str) -> OutsideIdentity {
    OutsideIdentity::parse(GOOGLE, subject).unwrap()
}

fn claim(subject: &str, user: &User) -> IdentityClaim {
    let user = user.snapshot();
    IdentityClaim {
        identity: identity(subject),
        provider: IdentityProvider::Google,
        user_id: user.id.clone(),
        tenant_id: user.tenant_id.clone(),
        email: EmailAddress::parse("somebody@gmail.example.com").ok(),
        claimed_at: start(),
    }
}

async fn claimed(store: &Store, claim: IdentityClaim) {
    store.commit(ChangeSet::default().write(Write::ClaimIdentity(claim))).await.unwrap();
}

pub(crate) async fn rule_11_an_identity_belongs_to_one_user(store: &Store) {
    let (anna, ben) = (registered(store, "anna").await, registered(store, "ben").await);
    assert_eq!(store.identity_claims.find(&identity("1")).await.unwrap(), None);
    claimed(store, claim("1", &anna)).await;
    for user in [&ben, &anna] {
        let again = store.commit(ChangeSet::default().write(Write::ClaimIdentity(claim("1", user)))).await;
        assert!(matches!(again, Err(CommitError::Refused(Refusal::IdentityTaken))), "{again:?}");
    }
    assert_eq!(store.identity_claims.find(&identity("1")).await.unwrap(), Some(claim("1", &anna)));
    assert_eq!(store.identity_claims.find(&identity("2")).await.unwrap(), None);
    let elsewhere = OutsideIdentity::parse("https://login.example.com", "1").unwrap();
    assert_eq!(store.identity_claims.find(&elsewhere).await.unwrap(), None);
}

pub(crate) async fn an_identity_without_an_address_survives(store: &Store) {
    let anna = registered(store, "anna").await;
    let nameless = IdentityClaim { email: None, provider: IdentityProvider::Microsoft, ..claim("1", &anna) };
    claimed(store, nameless.clone()).await;
    assert_eq!(store.identity_claims.find(&identity("1")).await.unwrap(), Some(nameless));
}

pub(crate) async fn rule_25_of_twenty_racing_claims_of_one_identity_one_wins(store: &Store) {
    let attempts = (0..20).map(|number| {
        let unit_of_work = store.unit_of_work.clone();
        tokio::spawn(async move {
            let name = format!("anna{number}");
            loop {
                let changes = registration(&name, &email(&name));
                let user = person(&name, &email(&name)).0;
                match unit_of_work.commit(changes.write(Write::ClaimIdentity(claim("1", &user)))).await {
                    Err(CommitError::Conflict) => {}
                    outcome => return outcome,
                }
            }
        })
    });
    let outcomes: Vec<_> = join_all(attempts).await.into_iter().map(Result::unwrap).collect();
    let taken = |outcome: &&Result<(), _>| matches!(outcome, Err(CommitError::Refused(Refusal::IdentityTaken)));
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert_eq!(outcomes.iter().filter(taken).count(), 19);
    for table in [Table::Users, Table::Tenants, Table::AccountEmailClaims, Table::AccountIdentities] {
        assert_eq!(store.rows(table).await.len(), 1, "{table:?}");
    }
}

pub(crate) async fn a_taken_identity_leaves_nothing_of_a_registration(store: &Store) {
    let anna = registered(store, "anna").await;
    claimed(store, claim("1", &anna)).await;
    let before = store.size().await;
    let ben = person("ben", &email("ben")).0;
    let refused = store.commit(registration("ben", &email("ben")).write(Write::ClaimIdentity(claim("1", &ben)))).await;
    assert!(matches!(refused, Err(CommitError::Refused(Refusal::IdentityTaken))), "{refused:?}");
    assert_eq!(store.size().await, before);
}

pub(crate) async fn a_released_identity_can_be_claimed_again(store: &Store) {
    let (anna, ben) = (registered(store, "anna").await, registered(store, "ben").await);
    claimed(store, claim("1", &anna)).await;
    let release = |user: &User| ChangeSet::default().write(Write::ReleaseIdentity(claim("1", user)));
    let somebody_elses = store.commit(release(&ben)).await;
    assert!(matches!(somebody_elses, Err(CommitError::Refused(Refusal::Stale))), "{somebody_elses:?}");
    store.commit(release(&anna)).await.unwrap();
    let gone = store.commit(release(&anna)).await;
    assert!(matches!(gone, Err(CommitError::Refused(Refusal::Stale))), "{gone:?}");
    claimed(store, claim("1", &ben)).await;
    assert_eq!(store.identity_claims.find(&identity("1")).await.unwrap(), Some(claim("1", &ben)));
}

pub(crate) async fn the_identities_of_a_user_are_found_oldest_first(store: &Store) {
    let (anna, ben) = (registered(store, "anna").await, registered(store, "ben").await);
    let second = IdentityClaim { claimed_at: start() + Duration::days(1), ..claim("2", &anna) };
    claimed(store, second.clone()).await;
    claimed(store, claim("1", &anna)).await;
    claimed(store, claim("3", &ben)).await;
    let (anna, ben) = (anna.snapshot(), ben.snapshot());
    let of = async |tenant_id, user_id| store.identity_claims.of_user(&scope(tenant_id), user_id).await.unwrap();
    let first = claim("1", &User::restore(anna.clone()));
    assert_eq!(of(&anna.tenant_id, &anna.id).await, [first, second]);
    assert_eq!(of(&ben.tenant_id, &anna.id).await, [], "another tenant's user has none");
    assert_eq!(of(&anna.tenant_id, &domain::UserId::restore("nobody")).await, []);
}

pub(crate) async fn an_identity_goes_to_another_tenant_or_user_as_it_was_loaded(store: &Store) {
    let (anna, ben) = (registered(store, "anna").await, registered(store, "ben").await);
    let (of_anna, of_ben) = (claim("1", &anna), claim("1", &ben));
    claimed(store, of_anna.clone()).await;
    let save = async |before: &IdentityClaim, after: &IdentityClaim| {
        let (before, after) = (Box::new(before.clone()), Box::new(after.clone()));
        store.commit(ChangeSet::default().write(Write::SaveIdentity { before, after })).await
    };
    let elsewhere = IdentityClaim { tenant_id: ben.snapshot().tenant_id.clone(), ..of_anna.clone() };
    save(&of_anna, &elsewhere).await.unwrap();
    assert_eq!(store.identity_claims.find(&identity("1")).await.unwrap(), Some(elsewhere.clone()));
    for outdated in [&of_anna, &of_ben] {
        let refused = save(outdated, &of_ben).await;
        assert!(matches!(refused, Err(CommitError::Refused(Refusal::Stale))), "{refused:?}");
    }
    save(&elsewhere, &of_ben).await.unwrap();
    assert_eq!(store.identity_claims.find(&identity("1")).await.unwrap(), Some(of_ben));
}
