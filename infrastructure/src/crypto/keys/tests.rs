use serde_json::{Value, json};

use super::*;
use crate::fixtures::{ed25519_pem, p256_pem};

const KEY: &str = "0123456789abcdef0123456789abcdef";

fn only(text: &str) -> SecretTexts {
    SecretTexts { current: text.into(), previous: None }
}

fn parse(text: &str, signer: AccessTokenSigner) -> Result<KeySet, InvalidKeys> {
    KeySet::parse(&only(text), signer)
}

fn why(text: &str, signer: AccessTokenSigner) -> String {
    parse(text, signer).err().expect("a refusal").to_string()
}

fn signs_the_same(one: &str, other: &str) -> bool {
    let sign = |text| parse(text, AccessTokenSigner::Hs256).unwrap().sign_access(&json!({"sub": "anna"})).unwrap();
    sign(one).expose_secret() == sign(other).expose_secret()
}

/// Rule 13: the Python services read the secret like this.
#[test]
fn the_text_is_jwt_secret_or_secret_or_itself_the_key_in_that_order() {
    let other = KEY.to_uppercase();
    assert!(signs_the_same(&json!({"jwt_secret": KEY, "secret": other}).to_string(), KEY));
    assert!(signs_the_same(&json!({"secret": KEY, "rotated": "2027-01-01"}).to_string(), KEY));
    assert!(signs_the_same(&json!({"jwt_secret": null, "secret": KEY}).to_string(), KEY));
    assert!(!signs_the_same(&json!({"key": KEY, "padding": "to be long enough"}).to_string(), KEY));
    assert!(!signs_the_same(&format!("{KEY} "), KEY), "the raw text is taken as it is");
}

#[test]
fn a_secret_under_32_bytes_is_refused_and_not_shown() {
    let message = why(&json!({"jwt_secret": "hunter2"}).to_string(), AccessTokenSigner::Hs256);
    assert_eq!(message, "the signing secret has 7 bytes; it must have at least 32");
    assert!(parse(KEY.trim_start_matches('0'), AccessTokenSigner::Hs256).is_err());
    assert!(parse(KEY, AccessTokenSigner::Hs256).is_ok());
}

#[test]
fn a_previous_secret_that_cannot_be_used_does_not_stop_the_service() {
    let texts = SecretTexts { current: KEY.into(), previous: Some("short".into()) };
    assert!(KeySet::parse(&texts, AccessTokenSigner::Hs256).is_ok());
}

#[test]
fn a_signer_without_a_key_is_refused() {
    assert!(why(KEY, AccessTokenSigner::Es256).contains("ES256"));
    let text = json!({"secret": KEY, "signing_keys": [{"kid": "a", "alg": "ES256", "private_key": p256_pem()}]});
    assert!(parse(&text.to_string(), AccessTokenSigner::Es256).is_ok());
    assert!(why(&text.to_string(), AccessTokenSigner::EdDsa).contains("EdDSA"));
}

#[test]
fn signing_keys_of_another_shape_are_refused_and_not_shown() {
    let key = |kid: &str, alg: &str, pem: &str| json!({"kid": kid, "alg": alg, "private_key": pem});
    let wrong: [Value; 6] = [
        json!("hunter2"),
        json!([{"kid": "a", "alg": "ES256"}]),
        json!([key("a", "HS256", KEY)]),
        json!([key("", "ES256", &p256_pem())]),
        json!([key("a", "ES256", &p256_pem()), key("a", "EdDSA", &ed25519_pem())]),
        json!([key("a", "ES256", &p256_pem()), key("b", "ES256", &ed25519_pem())]),
    ];
    for keys in wrong {
        let text = json!({"secret": KEY, "signing_keys": keys}).to_string();
        let message = why(&text, AccessTokenSigner::Hs256);
        assert!(message.contains("signing_keys"), "{message}");
        assert!(!message.contains("hunter2") && !message.contains("PRIVATE"), "{message}");
    }
}

/// Rule 13: what is published is the public half.
#[test]
fn every_known_key_pair_is_published_and_its_private_half_is_not() {
    let text = |kid: &str| {
        json!({"secret": KEY, "signing_keys": [
            {"kid": kid, "alg": "ES256", "private_key": p256_pem()},
            {"kid": "same", "alg": "EdDSA", "private_key": ed25519_pem()},
        ]})
        .to_string()
    };
    let texts = SecretTexts { current: text("new").into(), previous: Some(text("old").into()) };
    let keys = KeySet::parse(&texts, AccessTokenSigner::Es256).unwrap();
    let published = serde_json::to_value(keys.public_keys()).unwrap();
    let published = published["keys"].as_array().unwrap();
    let ids: Vec<_> = published.iter().map(|key| key["kid"].as_str().unwrap()).collect();
    assert_eq!(ids, ["new", "same", "old"]);
    for key in published {
        let mut members: Vec<_> = key.as_object().unwrap().keys().map(String::as_str).collect();
        members.sort_unstable();
        match key["alg"].as_str().unwrap() {
            "ES256" => assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x", "y"]),
            "EdDSA" => assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x"]),
            other => panic!("{other}"),
        }
        assert_eq!(key["use"], "sig");
    }
}

#[test]
fn no_key_pair_is_published_while_only_the_shared_secret_signs() {
    let keys = parse(KEY, AccessTokenSigner::Hs256).unwrap();
    assert_eq!(serde_json::to_value(keys.public_keys()).unwrap(), json!({"keys": []}));
}

#[test]
fn what_signs_for_the_webhook_stands_beside_the_secret() {
    let published = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let text = |webhook_secret: Value| json!({"jwt_secret": KEY, "webhook_secret": webhook_secret}).to_string();
    let secrets = |text: &str| parse(text, AccessTokenSigner::Hs256).unwrap().webhook_secrets().is_some();
    assert!(secrets(&text(json!(published))));
    assert!(!secrets(KEY) && !secrets(&json!({"jwt_secret": KEY}).to_string()));
    for wrong in [json!("whsec_"), json!([published])] {
        let why = why(&text(wrong), AccessTokenSigner::Hs256);
        assert!(why.starts_with("webhook_secret must be whsec_ and 24 to 64 bytes in Base64"), "{why}");
    }
}
