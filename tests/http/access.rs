//! Rule 18: who may call what.
//!
//! [`MATRIX`] and the OpenAPI document hold the same operations, so that a new route has to be put into it. Each
//! operation is then called by everybody who must not reach tenant A's data: somebody without a token, with a bad
//! one, with one of another tenant, and every role below the one that it takes.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::Role;
use infrastructure::dynamodb::tables::Table;
use serde_json::json;
use tests::{Answer, App, Call, Row, operations, python::PythonUser, text};

/// Who may call an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    /// Everybody.
    Public,
    /// Members of the tenant with this role or a higher one; `Role::Viewer` is everybody who is signed in.
    AtLeast(Role),
    /// Administrators of the platform, and nobody in any tenant.
    PlatformAdmin,
}

use Role::{Admin, Member, Owner, Viewer};
use Who::{AtLeast, PlatformAdmin, Public};

const SIGNED_IN: Who = AtLeast(Viewer);

/// An operation, who may call it, and a body that it takes. In paths and bodies, `{member}`, `{owner}`,
/// `{tenant}` and `{invitation}` stand for the ids of tenant A's, and the `{id}` of a product for that of its one.
const MATRIX: &[(&str, &str, Who, &str)] = &[
    ("DELETE", "/api/v1/admin/discount-codes/{id}", PlatformAdmin, ""),
    ("DELETE", "/api/v1/business/onboarding/products/{id}", AtLeast(Member), ""),
    ("DELETE", "/api/v1/invitations/{id}", AtLeast(Admin), ""),
    ("DELETE", "/api/v1/onboarding/products/{id}", AtLeast(Member), ""),
    ("DELETE", "/api/v1/user/identities/{provider}", SIGNED_IN, ""),
    ("DELETE", "/api/v1/user/sessions", SIGNED_IN, ""),
    ("DELETE", "/api/v1/user/sessions/{id}", SIGNED_IN, ""),
    ("DELETE", "/api/v1/users/{id}", AtLeast(Owner), ""),
    ("DELETE", "/api/v1/users/{id}/sessions", AtLeast(Admin), ""),
    ("DELETE", "/api/v1/tenants/current", AtLeast(Owner), r#"{"password":"correct horse battery staple"}"#),
    ("DELETE", "/api/v1/user/subscription", AtLeast(Owner), "{}"),
    ("GET", "/api/v1/user/subscription", SIGNED_IN, ""),
    ("POST", "/api/v1/billing/payment-intent", AtLeast(Owner), r#"{"tier_id":"starter","frequency":"monthly"}"#),
    ("POST", "/api/v1/billing/portal", AtLeast(Owner), "{}"),
    ("POST", "/api/v1/billing/webhook", Public, ""),
    ("POST", "/api/v1/billing/webhook/stripe", Public, ""),
    ("POST", "/api/v1/subscription/trial/start", AtLeast(Owner), r#"{"tier_id":"starter"}"#),
    ("POST", "/api/v1/user/subscription", AtLeast(Owner), r#"{"tier_id":"starter","frequency":"monthly"}"#),
    ("PUT", "/api/v1/user/subscription", AtLeast(Owner), r#"{"tier_id":"starter"}"#),
    ("PUT", "/api/v1/user/subscription/auto-renewal", AtLeast(Owner), r#"{"auto_renewal":false}"#),
    ("GET", "/.well-known/jwks.json", Public, ""),
    ("GET", "/api/v1/admin/audit", PlatformAdmin, ""),
    ("GET", "/api/v1/admin/subscriptions", PlatformAdmin, ""),
    ("GET", "/api/v1/admin/discount-codes", PlatformAdmin, ""),
    ("GET", "/api/v1/admin/discount-codes/{id}", PlatformAdmin, ""),
    ("GET", "/api/v1/admin/discount-codes/{id}/usage", PlatformAdmin, ""),
    ("GET", "/api/v1/admin/tenants", PlatformAdmin, ""),
    ("GET", "/api/v1/admin/users/{id}/subscription/trial/history", PlatformAdmin, ""),
    (
        "PUT",
        "/api/v1/admin/users/{id}/subscription/trial/extend",
        PlatformAdmin,
        r#"{"new_expiration_date":"2027-03-01T00:00:00Z","reason":"Late data"}"#,
    ),
    ("GET", "/api/v1/admin/users", PlatformAdmin, ""),
    ("GET", "/api/v1/auth/confirm-email/validate", Public, ""),
    ("GET", "/api/v1/auth/health", Public, ""),
    ("GET", "/api/v1/auth/profile", SIGNED_IN, ""),
    ("GET", "/api/v1/business/foundation", SIGNED_IN, ""),
    ("GET", "/api/v1/business/onboarding", SIGNED_IN, ""),
    ("GET", "/api/v1/health", Public, ""),
    ("GET", "/api/v1/health/detailed", Public, ""),
    ("GET", "/api/v1/health/live", Public, ""),
    ("GET", "/api/v1/health/ready", Public, ""),
    ("GET", "/api/v1/tenants/current/audit", AtLeast(Admin), ""),
    ("GET", "/api/v1/invitations", AtLeast(Admin), ""),
    ("GET", "/api/v1/invitations/validate/{token}", Public, ""),
    ("GET", "/api/v1/onboarding", SIGNED_IN, ""),
    ("GET", "/api/v1/subscription/tiers", Public, ""),
    ("GET", "/api/v1/tenants", SIGNED_IN, ""),
    ("GET", "/api/v1/tenants/current", SIGNED_IN, ""),
    ("GET", "/api/v1/tenants/settings", SIGNED_IN, ""),
    ("GET", "/api/v1/tenants/{id}", SIGNED_IN, ""),
    ("GET", "/api/v1/user/features", SIGNED_IN, ""),
    ("GET", "/api/v1/user/identities", SIGNED_IN, ""),
    ("GET", "/api/v1/user/limits", SIGNED_IN, ""),
    ("GET", "/api/v1/user/profile", SIGNED_IN, ""),
    ("PATCH", "/api/v1/admin/discount-codes/{id}", PlatformAdmin, r#"{"max_redemptions":1}"#),
    ("POST", "/api/v1/admin/discount-codes", PlatformAdmin, r#"{"code":"SPRING27","type":"percentage","value":20}"#),
    ("POST", "/api/v1/admin/discount-codes/validate", Public, ""),
    ("POST", "/api/v1/admin/discount-codes/{id}/disable", PlatformAdmin, ""),
    ("POST", "/api/v1/admin/discount-codes/{id}/enable", PlatformAdmin, ""),
    ("POST", "/api/v1/admin/tenants/{id}/reactivate", PlatformAdmin, ""),
    ("POST", "/api/v1/admin/tenants/{id}/suspend", PlatformAdmin, r#"{"reason":"other"}"#),
    ("GET", "/api/v1/user/sessions", SIGNED_IN, ""),
    ("GET", "/api/v1/user/usage", SIGNED_IN, ""),
    ("POST", "/api/v1/user/usage/{name}", AtLeast(Member), r#"{"amount":1}"#),
    ("POST", "/api/v1/user/usage/{name}/release", AtLeast(Member), r#"{"amount":1}"#),
    ("GET", "/api/v1/users", AtLeast(Admin), ""),
    ("GET", "/api/v1/users/count", AtLeast(Admin), ""),
    ("GET", "/api/v1/users/{id}", SIGNED_IN, ""),
    ("POST", "/api/v1/auth/confirm-email", Public, ""),
    ("POST", "/api/v1/auth/forgot-password", Public, ""),
    ("POST", "/api/v1/auth/google", Public, ""),
    ("POST", "/api/v1/auth/login", Public, ""),
    ("POST", "/api/v1/auth/logout", Public, ""),
    ("POST", "/api/v1/auth/microsoft", Public, ""),
    ("POST", "/api/v1/auth/password/confirm", Public, ""),
    ("POST", "/api/v1/auth/password/reset", Public, ""),
    ("POST", "/api/v1/auth/refresh", Public, ""),
    ("POST", "/api/v1/auth/register", Public, ""),
    ("POST", "/api/v1/auth/resend-confirmation", Public, ""),
    ("POST", "/api/v1/auth/reset-password", Public, ""),
    ("POST", "/api/v1/auth/verify", Public, ""),
    ("POST", "/api/v1/auth/verify/resend", Public, ""),
    ("POST", "/api/v1/invitations", AtLeast(Admin), r#"{"email":"nina@example.com","role":"member"}"#),
    ("POST", "/api/v1/invitations/accept", SIGNED_IN, r#"{"token":"never-sent"}"#),
    ("POST", "/api/v1/invitations/activate", Public, ""),
    ("POST", "/api/v1/invitations/{id}/resend", AtLeast(Admin), ""),
    ("POST", "/api/v1/business/onboarding/products", AtLeast(Member), r#"{"name":"Retreat","problem":"Noise"}"#),
    ("POST", "/api/v1/onboarding/products", AtLeast(Member), r#"{"name":"Retreat","problem":"Noise"}"#),
    ("POST", "/api/v1/tenants/current/transfer-ownership", AtLeast(Owner), r#"{"user_id":"{member}"}"#),
    ("POST", "/api/v1/users/{id}/activate", AtLeast(Admin), ""),
    ("POST", "/api/v1/users/{id}/deactivate", AtLeast(Admin), ""),
    ("PUT", "/api/v1/auth/preferences", SIGNED_IN, r#"{"theme":"dark"}"#),
    ("PUT", "/api/v1/auth/profile", SIGNED_IN, r#"{"first_name":"Nina"}"#),
    ("PUT", "/api/v1/business/foundation", AtLeast(Member), r#"{"purpose":"Help"}"#),
    ("PUT", "/api/v1/business/onboarding", AtLeast(Member), r#"{"industry":"Coaching"}"#),
    ("PUT", "/api/v1/business/onboarding/products", AtLeast(Member), r#"{"products":[]}"#),
    ("PUT", "/api/v1/business/onboarding/products/{id}", AtLeast(Member), r#"{"name":"Retreat"}"#),
    ("PUT", "/api/v1/onboarding", AtLeast(Member), r#"{"industry":"Coaching"}"#),
    ("PUT", "/api/v1/onboarding/products", AtLeast(Member), r#"{"products":[]}"#),
    ("PUT", "/api/v1/onboarding/products/{id}", AtLeast(Member), r#"{"name":"Retreat"}"#),
    ("POST", "/api/v1/subscription/promo/validate", Public, ""),
    ("POST", "/api/v1/tenants", AtLeast(Owner), r#"{"name":"Acme"}"#),
    ("POST", "/api/v1/tenants/reopen", Public, ""),
    ("PUT", "/api/v1/tenants/current", AtLeast(Owner), r#"{"name":"Acme"}"#),
    ("PUT", "/api/v1/tenants/settings", AtLeast(Admin), r#"{"target_line_mode":"three"}"#),
    ("POST", "/api/v1/user/identities", SIGNED_IN, r#"{"provider":"google","id_token":"x.y.z"}"#),
    ("PUT", "/api/v1/user/preferences", SIGNED_IN, r#"{"theme":"dark"}"#),
    ("PUT", "/api/v1/user/profile", SIGNED_IN, r#"{"first_name":"Nina"}"#),
    ("PUT", "/api/v1/users/{id}/role", AtLeast(Admin), r#"{"role":"viewer"}"#),
];

/// An operation of the matrix.
#[derive(Clone, Copy, Debug)]
struct Operation {
    method: &'static str,
    path: &'static str,
    who: Who,
    body: &'static str,
}

fn matrix() -> impl Iterator<Item = Operation> {
    MATRIX.iter().map(|&(method, path, who, body)| Operation { method, path, who, body })
}

/// Two tenants of the Python service, which costs no password hashing. Everything of tenant A's carries
/// [`MARK`].
struct World {
    app: App,
    owner: PythonUser,
    member: PythonUser,
    stranger: PythonUser,
    invitation: String,
}

/// What tenant A's data can be told by.
const MARK: &str = "tenant-a-secret";
/// The id of tenant A's one product.
const PRODUCT: &str = "tenant-a-secret-product";

impl World {
    async fn start() -> Self {
        let app = App::start().await;
        let owner = app.python_user(&format!("{MARK}.owner@example.com")).await;
        app.set(Table::Tenants, &owner.tenant_id, "name", MARK).await;
        let member = app.python_colleague(&owner, "member", &format!("{MARK}.member@example.com")).await;
        for user in [&owner, &member] {
            app.set(Table::Users, &user.user_id, "first_name", MARK).await;
        }
        app.plant(Table::BusinessData, business_row(&owner.tenant_id)).await;
        let stranger = app.python_user("stranger@example.com").await;
        let invited = format!("{MARK}.invited@example.com");
        let invitation = app.python_invitation(&owner, &invited, &format!("{MARK}.token")).await;
        Self { app, owner, member, stranger, invitation }
    }

    /// Somebody of tenant A in a role: the owner, or a colleague who is hired for it.
    async fn somebody(&self, role: Role) -> PythonUser {
        match role {
            Owner => self.owner.clone(),
            role => self.app.python_colleague(&self.owner, role.as_str(), &format!("{role:?}@example.com")).await,
        }
    }

    fn call(&self, operation: Operation) -> Call {
        let fill = |text: &str| {
            text.replace("{member}", &self.member.user_id)
                .replace("{owner}", &self.owner.user_id)
                .replace("{tenant}", &self.owner.tenant_id)
                .replace("{invitation}", &self.invitation)
        };
        let path = fill(
            &operation
                .path
                .replace("/users/{id}", "/users/{member}")
                .replace("/tenants/{id}", "/tenants/{tenant}")
                .replace("/discount-codes/{id}", "/discount-codes/SPRING27")
                .replace("/invitations/{id}", "/invitations/{invitation}")
                .replace("/products/{id}", &format!("/products/{PRODUCT}"))
                .replace("/usage/{name}", "/usage/nothing"),
        );
        let body =
            if operation.body.is_empty() { json!({}) } else { serde_json::from_str(&fill(operation.body)).unwrap() };
        self.app.client.at(operation.method.parse().unwrap(), &path).json(&body)
    }

    /// Every row of tenant A's, of every table.
    async fn rows_of_tenant_a(&self) -> BTreeMap<String, String> {
        let mut rows = BTreeMap::new();
        for table in Table::ALL {
            for row in self.app.rows(table).await {
                let ordered: BTreeMap<_, _> = row.iter().map(|(name, value)| (name, in_order(value))).collect();
                let text = format!("{ordered:?}");
                if text.contains(&self.owner.tenant_id) {
                    rows.insert(format!("{table:?} {text}"), text);
                }
            }
        }
        rows
    }

    async fn finish(self) {
        self.app.deliver_mail().await;
        self.app.finish().await;
    }
}

/// A value as text, whichever way its maps were hashed.
fn in_order(value: &AttributeValue) -> String {
    match value {
        AttributeValue::L(list) => format!("{:?}", list.iter().map(in_order).collect::<Vec<_>>()),
        AttributeValue::M(map) => {
            format!("{:?}", map.iter().map(|(key, value)| (key, in_order(value))).collect::<BTreeMap<_, _>>())
        }
        value => format!("{value:?}"),
    }
}

fn business_row(tenant_id: &str) -> Row {
    let product = [("id", PRODUCT), ("name", MARK), ("problem", MARK)];
    let product = product.map(|(name, value)| (name.to_owned(), text(value)));
    HashMap::from([
        ("business_id".to_owned(), text(tenant_id)),
        ("tenant_id".to_owned(), text(tenant_id)),
        ("version".to_owned(), text("1.0")),
        ("purpose".to_owned(), text(MARK)),
        ("products".to_owned(), AttributeValue::L(vec![AttributeValue::M(product.into())])),
    ])
}

fn denied(answer: &Answer, operation: Operation, role: Role) {
    assert_eq!(answer.status, 403, "{operation:?} as {role:?}: {}", answer.text());
    answer.refused(403, "INSUFFICIENT_PERMISSIONS");
}

#[test]
fn rule_18_every_operation_is_in_the_matrix() {
    let listed: BTreeMap<(String, String), bool> = matrix()
        .map(|Operation { method, path, who, .. }| ((method.to_owned(), path.to_owned()), who != Public))
        .collect();
    let documented: BTreeMap<(String, String), bool> =
        operations().into_iter().map(|found| ((found.method, found.path), found.signed_in)).collect();
    assert_eq!(listed, documented);
    assert_eq!(listed.len(), MATRIX.len(), "an operation is listed twice");
}

#[tokio::test]
async fn rule_18_nobody_gets_in_without_a_good_token() {
    let world = World::start().await;
    let refresh_token = world.app.python_refresh_token(&world.owner).await;
    for operation in matrix().filter(|operation| operation.who != Public) {
        let missing = world.call(operation).send().await;
        missing.refused(401, "TOKEN_MISSING");
        assert_eq!(missing.header("www-authenticate"), Some("Bearer"));
        for not_a_bearer in ["Basic YTpi", "Bearer", &world.owner.access_token(&world.app)] {
            world.call(operation).header("authorization", not_a_bearer).send().await.refused(401, "TOKEN_MISSING");
        }
        for bad in ["x", "x.y.z", &refresh_token] {
            world.call(operation).bearer(bad).send().await.refused(401, "TOKEN_INVALID");
        }
    }
    world.finish().await;
}

#[tokio::test]
async fn rule_18_a_token_of_another_tenant_is_refused_everywhere() {
    let world = World::start().await;
    let stranger = world.stranger.access_token(&world.app);
    // Signed with the shared secret, by a service that mixed two tenants up.
    let mut claims = world.stranger.claims(&world.app);
    claims["tenant_id"] = json!(world.owner.tenant_id);
    let mixed_up = world.app.sign(&claims);
    for operation in matrix().filter(|operation| operation.who != Public) {
        let named = world.call(operation).bearer(&stranger).header("x-tenant-id", &world.owner.tenant_id);
        named.send().await.refused(403, "TENANT_MISMATCH");
        world.call(operation).bearer(&mixed_up).send().await.refused(401, "TOKEN_INVALID");
    }
    world.finish().await;
}

/// The owner of another tenant may do everything there, and names whatever tenant A has.
#[tokio::test]
async fn rule_18_the_owner_of_another_tenant_reaches_nothing_of_this_one() {
    for operation in matrix() {
        let world = World::start().await;
        let before = world.rows_of_tenant_a().await;
        let answer = world.call(operation).bearer(&world.stranger.access_token(&world.app)).send().await;
        answer.nowhere_contains(MARK);
        if operation.who == PlatformAdmin {
            denied(&answer, operation, Owner);
        } else if operation.path.contains('{') && operation.who != Public {
            assert_eq!(answer.status, 404, "{operation:?}: {}", answer.text());
        }
        assert_eq!(world.rows_of_tenant_a().await, before, "{operation:?} changed something of another tenant's");
        world.finish().await;
    }
}

#[tokio::test]
async fn rule_18_no_role_reaches_what_takes_a_higher_one() {
    for operation in matrix() {
        let is_enough = |role: &Role| match operation.who {
            Public => true,
            AtLeast(least) => Role::ALL.iter().position(|r| r == role) <= Role::ALL.iter().position(|r| *r == least),
            PlatformAdmin => false,
        };
        if operation.who == Public {
            continue;
        }
        let (enough, too_low): (Vec<Role>, Vec<Role>) = Role::ALL.into_iter().partition(is_enough);
        let world = World::start().await;
        for role in too_low {
            let somebody = world.somebody(role).await;
            let before = world.rows_of_tenant_a().await;
            let answer = world.call(operation).bearer(&somebody.access_token(&world.app)).send().await;
            denied(&answer, operation, role);
            assert_eq!(world.rows_of_tenant_a().await, before, "{operation:?} changed something for {role:?}");
        }
        world.finish().await;
        for role in enough {
            let world = World::start().await;
            let somebody = world.somebody(role).await;
            let answer = world.call(operation).bearer(&somebody.access_token(&world.app)).send().await;
            assert!(!matches!(answer.status, 401 | 403 | 422), "{operation:?} as {role:?}: {}", answer.text());
            world.finish().await;
        }
    }
}

#[tokio::test]
async fn nobody_is_asked_for_a_token_on_a_public_route() {
    let world = World::start().await;
    for operation in matrix().filter(|operation| operation.who == Public) {
        let answer = world.call(operation).header("authorization", "Bearer x.y.z").send().await;
        assert!(!matches!(answer.status, 401 | 403), "{operation:?}: {}", answer.text());
    }
    world.finish().await;
}
