//! Keys that come, go, and cannot be had.

use application::ports::IdentityRejected;
use chrono::TimeDelta;
use domain::IdentityProvider::Google;
use futures::future::join_all;
use serde_json::{Value, json};

use super::issuer::{SetUp, SigningKey, another_rsa, ec, rsa};

/// Whether somebody can sign in with a token of this key now.
async fn works(google: &SetUp, key: &SigningKey) -> bool {
    google.verify(&key.sign(&google.claims())).await.is_ok()
}

#[tokio::test]
async fn nothing_is_fetched_before_it_is_needed_and_then_once() {
    let key = rsa("1");
    let google = SetUp::google(&[&key]);
    assert_eq!(google.published.fetches(), 0);
    assert!(join_all((0..20).map(|_| works(&google, &key))).await.into_iter().all(|works| works));
    assert_eq!(google.published.fetches(), 1);
}

#[tokio::test]
async fn keys_are_kept_as_long_as_the_provider_says_within_bounds() {
    let key = rsa("1");
    for (said, kept) in [
        (None, TimeDelta::hours(1)),
        (Some(TimeDelta::zero()), TimeDelta::minutes(5)),
        (Some(TimeDelta::hours(6)), TimeDelta::hours(6)),
        (Some(TimeDelta::days(365)), TimeDelta::hours(24)),
    ] {
        let google = SetUp::google(&[]);
        google.published.keys(&[key.public()], said);
        assert!(works(&google, &key).await);
        google.clock.advance(kept - TimeDelta::seconds(1));
        assert!(works(&google, &key).await);
        assert_eq!(google.published.fetches(), 1, "{said:?}");
        google.clock.advance(TimeDelta::seconds(1));
        assert!(works(&google, &key).await);
        assert_eq!(google.published.fetches(), 2, "{said:?}");
    }
}

#[tokio::test]
async fn a_new_key_is_found_at_once_and_a_withdrawn_one_is_over_with_the_next_look() {
    let (old, new) = (rsa("1"), another_rsa("2"));
    let google = SetUp::google(&[&old]);
    assert!(works(&google, &old).await);
    google.clock.advance(TimeDelta::minutes(1));
    google.published.keys(&[new.public()], None);
    assert!(works(&google, &old).await, "still at hand");
    assert!(works(&google, &new).await);
    assert_eq!(google.published.fetches(), 2);
    assert!(!works(&google, &old).await);
}

#[tokio::test]
async fn a_flood_of_unknown_keys_causes_one_look_a_minute() {
    let (key, unknown) = (rsa("1"), another_rsa("2"));
    let google = SetUp::google(&[&key]);
    for minute in 1..=3 {
        assert!(join_all((0..50).map(|_| works(&google, &unknown))).await.into_iter().all(|works| !works));
        assert!(works(&google, &key).await);
        assert_eq!(google.published.fetches(), minute);
        google.clock.advance(TimeDelta::minutes(1));
    }
}

#[tokio::test]
async fn keys_out_of_date_are_used_for_a_day_while_the_provider_is_down() {
    let key = rsa("1");
    let google = SetUp::google(&[&key]);
    assert!(works(&google, &key).await);
    google.published.down();
    google.clock.advance(TimeDelta::hours(25) - TimeDelta::seconds(1));
    assert!(works(&google, &key).await);
    google.clock.advance(TimeDelta::seconds(1));
    let verdict = google.verify(&key.sign(&google.claims())).await;
    assert!(matches!(verdict, Err(IdentityRejected::Unavailable(Google, _))), "{verdict:?}");
    google.clock.advance(TimeDelta::seconds(10));
    google.published.keys(&[key.public()], None);
    assert!(works(&google, &key).await);
}

#[tokio::test]
async fn a_provider_that_is_down_is_not_asked_for_every_token() {
    let key = rsa("1");
    let google = SetUp::google(&[&key]);
    google.published.down();
    let verdicts = join_all((0..20).map(|_| google.verify("x.y.z"))).await;
    assert!(verdicts.iter().all(|verdict| matches!(verdict, Err(IdentityRejected::Unavailable(Google, _)))));
    assert_eq!(google.published.fetches(), 1);
    google.published.keys(&[key.public()], None);
    assert!(!works(&google, &key).await, "not looked again yet");
    google.clock.advance(TimeDelta::seconds(10));
    assert!(works(&google, &key).await);
    assert_eq!(google.published.fetches(), 2);
}

#[tokio::test]
async fn keys_that_nothing_is_verified_with_are_left_out() {
    let (key, curve) = (rsa("1"), ec("2"));
    let with = |name: &str, value: Value| {
        let mut public = key.public();
        public[name] = value;
        public
    };
    let useless = [
        with("use", json!("enc")),
        with("alg", json!("RS512")),
        with("alg", json!("HS256")),
        with("kty", json!("oct")),
        with("n", json!("")),
        with("n", json!(7)),
        with("kid", json!(null)),
        json!({ "kty": "oct", "kid": "1", "alg": "HS256", "k": "c2VjcmV0" }),
        json!("1"),
    ];
    for useless in useless {
        let google = SetUp::google(&[]);
        google.published.keys(&[useless.clone(), curve.public()], None);
        assert!(works(&google, &curve).await, "{useless}");
        assert!(!works(&google, &key).await, "{useless}");
    }
    for nothing in ["", "<html>", "{}", r#"{"keys":{}}"#, r#"{"keys":[]}"#] {
        let google = SetUp::google(&[]);
        google.published.text(nothing);
        let verdict = google.verify(&key.sign(&google.claims())).await;
        assert!(matches!(verdict, Err(IdentityRejected::Unavailable(Google, _))), "{nothing}");
    }
}
