//! Rule 13: a second, asymmetric signer beside the shared secret.

use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, dangerous::insecure_decode, decode, decode_header, encode,
};
use serde_json::{Value, json};
use tests::{App, AppBuilder, JWT_SECRET, Member};

/// The example key of RFC 8410 §10.3: known to everybody, and so good for tests only.
const PRIVATE_KEY: &str = "-----BEGIN PRIVATE KEY-----\n\
                           MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
                           -----END PRIVATE KEY-----\n";

fn with_an_asymmetric_key() -> AppBuilder {
    let keys = json!([{ "kid": "2027-02", "alg": "EdDSA", "private_key": PRIVATE_KEY }]);
    App::builder().setting("JWT_SECRET", &json!({ "jwt_secret": JWT_SECRET, "signing_keys": keys }).to_string())
}

async fn published_key(app: &App) -> Value {
    let keys = app.client.at(axum::http::Method::GET, "/.well-known/jwks.json").send().await.json();
    let [key] = keys["keys"].as_array().unwrap().as_slice() else { panic!("one key, not {keys}") };
    assert!(key.get("d").is_none(), "the private half stays here");
    key.clone()
}

#[tokio::test]
async fn rule_13_the_second_signer_is_published_and_anybody_can_verify_with_it() {
    let app = with_an_asymmetric_key().setting("JWT_SIGNER", "EdDSA").start().await;
    let Member { user_id, tokens, .. } = app.member("asymmetric").await;
    let header = decode_header(&tokens.access).unwrap();
    assert_eq!((header.alg, header.kid.as_deref()), (Algorithm::EdDSA, Some("2027-02")));

    let key = published_key(&app).await;
    assert_eq!((&key["kid"], &key["kty"], &key["crv"]), (&json!("2027-02"), &json!("OKP"), &json!("Ed25519")));
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.validate_exp = false;
    let decoding = DecodingKey::from_ed_components(key["x"].as_str().unwrap()).unwrap();
    let claims = decode::<Value>(&tokens.access, &decoding, &validation).unwrap().claims;
    assert_eq!(claims["sub"], user_id);
    app.profile(&tokens.access).await.succeeded();
    app.refresh(&tokens.refresh).await.succeeded();
    app.finish().await;
}

/// Both kinds verify whichever signs, so that nobody is signed out by the change-over.
#[tokio::test]
async fn rule_13_both_signers_are_accepted_during_a_change_over() {
    for signer in ["EdDSA", "HS256"] {
        let app = with_an_asymmetric_key().setting("JWT_SIGNER", signer).start().await;
        let Member { tokens, .. } = app.member("change-over").await;
        let claims = insecure_decode::<Value>(&tokens.access).unwrap().claims;
        let mut asymmetric = Header::new(Algorithm::EdDSA);
        asymmetric.kid = Some("2027-02".to_owned());
        let by_key = encode(&asymmetric, &claims, &EncodingKey::from_ed_pem(PRIVATE_KEY.as_bytes()).unwrap()).unwrap();
        let by_secret = encode(&Header::default(), &claims, &EncodingKey::from_secret(JWT_SECRET.as_bytes())).unwrap();
        app.profile(&by_key).await.succeeded();
        app.profile(&by_secret).await.succeeded();
        app.finish().await;
    }
}

/// The public half of a key pair is known to everybody; a token "signed" with it must not pass for one signed
/// with the secret.
#[tokio::test]
async fn rule_14_a_public_key_is_no_shared_secret() {
    let app = with_an_asymmetric_key().setting("JWT_SIGNER", "EdDSA").start().await;
    let Member { tokens, .. } = app.member("confusion").await;
    let claims = insecure_decode::<Value>(&tokens.access).unwrap().claims;
    let public = published_key(&app).await["x"].as_str().unwrap().to_owned();
    let raw = EncodingKey::from_secret(public.as_bytes());
    let decoded = EncodingKey::from_base64_secret(&format!("{}=", public.replace('-', "+").replace('_', "/"))).unwrap();
    for key in [raw, decoded] {
        for kid in [None, Some("2027-02".to_owned())] {
            let header = Header { kid, ..Header::default() };
            app.profile(&encode(&header, &claims, &key).unwrap()).await.refused(401, "TOKEN_INVALID");
        }
    }
    app.finish().await;
}
