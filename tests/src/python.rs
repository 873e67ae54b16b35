//! What the Python service left behind: its rows, and tokens that it signed.

use std::collections::HashMap;

use application::ports::IdGenerator;
use aws_sdk_dynamodb::types::AttributeValue::{Bool, M, N};
use chrono::TimeDelta;
use infrastructure::{dynamodb::tables::Table, system::SystemIds};
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};

use crate::{App, Row, text};

/// The password of everybody here, and passlib's hash of it, at the least cost.
pub const PASSWORD: &str = "correct horse battery staple";

/// Somebody who signed up with the Python service.
#[derive(Clone, Debug)]
pub struct PythonUser {
    /// Their address.
    pub email: String,
    /// Their id.
    pub user_id: String,
    /// Their tenant.
    pub tenant_id: String,
}

impl PythonUser {
    /// An access token of the Python service.
    pub fn access_token(&self, app: &App) -> String {
        app.sign(&self.claims(app))
    }

    /// The claims of their access tokens.
    pub fn claims(&self, app: &App) -> Value {
        let now = app.now();
        json!({
            "sub": self.user_id,
            "user_id": self.user_id,
            "tenant_id": self.tenant_id,
            "role": "owner",
            "email": self.email,
            "user_status": "active",
            "iss": "purposepath",
            "iat": now.timestamp(),
            "exp": (now + TimeDelta::hours(1)).timestamp(),
        })
    }
}

impl App {
    /// Somebody who signed up with the Python service: a row in each of its tables, and no trace of ours.
    pub async fn python_user(&self, email: &str) -> PythonUser {
        let (user_id, tenant_id) = (python_id("user"), python_id("tenant"));
        self.plant(Table::Users, user_row(&user_id, &tenant_id, email)).await;
        self.plant(Table::Tenants, tenant_row(&tenant_id, &user_id)).await;
        PythonUser { email: email.to_owned(), user_id, tenant_id }
    }

    /// Somebody else of their tenant, in another role.
    pub async fn python_colleague(&self, of: &PythonUser, role: &str, email: &str) -> PythonUser {
        let user_id = python_id("user");
        let mut row = user_row(&user_id, &of.tenant_id, email);
        row.insert("role".to_owned(), text(role));
        self.plant(Table::Users, row).await;
        PythonUser { email: email.to_owned(), user_id, tenant_id: of.tenant_id.clone() }
    }

    /// An invitation into their tenant, which is open for a week, with its token. Answers with its id.
    pub async fn python_invitation(&self, by: &PythonUser, email: &str, token: &str) -> String {
        let invitation_id = python_id("inv");
        let expires_at = (self.now() + TimeDelta::days(7)).format("%Y-%m-%dT%H:%M:%S").to_string();
        let attributes = [
            ("invitation_id", invitation_id.as_str()),
            ("tenant_id", &by.tenant_id),
            ("email", email),
            ("invited_by_user_id", &by.user_id),
            ("role", "member"),
            ("status", "pending"),
            ("token", token),
            ("expires_at", &expires_at),
            ("created_at", "2027-02-01T10:00:00.000123"),
            ("campaign", "spring"),
        ];
        self.plant(Table::Invitations, attributes.map(|(name, value)| (name.to_owned(), text(value))).into()).await;
        invitation_id
    }

    /// A refresh token of the Python service, listed in its table.
    pub async fn python_refresh_token(&self, user: &PythonUser) -> String {
        let (jti, expires_at) = (python_id("jti"), (self.now() + TimeDelta::days(30)).timestamp());
        let row = HashMap::from([
            ("jti".to_owned(), text(&jti)),
            ("user_id".to_owned(), text(&user.user_id)),
            ("tenant_id".to_owned(), text(&user.tenant_id)),
            ("ttl".to_owned(), N(expires_at.to_string())),
        ]);
        self.plant(Table::RefreshTokens, row).await;
        self.sign(&json!({ "sub": user.user_id, "jti": jti, "iat": self.now().timestamp(), "exp": expires_at }))
    }

    /// Signs claims with the shared secret, as every service of the product can.
    pub fn sign(&self, claims: &Value) -> String {
        let key = EncodingKey::from_secret(self.jwt_secret.as_bytes());
        jsonwebtoken::encode(&Header::default(), claims, &key).expect("claims are JSON")
    }
}

/// An identifier as the Python service made them: a prefix and 12 hexadecimal digits.
fn python_id(prefix: &str) -> String {
    let random = SystemIds.uuid().simple().to_string();
    format!("{prefix}_{}", random.split_at(20).1)
}

fn user_row(user_id: &str, tenant_id: &str, email: &str) -> Row {
    let hash = bcrypt::hash(PASSWORD, 4).expect("the least cost is allowed");
    let favourites = HashMap::from([("colour".to_owned(), text("green"))]);
    HashMap::from([
        ("id".to_owned(), text(user_id)),
        ("user_id".to_owned(), text(user_id)),
        ("tenant_id".to_owned(), text(tenant_id)),
        ("email".to_owned(), text(email)),
        ("first_name".to_owned(), text("Anna")),
        ("last_name".to_owned(), text("Lee")),
        ("role".to_owned(), text("owner")),
        ("status".to_owned(), text("active")),
        ("password_hash".to_owned(), text(&hash)),
        ("email_verified".to_owned(), Bool(true)),
        ("created_at".to_owned(), text("2025-03-01T10:00:00+00:00")),
        ("updated_at".to_owned(), text("2025-03-01T10:00:00.000123")),
        ("google_id".to_owned(), text("1234567890")),
        ("favourites".to_owned(), M(favourites)),
    ])
}

fn tenant_row(tenant_id: &str, owner: &str) -> Row {
    HashMap::from([
        ("tenant_id".to_owned(), text(tenant_id)),
        ("name".to_owned(), text("Lee & Co")),
        ("owner_user_id".to_owned(), text(owner)),
        ("status".to_owned(), text("active")),
        ("created_at".to_owned(), text("2025-03-01T10:00:00Z")),
        ("updated_at".to_owned(), text("2025-03-01T10:00:00Z")),
    ])
}
