//! Removing a member: everything that names the person goes, and they can begin again (rule 27).

use domain::{EmailAddress, ThrottleSubject, TokenHash};
use infrastructure::dynamodb::tables::Table;
use serde_json::{Value, json};
use tests::{Answer, App, Issuer, Member, Newcomer, Tokens, text};

/// A member without a password, who signs in with Google and Microsoft.
struct World {
    app: App,
    issuer: Issuer,
    owner: Member,
    email: String,
    user_id: String,
    tokens: Tokens,
}

impl World {
    async fn start() -> Self {
        let issuer = Issuer::start().await;
        let app = App::builder().with_issuer(&issuer).start().await;
        let owner = app.member("owner").await;
        let email = app.address("gina");
        let invitation = app.invited(&owner.tokens.access, &email).await;
        let google = issuer.sign(&issuer.google(&app, "1", &email));
        let answer = activate(&app, &invitation, &google).await;
        let user_id = answer.data()["user"]["user_id"].as_str().unwrap().to_owned();
        let tokens = Tokens::of(&answer);
        let world = Self { app, issuer, owner, email, user_id, tokens };
        world.link_microsoft().await.succeeded();
        world
    }

    fn id_token(&self, provider: &str) -> String {
        let claims = match provider {
            "google" => self.issuer.google(&self.app, "1", &self.email),
            _ => self.issuer.microsoft(&self.app, "1", &self.email),
        };
        self.issuer.sign(&claims)
    }

    async fn link_microsoft(&self) -> Answer {
        let body = json!({ "provider": "microsoft", "id_token": self.id_token("microsoft") });
        self.app.client.post("/user/identities", &body).bearer(&self.tokens.access).send().await
    }

    async fn remove(&self) -> Answer {
        let route = format!("/users/{}", self.user_id);
        self.app.client.delete(&route).bearer(&self.owner.tokens.access).send().await
    }

    /// The tables in which something names the person, apart from the outbox.
    async fn named_in(&self) -> Vec<Table> {
        let names = |value: &str| value.contains(&self.user_id) || value.contains(&self.email);
        let mut tables = Vec::new();
        for table in Table::ALL {
            if table == Table::AccountOutbox {
                continue;
            }
            if self.app.rows(table).await.iter().any(|row| names(&format!("{row:?}"))) {
                tables.push(table);
            }
        }
        tables
    }
}

async fn activate(app: &App, invitation: &str, id_token: &str) -> Answer {
    let body = json!({
        "token": invitation, "first_name": "Gina", "last_name": "Lollo", "provider": "google", "id_token": id_token,
    });
    app.client.post("/invitations/activate", &body).send().await
}

#[tokio::test]
async fn rule_27_who_is_removed_leaves_no_identity_no_address_and_no_open_token() {
    let world = World::start().await;
    let reset = world.app.forgot(&world.email).await;
    world.app.login(&world.email, "not the password").await.refused(401, "INVALID_CREDENTIALS");
    let counter = ThrottleSubject::of_address(&EmailAddress::parse(&world.email).unwrap());
    assert!(world.app.row(Table::AccountThrottles, counter.as_str()).await.is_some());
    let resets = world.app.row(Table::PasswordResets, TokenHash::of(&reset).as_str()).await;
    assert_eq!(resets.unwrap()["user_id"], text(&world.user_id));
    for table in [Table::AccountIdentities, Table::PasswordResets, Table::AccountEmailClaims, Table::AccountSessions] {
        assert!(world.named_in().await.contains(&table), "{table:?}");
    }
    world.remove().await.succeeded();
    // What is on record names people by id only; the invitation is the tenant's.
    assert_eq!(world.named_in().await, [Table::Invitations, Table::AccountAudit]);
    assert!(world.app.rows(Table::AccountIdentities).await.is_empty());
    assert!(world.app.row(Table::AccountThrottles, counter.as_str()).await.is_none());
    let audit = world.app.rows(Table::AccountAudit).await;
    assert!(audit.iter().all(|row| !format!("{row:?}").contains(&world.email)));
    world.app.reset(&reset, tests::PASSWORD).await.refused(401, "TOKEN_INVALID");
    world.app.finish().await;
}

