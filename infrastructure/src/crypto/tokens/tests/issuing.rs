//! What our tokens say.

use std::time::Duration;

use application::ports::{Clock, RefreshTokenClaims, Tokens};
use chrono::TimeDelta;
use domain::{Role, SessionId, TenantId, TokenId, UserId};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::fixtures::{Options, look_into, service};

/// Rule 12, and `contract/tokens.md` claim by claim.
#[tokio::test]
async fn an_access_token_says_what_the_contract_lists_and_nothing_else() {
    let service = service().await;
    let now = service.clock.now().timestamp();
    let (header, claims) = look_into(&service.access().await);
    assert_eq!(serde_json::to_value(header).unwrap(), json!({"typ": "JWT", "alg": "HS256"}));
    let expected = json!({
        "sub": "user-anna",
        "user_id": "user-anna",
        "tenant_id": "tenant-1",
        "role": "manager",
        "roles": ["manager"],
        "permissions": ["start_coaching", "view_all_sessions", "read_business_data", "write_business_data"],
        "scope": "start_coaching view_all_sessions read_business_data write_business_data",
        "subscription_tier": "professional",
        "is_owner": false,
        "is_tenant_owner": false,
        "email": "anna@example.com",
        "email_verified": true,
        "user_status": "active",
        "iss": "purposepath",
        "iat": now,
        "nbf": now,
        "exp": now + 3600,
        "jti": "access-1",
        "sid": "session-1",
        "token_use": "access",
    });
    assert_eq!(Value::Object(claims), expected);
}

#[tokio::test]
async fn an_owner_is_marked_as_one() {
    let issued = service().await.access_as(Role::Owner).await;
    assert_eq!(issued.expires_in, Duration::from_hours(1));
    let (_, claims) = look_into(issued.token.expose_secret());
    assert_eq!((&claims["is_owner"], &claims["is_tenant_owner"]), (&json!(true), &json!(true)));
}

#[tokio::test]
async fn an_access_token_names_an_audience_only_when_one_is_configured() {
    let (_, claims) = look_into(&Options::default().audience("coaching").start().await.access().await);
    assert_eq!(claims["aud"], "coaching");
}

/// Rule 14: no reader can mistake a refresh token for an access token.
#[tokio::test]
async fn a_refresh_token_has_no_access_claims() {
    let service = service().await;
    let now = service.clock.now().timestamp();
    let (_, claims) = look_into(&service.refresh().await);
    let expected = json!({
        "sub": "user-anna",
        "tenant_id": "tenant-1",
        "iss": "purposepath",
        "iat": now,
        "nbf": now,
        "exp": now + 30 * 24 * 3600,
        "jti": "refresh-1",
        "sid": "session-1",
        "token_use": "refresh",
    });
    assert_eq!(Value::Object(claims), expected);
}

/// A lost answer is given again by signing again (rule 15).
#[tokio::test]
async fn the_same_claims_give_the_same_refresh_token() {
    let service = service().await;
    let issued_at = service.clock.now();
    let (user_id, tenant_id) = (UserId::restore("user-anna"), TenantId::restore("tenant-1"));
    let (id, other_id) = (TokenId::restore("refresh-1"), TokenId::restore("refresh-2"));
    let claims = RefreshTokenClaims {
        id: &id,
        session_id: &SessionId::restore("session-1"),
        user_id: &user_id,
        tenant_id: &tenant_id,
        issued_at,
        expires_at: issued_at + TimeDelta::days(30),
    };
    let first = service.tokens.issue_refresh(&claims).await.unwrap();
    service.clock.advance(TimeDelta::seconds(20));
    let again = service.tokens.issue_refresh(&claims).await.unwrap();
    assert_eq!(first.expose_secret(), again.expose_secret());
    let other = service.tokens.issue_refresh(&RefreshTokenClaims { id: &other_id, ..claims }).await.unwrap();
    assert_ne!(first.expose_secret(), other.expose_secret());
}
