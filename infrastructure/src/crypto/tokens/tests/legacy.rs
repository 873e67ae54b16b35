//! Tokens of the Python service, which say less.

use application::ports::{TokenRejected, Tokens};
use chrono::DateTime;
use serde_json::{Value, json};

use super::fixtures::{Options, service, with};
use crate::crypto::tokens::LegacyTokens;

fn access() -> Value {
    json!({"sub": "user_3f2a9c0d1b2e", "tenant_id": "tenant_0a1b2c3d4e5f", "role": "owner"})
}

fn refresh() -> Value {
    json!({"sub": "user_3f2a9c0d1b2e", "tenant_id": "tenant_0a1b2c3d4e5f", "jti": "6a1f0f2e"})
}

#[tokio::test]
async fn an_access_token_of_the_python_service_is_taken_and_names_no_session() {
    let service = service().await;
    let token = service.tokens.verify_access(&service.forge(access())).await.unwrap();
    assert_eq!(token.user_id.as_str(), "user_3f2a9c0d1b2e");
    assert_eq!(token.tenant_id.as_str(), "tenant_0a1b2c3d4e5f");
    assert_eq!(token.session_id, None);
    for change in [json!({"type": "access"}), json!({"sub": null, "user_id": "user_3f2a9c0d1b2e"})] {
        let token = service.forge(with(access(), change.clone()));
        assert!(service.tokens.verify_access(&token).await.is_ok(), "{change}");
    }
}

#[tokio::test]
async fn a_token_that_does_not_say_when_it_was_issued_is_as_old_as_can_be() {
    let service = service().await;
    let token = service.forge(with(access(), json!({"iat": null, "nbf": null})));
    assert_eq!(service.tokens.verify_access(&token).await.unwrap().issued_at, DateTime::UNIX_EPOCH);
}

/// Rule 14: token kind.
#[tokio::test]
async fn what_is_not_an_access_token_of_the_python_service_is_refused_as_one() {
    let service = service().await;
    let wrong = [
        json!({"role": null}),
        json!({"role": "root"}),
        json!({"sub": null}),
        json!({"tenant_id": null}),
        json!({"type": "refresh"}),
        json!({"token_type": "REFRESH"}),
        json!({"token_use": "access"}),
        json!({"sub": "user one"}),
    ];
    for change in wrong {
        let token = service.forge(with(access(), change.clone()));
        assert!(matches!(service.tokens.verify_access(&token).await, Err(TokenRejected::Invalid)), "{change}");
    }
    assert!(service.tokens.verify_access(&service.forge(refresh())).await.is_err());
}

#[tokio::test]
async fn a_refresh_token_of_the_python_service_is_taken_and_the_table_says_whose_it_is() {
    let service = service().await;
    let token = service.tokens.verify_refresh(&service.forge(refresh())).await.unwrap();
    assert_eq!((token.id.as_str(), token.user_id.as_str()), ("6a1f0f2e", "user_3f2a9c0d1b2e"));
    assert_eq!(token.session_id, None);
    for change in [json!({"token_use": "refresh"}), json!({"type": "refresh"})] {
        let token = service.forge(with(refresh(), change.clone()));
        assert!(service.tokens.verify_refresh(&token).await.is_ok(), "{change}");
    }
    let bare = service.tokens.verify_refresh(&service.forge(json!({"jti": "6a1f0f2e"}))).await.unwrap();
    assert_eq!((bare.user_id.as_str(), bare.tenant_id.as_str()), ("", ""));
}

/// Rule 14: token kind.
#[tokio::test]
async fn what_is_not_a_refresh_token_of_the_python_service_is_refused_as_one() {
    let service = service().await;
    let wrong = [
        json!({"jti": null}),
        json!({"role": "owner"}),
        json!({"role": ""}),
        json!({"type": "access"}),
        json!({"token_use": "access"}),
    ];
    for change in wrong {
        let token = service.forge(with(refresh(), change.clone()));
        assert!(matches!(service.tokens.verify_refresh(&token).await, Err(TokenRejected::Invalid)), "{change}");
    }
    assert!(service.tokens.verify_refresh(&service.forge(access())).await.is_err());
}

/// Rule 14: `iss` outside development.
#[tokio::test]
async fn the_issuer_may_be_missing_in_development_only_and_must_never_be_another() {
    let development = Options::default().legacy(LegacyTokens::Accepted).start().await;
    let elsewhere = Options::default().legacy(LegacyTokens::AcceptedFromIssuer).start().await;
    let off = Options::default().legacy(LegacyTokens::Refused).start().await;
    for (issuer, expected) in
        [(json!("purposepath"), [true, true, false]), (Value::Null, [true, false, false]), (json!("x"), [false; 3])]
    {
        for (service, taken) in [&development, &elsewhere, &off].into_iter().zip(expected) {
            let issued_by = |claims| service.forge(with(claims, json!({ "iss": issuer })));
            assert_eq!(service.tokens.verify_access(&issued_by(access())).await.is_ok(), taken, "{issuer}");
            assert_eq!(service.tokens.verify_refresh(&issued_by(refresh())).await.is_ok(), taken, "{issuer}");
        }
    }
}
