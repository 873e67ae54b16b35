//! Rules 12 to 14: what tokens say, who signed them, and which are refused.

use std::collections::BTreeSet;

use infrastructure::dynamodb::tables::Table;
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, dangerous::insecure_decode, decode, encode,
};
use serde_json::{Value, json};
use tests::{App, JWT_SECRET, Member};

/// The claims of a token that the shared secret signed, as the Python services read it.
fn read(token: &str) -> Value {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.validate_exp = false;
    validation.set_issuer(&["purposepath"]);
    decode(token, &DecodingKey::from_secret(JWT_SECRET.as_bytes()), &validation).unwrap().claims
}

#[tokio::test]
async fn rule_13_python_services_can_read_access_tokens_and_mistake_none_for_one() {
    let app = App::start().await;
    let Member { email, user_id, tenant_id, tokens } = app.member("claims").await;
    let mut access = read(&tokens.access);
    let now = app.now().timestamp();
    let expected = json!({
        "sub": user_id, "user_id": user_id, "tenant_id": tenant_id, "role": "owner", "roles": ["owner"],
        "permissions": [
            "start_coaching", "view_all_sessions", "read_business_data", "write_business_data", "manage_users", "admin_access",
        ],
        "scope": "start_coaching view_all_sessions read_business_data write_business_data manage_users admin_access",
        "subscription_tier": "starter", "is_owner": true, "is_tenant_owner": true, "email": email,
        "email_verified": true, "user_status": "active", "iss": "purposepath", "iat": now, "nbf": now,
        "exp": now + 3600, "token_use": "access", "jti": "id", "sid": "id",
    });
    for field in ["jti", "sid"] {
        assert!(access[field].as_str().is_some_and(|id| !id.is_empty()));
        access[field] = json!("id");
    }
    assert_eq!(access, expected);

    let refresh = read(&tokens.refresh);
    let names: BTreeSet<_> = refresh.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, BTreeSet::from(["exp", "iat", "iss", "jti", "nbf", "sid", "sub", "tenant_id", "token_use"]));
    assert_eq!((&refresh["token_use"], &refresh["exp"]), (&json!("refresh"), &json!(now + 30 * 86_400)));
    app.finish().await;
}

#[tokio::test]
async fn rule_12_only_the_hash_of_a_refresh_token_is_kept() {
    let app = App::start().await;
    let Member { tokens, .. } = app.member("hashed").await;
    for table in Table::ALL {
        for row in app.rows(table).await {
            let row = format!("{row:?}");
            assert!(!row.contains(&tokens.refresh) && !row.contains(&tokens.access), "{table:?}");
        }
    }
    app.finish().await;
}

/// What comes by mail is stored as a hash, and unreadable while it waits to be sent.
#[tokio::test]
async fn rule_8_only_the_hash_of_a_mailed_token_is_kept() {
    let app = App::start().await;
    let email = app.address("mailed");
    app.register(&tests::Registration::of(&email)).await.succeeded();
    let mut rows = Vec::new();
    for table in Table::ALL {
        rows.extend(app.rows(table).await.into_iter().map(|row| format!("{row:?}")));
    }
    let token = tests::token_in(&app.mail_to(&email).await);
    assert_eq!(token.len(), 64, "256 random bits");
    assert!(rows.iter().all(|row| !row.contains(&token)));
    let hash = domain::TokenHash::of(&token);
    assert!(app.row(Table::VerificationTokens, hash.as_str()).await.is_some());
    app.finish().await;
}

#[tokio::test]
async fn rule_14_what_is_not_exactly_an_access_token_of_ours_is_refused() {
    let app = App::start().await;
    let Member { tokens, .. } = app.member("forged").await;
    let claims = read(&tokens.access);
    let with = |field: &str, value: Value| {
        let mut claims = claims.clone();
        claims[field] = value;
        app.sign(&claims)
    };
    app.profile(&app.sign(&claims)).await.succeeded();

    let now = app.now().timestamp();
    let [header, payload, signature] = tokens.access.split('.').collect::<Vec<_>>().try_into().unwrap();
    // {"alg":"none","typ":"JWT"}
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
    let other_payload = with("role", json!("viewer")).split('.').nth(1).unwrap().to_owned();
    let sign_with = |algorithm: Algorithm, secret: &str| {
        encode(&Header::new(algorithm), &claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
    };
    for (why, token) in [
        ("no algorithm", format!("{none}.{payload}.")),
        ("no algorithm, but a signature", format!("{none}.{payload}.{signature}")),
        ("no signature", format!("{header}.{payload}.")),
        ("other claims", format!("{header}.{other_payload}.{signature}")),
        ("another secret", sign_with(Algorithm::HS256, "another-secret-of-more-than-32-bytes!!")),
        ("another algorithm", sign_with(Algorithm::HS384, JWT_SECRET)),
        ("a refresh token", tokens.refresh.clone()),
        ("another use", with("token_use", json!("refresh"))),
        ("an unknown use", with("token_use", json!("id"))),
        ("another issuer", with("iss", json!("somebody"))),
        ("no issuer", with("iss", Value::Null)),
        ("an audience, where there is none", with("aud", json!("https://api.example.com"))),
        ("not yet", with("nbf", json!(now + 31))),
        ("issued in the future", with("iat", json!(now + 31))),
        ("no end", with("exp", Value::Null)),
        ("another user", with("user_id", json!("user_000000000000"))),
        ("an unknown session", with("sid", json!("another-session"))),
        ("too long", format!("{}{}", tokens.access, "A".repeat(10_000))),
    ] {
        let answer = app.profile(&token).await;
        assert_eq!((answer.status, &answer.json()["code"]), (401, &json!("TOKEN_INVALID")), "{why}");
    }
    app.profile(&with("nbf", json!(now + 30))).await.succeeded();
    app.profile(&with("exp", json!(now - 30))).await.refused(401, "TOKEN_EXPIRED");
    app.profile(&with("exp", json!(now - 29))).await.succeeded();
    app.finish().await;
}

/// Headers that name a key to verify with are an invitation to bring one's own.
#[tokio::test]
async fn rule_14_a_token_does_not_choose_its_key() {
    let app = App::start().await;
    let Member { tokens, .. } = app.member("own-key").await;
    let claims = read(&tokens.access);
    let mut header = Header::new(Algorithm::HS256);
    header.jku = Some("https://evil.example/jwks.json".to_owned());
    header.x5u = Some("https://evil.example/cert.pem".to_owned());
    let own = EncodingKey::from_secret(b"a key of one's own, of 32 bytes or more");
    app.profile(&encode(&header, &claims, &own).unwrap()).await.refused(401, "TOKEN_INVALID");
    let ours = EncodingKey::from_secret(JWT_SECRET.as_bytes());
    app.profile(&encode(&header, &claims, &ours).unwrap()).await.succeeded();
    app.finish().await;
}

#[tokio::test]
async fn rule_14_an_audience_is_asked_for_where_one_is_set() {
    let app = App::builder().setting("JWT_AUDIENCE", "https://api.example.com").start().await;
    let Member { tokens, .. } = app.member("audience").await;
    let mut claims = insecure_decode::<Value>(&tokens.access).unwrap().claims;
    assert_eq!(claims["aud"], "https://api.example.com");
    app.profile(&tokens.access).await.succeeded();
    for audience in [json!("https://other.example.com"), Value::Null] {
        claims["aud"] = audience;
        app.profile(&app.sign(&claims)).await.refused(401, "TOKEN_INVALID");
    }
    app.finish().await;
}
