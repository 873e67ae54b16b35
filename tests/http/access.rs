//! Rule 18: who may call what. The lists below and the OpenAPI document hold the same operations, so that a new
//! route has to be put into one of them.

use std::collections::BTreeSet;

use serde_json::json;
use tests::{App, Call, Operation, operations};

/// Everybody may call these.
const PUBLIC: &[(&str, &str)] = &[
    ("GET", "/.well-known/jwks.json"),
    ("GET", "/api/v1/auth/confirm-email/validate"),
    ("GET", "/api/v1/auth/health"),
    ("GET", "/api/v1/health"),
    ("GET", "/api/v1/health/detailed"),
    ("GET", "/api/v1/health/live"),
    ("GET", "/api/v1/health/ready"),
    ("POST", "/api/v1/auth/confirm-email"),
    ("POST", "/api/v1/auth/forgot-password"),
    ("POST", "/api/v1/auth/login"),
    ("POST", "/api/v1/auth/logout"),
    ("POST", "/api/v1/auth/password/confirm"),
    ("POST", "/api/v1/auth/password/reset"),
    ("POST", "/api/v1/auth/refresh"),
    ("POST", "/api/v1/auth/register"),
    ("POST", "/api/v1/auth/resend-confirmation"),
    ("POST", "/api/v1/auth/reset-password"),
    ("POST", "/api/v1/auth/verify"),
    ("POST", "/api/v1/auth/verify/resend"),
];

/// Whoever is signed in may call these, in any role: they are about oneself.
const SIGNED_IN: &[(&str, &str)] = &[
    ("GET", "/api/v1/auth/profile"),
    ("GET", "/api/v1/user/profile"),
    ("PUT", "/api/v1/auth/preferences"),
    ("PUT", "/api/v1/auth/profile"),
    ("PUT", "/api/v1/user/preferences"),
    ("PUT", "/api/v1/user/profile"),
];

fn call(app: &App, (method, path): (&str, &str)) -> Call {
    app.client.at(method.parse().unwrap(), path).json(&json!({}))
}

#[test]
fn rule_18_every_operation_is_in_exactly_one_list() {
    let listed = |list: &[(&str, &str)]| -> BTreeSet<(String, String)> {
        list.iter().map(|(method, path)| ((*method).to_owned(), (*path).to_owned())).collect()
    };
    let documented = |signed_in: bool| -> BTreeSet<(String, String)> {
        let of_kind = operations().into_iter().filter(|operation| operation.signed_in == signed_in);
        of_kind.map(|Operation { method, path, .. }| (method, path)).collect()
    };
    assert_eq!(listed(PUBLIC), documented(false));
    assert_eq!(listed(SIGNED_IN), documented(true));
}

#[tokio::test]
async fn rule_18_nobody_gets_in_without_a_good_token() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    for &operation in SIGNED_IN {
        let missing = call(&app, operation).send().await;
        missing.refused(401, "TOKEN_MISSING");
        assert_eq!(missing.header("www-authenticate"), Some("Bearer"));
        for not_a_bearer in ["Basic YTpi", "Bearer", &anna.tokens.access] {
            let answer = call(&app, operation).header("authorization", not_a_bearer).send().await;
            answer.refused(401, "TOKEN_MISSING");
        }
        for bad in ["x", "x.y.z", &anna.tokens.refresh] {
            call(&app, operation).bearer(bad).send().await.refused(401, "TOKEN_INVALID");
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn rule_18_a_token_of_another_tenant_is_refused_everywhere() {
    let app = App::start().await;
    let (anna, ben) = (app.member("anna").await, app.member("ben").await);
    // Signed with the shared secret, by a service that mixed two tenants up.
    let mut claims = app.python_user(&app.address("python")).await.claims(&app);
    for field in ["sub", "user_id"] {
        claims[field] = json!(ben.user_id);
    }
    claims["tenant_id"] = json!(anna.tenant_id);
    let mixed_up = app.sign(&claims);
    for &operation in SIGNED_IN {
        let named = call(&app, operation).bearer(&ben.tokens.access).header("x-tenant-id", &anna.tenant_id);
        named.send().await.refused(403, "TENANT_MISMATCH");
        call(&app, operation).bearer(&mixed_up).send().await.refused(401, "TOKEN_INVALID");
        let own = call(&app, operation).bearer(&ben.tokens.access).header("x-tenant-id", &ben.tenant_id);
        own.send().await.succeeded();
    }
    app.finish().await;
}

#[tokio::test]
async fn rule_18_people_of_every_role_reach_what_is_their_own() {
    let app = App::start().await;
    let anna = app.member("roles").await;
    for role in ["owner", "admin", "manager", "member", "viewer"] {
        app.set(infrastructure::dynamodb::tables::Table::Users, &anna.user_id, "role", role).await;
        for &operation in SIGNED_IN {
            call(&app, operation).bearer(&anna.tokens.access).send().await.succeeded();
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn nobody_is_asked_for_a_token_on_a_public_route() {
    let app = App::start().await;
    for &operation in PUBLIC {
        let answer = call(&app, operation).header("authorization", "Bearer x.y.z").send().await;
        assert!(!matches!(answer.status, 401 | 403), "{operation:?}: {}", answer.text());
    }
    app.finish().await;
}
