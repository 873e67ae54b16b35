//! Which tokens are taken (rule 14).

use application::ports::{Clock, TokenRejected, Tokens, VerifiedAccessToken, VerifiedRefreshToken};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use domain::{SessionId, TenantId, TokenHash, TokenId, UserId};
use jsonwebtoken::{Algorithm, Header};
use serde_json::{Value, json};

use super::fixtures::{OLD, Options, SECRET, forge, look_into, service, with};

/// What an access token of ours must have.
fn access() -> Value {
    json!({
        "sub": "user-anna", "tenant_id": "tenant-1", "role": "member", "jti": "access-1", "sid": "session-1",
        "token_use": "access",
    })
}

/// What a refresh token of ours must have.
fn refresh() -> Value {
    json!({
        "sub": "user-anna", "tenant_id": "tenant-1", "jti": "refresh-1", "sid": "session-1", "token_use": "refresh",
    })
}

#[tokio::test]
async fn a_token_that_was_issued_is_taken() {
    let service = service().await;
    let now = service.clock.now();
    let expected = VerifiedAccessToken {
        user_id: UserId::restore("user-anna"),
        tenant_id: TenantId::restore("tenant-1"),
        session_id: Some(SessionId::restore("session-1")),
        issued_at: now,
    };
    assert_eq!(service.tokens.verify_access(&service.access().await).await.unwrap(), expected);

    let token = service.refresh().await;
    let expected = VerifiedRefreshToken {
        id: TokenId::restore("refresh-1"),
        hash: TokenHash::of(&token),
        user_id: UserId::restore("user-anna"),
        tenant_id: TenantId::restore("tenant-1"),
        session_id: Some(SessionId::restore("session-1")),
        issued_at: now,
    };
    assert_eq!(service.tokens.verify_refresh(&token).await.unwrap(), expected);
}

/// Rule 14.
#[tokio::test]
async fn a_token_of_one_kind_is_not_taken_for_the_other() {
    let service = service().await;
    assert!(matches!(service.tokens.verify_access(&service.refresh().await).await, Err(TokenRejected::Invalid)));
    assert!(matches!(service.tokens.verify_refresh(&service.access().await).await, Err(TokenRejected::Invalid)));
    // Not even one that has the claims of both.
    let both = service.forge(with(access(), json!({"token_use": "refresh"})));
    assert!(service.tokens.verify_access(&both).await.is_err());
    assert!(service.tokens.verify_refresh(&both).await.is_err());
}

/// Rule 14.
#[tokio::test]
async fn an_expired_token_is_taken_for_thirty_seconds_more() {
    let service = service().await;
    let (access, refresh) = (service.access().await, service.refresh().await);
    service.clock.advance(TimeDelta::minutes(60) + TimeDelta::seconds(29));
    assert!(service.tokens.verify_access(&access).await.is_ok());
    service.clock.advance(TimeDelta::seconds(2));
    assert!(matches!(service.tokens.verify_access(&access).await, Err(TokenRejected::Expired)));

    service.clock.advance(TimeDelta::days(30) - TimeDelta::minutes(60) - TimeDelta::seconds(2));
    assert!(service.tokens.verify_refresh(&refresh).await.is_ok());
    service.clock.advance(TimeDelta::seconds(2));
    assert!(matches!(service.tokens.verify_refresh(&refresh).await, Err(TokenRejected::Expired)));
}

/// Rule 14.
#[tokio::test]
async fn a_token_is_taken_thirty_seconds_before_its_time_and_not_earlier() {
    let service = service().await;
    let now = service.clock.now().timestamp();
    for claim in ["nbf", "iat"] {
        let near = service.forge(with(access(), json!({ claim: now + 29 })));
        assert!(service.tokens.verify_access(&near).await.is_ok(), "{claim}");
        let far = service.forge(with(access(), json!({ claim: now + 31 })));
        assert!(matches!(service.tokens.verify_access(&far).await, Err(TokenRejected::Invalid)), "{claim}");
    }
}

/// Rule 14: one claim wrong is enough.
#[tokio::test]
async fn a_signed_token_with_a_wrong_or_missing_claim_is_refused() {
    let service = service().await;
    assert!(service.tokens.verify_access(&service.forge(access())).await.is_ok());
    assert!(service.tokens.verify_refresh(&service.forge(refresh())).await.is_ok());
    let common = [
        json!({"exp": null}),
        json!({"exp": "never"}),
        json!({"iss": "somebody else"}),
        json!({"iss": null}),
        json!({"aud": "coaching"}),
        json!({"sub": null}),
        json!({"user_id": "user-bob"}),
        json!({"tenant_id": null}),
        json!({"jti": null}),
        json!({"sid": "a session / with a path"}),
        json!({"token_use": "id"}),
        json!({"token_use": null}),
    ];
    for change in common {
        let token = service.forge(with(access(), change.clone()));
        assert!(matches!(service.tokens.verify_access(&token).await, Err(TokenRejected::Invalid)), "access {change}");
        let token = service.forge(with(refresh(), change.clone()));
        let verdict = service.tokens.verify_refresh(&token).await;
        assert!(matches!(verdict, Err(TokenRejected::Invalid)), "refresh {change}");
    }
    let with_session_only = service.forge(with(access(), json!({"sid": null})));
    assert!(service.tokens.verify_access(&with_session_only).await.is_err());
}

