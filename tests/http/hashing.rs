//! Rules 4 and 5: how passwords are kept, and what happens when too many come at once.

use futures::future::join_all;
use infrastructure::dynamodb::tables::Table;
use tests::{App, PASSWORD, Registration};

#[tokio::test]
async fn rule_4_a_password_is_kept_as_argon2id_with_at_least_19_mib() {
    let app = App::start().await;
    let anna = app.newcomer("anna").await;
    let ben = app.newcomer("ben").await;
    let mut hashes = Vec::new();
    for id in [&anna.user_id, &ben.user_id] {
        let row = app.row(Table::Users, id).await.unwrap();
        hashes.push(row["password_hash"].as_s().unwrap().clone());
        assert!(!format!("{row:?}").contains(PASSWORD));
    }
    assert!(hashes.iter().all(|hash| hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$")), "{hashes:?}");
    assert_ne!(hashes[0], hashes[1], "the same password with another salt");
    app.finish().await;
}

/// A sign-in under stronger settings makes the stored hash stronger.
#[tokio::test]
async fn rule_4_an_older_hash_is_renewed_at_the_first_sign_in() {
    let app = App::builder().setting("ARGON2_ITERATIONS", "3").start().await;
    let user = app.python_user(&app.address("renewed")).await;
    let hash = async || app.row(Table::Users, &user.user_id).await.unwrap()["password_hash"].as_s().unwrap().clone();
    app.login(&user.email, tests::python::PASSWORD).await.succeeded();
    let renewed = hash().await;
    assert!(renewed.starts_with("$argon2id$v=19$m=19456,t=3,p=1$"), "{renewed}");
    app.login(&user.email, tests::python::PASSWORD).await.succeeded();
    assert_eq!(hash().await, renewed, "once");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_5_a_full_hashing_queue_is_a_503_that_says_when_to_come_back() {
    let app = App::builder().setting("PASSWORD_HASHING_QUEUE", "2").start().await;
    let registrations: Vec<_> = (0..24).map(|_| Registration::of(&app.address("crowd"))).collect();
    let answers = join_all(registrations.iter().map(|registration| app.register(registration))).await;
    let (busy, served): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 503);
    assert!(!busy.is_empty() && !served.is_empty(), "{} turned away", busy.len());
    for answer in &busy {
        answer.refused(503, "SERVICE_UNAVAILABLE");
        assert!(answer.header("retry-after").unwrap().parse::<u32>().unwrap() >= 1);
    }
    for answer in &served {
        answer.succeeded();
    }
    assert_eq!(app.rows(Table::Users).await.len(), served.len(), "who was turned away left nothing");
    assert_eq!(app.deliver_mail().await.len(), served.len());
    app.finish().await;
}
