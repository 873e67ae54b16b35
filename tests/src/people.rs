//! People who use the service, and what they do most.

use infrastructure::{dynamodb::tables::Table, mail::CaughtMail};
use serde_json::{Value, json};
use url::Url;

use crate::{Answer, App, app::PLATFORM_ADMIN, text};

/// A password that everybody here uses and nobody would guess.
pub const PASSWORD: &str = "plum-otter-canyon-27";

/// What somebody types to sign up.
#[derive(Clone, Debug)]
pub struct Registration(pub Value);

impl Registration {
    /// Somebody with this address.
    pub fn of(email: &str) -> Self {
        Self(json!({ "email": email, "password": PASSWORD, "first_name": "Anna", "last_name": "Lee" }))
    }

    /// The same with another field.
    #[must_use]
    pub fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.0[field] = value.into();
        self
    }
}

/// Somebody who has signed up and not confirmed their address.
#[derive(Clone, Debug)]
pub struct Newcomer {
    /// Their address.
    pub email: String,
    /// Their id.
    pub user_id: String,
    /// Their tenant.
    pub tenant_id: String,
    /// The token in the mail that they got.
    pub token: String,
}

/// The tokens of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// For every route that needs somebody.
    pub access: String,
    /// For the next pair.
    pub refresh: String,
}

impl Tokens {
    /// The tokens in an answer.
    #[track_caller]
    pub fn of(answer: &Answer) -> Self {
        Self { access: answer.text_at("access_token"), refresh: answer.text_at("refresh_token") }
    }
}

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub struct Member {
    /// Their address.
    pub email: String,
    /// Their id.
    pub user_id: String,
    /// Their tenant.
    pub tenant_id: String,
    /// Their session.
    pub tokens: Tokens,
}

/// The token in the link of a mail.
#[track_caller]
pub fn token_in(mail: &CaughtMail) -> String {
    let link = Url::parse(&mail.links[0]).expect("a link");
    let token = link.query_pairs().find(|(name, _)| name == "token");
    token.unwrap_or_else(|| panic!("no token in the mail {:?}", mail.subject)).1.into_owned()
}

impl App {
    /// Somebody who has signed up.
    pub async fn newcomer(&self, name: &str) -> Newcomer {
        let email = self.address(name);
        let answer = self.register(&Registration::of(&email)).await;
        let (user_id, tenant_id) = (answer.text_at("user_id"), answer.text_at("tenant_id"));
        let token = token_in(&self.mail_to(&email).await);
        Newcomer { email, user_id, tenant_id, token }
    }

    /// Somebody who has signed up, confirmed their address, and signed in.
    pub async fn member(&self, name: &str) -> Member {
        let Newcomer { email, user_id, tenant_id, token } = self.newcomer(name).await;
        self.confirm(&token).await.succeeded();
        let tokens = self.sign_in(&email).await;
        Member { email, user_id, tenant_id, tokens }
    }

    /// Somebody who administers the platform: with the id that the settings of tests list, and with a tenant of
    /// their own. They came from the Python service, whose ids can be chosen.
    pub async fn platform_admin(&self) -> Member {
        let python = self.python_user(&self.address("platform-admin")).await;
        let mut row = self.row(Table::Users, &python.user_id).await.expect("a row that was just planted");
        for key in ["id", "user_id"] {
            row.insert(key.to_owned(), text(PLATFORM_ADMIN));
        }
        self.plant(Table::Users, row).await;
        self.remove(Table::Users, &python.user_id).await;
        self.set(Table::Tenants, &python.tenant_id, "owner_user_id", PLATFORM_ADMIN).await;
        let tokens = Tokens::of(&self.login(&python.email, crate::python::PASSWORD).await);
        let (user_id, tenant_id) = (PLATFORM_ADMIN.to_owned(), python.tenant_id);
        Member { email: python.email, user_id, tenant_id, tokens }
    }

    /// Invites somebody in this role.
    pub async fn invite(&self, access_token: &str, email: &str, role: &str) -> Answer {
        let body = json!({ "email": email, "role": role });
        self.client.post("/invitations", &body).bearer(access_token).send().await
    }

    /// Invites somebody as a member and takes the token from the mail.
    pub async fn invited(&self, access_token: &str, email: &str) -> String {
        self.invite(access_token, email, "member").await.created();
        token_in(&self.mail_to(email).await)
    }

    /// Comes in through the link of an invitation.
    pub async fn activate(&self, token: &str) -> Answer {
        let body = json!({ "token": token, "first_name": "Ben", "last_name": "Okoro", "password": PASSWORD });
        self.client.post("/invitations/activate", &body).send().await
    }

    /// What the token of an invitation is good for.
    pub async fn check_invitation(&self, token: &str) -> Value {
        self.client.get(&format!("/invitations/validate/{token}")).send().await.data()
    }

    /// Signs up.
    pub async fn register(&self, registration: &Registration) -> Answer {
        self.client.post("/auth/register", &registration.0).send().await
    }

    /// Confirms an address.
    pub async fn confirm(&self, token: &str) -> Answer {
        self.client.post("/auth/confirm-email", &json!({ "token": token })).send().await
    }

    /// Tries to sign in.
    pub async fn login(&self, email: &str, password: &str) -> Answer {
        self.client.post("/auth/login", &json!({ "email": email, "password": password })).send().await
    }

    /// Signs in with [`PASSWORD`].
    pub async fn sign_in(&self, email: &str) -> Tokens {
        Tokens::of(&self.login(email, PASSWORD).await)
    }

    /// Exchanges a refresh token.
    pub async fn refresh(&self, token: &str) -> Answer {
        self.client.post("/auth/refresh", &json!({ "refresh_token": token })).send().await
    }

    /// Signs out.
    pub async fn logout(&self, token: &str) -> Answer {
        self.client.post("/auth/logout", &json!({ "refresh_token": token })).send().await
    }

    /// Reads one's own profile.
    pub async fn profile(&self, access_token: &str) -> Answer {
        self.client.get("/user/profile").bearer(access_token).send().await
    }

    /// Asks for a reset link and takes the token from the mail.
    pub async fn forgot(&self, email: &str) -> String {
        self.client.post("/auth/forgot-password", &json!({ "email": email })).send().await.succeeded();
        token_in(&self.mail_to(email).await)
    }

    /// Chooses a new password.
    pub async fn reset(&self, token: &str, new_password: &str) -> Answer {
        let body = json!({ "token": token, "new_password": new_password });
        self.client.post("/auth/reset-password", &body).send().await
    }
}