/// Rule 14: `aud` when configured.
#[tokio::test]
async fn a_configured_audience_must_be_named_by_access_tokens() {
    let service = Options::default().audience("coaching").start().await;
    assert!(service.tokens.verify_access(&service.access().await).await.is_ok());
    assert!(service.tokens.verify_refresh(&service.refresh().await).await.is_ok());
    for audience in [json!("coaching"), json!(["traction", "coaching"])] {
        let token = service.forge(with(access(), json!({ "aud": audience })));
        assert!(service.tokens.verify_access(&token).await.is_ok(), "{audience}");
    }
    for audience in [json!("traction"), json!([]), Value::Null] {
        let token = service.forge(with(access(), json!({ "aud": audience })));
        assert!(service.tokens.verify_access(&token).await.is_err(), "{audience}");
    }
}

/// Rule 14.
#[tokio::test]
async fn a_token_without_a_signature_or_with_another_is_refused() {
    let service = service().await;
    let token = service.access().await;
    let (message, signature) = token.rsplit_once('.').unwrap();
    let (header, claims) = message.split_once('.').unwrap();
    let none = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"none"}"#);
    let (_, mut raised) = look_into(&token);
    raised.insert("role".to_owned(), json!("owner"));
    let raised = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&raised).unwrap());
    let mut bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    bytes[0] ^= 1;
    let flipped = URL_SAFE_NO_PAD.encode(bytes);
    let attempts = [
        format!("{none}.{claims}."),
        format!("{none}.{claims}.{signature}"),
        format!("{header}.{claims}."),
        format!("{header}.{claims}"),
        format!("{header}.{claims}.{flipped}"),
        format!("{header}.{raised}.{signature}"),
        format!("{token}."),
        format!("{token}="),
        String::new(),
        "..".to_owned(),
    ];
    for attempt in attempts {
        assert!(matches!(service.tokens.verify_access(&attempt).await, Err(TokenRejected::Invalid)), "{attempt}");
    }
}

/// Rule 14: an algorithm allow-list per key.
#[tokio::test]
async fn another_algorithm_of_the_same_family_is_refused() {
    let service = service().await;
    for algorithm in [Algorithm::HS384, Algorithm::HS512] {
        let token = forge(&Header::new(algorithm), &service.timed(access()), SECRET);
        assert!(service.tokens.verify_access(&token).await.is_err(), "{algorithm:?}");
    }
}

/// Rule 14: whoever could name the key could sign with their own.
#[tokio::test]
async fn keys_that_a_header_brings_or_points_to_are_ignored() {
    let service = service().await;
    let jwk = json!({"kty": "oct", "k": URL_SAFE_NO_PAD.encode(OLD), "alg": "HS256"});
    let headers = [
        json!({"alg": "HS256", "jku": "https://evil.example/jwks.json"}),
        json!({"alg": "HS256", "x5u": "https://evil.example/certificate.pem"}),
        json!({"alg": "HS256", "jwk": jwk}),
        json!({"alg": "HS256", "kid": "../../dev/null"}),
    ];
    for header in headers {
        let header: Header = serde_json::from_value(header).unwrap();
        let claims = service.timed(access());
        let theirs = forge(&header, &claims, OLD);
        assert!(service.tokens.verify_access(&theirs).await.is_err(), "{header:?}");
        let ours = forge(&header, &claims, SECRET);
        assert!(service.tokens.verify_access(&ours).await.is_ok(), "{header:?}");
    }
}

/// Rule 14, RFC 7515 §4.1.11.
#[tokio::test]
async fn a_critical_header_that_nobody_understands_is_refused() {
    let service = service().await;
    let header: Header = serde_json::from_value(json!({"alg": "HS256", "crit": ["b64"], "b64": false})).unwrap();
    let token = forge(&header, &service.timed(access()), SECRET);
    assert!(service.tokens.verify_access(&token).await.is_err());
}

/// Rule 14.
#[tokio::test]
async fn a_token_over_4_kib_is_refused_unread() {
    let service = service().await;
    let padded = |length: usize| service.forge(with(access(), json!({"padding": "x".repeat(length)})));
    let taken = padded(2600);
    assert!(taken.len() <= 4096 && service.tokens.verify_access(&taken).await.is_ok());
    let refused = padded(3000);
    assert!(refused.len() > 4096 && service.tokens.verify_access(&refused).await.is_err());
}
