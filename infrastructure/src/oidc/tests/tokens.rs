//! Which tokens are believed.

use application::ports::{IdentityRejected, MAX_ID_TOKEN_LENGTH};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use domain::{EmailAddress, IdentityProvider::Google, IdentityProvider::Microsoft};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::issuer::{CLIENT, PHONE, SetUp, TENANT, another_rsa, ec, rsa, settings};

/// The claims with some of them changed; `null` takes one away.
fn with(mut claims: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

fn encoded(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}

#[tokio::test]
async fn rule_11_a_good_token_says_who_somebody_is() {
    for key in [rsa("1"), ec("1")] {
        let google = SetUp::google(&[&key]);
        let verified = google.verify(&key.sign(&google.claims())).await.unwrap();
        assert_eq!(verified.provider, Google);
        assert_eq!(verified.identity.issuer(), "https://accounts.google.com");
        assert_eq!(verified.identity.subject(), "110169484474386276334");
        assert_eq!(verified.vouched_email(), EmailAddress::parse("anna.lee@example.com").ok().as_ref());
        assert_eq!(verified.first_name.as_ref().map(domain::PersonName::as_str), Some("Anna"));
        assert_eq!(verified.last_name.as_ref().map(domain::PersonName::as_str), Some("Lee"));
    }
}

#[tokio::test]
async fn rule_11_a_token_that_says_the_wrong_thing_is_refused() {
    let key = rsa("1");
    let google = SetUp::google(&[&key]);
    let now = google.claims()["iat"].as_i64().unwrap();
    for wrong in [
        json!({ "iss": "https://accounts.google.com.evil.example" }),
        json!({ "iss": "http://accounts.google.com" }),
        json!({ "iss": "https://accounts.google.com/" }),
        json!({ "iss": null }),
        json!({ "aud": "another.apps.example.com" }),
        json!({ "aud": [CLIENT, "another.apps.example.com"] }),
        json!({ "aud": [] }),
        json!({ "aud": null }),
        json!({ "exp": null }),
        json!({ "exp": "soon" }),
        json!({ "iat": null }),
        json!({ "iat": now + 31 }),
        json!({ "nbf": now + 31 }),
        json!({ "sub": null }),
        json!({ "sub": "" }),
        json!({ "sub": "1 2" }),
        json!({ "sub": "1".repeat(256) }),
        json!({ "sub": 110_169_484 }),
        json!({ "padding": "x".repeat(MAX_ID_TOKEN_LENGTH) }),
    ] {
        let token = key.sign(&with(google.claims(), &wrong));
        let verdict = google.verify(&token).await;
        assert!(matches!(verdict, Err(IdentityRejected::Invalid(Google))), "{wrong}: {verdict:?}");
    }
    for fine in [
        json!({ "iss": "accounts.google.com" }),
        json!({ "aud": PHONE }),
        json!({ "aud": [PHONE, CLIENT] }),
        json!({ "iat": now + 30, "nbf": now + 30 }),
        json!({ "exp": now - 29 }),
    ] {
        let verified = google.verify(&key.sign(&with(google.claims(), &fine))).await.unwrap();
        assert_eq!(verified.identity.issuer(), "https://accounts.google.com", "{fine}");
    }
}

#[tokio::test]
async fn rule_11_a_token_whose_time_is_over_is_told_from_a_forged_one() {
    let key = rsa("1");
    let google = SetUp::google(&[&key]);
    let token = key.sign(&google.claims());
    google.clock.advance(TimeDelta::seconds(3629));
    assert!(google.verify(&token).await.is_ok(), "within the leeway");
    google.clock.advance(TimeDelta::seconds(1));
    assert!(matches!(google.verify(&token).await, Err(IdentityRejected::Expired(Google))));
}

#[tokio::test]
async fn rule_11_a_token_that_no_key_of_the_issuer_signed_is_refused() {
    let (key, forger, curve) = (rsa("1"), another_rsa("1"), ec("2"));
    let google = SetUp::google(&[&key, &curve]);
    let claims = google.claims();
    let signed = |header: &Header, private: &EncodingKey| encode(header, &claims, private).unwrap();
    let public = key.public();
    let modulus = public["n"].as_str().unwrap();
    let hs256 = Header { kid: Some("1".to_owned()), ..Header::new(Algorithm::HS256) };
    let with_their_own_key = Header {
        jwk: Some(serde_json::from_value(forger.public()).unwrap()),
        jku: Some("https://evil.example/keys".to_owned()),
        x5u: Some("https://evil.example/chain".to_owned()),
        ..forger.header()
    };
    let good = key.sign(&claims);
    let (head, rest) = good.split_once('.').unwrap();
    let (_, signature) = rest.split_once('.').unwrap();
    let none = encoded(&json!({ "alg": "none", "kid": "1" }));
    let worthless = [
        ("another key of the same name", forger.sign(&claims)),
        ("a key that the token brings", signed(&with_their_own_key, &forger.private)),
        ("the modulus as a shared secret", signed(&hs256, &EncodingKey::from_secret(modulus.as_bytes()))),
        ("the same in bytes", signed(&hs256, &EncodingKey::from_secret(&URL_SAFE_NO_PAD.decode(modulus).unwrap()))),
        ("another hash", signed(&Header { alg: Algorithm::RS512, ..key.header() }, &key.private)),
        ("another padding", signed(&Header { alg: Algorithm::PS256, ..key.header() }, &key.private)),
        ("the key of another algorithm", signed(&Header { kid: Some("1".into()), ..curve.header() }, &curve.private)),
        ("no name of a key", signed(&Header::new(Algorithm::RS256), &key.private)),
        ("an unknown name", signed(&Header { kid: Some("3".into()), ..key.header() }, &key.private)),
        ("an extension that must be understood", {
            let crit = Header { crit: Some(vec!["exp".to_owned()]), ..key.header() };
            signed(&crit, &key.private)
        }),
        ("an access token", signed(&Header { typ: Some("at+jwt".to_owned()), ..key.header() }, &key.private)),
        ("no signature", format!("{none}.{}.", encoded(&claims))),
        ("no signature but the bytes of one", format!("{none}.{}.{signature}", encoded(&claims))),
        ("other claims", format!("{head}.{}.{signature}", encoded(&with(claims.clone(), &json!({ "sub": "2" }))))),
        ("an empty signature", format!("{head}.{}.", encoded(&claims))),
        ("no token", "x".to_owned()),
        ("nothing", String::new()),
    ];
    for (what, token) in worthless {
        let verdict = google.verify(&token).await;
        assert!(matches!(verdict, Err(IdentityRejected::Invalid(Google))), "{what}: {verdict:?}");
    }
    let brings_keys = Header { kid: key.header().kid, ..with_their_own_key };
    assert!(google.verify(&signed(&brings_keys, &key.private)).await.is_ok(), "what it brings is not looked at");
}

#[tokio::test]
async fn rule_11_a_nonce_that_was_sent_must_be_there() {
    let key = rsa("1");
    let google = SetUp::google(&[&key]);
    let (named, unnamed) = (key.sign(&google.claims()), key.sign(&with(google.claims(), &json!({ "nonce": null }))));
    for (token, nonce, is_good) in [
        (&named, Some("n-1"), true),
        (&named, None, true),
        (&unnamed, None, true),
        (&named, Some("n-2"), false),
        (&unnamed, Some("n-1"), false),
    ] {
        assert_eq!(google.provider.verify(token, nonce).await.is_ok(), is_good, "{nonce:?}");
    }
}

fn microsoft(tenants: &[&str], key: &Value) -> SetUp {
    let tenants = tenants.iter().map(|tenant| (*tenant).to_owned()).collect();
    let settings = crate::oidc::ProviderSettings { tenants, ..settings(Microsoft) };
    SetUp::new(Microsoft, settings, std::slice::from_ref(key))
}

#[tokio::test]
async fn rule_11_a_token_of_microsofts_is_of_the_tenant_that_it_names() {
    let key = rsa("1");
    let microsoft = microsoft(&[], &key.public());
    let verified = microsoft.verify(&key.sign(&microsoft.claims())).await.unwrap();
    assert_eq!(verified.identity.issuer(), format!("https://login.microsoftonline.com/{TENANT}/v2.0"));
    assert_eq!(verified.identity.subject(), microsoft.claims()["sub"]);
    let (first, last) = (verified.first_name.unwrap(), verified.last_name.unwrap());
    assert_eq!((first.as_str(), last.as_str()), ("Anna", "Lee"));

    let another = "9188040d-6c67-4c5b-b112-36a304b66dad";
    for wrong in [
        json!({ "tid": another }),
        json!({ "tid": null }),
        json!({ "iss": "https://login.microsoftonline.com/common/v2.0", "tid": "common" }),
        json!({ "iss": "https://login.microsoftonline.com/{tenantid}/v2.0", "tid": "{tenantid}" }),
        json!({ "iss": "https://login.microsoftonline.com//v2.0", "tid": "" }),
        json!({
            "iss": format!("https://login.microsoftonline.com/{}/v2.0", TENANT.to_uppercase()),
            "tid": TENANT.to_uppercase(),
        }),
        json!({ "iss": format!("https://sts.windows.net/{TENANT}/") }),
        json!({ "iss": "https://accounts.google.com" }),
    ] {
        let verdict = microsoft.verify(&key.sign(&with(microsoft.claims(), &wrong))).await;
        assert!(matches!(verdict, Err(IdentityRejected::Invalid(Microsoft))), "{wrong}: {verdict:?}");
    }
}

#[tokio::test]
async fn rule_11_only_the_listed_tenants_of_microsoft_are_taken() {
    let key = rsa("1");
    for (tenants, is_taken) in [
        (&[TENANT][..], true),
        (&["9188040d-6c67-4c5b-b112-36a304b66dad", TENANT], true),
        (&["9188040d-6c67-4c5b-b112-36a304b66dad"], false),
    ] {
        let microsoft = microsoft(tenants, &key.public());
        assert_eq!(microsoft.verify(&key.sign(&microsoft.claims())).await.is_ok(), is_taken, "{tenants:?}");
    }
}

/// Microsoft publishes keys of private accounts beside those of organisations, and says which are whose.
#[tokio::test]
async fn rule_11_a_key_vouches_for_its_own_issuer_only() {
    let key = rsa("1");
    for (issuer, is_taken) in [
        ("https://login.microsoftonline.com/{tenantid}/v2.0", true),
        (&*format!("https://login.microsoftonline.com/{TENANT}/v2.0"), true),
        ("https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0", false),
    ] {
        let microsoft = microsoft(&[], &with(key.public(), &json!({ "issuer": issuer })));
        assert_eq!(microsoft.verify(&key.sign(&microsoft.claims())).await.is_ok(), is_taken, "{issuer}");
    }
}

#[tokio::test]
async fn rule_11_microsoft_vouches_for_an_address_by_saying_so_only() {
    let key = rsa("1");
    let microsoft = microsoft(&[], &key.public());
    for (claims, vouches) in [
        (json!({}), false),
        (json!({ "xms_edov": false }), false),
        (json!({ "xms_edov": true }), true),
        (json!({ "xms_edov": true, "email": "not an address" }), false),
    ] {
        let verified = microsoft.verify(&key.sign(&with(microsoft.claims(), &claims))).await.unwrap();
        assert_eq!(verified.vouched_email().is_some(), vouches, "{claims}");
    }
}