#[tokio::test]
async fn rule_27_a_confirmation_link_of_somebody_removed_is_gone() {
    let world = World::start().await;
    let Newcomer { user_id, email, token, .. } = world.app.newcomer("pending").await;
    for (table, key) in [
        (Table::Users, &user_id),
        (Table::VerificationTokens, &TokenHash::of(&token).as_str().to_owned()),
        (Table::AccountEmailClaims, &email),
    ] {
        world.app.set(table, key, "tenant_id", &world.owner.tenant_id).await;
    }
    let route = format!("/users/{user_id}");
    world.app.client.delete(&route).bearer(&world.owner.tokens.access).send().await.succeeded();
    assert!(world.app.row(Table::VerificationTokens, TokenHash::of(&token).as_str()).await.is_none());
    world.app.confirm(&token).await.refused(401, "TOKEN_INVALID");
    world.app.finish().await;
}

#[tokio::test]
async fn who_was_removed_begins_again_with_the_same_account_elsewhere() {
    for provider in ["google", "microsoft"] {
        let world = World::start().await;
        world.remove().await.succeeded();
        world.app.profile(&world.tokens.access).await.refused(401, "TOKEN_INVALID");
        let again = world.app.sign_in_with(provider, &world.id_token(provider)).await;
        assert_ne!(again.data()["user"]["user_id"], json!(world.user_id));
        assert_ne!(again.data()["tenant"]["id"], json!(world.owner.tenant_id));
        assert_eq!(again.data()["user"]["role"], "owner");
        world.app.finish().await;
    }
}

#[tokio::test]
async fn who_was_removed_joins_another_organisation_or_the_same_again() {
    let world = World::start().await;
    let other = world.app.member("other").await;
    world.remove().await.succeeded();
    for inviter in [&world.owner, &other] {
        let invitation = world.app.invited(&inviter.tokens.access, &world.email).await;
        let joined = activate(&world.app, &invitation, &world.id_token("google")).await.data();
        assert_eq!(joined["tenant"]["id"], inviter.tenant_id);
        let route = format!("/users/{}", joined["user"]["user_id"].as_str().unwrap());
        world.app.client.delete(&route).bearer(&inviter.tokens.access).send().await.succeeded();
    }
    world.app.finish().await;
}

/// Whichever is first, nothing is left of somebody who is gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_25_an_identity_that_is_linked_during_a_removal_is_not_left_behind() {
    for round in 0..5 {
        let world = World::start().await;
        let unlinked = world.app.client.delete("/user/identities/microsoft").bearer(&world.tokens.access).send().await;
        unlinked.succeeded();
        let (removed, linked) = futures::join!(world.remove(), world.link_microsoft());
        removed.succeeded();
        assert!(matches!(linked.status, 200 | 401 | 404), "{}", linked.text());
        assert!(world.app.rows(Table::AccountIdentities).await.is_empty(), "in round {round}");
        world.app.finish().await;
    }
}

/// As much as goes with a member in one transaction, and more.
#[tokio::test]
async fn somebody_with_very_many_sessions_and_tokens_is_removed_too() {
    let world = World::start().await;
    for _ in 0..45 {
        world.app.sign_in_with("google", &world.id_token("google")).await.succeeded();
    }
    for _ in 0..12 {
        world.app.forgot(&world.email).await;
    }
    world.remove().await.succeeded();
    let of_gina =
        |rows: Vec<tests::Row>| rows.iter().filter(|row| row.get("user_id") == Some(&text(&world.user_id))).count();
    assert_eq!(of_gina(world.app.rows(Table::Users).await), 0);
    assert_eq!(of_gina(world.app.rows(Table::AccountIdentities).await), 0);
    assert_eq!(of_gina(world.app.rows(Table::PasswordResets).await), 4, "which open nothing and expire");
    let none: Value = world.app.client.get("/users").bearer(&world.owner.tokens.access).send().await.data();
    assert_eq!(none.as_array().unwrap().len(), 1);
    world.app.finish().await;
}
